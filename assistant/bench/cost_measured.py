"""The appliance's own traffic, read from its counts and its ledger instead of guessed. Read-only.

The device counts every turn by day and by where it was served. The ledger holds one entry for every question that the
skills did not serve and that was considered for leaving the house, and what each one that left has cost. Turns printed
as JSON serve where neither is at hand.
"""

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.bench.cost_inputs import HOURS_PER_MONTH, tidy
from assistant.errors import StoreError
from assistant.routing.ledger import Entry, entry_of
from assistant.store.database import read_only
from assistant.store.traffic import read

LEAST_COUNTED = 2
"""Days with turns: from one no month can be told."""

LEAST_DAYS = 1.0
"""From less than a day no month can be told."""

_CLOCK_WAS_SET = datetime(2024, 1, 1, tzinfo=UTC)
"""A device without a battery clock starts in 1970 or at its image's date; such entries count, their times do not."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was measured."""

    source: str
    questions: int
    """Questions that were kept or released (turns, when they were read from turns)."""
    released: int
    """Of these, how many may have left: a cloud answer, also one given again from an earlier answer."""
    calls: int
    """Questions that really were sent."""
    cost: float
    """Money for these calls, as the ledger has it: an upper bound where the service did not say what it counted."""
    days: float | None
    """Between the first and the last entry; None for turns, which carry no date."""

    @property
    def per_month(self) -> float | None:
        """Questions in 730 hours at this pace; None where no period is known."""
        return None if not self.days else self.questions / self.days * HOURS_PER_MONTH / 24

    def inputs(self) -> dict[str, dict[str, float]]:
        """As a layer of the calculation's inputs: load, share passed on, and price of a call where any was paid."""
        found: dict[str, dict[str, float]] = {"hybrid": {"share": self.released / self.questions}}
        if (pace := self.per_month) is not None:
            found["load"] = {"requests_per_month": pace}
        if self.calls and self.cost > 0:
            found["cloud"] = {"price_per_request": self.cost / self.calls}
        return found

    def as_json(self) -> dict[str, Any]:
        pace = self.per_month
        return {
            **asdict(self),
            "cost": tidy(self.cost),
            "days": None if self.days is None else tidy(self.days),
            "requests_per_month": None if pace is None else tidy(pace),
        }


def from_device(data: Path) -> Traffic:
    """Traffic as this appliance counted it (every turn, whatever served it), and what its ledger says of the money.

    Raises StoreError, one line, when nothing was counted or the count covers too little to tell.
    """
    path, ledger = data / "assistant.db", data / "door" / "ledger.db"
    counted = read(path)
    if len(counted) < LEAST_COUNTED:
        raise StoreError(f"{path}: turns of {len(counted)} days are counted, too few to tell a month from; wait a day")
    turns = sum(sum(each.turns.values()) for each in counted)
    outside = sum(each.turns.get("cloud", 0) for each in counted)
    calls, cost = _calls(_entries(ledger)) if ledger.is_file() else (0, 0.0)
    return Traffic(str(path), turns, outside, calls, cost, (counted[-1].day - counted[0].day).days + 1.0)


def from_ledger(path: Path) -> Traffic:
    """Traffic in the ledger at `path`.

    Raises StoreError, one line, when there is none, when it is no ledger, and when it holds too little to tell.
    """
    if not path.is_file():
        raise StoreError(f"{path}: there is no ledger yet; it begins with the first question once a service is set up")
    entries = _entries(path)
    times = [each.at for each in entries if each.at is not None and each.at.tzinfo and each.at > _CLOCK_WAS_SET]
    days = (max(times) - min(times)).total_seconds() / 86_400 if times else 0.0
    released = {each.seq for each in entries if each.kind == "escalate"}
    questions = len(released) + sum(each.kind == "kept" for each in entries)
    if questions == 0:
        raise StoreError(f"{path}: no question is in the ledger yet; give the load with --load-requests-per-month")
    if days < LEAST_DAYS:
        raise StoreError(f"{path}: covers {days * 24:.1f} hours, too little to tell a month from; wait for a day's use")
    return Traffic(str(path), questions, len(released), *_calls(entries), days)


def _calls(entries: list[Entry]) -> tuple[int, float]:
    """Questions that were sent, and what they cost."""
    released = {each.seq for each in entries if each.kind == "escalate"}
    sent = {ticket for each in entries if each.kind == "sent" and (ticket := _ticket(each)) in released}
    cost: dict[int, float] = {}
    for each in entries:
        if each.kind in ("done", "interrupted") and (ticket := _ticket(each)) in sent:
            cost[ticket] = _money(each)  # the last word counts
    return len(sent), sum(cost.values())


def _entries(path: Path) -> list[Entry]:
    return [entry_of(seq, body) for seq, body in _rows(path)]


def _rows(path: Path) -> list[tuple[int, bytes | None]]:
    try:
        return read_only(path, "SELECT seq, body FROM entries ORDER BY seq")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: is not a readable ledger ({error}); run: assistant audit verify") from error


def _ticket(entry: Entry) -> int:
    ticket = entry.facts.get("ticket")
    return ticket if isinstance(ticket, int) else -1


def _money(entry: Entry) -> float:
    cost = entry.facts.get("cost")
    return float(cost) if isinstance(cost, int | float) and 0 <= cost < 1e9 else 0.0


def from_turns(path: Path) -> Traffic:
    """Shares from turns as `assistant run --json`, `hear --json` or `ask --json` print them, one object a line.

    Raises StoreError, one line, for a file that cannot be read or holds no turns.
    """
    turns = outside = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                turn = json.loads(line)
                if not isinstance(turn, dict) or "route" not in turn:
                    raise StoreError(f"{path}: line {number} is no turn; expected one JSON object with a route a line")
                if turn["route"] is not None:
                    turns += 1
                    outside += turn["route"] == "cloud"
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path}: is not JSON lines; expected what assistant run --json prints") from error
    if turns == 0:
        raise StoreError(f"{path}: holds no turn that was decided; nothing can be told from it")
    return Traffic(str(path), turns, outside, outside, 0.0, None)
