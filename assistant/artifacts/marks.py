"""Remembered verifications: a file whose hash was checked once is not read again while nothing touched it."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TypeAlias

from assistant.files import write_whole

Stamp: TypeAlias = tuple[int, int, int, int]
"""Bytes, mtime and ctime in nanoseconds, inode. The ctime cannot be set back by a program, the mtime can."""

_READ_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as 64 lower-case hex digits. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def stamp_of(path: Path) -> Stamp:
    """What changes whenever the file's content may have changed. Raises OSError."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


class Marks:
    """Which files were verified, in one small JSON file that may be lost at any time (everything is hashed again).

    It saves time, it does not add trust: who can write it can also write the programs.
    """

    def __init__(self, path: Path | None) -> None:
        """`path`: the JSON file; None remembers in memory alone."""
        self._path = path
        self._marks: dict[str, list[object]] = {}
        if path is not None:
            with contextlib.suppress(OSError, ValueError):
                loaded = json.loads(path.read_text(encoding="utf-8"))
                if isinstance(loaded, dict):
                    self._marks = {str(key): value for key, value in loaded.items() if isinstance(value, list)}
        self._changed = False

    def matches(self, path: Path, sha256: str) -> bool:
        """Whether the file has this hash: from memory when it is untouched, else by reading it. Raises OSError."""
        stamp = stamp_of(path)
        key = str(path.absolute())
        if self._marks.get(key) == [sha256, *stamp]:
            return True
        if sha256_of(path) != sha256:
            if self._marks.pop(key, None) is not None:
                self._changed = True
            return False
        if stamp_of(path) == stamp:  # else it changed while it was read: nothing to remember
            self._marks[key] = [sha256, *stamp]
            self._changed = True
        return True

    def remember(self, path: Path, sha256: str) -> None:
        """The caller has just written or hashed this file. Raises OSError."""
        self._marks[str(path.absolute())] = [sha256, *stamp_of(path)]
        self._changed = True

    def forget(self, path: Path) -> None:
        """Read the file again next time."""
        self._changed |= self._marks.pop(str(path.absolute()), None) is not None

    def save(self) -> None:
        """Write what is remembered. A cache that cannot be written costs time, not correctness: no error."""
        if self._path is None or not self._changed:
            return
        with contextlib.suppress(OSError):
            write_whole(self._path, json.dumps(self._marks), mode=0o600)
            self._changed = False
