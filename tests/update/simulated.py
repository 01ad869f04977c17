"""A machine whose plug can be pulled between any two steps of the update: the production interface, in memory.

What was not flushed when the power fails is there, or not, or in part, as a seeded chance decides. The bootloader's
rules are those of the emulated board's firmware, written apart from the updater.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

from assistant.update.journal import Journal
from assistant.update.machine import replace
from assistant.update.tryboot import AUTOBOOT, CHOSEN, Tryboot, autoboot
from assistant.update.updater import Installed, Updater
from image.emulator.firmware import autoboot as firmware_reads

JOURNAL = Path("/data/update/journal.json")
TOLD = Path("/data/notices")
SECTOR = 512


class PowerCut(BaseException):
    """The plug was pulled."""


class BrickedError(AssertionError):
    """The bootloader finds nothing to start."""


@dataclass
class File:
    """Content that is safe, and content that is not yet."""

    safe: bytes = b""
    now: bytes = b""
    in_place: bool = False


@dataclass
class Partition:
    safe: bytearray
    now: bytearray


@dataclass
class Simulated:
    """Medium, Restarter and firmware in one."""

    seed: int
    images: dict[str, tuple[bytes, bytes]]
    """Every complete system by version: (boot, system)."""
    cut_at: int | None = None
    """The step before which the power fails."""
    steps: int = 0
    trial_flag: bool = False
    restarting: bool = False
    full: bool = False
    wears_out: str = ""
    """The label of a partition that does not keep what is written to it."""
    names: dict[Path, File] = field(default_factory=dict)
    safe_names: dict[Path, File] = field(default_factory=dict)
    partitions: dict[str, Partition] = field(default_factory=dict)
    tree: dict[Path, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    @classmethod
    def shipped(cls, seed: int, images: dict[str, tuple[bytes, bytes]], version: str, room: int) -> "Simulated":
        """A card with `version` in slot a and nothing of use in slot b."""
        sim = cls(seed, images)
        for slot in "ab":
            for name, content in zip(("boot", "system"), images[version], strict=True):
                data = content if slot == "a" else b""
                whole = bytearray(data.ljust(room, b"\0"))
                sim.partitions[f"{name}_{slot}"] = Partition(whole, bytearray(whole))
        sim.names[AUTOBOOT] = sim.safe_names[AUTOBOOT] = File(autoboot("a"), autoboot("a"))
        sim.power_on()
        return sim

    # --- Medium

    def _step(self, *, writes: bool = False) -> None:
        if self.steps == self.cut_at:
            self.cut()
            raise PowerCut
        self.steps += 1
        if writes and self.full:
            raise OSError(28, "No space left on device")

    def read(self, path: Path) -> bytes | None:
        if path in self.tree:
            return self.tree[path]
        return self.names[path].now if path in self.names else None

    def write(self, path: Path, data: bytes) -> None:
        self._step(writes=True)
        self.names[path] = File(b"", data)

    def overwrite(self, path: Path, data: bytes) -> None:
        self._step()
        file = self.names[path]
        file.now, file.in_place = data + file.now[len(data) :], True

    def sync(self, path: Path) -> None:
        self._step()
        self.names[path].safe = self.names[path].now

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        self.names[new] = self.names.pop(old)

    def remove(self, path: Path) -> None:
        self._step()
        self.names.pop(path, None)

    def sync_directory(self, path: Path) -> None:
        self._step()
        here = {name: file for name, file in self.names.items() if name.parent == path}
        self.safe_names = {n: f for n, f in self.safe_names.items() if n.parent != path} | here

    def capacity(self, label: str) -> int:
        return len(self.partitions[label].now)

    def put(self, label: str, offset: int, data: bytes) -> None:
        self._step()
        assert not label.endswith(f"_{self.running_slot}"), "the running slot must never be written to"
        assert offset + len(data) <= self.capacity(label)
        if label != self.wears_out:
            self.partitions[label].now[offset : offset + len(data)] = data

    def flush(self, label: str) -> None:
        self._step()
        self.partitions[label].safe[:] = self.partitions[label].now

    def get(self, label: str, offset: int, size: int) -> bytes:
        return bytes(self.partitions[label].now[offset : offset + size])

    # --- Restarter, firmware

    def restart(self, *, trial: bool) -> None:
        self._step()
        self.trial_flag, self.restarting = trial, True

    def cut(self) -> None:
        """The power fails now: what was not safe may be lost."""
        names = dict(self.safe_names)
        for path in self.names.keys() | self.safe_names.keys():
            if self.names.get(path) is not self.safe_names.get(path) and self.rng.random() < 0.5:
                names.pop(path, None)
                if path in self.names:
                    names[path] = self.names[path]
        self.names, self.safe_names = names, dict(names)
        for file in names.values():
            if file.now != file.safe:
                length = self.rng.choice([0, len(file.now), self.rng.randrange(len(file.now) + 1)])
                rest = file.safe[length:] if file.in_place else b""
                file.now = file.now[:length] + rest
            file.safe, file.in_place = file.now, False
        for part in self.partitions.values():
            if part.now != part.safe:
                for begin in range(0, len(part.now), SECTOR):
                    if self.rng.random() < 0.5:
                        part.safe[begin : begin + SECTOR] = part.now[begin : begin + SECTOR]
                part.now[:] = part.safe
        self.trial_flag = self.restarting = False

    def shut_down(self) -> None:
        """An orderly restart writes everything."""
        for file in self.names.values():
            file.safe = file.now
        self.safe_names = dict(self.names)
        for part in self.partitions.values():
            part.safe[:] = part.now
        self.restarting = False

    def power_on(self) -> None:
        """The bootloader chooses; a trial that cannot start comes back by itself. Raises BrickedError."""
        trial, self.trial_flag = self.trial_flag, False
        file = self.names.get(AUTOBOOT)
        named, same_names = firmware_reads(file.now if file else b"", tryboot=trial)
        partition = named or 0
        slot = {2: "a", 3: "b"}.get(partition)
        version = self.version_in(slot) if slot and same_names else None
        if version is None:
            if not trial:
                raise BrickedError(f"partition {partition} is to be started and holds no complete system")
            self.power_on()
            return
        self.running_slot, self.version = slot, version
        self.tree = {
            CHOSEN / "partition": partition.to_bytes(4, "big"),
            CHOSEN / "tryboot": int(trial).to_bytes(4, "big"),
        }

    def version_in(self, slot: str) -> str | None:
        """The complete version in a slot, None where there is none."""
        for version, parts in self.images.items():
            held = (self.partitions[f"{name}_{slot}"].now for name in ("boot", "system"))
            if all(content[: len(part)] == part for content, part in zip(held, parts, strict=True)):
                return version
        return None

    # --- the program on it

    def updater(self) -> Updater:
        """The updater as the running version has it."""
        return Updater(
            self, Tryboot(self, self), Journal(self, JOURNAL), Installed(self.version, "lite", "rpi5"), tell=self._tell
        )

    def _tell(self, text: str) -> None:
        replace(self, TOLD / "update.txt", text.encode())

    def told(self) -> str:
        """What waits to be spoken."""
        return (self.read(TOLD / "update.txt") or b"").decode()

    def start(self, *, healthy: bool, why: str = "nothing was understood.") -> None:
        """One start of the device: settle, and in a trial the health check with its consequences."""
        self.power_on()
        self.updater().settle()
        if Tryboot(self, self).running().trial:
            if healthy:
                self.updater().keep()
            else:
                self.updater().reject(why)
                self.restart(trial=False)
