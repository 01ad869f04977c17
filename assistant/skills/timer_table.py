"""The timers' table."""

import sqlite3
from dataclasses import dataclass

from assistant.errors import StoreError
from assistant.skills.timekeeping import Anchor, Timekeeper
from assistant.store import Store


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer as stored."""

    id: int
    name: str
    length: float
    """Seconds it was set for, with what was added."""
    state: str
    """"running", "paused" or "ringing"."""
    remaining: float
    """Seconds left; zero or less when it is up."""
    anchor: Anchor | None


class TimerTable:
    """Reads and writes timers; a write is on disk when it returns."""

    def __init__(self, store: Store, time: Timekeeper) -> None:
        self._store = store
        self._time = time

    def all(self) -> list[Timer]:
        """Every timer, the next to end first."""
        rows = self._store.rows("SELECT * FROM timers")
        return sorted((self._read(row) for row in rows), key=lambda timer: (timer.remaining, timer.id))

    def insert(self, timer: Timer, number: int | None = None) -> int:
        """Store a new timer (under an old number where given) and return its number."""
        with self._store.write() as db:
            made = db.execute("INSERT INTO timers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (number, *_columns(timer)))
            if made.lastrowid is None:
                raise StoreError("the database gave a new timer no number; run the doctor command")
            return made.lastrowid

    def save(self, timer: Timer) -> None:
        """Change a stored timer."""
        with self._store.write() as db:
            db.execute(
                "UPDATE timers SET name=?, length=?, state=?, remaining=?, wall=?, mono=?, boot=?, trusted=?"
                " WHERE id=?",
                (*_columns(timer), timer.id),
            )

    def delete(self, *numbers: int) -> None:
        """Forget timers; numbers that are not there are passed over."""
        with self._store.write() as db:
            db.executemany("DELETE FROM timers WHERE id = ?", [(number,) for number in numbers])

    def _read(self, row: sqlite3.Row) -> Timer:
        anchor = None
        if row["wall"] is not None:
            anchor = Anchor(row["wall"], row["mono"], row["boot"], bool(row["trusted"]))
        left = row["remaining"] if anchor is None else self._time.remaining(anchor)
        return Timer(row["id"], row["name"], row["length"], row["state"], left or 0.0, anchor)


def _columns(timer: Timer) -> tuple[object, ...]:
    anchor = timer.anchor
    kept = (anchor.wall, anchor.mono, anchor.boot, anchor.trusted) if anchor else (None, None, None, None)
    return (timer.name, timer.length, timer.state, timer.remaining, *kept)
