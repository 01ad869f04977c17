"""The SD card as a file, written and read without mounting anything."""

import json
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
        """A card of `size` bytes (the image's own when None) with the image written to it; smaller than the image it
        is cut off.
        """
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
        """The partitions by label."""
        done = subprocess.run(["sfdisk", "--json", self.path], capture_output=True, text=True, check=True)
        found = {}
        for entry in json.loads(done.stdout)["partitiontable"]["partitions"]:
            number = int(entry["node"].removeprefix(str(self.path)).lstrip("p"))
            found[entry["name"]] = Partition(number, entry["name"], entry["start"] * SECTOR, entry["size"] * SECTOR)
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

    def remove(self) -> None:
        """Throw the card away."""
        self.path.unlink(missing_ok=True)
