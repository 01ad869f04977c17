"""Building the index: what is new or changed is read, what is gone is forgotten, a little at a time.

A file is one transaction, a long one several; so are a few vectors. Whatever ends the work, the next run goes on behind
the last transaction. A file counts as unchanged while its size and its time of change are.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from assistant.errors import AssistantError, StoreError
from assistant.knowledge.embedding import BATCH, Embedder
from assistant.knowledge.index import Index
from assistant.knowledge.passages import passages
from assistant.knowledge.pdf_reader import PdfReader
from assistant.knowledge.reading import KINDS, read_document

PART = 200
"""Passages a transaction: some ten milliseconds, in which a flash card serves nobody else."""

MOST_FILES = 200_000
"""That are looked at: more is a whole disk named by mistake."""

NICE = 15
"""Of the process that builds: everything else goes first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    step: str
    """"read" or "embed"."""
    done: int
    whole: int
    what: str = ""
    """The file that was read last."""


@dataclass(frozen=True, slots=True)
class Built:
    """What one run did."""

    read: int
    unchanged: int
    forgotten: int
    vectors: int
    problems: tuple[str, ...]
    """One line for each file or directory that cannot be read."""


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    size: int
    changed: int


def be_polite() -> None:
    """Give this process the least of processor and disk."""
    os.nice(max(0, NICE - os.nice(0)))
    with suppress(OSError, AttributeError, psutil.Error):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


@contextmanager
def only_builder(path: Path) -> Iterator[None]:
    """Hold the lock beside the index, however the process ends. Raises AssistantError when another one does."""
    lock = path.with_suffix(".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{lock}: cannot be made ({error.strerror}); check paths.data in the settings") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AssistantError(f"{path}: is being built by another process already; wait for it") from error
        yield
    finally:
        os.close(descriptor)


