"""The directory of installed models, and how a model gets its name there: complete and checked, or not at all.

`<id>/` is an installed model. `.downloads/<sha256>.part` is what has been fetched of a file so far and is resumed;
`.staging/` is where a model is put together and is emptied whenever somebody begins. `.lock` lets one process at a
time work here.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from assistant.artifacts.catalogue import CatalogueFile, Entry
from assistant.artifacts.installed import RECEIPT, Receipt
from assistant.errors import ModelError
from assistant.files import sync


class ModelDirectory:
    """Names, the lock and the atomic steps. Everything that changes something is called within `locked()`."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self._downloads = models / ".downloads"
        self._staging = models / ".staging"

    def part(self, file: CatalogueFile) -> Path:
        """Where a file is collected; named by its hash, so that a corrected catalogue never resumes the old file."""
        return self._downloads / f"{file.sha256}.part"

    def waiting_bytes(self, file: CatalogueFile) -> int:
        """Bytes of the file that have been fetched."""
        try:
            return min(self.part(file).stat().st_size, file.most_bytes)
        except OSError:
            return 0

    def free_bytes(self) -> int:
        """Bytes free on the directory's disk."""
        return shutil.disk_usage(self.models).free

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Alone here, with an empty staging area before and after; errors of the disk become one plain line.

        Raises ModelError when another process is at work.
        """
        with self._plain_disk_errors():
            self._downloads.mkdir(parents=True, exist_ok=True)
            self._staging.mkdir(exist_ok=True)
            handle = os.open(self.models / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
            try:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    busy = f"{self.models}: another `assistant models` is at work; wait until it is done"
                    raise ModelError(busy) from error
                self._clear_staging()
                try:
                    yield
                finally:
                    self._clear_staging()
            finally:
                os.close(handle)

    def stage(self, entry: Entry) -> Path:
        """A new empty directory in which the model is put together."""
        staged = Path(tempfile.mkdtemp(dir=self._staging, prefix=f"{entry.id}."))
        staged.chmod(0o755)
        return staged

    def take(self, file: CatalogueFile, staged: Path) -> Path:
        """Put a collected file under its own name into the staged model. The part stays until the model has its name
        where the file system has hard links, so that an interruption here costs no second download."""
        target = staged / file.name
        try:
            target.hardlink_to(self.part(file))
        except OSError:
            self.part(file).rename(target)
        return target

    def publish(self, entry: Entry, staged: Path, receipt: Receipt) -> Path:
        """Write the receipt, bring everything to the disk, then rename: the model is installed. Its parts go."""
        (staged / RECEIPT).write_text(receipt.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for path in staged.rglob("*"):
            sync(path)
        sync(staged)
        final = self.models / entry.id
        if final.exists():  # a damaged one: its name is free for an instant, then the sound one has it
            final.rename(self._staging / f"{entry.id}.replaced")
        staged.rename(final)
        sync(self.models)
        for file in entry.files:
            self.part(file).unlink(missing_ok=True)
        return final

    def remove(self, entry: Entry) -> int | None:
        """Take the model's name away at once, then its files and parts; the bytes freed, None if nothing was there."""
        directory = self.models / entry.id
        parts = [self.part(file) for file in entry.files if self.part(file).exists()]
        if not directory.is_dir() and not parts:
            return None
        freed = sum(path.stat().st_size for path in (*directory.rglob("*"), *parts) if path.is_file())
        if directory.is_dir():
            directory.rename(self._staging / f"{entry.id}.removed")
            sync(self.models)
        for part in parts:
            part.unlink()
        return freed

    def _clear_staging(self) -> None:
        for path in self._staging.iterdir():
            shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def _plain_disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                text = "the disk is full; remove something (assistant models remove ID)"
            else:
                text = f"{error.strerror or error}; check the directory's permissions and the disk"
            raise ModelError(f"{error.filename or self.models}: {text}") from error
