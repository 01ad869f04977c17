"""The SD card as a file, written and read without mounting anything."""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512


@dataclass(frozen=True, slots=True)
class Partition:
    """Where a partition lies, in bytes."""

    number: int
    label: str
    start: int
    size: int


class Card:
    """A disk image and what stands on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def flash(cls, image: Path, path: Path, size: int | None = None) -> "Card":
        """A card of `size` bytes, or of the image's own, with the image written to it."""
        subprocess.run(["cp", "--sparse=always", image, path], check=True)
        if size is not None:
            with path.open("r+b") as file:
                file.truncate(size)
        return cls(path)

    def copy(self, path: Path) -> "Card":
        """The same card, to be hurt without hurting this one."""
        subprocess.run(["cp", "--sparse=auto", self.path, path], check=True)
        return Card(path)

    def partitions(self) -> dict[str, Partition]:
        """The partitions by label, whether the card is large enough for them or not."""
        found = {}
        with self.path.open("rb") as file:
            file.seek(SECTOR)
            header = file.read(SECTOR)
            assert header.startswith(b"EFI PART"), f"{self.path} has no partition table"
            place, count, length = struct.unpack_from("<QII", header, 72)
            file.seek(place * SECTOR)
            for number in range(1, count + 1):
                entry = file.read(length)
                first, last = struct.unpack_from("<QQ", entry, 32)
                if any(entry[:16]):
                    label = entry[56:128].decode("utf-16-le").rstrip("\0")
                    found[label] = Partition(number, label, first * SECTOR, (last - first + 1) * SECTOR)
        return found

    def _fat(self, label: str) -> str:
        return f"{self.path}@@{self.partitions()[label].start}"

    def read(self, label: str, name: str) -> bytes | None:
        """A file of a FAT partition; None when it is not there."""
        done = subprocess.run(["mtype", "-i", self._fat(label), f"::{name}"], capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def write(self, label: str, name: str, data: bytes) -> None:
        """Put a file on a FAT partition, as a computer with the card in its reader does."""
        subprocess.run(["mcopy", "-o", "-i", self._fat(label), "-", f"::{name}"], input=data, check=True)

    def files(self, label: str) -> list[str]:
        """The names on a FAT partition."""
        done = subprocess.run(["mdir", "-b", "-i", self._fat(label), "::"], capture_output=True, text=True, check=False)
        return [line.strip().removeprefix("::/") for line in done.stdout.splitlines() if line.strip()]

    def region(self, label: str) -> bytes:
        """A partition's raw bytes."""
        part = self.partitions()[label]
        with self.path.open("rb") as file:
            file.seek(part.start)
            return file.read(part.size)

    def spoil(self, label: str, offset: int, data: bytes) -> None:
        """Overwrite bytes of a partition."""
        part = self.partitions()[label]
        assert offset + len(data) <= part.size
        with self.path.open("r+b") as file:
            file.seek(part.start + offset)
            file.write(data)

    def cut_off(self, size: int) -> None:
        """Leave the first `size` bytes."""
        with self.path.open("r+b") as file:
            file.truncate(size)

    def remove(self) -> None:
        """Throw the card away."""
        self.path.unlink(missing_ok=True)