def build(
    index: Index,
    folders: Iterable[Path],
    embedder: Embedder | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Built:
    """Bring the index up to date with the documents in `folders`; with `embedder` add vectors where they lack.

    Raises StoreError when the index cannot be written. What is wrong with a file is part of the result.
    """
    found, problems = documents(folders)
    known = {
        str(path): (int(str(size)), int(str(changed)), bool(whole), str(problem))
        for path, size, changed, whole, problem in index.rows("SELECT path, size, changed, whole, problem FROM files")
    }
    here = {str(each.path) for each in found}
    gone = [path for path in known if path not in here and not _unreachable(path, problems)]
    for path in gone:
        _forget(index, path)
    todo = [each for each in found if known.get(str(each.path), ())[:3] != (each.size, each.changed, True)]
    with closing(PdfReader()) as pdf:
        for done, each in enumerate(todo):
            tell(Progress("read", done, len(todo), str(each.path)))
            _take(index, each, pdf)
    tell(Progress("read", len(todo), len(todo)))
    vectors = _embed(index, embedder, tell) if embedder is not None else 0
    return Built(len(todo), len(found) - len(todo), len(gone), vectors, (*problems, *index.counts().problems))


def documents(folders: Iterable[Path]) -> tuple[list[_Found], list[str]]:
    """Every document below the folders, and a line for each directory that cannot be read. Links are not followed,
    and names that begin with a dot are passed over."""
    found: list[_Found] = []
    problems: list[str] = []

    def failed(error: OSError) -> None:
        problems.append(f"{error.filename}: cannot be read ({error.strerror}); check its owner and mode")

    for folder in (folder.expanduser().absolute() for folder in folders):
        if not folder.is_dir():
            problems.append(f"{folder}: there is no such directory; correct knowledge.documents in the settings")
            continue
        for root, inside, names in os.walk(folder, onerror=failed):
            inside[:] = sorted(name for name in inside if not name.startswith("."))
            for name in sorted(names):
                path = Path(root, name)
                if name.startswith(".") or path.suffix.lower() not in KINDS or path.is_symlink():
                    continue
                try:
                    state = path.stat()
                except OSError as error:
                    failed(error)
                    continue
                if path.is_file():
                    found.append(_Found(path, state.st_size, state.st_mtime_ns))
                if len(found) > MOST_FILES:
                    problems.append(f"{folder}: holds more than {MOST_FILES} documents; the rest is left out")
                    return found, problems
    return list({each.path: each for each in found}.values()), problems


def _unreachable(path: str, problems: Iterable[str]) -> bool:
    """Whether a file lies in a directory that cannot be read just now (a disk that is not plugged in): it is kept."""
    return any(path.startswith(problem.partition(": ")[0].rstrip("/") + "/") for problem in problems)


def _forget(index: Index, path: str) -> None:
    with index.writing() as db:
        db.execute(
            "DELETE FROM passages WHERE rowid IN "
            "(SELECT parts.id FROM parts JOIN files ON files.id = file WHERE path = ?)",
            (path,),
        )
        db.execute("DELETE FROM files WHERE path = ?", (path,))


def _take(index: Index, each: _Found, pdf: PdfReader) -> None:
    """Read one file into the index in place of what stood there."""
    _forget(index, str(each.path))
    name = spoken_name(each.path)
    with index.writing() as db:
        file = db.execute(
            "INSERT INTO files (path, size, changed, name, whole, problem) VALUES (?, ?, ?, ?, 0, '')",
            (str(each.path), each.size, each.changed, name),
        ).lastrowid
    problem = ""
    held: list[tuple[str, str]] = []
    try:
        for paragraph in read_document(each.path, pdf):
            held += [(paragraph.heading, text) for text in passages([paragraph.text])]
            if len(held) >= PART:
                _keep(index, file, name, held)
                held = []
    except AssistantError as error:
        if isinstance(error, StoreError):
            raise
        problem = str(error)
    _keep(index, file, name, held)
    with index.writing() as db:
        db.execute("UPDATE files SET whole = 1, problem = ? WHERE id = ?", (problem, file))


def _keep(index: Index, file: int | None, name: str, held: Iterable[tuple[str, str]]) -> None:
    with index.writing() as db:
        for heading, text in held:
            part = db.execute("INSERT INTO parts (file) VALUES (?)", (file,)).lastrowid
            db.execute(
                "INSERT INTO passages (rowid, name, heading, text) VALUES (?, ?, ?, ?)", (part, name, heading, text)
            )


def spoken_name(path: Path) -> str:
    """A file's name as a person would say it: "boiler_manual-2.pdf" is "boiler manual 2"."""
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split()) or path.name


def _embed(index: Index, embedder: Embedder, tell: Callable[[Progress], None]) -> int:
    """Vectors for the passages that have none; those of another model are dropped first."""
    if index.model() != embedder.mark:
        with index.writing() as db:
            db.execute("UPDATE parts SET vector = NULL WHERE vector IS NOT NULL")
            db.execute("INSERT OR REPLACE INTO meta VALUES ('model', ?)", (embedder.mark,))
    whole, done = int(str(index.rows("SELECT count(*) FROM parts WHERE vector IS NULL")[0][0])), 0
    while rows := index.rows(
        "SELECT parts.id, p.name || ' ' || p.heading || '. ' || p.text "
        "FROM parts JOIN passages p ON p.rowid = parts.id WHERE vector IS NULL ORDER BY parts.id LIMIT ?",
        (BATCH,),
    ):
        tell(Progress("embed", done, whole))
        vectors = embedder.embed([str(text) for _, text in rows]).astype(np.float16)
        with index.writing() as db:
            db.executemany(
                "UPDATE parts SET vector = ? WHERE id = ?",
                [(vector.tobytes(), part) for (part, _), vector in zip(rows, vectors, strict=True)],
            )
        done += len(rows)
    tell(Progress("embed", done, whole))
    return done
