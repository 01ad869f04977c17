"""The real machine: files, partitions by their label, and systemd's restart."""

import os
import subprocess
from pathlib import Path

from assistant import files
from assistant.errors import AssistantError

PARTITIONS = Path("/dev/disk/by-partlabel")

TRIAL = "0 tryboot"
"""The argument of a restart that makes the Pi's bootloader take the trial slot, once."""


class Card:
    """`Medium` on a Linux machine."""

    def __init__(
        self, partitions: Path = PARTITIONS, *, mode: int | None = None, as_owner_of: Path | None = None
    ) -> None:
        """Files get `mode` when they are made, and the owner of the directory `as_owner_of` when root makes them."""
        self._partitions = partitions
        self._mode = mode
        self._as_owner_of = as_owner_of

    def read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, path: Path, data: bytes) -> None:
        made = not path.parent.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o666 if self._mode is None else self._mode
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "wb") as file:
            if self._mode is not None:
                os.fchmod(file.fileno(), mode)  # one that a power cut left may have had another
            if self._as_owner_of is not None and os.geteuid() == 0:
                owner = self._as_owner_of.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                if made:
                    os.chown(path.parent, owner.st_uid, owner.st_gid)
            file.write(data)

    def overwrite(self, path: Path, data: bytes) -> None:
        with path.open("r+b", buffering=0) as file:
            file.write(data)

    def sync(self, path: Path) -> None:
        files.sync(path)

    def rename(self, old: Path, new: Path) -> None:
        old.replace(new)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_directory(self, path: Path) -> None:
        files.sync(path)

    def capacity(self, label: str) -> int:
        with (self._partitions / label).open("rb") as device:
            return device.seek(0, os.SEEK_END)

    def put(self, label: str, offset: int, data: bytes) -> None:
        with (self._partitions / label).open("r+b", buffering=0) as device:
            device.seek(offset)
            left = memoryview(data)
            while left:
                left = left[device.write(left) :]

    def flush(self, label: str) -> None:
        descriptor = os.open(self._partitions / label, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            # what is read back must come from the card, not from memory
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)

    def get(self, label: str, offset: int, size: int) -> bytes:
        with (self._partitions / label).open("rb", buffering=0) as device:
            device.seek(offset)
            pieces = []
            while size and (piece := device.read(size)):
                pieces.append(piece)
                size -= len(piece)
            return b"".join(pieces)


class Systemd:
    """`Restarter` by systemd."""

    def restart(self, *, trial: bool) -> None:
        command = ["systemctl", "reboot", *([f"--reboot-argument={TRIAL}"] if trial else [])]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AssistantError(
                f"restart: systemctl does not answer ({error}); switch the device off and on"
            ) from error
        if done.returncode:
            raise AssistantError(f"restart: refused ({done.stderr.strip()[:200]}); run it as root")
