"""The core's part for questions without hurry: which they are, what their placeholders stand for, what was found."""

import json
import re
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.clock import Clock
from assistant.routing.book import open_book
from assistant.routing.payload import Payload

_SOFTENERS = r"(?:please|hey|oh|and|so|could you|can you|would you)"
_NO_HURRY = (
    r"(?:(?:there is|there's|it's|with|in) )?no (?:hurry|rush)(?: (?:but|at all))?|"
    r"(?:whenever|when|if) you (?:have|get|find) (?:the |a |some )?(?:time|chance|moment|minute)(?: later)?|"
    r"(?:at some point|sometime|some time)(?: today| later)?|tell me later|later"
)
_ASKED = r"(?:find out|look up|check|ask|tell me|let me know)"
_BEFORE = re.compile(
    rf"^(?:{_SOFTENERS},? )*(?:{_NO_HURRY}),? (?:{_SOFTENERS} )*(?:{_ASKED} )?(?P<rest>.+)$", re.IGNORECASE
)
_FIND_LATER = re.compile(
    rf"^(?:{_SOFTENERS},? )*(?:find out|look up|ask)(?: for me)? later,? (?P<rest>.+)$", re.IGNORECASE
)
_AFTER = re.compile(rf"^(?:{_SOFTENERS},? )*(?:{_ASKED} )?(?P<rest>.+?),? (?:{_NO_HURRY})[.?!]*$", re.IGNORECASE)
LEAST_WORDS = 3
"""Fewer words beside "no hurry" are no question: "tell me later" answers something else."""

_SCHEMA = """CREATE TABLE IF NOT EXISTS left_questions
    (ticket INTEGER PRIMARY KEY, question TEXT NOT NULL, restore TEXT NOT NULL, at TEXT NOT NULL)"""


def unhurried(text: str) -> str | None:
    """The question in a sentence that says that its answer may come later; None for every other sentence.

    >>> unhurried("no hurry but find out why the sky is blue")
    'why the sky is blue'
    """
    for pattern in (_FIND_LATER, _BEFORE, _AFTER):
        if (found := pattern.match(text.strip())) and len(found["rest"].split()) >= LEAST_WORDS:
            return found["rest"]
    return None


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a question that was left."""

    question: str
    answer: str | None
    """None: there will be no answer."""


class Door(Protocol):
    """What of the door is needed here: see EgressClient."""

    def findings(self) -> list[tuple[int, str | None]]: ...

    def told(self, tickets: list[int]) -> None: ...


class Later:
    """The questions this house has left to be found out; beside the ledger, on disk when a method returns."""

    def __init__(self, directory: Path, door: Door, clock: Clock) -> None:
        self._path, self._door, self._clock = directory / "left.db", door, clock
        self.fresh = 0
        """Answers that came since this was last set to 0: what the device speaks up about."""
        with self._open() as db:
            db.execute(_SCHEMA)

    def keep(self, ticket: int, payload: Payload) -> None:
        """Remember what the placeholders of a question stand for. Blocking."""
        with self._open() as db:
            db.execute(
                "INSERT OR REPLACE INTO left_questions VALUES (?, ?, ?, ?)",
                (
                    ticket,
                    payload.restored(payload.question),
                    json.dumps(payload.restore),
                    self._clock.now().isoformat(),
                ),
            )

    @property
    def waiting(self) -> int:
        """Questions whose answer has not been told."""
        with self._open() as db:
            return int(db.execute("SELECT count(*) FROM left_questions").fetchone()[0])

    def findings(self) -> list[Finding]:
        """What has been found out and not been told yet, oldest first. Blocking. Raises DoorError.

        They stay until `told` is called, so that a power cut while they are read aloud loses none.
        """
        found = []
        for ticket, answer in self._door.findings():
            with self._open() as db:
                row = db.execute("SELECT question, restore FROM left_questions WHERE ticket = ?", (ticket,)).fetchone()
            if row is None:
                continue
            restore = tuple((str(a), str(b)) for a, b in json.loads(row[1]))
            found.append(Finding(str(row[0]), None if answer is None else Payload(b"", "", restore).restored(answer)))
        return found

    def told(self) -> None:
        """What is done was told. Blocking. Raises DoorError."""
        tickets = [ticket for ticket, _ in self._door.findings()]
        self._door.told(tickets)
        with self._open() as db:
            db.executemany("DELETE FROM left_questions WHERE ticket = ?", [(ticket,) for ticket in tickets])

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return open_book(self._path)
