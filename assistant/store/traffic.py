"""How many turns a day went where: a count and nothing else, so that costs can be told from use instead of guesses."""

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assistant.errors import StoreError
from assistant.store.database import Store, explain, read_only

KEPT_DAYS = 400
"""A year and a month: enough to compare a month with the same one last year."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's turns."""

    day: date
    turns: dict[str, int]
    """By route: "command", "local", "cloud", "refused"."""


def count(store: Store, day: date, route: str) -> None:
    """One more turn. May be lost by a power cut: a count is not worth a flush of the flash card."""
    store.run_lazily(
        "INSERT INTO traffic VALUES (?, ?, 1) ON CONFLICT (day, route) DO UPDATE SET turns = turns + 1",
        (day.isoformat(), route),
    )


def forget_old(store: Store, today: date) -> None:
    """Drop counts older than KEPT_DAYS."""
    store.run_lazily("DELETE FROM traffic WHERE julianday(day) < julianday(?) - ?", (today.isoformat(), KEPT_DAYS))


def read(path: Path) -> list[Day]:
    """The counts in the database at `path`, oldest first, without changing it.

    Raises StoreError, one line, when there is none, when it is no database, or an older one without counts.
    """
    if not path.is_file():
        raise StoreError(f"{path}: nothing has been counted yet; the count begins with the first turn of assistant run")
    try:
        rows = read_only(path, "SELECT day, route, turns FROM traffic ORDER BY day")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: holds no counts that can be read ({explain(error)})") from error
    days: dict[date, dict[str, int]] = {}
    for day, route, turns in rows:
        try:
            days.setdefault(date.fromisoformat(day), {})[str(route)] = int(turns)
        except (TypeError, ValueError) as error:
            raise StoreError(f"{path}: holds a count that is none ({day!r}, {turns!r})") from error
    return [Day(day, turns) for day, turns in days.items()]
