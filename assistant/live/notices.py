"""Sentences that other programs of this device leave for the voice: what became of an update, mistakes in the settings.

One file a sentence in a directory on the data partition, so that a power cut loses none; the file goes when it was
spoken. Files are named by what they are about, so that a newer sentence replaces an older one.
"""

import logging
import os
import re
import tempfile
from pathlib import Path

from assistant.errors import AssistantError
from assistant.files import sync

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 600
"""Longer sentences are cut off: nobody listens to them."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


class Notices:
    """The directory of one device."""

    def __init__(self, data: Path) -> None:
        """`data`: settings.paths.data."""
        self._directory = data / "notices"
        self._looked = -1
        self._handed_out: set[tuple[str, int]] = set()

    def leave(self, name: str, text: str) -> None:
        """Have `text` spoken. Safe when it returns. Raises AssistantError."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a notice")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            owner = self._directory.parent.stat()
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._directory, delete=False) as file:
                file.write(text[:MOST_CHARACTERS])
                file.flush()
                os.fchmod(file.fileno(), 0o640)
                if os.geteuid() == 0:  # left by root, spoken and removed by the user whose directory it is
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                    os.chown(self._directory, owner.st_uid, owner.st_gid)
                os.fsync(file.fileno())
            Path(file.name).replace(self._directory / f"{name}.txt")
            sync(self._directory)
        except OSError as error:
            raise AssistantError(
                f"{self._directory}: cannot be written ({error.strerror}); make room on the data partition"
            ) from error

    def withdraw(self, name: str) -> None:
        """What was left under `name` was said, or needs no saying any more."""
        try:
            (self._directory / f"{name}.txt").unlink(missing_ok=True)
        except OSError as error:
            logger.warning("notice %s: cannot be removed (%s)", name, error.strerror)

    def pending(self) -> list[tuple[str, str]]:
        """Those not handed out yet, as (name, text). Quick when nothing has changed: one look at the directory."""
        found = []
        if not self._directory.is_dir():
            return []
        try:
            changed = self._directory.stat().st_mtime_ns
            if changed == self._looked:
                return []
            self._looked = changed
            for path in sorted(self._directory.glob("*.txt")):
                mark = (path.stem, path.stat().st_mtime_ns)
                text = path.read_text(encoding="utf-8", errors="replace").strip()
                if mark not in self._handed_out and _NAME.fullmatch(path.stem) and text:
                    self._handed_out.add(mark)
                    found.append((path.stem, text))
        except OSError as error:
            logger.warning("%s: cannot be read (%s)", self._directory, error.strerror)
        return found
