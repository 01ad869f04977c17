"""The queue of questions without hurry, in the door's database."""

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from assistant.clock import Clock
from assistant.routing.book import open_book

MOST_WAITING = 50
"""Questions kept at a time; a household asks a few a day."""

MOST_TOGETHER = 20
"""Questions in one batch."""

KEPT_S = 7 * 86_400.0
"""An answer that nobody asks for is dropped after a week; a batch without an end counts as failed then."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (ticket INTEGER PRIMARY KEY, body BLOB NOT NULL, state TEXT NOT NULL,
    remote TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '', answer TEXT NOT NULL DEFAULT '', at REAL NOT NULL);
"""  # states: queued, leaving (bytes are on their way), sent (remote = batch id), answered, failed


@dataclass(frozen=True, slots=True)
class Waiting:
    """One question in the queue."""

    ticket: int
    body: bytes
    remote: str
    """The endpoint's id of the batch."""
    place: str
    """Its name inside the batch: "q1" and so on, which tells nobody anything."""


class Queue:
    """The waiting questions, in the door's database. Every change is on disk when its method returns."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        with self._open() as db:
            db.executescript(_SCHEMA)

    def add(self, ticket: int, body: bytes) -> bool:
        """Queue a released question; False when too many wait."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            full = db.execute("SELECT count(*) FROM waiting").fetchone()[0] >= MOST_WAITING
            if not full:
                db.execute(
                    "INSERT OR IGNORE INTO waiting (ticket, body, state, at) VALUES (?, ?, 'queued', ?)",
                    (ticket, body, self._now()),
                )
            db.execute("COMMIT")
        return not full

    def queued(self) -> list[Waiting]:
        """What has not left yet, oldest first."""
        return self._rows("state = 'queued' ORDER BY ticket LIMIT ?", MOST_TOGETHER)

    def leaving(self) -> list[Waiting]:
        """What was on its way when the door went down: whether it arrived, nobody knows."""
        return self._rows("state = 'leaving' ORDER BY ticket")

    def sent(self) -> dict[str, list[Waiting]]:
        """What the endpoint has, by its batch's id."""
        batches: dict[str, list[Waiting]] = {}
        for row in self._rows("state = 'sent' ORDER BY ticket"):
            batches.setdefault(row.remote, []).append(row)
        return batches

    def put(self, ticket: int, state: str, **columns: str) -> None:
        """Move one question on."""
        names = ", ".join(f"{name} = ?" for name in ("state", *columns))
        with self._open() as db:
            db.execute(f"UPDATE waiting SET {names} WHERE ticket = ?", (state, *columns.values(), ticket))  # noqa: S608 - column names of this file

    def findings(self) -> list[tuple[int, str | None]]:
        """Ticket and answer (None: there will be none) of what is done, oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT ticket, state, answer FROM waiting WHERE state IN ('answered', 'failed') ORDER BY ticket"
            ).fetchall()
        return [(int(ticket), str(answer) if state == "answered" else None) for ticket, state, answer in rows]

    def told(self, tickets: list[int]) -> None:
        """Drop what was told."""
        with self._open() as db:
            db.executemany("DELETE FROM waiting WHERE ticket = ?", [(ticket,) for ticket in tickets])

    def expire(self) -> None:
        """Give up on what has waited for a week."""
        old = self._now() - KEPT_S
        with self._open() as db:
            db.execute("DELETE FROM waiting WHERE state IN ('answered', 'failed') AND at < ?", (old - KEPT_S,))
            db.execute("UPDATE waiting SET state = 'failed' WHERE state IN ('queued', 'sent') AND at < ?", (old,))

    def _rows(self, where: str, *values: int) -> list[Waiting]:
        with self._open() as db:
            rows = db.execute(f"SELECT ticket, body, remote, place FROM waiting WHERE {where}", values).fetchall()  # noqa: S608
        return [Waiting(int(t), bytes(b), str(r), str(p)) for t, b, r, p in rows]

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return open_book(self._path)
