"""Updates by file: signed, written to the slot that does not run, tried once, kept or taken back (docs/update.md)."""

from assistant.update.bundle import Bundle, Manifest, make
from assistant.update.machine import Bootloader, Medium, Restarter, Running, Slot
from assistant.update.tryboot import Tryboot
from assistant.update.updater import Installed, Updater

__all__ = [
    "Bootloader", "Bundle", "Installed", "Manifest", "Medium", "Restarter", "Running", "Slot", "Tryboot", "Updater",
    "make",
]  # fmt: skip
