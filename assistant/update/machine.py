"""What an update needs of the machine, so that a test can pull the plug between any two steps.

Everything that must survive a power cut goes through `Medium`. Its promise is the kernel's: what was written is safe
after `sync` (of the file) and `sync_directory` (of its name), `flush` (of a partition), and not before.
"""

from pathlib import Path
from typing import Literal, Protocol, TypeAlias

Slot: TypeAlias = Literal["a", "b"]

BOOT_PARTITION: dict[Slot, int] = {"a": 2, "b": 3}
"""The number of each slot's boot partition on the card, as the bootloader counts (docs/image.md)."""


def other(slot: Slot) -> Slot:
    """The slot that is not this one."""
    return "b" if slot == "a" else "a"


class Running:
    """Which slot was started, and whether as a trial."""

    __slots__ = ("slot", "trial")

    def __init__(self, slot: Slot, *, trial: bool) -> None:
        self.slot = slot
        self.trial = trial

    def __eq__(self, there: object) -> bool:
        return isinstance(there, Running) and (there.slot, there.trial) == (self.slot, self.trial)

    def __hash__(self) -> int:
        return hash((self.slot, self.trial))

    def __repr__(self) -> str:
        return f"Running({self.slot!r}, trial={self.trial})"


class Medium(Protocol):
    """Files and raw partitions of the card. Every method raises OSError."""

    def read(self, path: Path) -> bytes | None:
        """A small file; None when it does not exist."""
        ...

    def write(self, path: Path, data: bytes) -> None:
        """Make or replace a file's content, directories included. Not safe before `sync`."""
        ...

    def overwrite(self, path: Path, data: bytes) -> None:
        """Write over the beginning of an existing file without moving it. Not safe before `sync`."""
        ...

    def sync(self, path: Path) -> None:
        """The file's content survives a power cut from here on."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another's name, replacing that one. Not safe before `sync_directory`."""
        ...

    def remove(self, path: Path) -> None:
        """Forget a file; a missing one is fine. Not safe before `sync_directory`."""
        ...

    def sync_directory(self, path: Path) -> None:
        """The names in this directory survive a power cut from here on."""
        ...

    def capacity(self, label: str) -> int:
        """Bytes of the partition with this label."""
        ...

    def put(self, label: str, offset: int, data: bytes) -> None:
        """Write to a partition. Not safe before `flush`."""
        ...

    def flush(self, label: str) -> None:
        """What was put survives a power cut, and `get` asks the card itself."""
        ...

    def get(self, label: str, offset: int, size: int) -> bytes:
        """Bytes of a partition."""
        ...


class Restarter(Protocol):
    """Restarts the machine."""

    def restart(self, *, trial: bool) -> None:
        """Begin a restart, into the trial slot when `trial`. Raises AssistantError when it is refused."""
        ...


class Bootloader(Protocol):
    """The part of the firmware that chooses a slot."""

    def running(self) -> Running:
        """What runs now. Raises AssistantError where nothing tells."""
        ...

    def chosen(self) -> Slot:
        """The slot that an ordinary start takes. Raises AssistantError when its file says nothing usable."""
        ...

    def choose(self, slot: Slot) -> None:
        """From now on an ordinary start takes `slot`, and a trial the other. Raises AssistantError."""
        ...

    def try_once(self) -> None:
        """Restart into the other slot, for one boot. Raises AssistantError."""
        ...


def replace(medium: Medium, path: Path, data: bytes) -> None:
    """Put `data` at `path` so that a power cut leaves the old content or the new, never a part. Raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    medium.write(beside, data)
    medium.sync(beside)
    medium.rename(beside, path)
    medium.sync_directory(path.parent)
