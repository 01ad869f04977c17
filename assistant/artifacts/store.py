"""Where models live: fetch, import, verify, list, remove."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from assistant.artifacts.catalogue import Catalogue, CatalogueFile, Entry
from assistant.artifacts.directory import ModelDirectory
from assistant.artifacts.installed import Installed, Receipt, ReceiptFile, find_installed
from assistant.artifacts.marks import Marks, sha256_of
from assistant.artifacts.port import Downloader, DownloadError
from assistant.artifacts.unpack import unpack
from assistant.errors import ModelError

RESERVE_BYTES = 100_000_000
"""Left free on the disk beyond what a model needs: the database and the logs must never meet a full disk."""

MOST_LEVELS = 3
"""Directories below the one given to `import` that are searched."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far an installation is."""

    model: str
    file: str
    phase: Literal["fetch", "copy", "check", "unpack"]
    done: int
    """Bytes."""
    total: int
    """Bytes, the most there will be."""


Progress: TypeAlias = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Status:
    """One catalogue entry on this machine."""

    entry: Entry
    installed: Installed | None = None
    problem: str = ""
    """Why what is there cannot be used; "" when it can, or nothing is there."""
    partial_bytes: int = 0
    """Bytes that wait for the rest."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought."""

    ids: tuple[str, ...]
    problems: tuple[str, ...]
    """One line for each model whose files were there but incomplete or wrong."""


def _quiet(_: Step) -> None:
    pass


