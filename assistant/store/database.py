"""The database file: opening it, moving a bad one aside, and transactions that are on disk when they end.

One connection, used by the thread that opened it. WAL mode with `synchronous=FULL`: a commit returns after the
write-ahead log was flushed, so a power cut in the next millisecond loses nothing that was committed.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from assistant.errors import StoreError
from assistant.store.schema import MIGRATIONS, VERSION

Fact: TypeAlias = "str | int | float | bool | list[Fact] | dict[str, Fact] | None"
"""A JSON value."""

BUSY_MS = 2000
"""How long a write waits for another process (an `assistant ask` beside the appliance) before it gives up."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A database file that could not be used and was moved aside."""

    label: str
    """"damaged" (a new one was begun), "newer" (likewise) or "readonly" (it was copied, nothing is lost)."""
    why: str
    """What was wrong, as the end of a sentence that begins with the file's name."""
    kept_as: Path
    """Where the old file is."""


class Store:
    """An open database. All methods raise StoreError, one plain line, when the file cannot be used."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, repair: Repair | None = None, broken: str = ""
    ) -> None:
        self._db = connection
        self.path = path
        """The file; None for one in memory."""
        self.repair = repair
        """What was wrong with the file when it was opened, None when nothing was. The person must be told."""
        self.broken = broken
        """Why nothing can be stored; "" when it can."""

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._plain(error, "read") from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: everything in it is on disk when the block ends, or nothing is.

        Raises StoreError when it could not be written; nothing was changed then.
        """
        if self.broken:
            raise StoreError(self.broken)
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._plain(error, "written") from error
        try:
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            raise self._plain(error, "written") from error
        except BaseException:
            self._rollback()
            raise

    def get(self, key: str) -> Fact:
        """The fact stored as `key` (a JSON value), or None."""
        found = self.rows("SELECT value FROM facts WHERE key = ?", (key,))
        value: Fact = json.loads(found[0]["value"]) if found else None
        return value

    def put(self, **facts: Fact) -> None:
        """Store facts (JSON values), flushed to disk."""
        with self.write() as db:
            put(db, **facts)

    def put_lazily(self, **facts: Fact) -> None:
        """Store facts that may be lost by a power cut: no flush, so it costs a flash card nothing but the page."""
        with self._unhurried():
            self.put(**facts)

    def run_lazily(self, sql: str, values: Sequence[object] = ()) -> None:
        """One statement whose effect may be lost by a power cut."""
        with self._unhurried(), self.write() as db:
            db.execute(sql, values)

    @contextmanager
    def _unhurried(self) -> Iterator[None]:
        self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._db.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Close the file; the log is folded into it."""
        self._db.close()

    def _rollback(self) -> None:
        with suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _plain(self, error: sqlite3.Error, verb: str) -> StoreError:
        return StoreError(f"{self.path or 'the database'}: cannot be {verb}: {explain(error)}")


def put(db: sqlite3.Connection, **facts: Fact) -> None:
    """Store facts inside a transaction that is already open."""
    db.executemany(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [(key, json.dumps(value)) for key, value in facts.items()],
    )


def open_store(path: Path, *, repair: bool = True) -> Store:
    """Open the database, creating it when there is none, and bring its tables up to date.

    A file that is damaged, read-only or of a newer version is moved aside under a name that says so and a fresh one
    is begun (a read-only one is copied: nothing is lost); `Store.repair` then says so. With `repair=False`,
    and when the directory cannot be written either, it raises StoreError instead and touches nothing.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be created ({error.strerror}); check paths.data") from error
    try:
        return Store(_connect(path), path)
    except _UnusableError as bad:
        if not repair:
            raise StoreError(f"{path}: {bad.why}; {bad.advice}") from bad
        aside = _move_aside(path, bad)
        try:
            return Store(_connect(path), path, Repair(bad.label, bad.why, aside))
        except _UnusableError as still:
            raise StoreError(f"{path}: {still.why}; {still.advice}") from still


