"""The index of the owner's documents: one SQLite file with every passage, its words (FTS5) and its vector.

It holds nothing that cannot be made again from the documents, so it is a file of its own beside the database.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from assistant.errors import StoreError
from assistant.knowledge import Passage, Source, ranking
from assistant.knowledge.words import key_words

if TYPE_CHECKING:
    from assistant.knowledge.embedding import Embedder

FILE = "knowledge.db"
"""In the data directory."""

VERSION = 1
"""Of the tables; an index of another version is made anew."""

CANDIDATES = 30
"""Passages that each of both searches proposes."""

_TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE files (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, changed INTEGER NOT NULL,
        name TEXT NOT NULL, whole INTEGER NOT NULL, problem TEXT NOT NULL)""",
    """CREATE TABLE parts (
        id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, vector BLOB)""",
    "CREATE INDEX parts_of_file ON parts (file)",
    "CREATE INDEX parts_without_vector ON parts (id) WHERE vector IS NULL",
    "CREATE VIRTUAL TABLE passages USING fts5(name, heading, text, tokenize = 'porter unicode61 remove_diacritics 2')",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an index holds."""

    files: int
    passages: int
    vectors: int
    problems: tuple[str, ...]
    """One line for each file that could not be read."""


class Index:
    """An open index. Used by one thread; one process may write while others read."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Open the index at `path`; with `write` make it, or make it anew when it is unusable.

        Raises StoreError, one line, when there is none, it is damaged, or the directory cannot be written.
        """
        self.path = path
        if write:
            self._db = self._writable()
        elif not path.is_file():
            raise StoreError(f"{path}: there is no index of the documents yet; run: assistant knowledge index")
        else:
            self._db = self._connect()
            if not self._sound():
                self._db.close()
                raise StoreError(f"{path}: is damaged or of another version; run: assistant knowledge index --rebuild")
        self._ids: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._matrix: npt.NDArray[np.float16] = np.zeros((0, 0), np.float16)
        self._seen = (-1, -1)

    def _writable(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._connect()
            if not self._sound(thorough=True):
                self._db.close()
                for suffix in ("", "-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
                self._db = self._connect()
                with self.writing():
                    for statement in _TABLES:
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self.path}: cannot be written ({error}); check paths.data and the disk") from error
        return self._db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=5.0, check_same_thread=False)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA journal_mode = WAL")
            # a power cut may undo the last files: they are found changed and read again
            db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            pass  # not a database, or not ours to write: _sound tells
        return db

    def _sound(self, *, thorough: bool = False) -> bool:
        """Whether it is an index of this version; `thorough` reads all of it."""
        try:
            if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                return False
            return not thorough or self._db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        except sqlite3.Error:
            return False

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction. Raises StoreError."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            raise StoreError(f"{self.path}: cannot be written ({error}); check the disk") from error
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """All rows of a query. Raises StoreError."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(
                f"{self.path}: cannot be read ({error}); run: assistant knowledge index --rebuild"
            ) from error

    def counts(self) -> Counts:
        """What it holds now."""
        (files,), (parts, vectors) = (
            self.rows("SELECT count(*) FROM files WHERE problem = '' AND whole")[0],
            self.rows("SELECT count(*), count(vector) FROM parts")[0],
        )
        problems = self.rows("SELECT problem FROM files WHERE problem != '' ORDER BY path")
        return Counts(_int(files), _int(parts), _int(vectors), tuple(str(row[0]) for row in problems))

    # -- searching -----------------------------------------------------------------------------------------

    def search(
        self, question: str, language: str = "en", embedder: "Embedder | None" = None, limit: int = 5
    ) -> list[Passage]:
        """The passages that fit a question, best first: by shared words and, with `embedder`, by meaning.

        The order is both searches' together; the score is by words alone, so that it means the same with and without
        a model. Raises StoreError.
        """
        words = key_words(question, language)
        if not words:
            return []
        orders = [self._by_words(words)]
        if embedder is not None:
            orders.append(self._by_meaning(question, embedder))
        chosen = ranking.fused(*orders)[: max(limit, CANDIDATES)]
        worth = ranking.weights(words, self._found_in(words), self._total())
        found = [self._passage(part, worth) for part in chosen]
        if embedder is None:
            found.sort(key=lambda passage: -passage.score)  # stable: equal ones stay in the order of FTS5
        return found[:limit]

    def _by_words(self, words: Sequence[str]) -> list[int]:
        query = " OR ".join(f'"{word.replace(chr(34), "")}"' for word in words)
        rows = self.rows(
            "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY bm25(passages, 2.0, 2.0, 1.0) LIMIT ?",
            (query, CANDIDATES),
        )
        return [_int(row[0]) for row in rows]

    def _by_meaning(self, question: str, embedder: "Embedder") -> list[int]:
        self._load_vectors(embedder)
        if not len(self._ids):
            return []
        asked = embedder.embed([question])[0].astype(np.float16)
        near = np.concatenate(
            # half the memory, and converted a piece at a time: NumPy is slow with halves
            [
                self._matrix[start : start + 8192].astype(np.float32) @ asked.astype(np.float32)
                for start in range(0, len(self._ids), 8192)
            ]
        )
        best = np.argsort(-near, kind="stable")[:CANDIDATES]
        return [int(self._ids[n]) for n in best]

    def _load_vectors(self, embedder: "Embedder") -> None:
        """All vectors, 77 MB for 100,000 passages; read again when another process has changed the file."""
        # the one tells of other connections' changes, the other of our own
        version = (_int(self.rows("PRAGMA data_version")[0][0]), self._db.total_changes)
        if version == self._seen:
            return
        self._seen = version
        if self.model() != embedder.mark:
            self._ids = np.zeros(0, np.int64)
            return
        rows = self.rows("SELECT id, vector FROM parts WHERE vector IS NOT NULL ORDER BY id")
        whole = [row for row in rows if isinstance(row[1], bytes) and len(row[1]) == 2 * embedder.size]
        self._ids = np.array([row[0] for row in whole], np.int64)
        joined = b"".join(row[1] for row in whole if isinstance(row[1], bytes))
        self._matrix = np.frombuffer(joined, np.float16).reshape(len(whole), embedder.size)

    def model(self) -> str:
        """Which model's vectors it holds; "" when none."""
        rows = self.rows("SELECT value FROM meta WHERE key = 'model'")
        return str(rows[0][0]) if rows else ""

    def _found_in(self, words: Iterable[str]) -> dict[str, int]:
        """In how many passages each word stands, in any of its forms."""
        found = {}
        for word in words:
            rows = self.rows(
                "SELECT count(*) FROM (SELECT rowid FROM passages WHERE passages MATCH ? LIMIT 20000)",
                (f'"{word.replace(chr(34), "")}"',),
            )
            found[word] = _int(rows[0][0])
        return found

    def _total(self) -> int:
        return _int(self.rows("SELECT count(*) FROM parts")[0][0])

    def _passage(self, part: int, worth: dict[str, float]) -> Passage:
        name, heading, text, path = (
            str(value)
            for value in self.rows(
                "SELECT p.name, p.heading, p.text, f.path FROM passages p JOIN parts ON parts.id = p.rowid "
                "JOIN files f ON f.id = parts.file WHERE p.rowid = ?",
                (part,),
            )[0]
        )
        title = f"{name} {heading}".strip()
        return Passage(text, Source("document", name, heading, path), ranking.chance(worth, title, text))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