class Store:
    """The installed models and the ways they come and go. One process at a time changes them."""

    def __init__(
        self,
        models: Path,
        catalogue: Catalogue,
        *,
        downloader: Downloader | None = None,
        marks: Marks | None = None,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        """`models`: settings.paths.models. `downloader` None: nothing can be fetched, only imported."""
        self._directory = ModelDirectory(models)
        self._catalogue = catalogue
        self._downloader = downloader
        self._marks = marks or Marks(None)
        self._reserve = reserve_bytes

    def entry(self, model_id: str) -> Entry:
        """The catalogue's entry. Raises ModelError naming the known ids."""
        found = self._catalogue.get(model_id)
        if found is None:
            known = ", ".join(entry.id for entry in self._catalogue.model)
            raise ModelError(f"'{model_id}' is not in the catalogue; known models: {known}")
        return found

    def status(self) -> list[Status]:
        """Every entry of the catalogue; files that were touched since they were verified are read again."""
        try:
            return [self._status(entry) for entry in self._catalogue.model]
        finally:
            self._marks.save()

    def _status(self, entry: Entry) -> Status:
        waiting = sum(self._directory.waiting_bytes(file) for file in entry.files)
        try:
            found = self._find(entry)
            if found is not None:
                found.verify(self._marks)
        except ModelError as error:
            return Status(entry, problem=str(error), partial_bytes=waiting)
        return Status(entry, found, partial_bytes=waiting)

    def verify(self, model_id: str) -> Installed:
        """Read every file of an installed model again. Raises ModelError, one line naming the file."""
        found = self._find(self.entry(model_id))
        if found is None:
            raise ModelError(f"'{model_id}' is not installed; run: assistant models pull {model_id}")
        try:
            found.verify(self._marks, again=True)
        finally:
            self._marks.save()
        return found

    def pull(self, model_id: str, progress: Progress = _quiet) -> Installed:
        """Fetch, check and install; what is already there and sound is left alone.

        Raises ModelError (not in the catalogue, no space, no mirror served the right bytes); then nothing is
        installed and what was fetched waits for the next try.
        """
        entry = self.entry(model_id)
        if self._downloader is None:
            raise ModelError(f"'{model_id}' cannot be fetched here; bring it on a stick: assistant models import DIR")
        with self._directory.locked():
            if (sound := self._sound(entry)) is not None:
                return sound
            missing = sum(f.most_bytes - self._directory.waiting_bytes(f) for f in entry.files)
            self._need_space(entry, missing)
            for file in entry.files:
                self._fetch(entry, file, self._downloader, progress)
            return self._install(entry, progress)

    def import_dir(self, directory: Path, progress: Progress = _quiet) -> Imported:
        """Install every model whose files, as published, lie in `directory` or up to three levels below.

        Raises ModelError when there is nothing to import or nothing of it is complete and sound.
        """
        if not directory.is_dir():
            raise ModelError(f"{directory}: is not a directory; give the one that holds the model files")
        found = _files_by_name(directory, {file.name for entry in self._catalogue.model for file in entry.files})
        ids: list[str] = []
        problems: list[str] = []
        with self._directory.locked():
            for entry in self._catalogue.model:
                if not any(file.name in found for file in entry.files):
                    continue
                try:
                    self._import(entry, found, progress)
                    ids.append(entry.id)
                except ModelError as error:
                    problems.append(str(error))
        if problems and not ids:
            raise ModelError("; ".join(problems))
        if not ids:
            raise ModelError(f"{directory}: holds no file of the catalogue; docs/models.md names them")
        return Imported(tuple(ids), tuple(problems))

    def remove(self, model_id: str) -> int:
        """Remove an installed model and what was fetched of it; returns the bytes freed. Raises ModelError."""
        entry = self.entry(model_id)
        with self._directory.locked():
            freed = self._directory.remove(entry)
        if freed is None:
            raise ModelError(f"'{model_id}' is not installed; nothing to remove")
        return freed

    # --- steps ------------------------------------------------------------------------------------------------------

    def _find(self, entry: Entry) -> Installed | None:
        return find_installed(self._directory.models, self._catalogue, entry.id)

    def _sound(self, entry: Entry) -> Installed | None:
        """The installed model when it is what the catalogue describes and every file is right; else it is replaced."""
        try:
            found = self._find(entry)
            if found is not None and not found.current:
                return None
            if found is not None:
                found.verify(self._marks, again=True)
        except ModelError:
            return None
        finally:
            self._marks.save()
        return found

    def _need_space(self, entry: Entry, to_write: int) -> None:
        needed = to_write + (entry.archive.max_bytes if entry.archive else 0) + self._reserve
        free = self._directory.free_bytes()
        if free < needed:
            raise ModelError(
                f"{self._directory.models}: {entry.id} needs {needed / 1e6:.0f} MB free, {free / 1e6:.0f} MB are; "
                "remove something (assistant models remove ID) or set paths.data to a larger disk"
            )

    def _fetch(self, entry: Entry, file: CatalogueFile, downloader: Downloader, progress: Progress) -> None:
        """Bring the file into its part, mirror by mirror, until size and hash are right."""

        def report(done: int) -> None:
            progress(Step(entry.id, file.name, "fetch", done, file.most_bytes))

        part = self._directory.part(file)
        problems: list[str] = []
        for url in file.urls:
            if part.exists() and self._right(entry, file, progress):
                return
            if self._directory.waiting_bytes(file) >= file.most_bytes:
                part.unlink()
            # what an earlier try or another mirror left may be wrong: once more from nothing settles it
            for resumed in (True, False) if part.exists() else (False,):
                if not resumed:
                    part.unlink(missing_ok=True)
                try:
                    downloader.fetch(url, part, total=file.bytes, limit=file.most_bytes, progress=report)
                except DownloadError as error:
                    problems.append(str(error))
                    break
                except OSError as error:
                    if error.errno in (errno.ENOSPC, errno.EDQUOT):
                        part.unlink(missing_ok=True)  # a full disk harms the assistant more than a fetch begun again
                    raise
                if self._right(entry, file, progress):
                    return
                if not resumed:
                    problems.append(f"{url}: served other bytes than the catalogue expects")
                    part.unlink()
        raise ModelError(f"{entry.id}: {file.name} could not be fetched: {'; '.join(problems)}; try again later")

    def _right(self, entry: Entry, file: CatalogueFile, progress: Progress) -> bool:
        part = self._directory.part(file)
        size = part.stat().st_size
        if file.bytes is not None and size != file.bytes:
            return False
        progress(Step(entry.id, file.name, "check", size, size))
        return sha256_of(part) == file.sha256

    def _import(self, entry: Entry, found: dict[str, list[Path]], progress: Progress) -> None:
        missing = [file.name for file in entry.files if file.name not in found]
        if missing:
            raise ModelError(f"{entry.id}: {', '.join(missing)} is missing beside its other files; bring it as well")
        if self._sound(entry) is not None:
            return
        self._need_space(entry, entry.download_bytes)
        for file in entry.files:
            self._copy(entry, file, found[file.name], progress)
        self._install(entry, progress)

    def _copy(self, entry: Entry, file: CatalogueFile, candidates: list[Path], progress: Progress) -> None:
        """Copy the right one of the files of that name, then check the copy: a stick may lie about what it holds."""
        part = self._directory.part(file)
        for candidate in candidates:
            try:
                with candidate.open("rb") as source, part.open("wb") as sink:
                    done = 0
                    while done <= file.most_bytes and (block := source.read(1 << 20)):
                        sink.write(block)
                        done += len(block)
                        progress(Step(entry.id, file.name, "copy", done, file.most_bytes))
                if self._right(entry, file, progress):
                    return
            except PermissionError:
                pass  # said below: none of the candidates could be used
            part.unlink(missing_ok=True)
        raise ModelError(f"{candidates[0]}: is not the file of {entry.id} (wrong checksum); fetch it anew")

    def _install(self, entry: Entry, progress: Progress) -> Installed:
        """Put the checked files together and give them their name."""
        staged = self._directory.stage(entry)
        if entry.archive is not None:
            name = entry.files[0].name
            unpack(
                self._directory.part(entry.files[0]), entry.archive, staged, name,
                lambda done, total: progress(Step(entry.id, name, "unpack", done, total)),
            )  # fmt: skip
            hashes = {path: sha256_of(path) for path in sorted(staged.rglob("*")) if path.is_file()}
        else:
            hashes = {self._directory.take(file, staged): file.sha256 for file in entry.files}
        receipt = Receipt(
            id=entry.id,
            source={file.name: file.sha256 for file in entry.files},
            files=tuple(
                ReceiptFile(name=path.relative_to(staged).as_posix(), bytes=path.stat().st_size, sha256=digest)
                for path, digest in hashes.items()
            ),
        )
        installed = Installed(entry, self._directory.publish(entry, staged, receipt), receipt)
        for file in receipt.files:
            self._marks.remember(installed.directory / file.name, file.sha256)
        self._marks.save()
        return installed


def _files_by_name(directory: Path, names: set[str]) -> dict[str, list[Path]]:
    """Plain files of these names below `directory`; links are not followed."""
    found: dict[str, list[Path]] = {}
    for root, directories, files in os.walk(directory):
        directories.sort()
        if len(Path(root).relative_to(directory).parts) >= MOST_LEVELS:
            directories.clear()
        for name in sorted(files):
            path = Path(root) / name
            if name in names and path.is_file() and not path.is_symlink():
                found.setdefault(name, []).append(path)
    return found