def memory_store() -> Store:
    """A database in memory, for tests and rehearsals: nothing survives."""
    db = _configure(sqlite3.connect(":memory:", isolation_level=None))
    _migrate(db)
    return Store(db, None)


def broken_store(why: str) -> Store:
    """An empty store that refuses every write with `why`: what needs no memory still works."""
    store = memory_store()
    store.broken = why
    return store


class _UnusableError(Exception):
    """The file is there but cannot be used as it is."""

    def __init__(self, why: str, label: str) -> None:
        super().__init__(why)
        self.why = why
        self.label = label

    @property
    def advice(self) -> str:
        return {
            "readonly": "make the file and its directory writable",
            "newer": "update the assistant, or move the file away",
        }.get(self.label, "move the file away to begin a new one")


def _connect(path: Path) -> sqlite3.Connection:
    """Open and check; raises _UnusableError with the connection closed."""
    if path.is_dir():
        raise StoreError(f"{path}: is a directory; paths.data must hold the database file there")
    if path.exists() and not os.access(path, os.W_OK):
        raise _UnusableError("is read-only", "readonly")
    try:
        db = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be opened: {explain(error)}") from error
    try:
        _configure(db)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            why = f"was written by a newer version (tables {version}, this one knows {VERSION})"
            raise _UnusableError(why, "newer")
        if (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise _UnusableError(f"is damaged ({found})", "damaged")
        _migrate(db)
    except sqlite3.Error as error:
        db.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
            raise _UnusableError("is read-only", "readonly") from error
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            raise _UnusableError(f"is damaged ({error})", "damaged") from error
        raise StoreError(f"{path}: cannot be opened: {explain(error)}") from error
    except BaseException:
        db.close()
        raise
    return db


def _configure(db: sqlite3.Connection) -> sqlite3.Connection:
    db.row_factory = sqlite3.Row
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _migrate(db: sqlite3.Connection) -> None:
    """Bring the tables up to VERSION, each step in one transaction: a power cut leaves the old version or the new."""
    db.execute("BEGIN IMMEDIATE")
    try:
        have = db.execute("PRAGMA user_version").fetchone()[0]
        for number, statements in enumerate(MIGRATIONS[have:], start=have + 1):
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
    except BaseException:
        # on a full disk the transaction is gone already; what counts is the first error
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _move_aside(path: Path, bad: _UnusableError) -> Path:
    """Rename the file (with its log) to a name that says why; a read-only one leaves a writable copy in place."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.{bad.label}-{stamp}")
    counter = 1
    while aside.exists():
        counter += 1
        aside = path.with_name(f"{path.name}.{bad.label}-{stamp}-{counter}")
    try:
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        if bad.label == "readonly":
            for suffix in ("", "-wal"):
                part = aside.with_name(aside.name + suffix)
                if part.exists():
                    copy = path.with_name(path.name + suffix)
                    shutil.copyfile(part, copy)
                    with copy.open("rb+") as file:
                        os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path}: {bad.why} and cannot be moved aside ({error.strerror}); {bad.advice}") from error
    return aside


def read_only(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """All rows of a query to the database at `path`, which may be another program's; nothing of it is changed.

    Raises sqlite3.Error as it comes: what the file should have been, the caller knows.
    """
    # a database that was closed in order has no log beside it: then nothing but the file itself is touched
    logged = path.with_name(path.name + "-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro" + ("" if logged else "&immutable=1")
    with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as db:
        return db.execute(sql).fetchall()


def explain(error: sqlite3.Error) -> str:
    """Why, in words."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_READONLY: "it is read-only",
        sqlite3.SQLITE_IOERR: "the disk reports an error",
        sqlite3.SQLITE_BUSY: "another program is using it",
        sqlite3.SQLITE_CANTOPEN: "the directory cannot be written",
        sqlite3.SQLITE_CORRUPT: "it is damaged",
    }.get(code, str(error))
