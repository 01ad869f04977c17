"""The Raspberry Pi's own way to try a slot: `autoboot.txt` names both, `reboot '0 tryboot'` takes the second once.

The trial flag lives in the hardware and is gone before the kernel starts: whatever goes wrong in a trial, the next
start is the old slot's. The emulated machine's firmware follows the same file (docs/image.md).
"""

import re
from pathlib import Path

from assistant.errors import AssistantError
from assistant.update.machine import BOOT_PARTITION, Medium, Restarter, Running, Slot, other, replace

AUTOBOOT = Path("/bootfs/autoboot.txt")
CHOSEN = Path("/proc/device-tree/chosen/bootloader")

_SLOT: dict[int, Slot] = {number: slot for slot, number in BOOT_PARTITION.items()}


def autoboot(slot: Slot) -> bytes:
    """The file's text for an ordinary start from `slot`; always of one length, well under the 512 bytes it may have."""
    return (
        f"[all]\r\ntryboot_a_b=1\r\nboot_partition={BOOT_PARTITION[slot]}\r\n"
        f"[tryboot]\r\nboot_partition={BOOT_PARTITION[other(slot)]}\r\n"
    ).encode()


class Tryboot:
    """`Bootloader` of a Raspberry Pi 5."""

    def __init__(self, medium: Medium, restarter: Restarter, file: Path = AUTOBOOT, chosen: Path = CHOSEN) -> None:
        self._medium = medium
        self._restarter = restarter
        self._file = file
        self._chosen = chosen

    def running(self) -> Running:
        partition, trial = self._number("partition"), self._number("tryboot")
        if partition not in _SLOT:
            raise AssistantError(
                f"{self._chosen / 'partition'}: names no slot; updates by file need the image of docs/image.md"
            )
        return Running(_SLOT[partition], trial=trial == 1)

    def chosen(self) -> Slot:
        text = self._read(self._file)
        applies, partition = True, None
        for raw in (text or b"").decode("ascii", "replace").splitlines():
            line = raw.split("#")[0].strip()
            if section := re.fullmatch(r"\[(\w+)\]", line):
                applies = section[1] == "all"
            elif applies and (setting := re.fullmatch(r"boot_partition\s*=\s*(\d{1,3})", line)):
                partition = int(setting[1])
        if partition not in _SLOT:
            raise AssistantError(
                f"{self._file}: names no slot to start from; flash the card anew before you cut the power"
            )
        return _SLOT[partition]

    def choose(self, slot: Slot) -> None:
        wanted = autoboot(slot)
        try:
            present = self._medium.read(self._file)
            if present == wanted:
                return
            if present is not None and len(present) == len(wanted):
                # Two digits change, within one sector that stays where it is: no name, no allocation table is touched,
                # and whatever part of it reaches the card names slots that both can be started at this moment.
                self._medium.overwrite(self._file, wanted)
                self._medium.sync(self._file)
            else:
                replace(self._medium, self._file, wanted)
        except OSError as error:
            raise AssistantError(
                f"{self._file}: cannot be written ({error.strerror}); the card may be worn out"
            ) from error

    def try_once(self) -> None:
        self.choose(self.chosen())  # the [tryboot] half must name the other slot, whatever a hand made of the file
        self._restarter.restart(trial=True)

    def _number(self, name: str) -> int | None:
        value = self._read(self._chosen / name)
        return int.from_bytes(value, "big") if value is not None and len(value) == 4 else None

    def _read(self, path: Path) -> bytes | None:
        try:
            return self._medium.read(path)
        except OSError as error:
            raise AssistantError(f"{path}: cannot be read ({error.strerror}); run it as root") from error
