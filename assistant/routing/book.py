"""How the small books about leaving the house are opened: ledger, money, questions that wait."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from assistant.errors import StoreError


@contextmanager
def open_book(path: Path, remedy: str = "remove the file to start a new one") -> Iterator[sqlite3.Connection]:
    """A connection whose commits survive a power cut and whose deletions leave nothing in the file.

    Raises StoreError, with the `remedy`, for a file that cannot be used.
    """
    try:
        with closing(sqlite3.connect(path, timeout=5.0, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA secure_delete=ON")
            yield db
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be used ({error}); {remedy}") from error
