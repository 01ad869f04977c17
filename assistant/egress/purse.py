# ruff: noqa: E501 - patterns, tables and word lists read better in one line
"""Money, answers already paid for, and the offline switch: one small SQLite file, so that a restart forgets nothing."""

import hashlib
import hmac
import sqlite3
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from assistant.clock import Clock
from assistant.routing.book import open_book
from assistant.routing.keys import secret_file

_SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (ticket INTEGER PRIMARY KEY, day TEXT NOT NULL, micro INTEGER NOT NULL, settled INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, text TEXT NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
MOST_ANSWERS = 500
"""Cached answers kept; some hundred kilobytes."""


class Purse:
    """Budget, cache and switch. Amounts are in the endpoint's currency, kept as millionths."""

    def __init__(self, directory: Path, clock: Clock, *, day: float, month: float) -> None:
        self.path = directory / "door.db"
        self._clock = clock
        self._day, self._month = _micro(day), _micro(month)
        self._key = secret_file(directory / "answers.key")
        with self._open() as db:
            db.executescript(_SCHEMA)

    def left(self) -> float:
        """What may still be spent: the lesser of today's and this month's rest."""
        day, month = self._spent()
        return max(0, min(self._day - day, self._month - month)) / 1e6

    def charge(self, ticket: int, upper: float) -> bool:
        """Take `upper` before the call, in one step with the check; False (and nothing taken) when there is not enough."""
        today = self._today()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            day = db.execute("SELECT coalesce(sum(micro), 0) FROM charges WHERE day = ?", (today,)).fetchone()[0]
            month = db.execute(
                "SELECT coalesce(sum(micro), 0) FROM charges WHERE day LIKE ?", (today[:7] + "%",)
            ).fetchone()[0]
            if day + _micro(upper) > self._day or month + _micro(upper) > self._month:
                db.execute("ROLLBACK")
                return False
            db.execute("INSERT OR REPLACE INTO charges VALUES (?, ?, ?, 0)", (ticket, today, _micro(upper)))
            db.execute("COMMIT")
        return True

    def settle(self, ticket: int, actual: float) -> None:
        """Replace the upper bound by what the call really cost (never more than was taken)."""
        with self._open() as db:
            db.execute(
                "UPDATE charges SET micro = min(micro, ?), settled = 1 WHERE ticket = ?", (_micro(actual), ticket)
            )

    def warnings(self) -> tuple[str, ...]:
        """Announcements that are due; each limit speaks once a day or month at 80 % and at 100 %."""
        day, month = self._spent()
        due = []
        for name, period, spent, limit in (
            ("day", self._today(), day, self._day),
            ("month", self._today()[:7], month, self._month),
        ):
            for share in (100, 80):
                if limit and spent * 100 >= share * limit:
                    if self._once(f"warned {name} {share}", period):
                        due.append(
                            f"{share} % of this {name}'s budget for outside questions is used"
                            if name == "month"
                            else f"{share} % of today's budget for outside questions is used"
                        )
                    break
        return tuple(due)

    def recall(self, question: bytes) -> str | None:
        """The answer to the very same request, where it is known and not too old."""
        with self._open() as db:
            row = db.execute(
                "SELECT text FROM answers WHERE key = ? AND expires > ?",
                (self._mark(question), self._clock.now().timestamp()),
            ).fetchone()
        return str(row[0]) if row else None

    def remember(self, question: bytes, answer: str, seconds: float) -> None:
        """Keep an answer for `seconds`. The question itself is not stored, only an HMAC of it."""
        now = self._clock.now().timestamp()
        with self._open() as db:
            db.execute("DELETE FROM answers WHERE expires <= ?", (now,))
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (self._mark(question), answer, now + seconds))
            db.execute(
                "DELETE FROM answers WHERE key NOT IN (SELECT key FROM answers ORDER BY expires DESC LIMIT ?)",
                (MOST_ANSWERS,),
            )

    def forget(self) -> None:
        """Remove all answers."""
        with self._open() as db:
            db.execute("DELETE FROM answers")
            db.execute("VACUUM")

    @property
    def offline(self) -> bool:
        """The switch, as it was left."""
        with self._open() as db:
            row = db.execute("SELECT value FROM facts WHERE name = 'offline'").fetchone()
        return bool(row) and row[0] == "1"

    @offline.setter
    def offline(self, on: bool) -> None:
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES ('offline', ?)", ("1" if on else "0",))

    def _once(self, name: str, period: str) -> bool:
        with self._open() as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            if row and row[0] == period:
                return False
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, period))
            if name.endswith("100"):  # whoever hears 100 % need not hear 80 % afterwards
                db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name[:-3] + "80", period))
        return True

    def _spent(self) -> tuple[int, int]:
        today = self._today()
        with self._open() as db:
            day = db.execute("SELECT coalesce(sum(micro), 0) FROM charges WHERE day = ?", (today,)).fetchone()[0]
            month = db.execute(
                "SELECT coalesce(sum(micro), 0) FROM charges WHERE day LIKE ?", (today[:7] + "%",)
            ).fetchone()[0]
        return int(day), int(month)

    def _today(self) -> str:
        now: datetime = self._clock.now()
        return now.strftime("%Y-%m-%d")

    def _mark(self, question: bytes) -> bytes:
        return hmac.new(self._key, question, hashlib.sha256).digest()

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return open_book(self.path)


def _micro(amount: float) -> int:
    """Millionths, rounded up: a bound stays a bound."""
    return -int(-amount * 1e6 // 1)


def forget_answers(directory: Path, clock: Clock) -> None:
    """Remove all cached answers in `directory`, where there are any."""
    if (directory / "door.db").is_file():
        Purse(directory, clock, day=0, month=0).forget()
