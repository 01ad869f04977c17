"""What alarms and reminders share: a local time, once or repeated, that becomes due exactly once.

A one-off or repeated appointment belongs to the wall clock: it follows the place's local time through daylight saving.
One set for "in ten minutes", and a snoozed one, belongs to elapsed time and has an anchor. While it rings, the anchor
holds the moment the ringing began.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from assistant.errors import StoreError
from assistant.skills.kit import RING_S, Announcement, Kit
from assistant.skills.recurrence import instant, next_instant, repeat_words, weekdays
from assistant.skills.timekeeping import Anchor

LATE_S = 1800.0
"""What became due longer ago than this is announced as missed; ringing for it would only puzzle."""

FARTHEST_S = 2 * 366 * 86_400.0
"""Two years: beyond that a date was misheard."""

MOST = 100
"""Alarms, and reminders, at once."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """One alarm or reminder as stored."""

    id: int
    kind: str
    """"alarm" or "reminder"."""
    words: str
    """What a reminder says; an alarm's name or ""."""
    clock: time | None
    """The local time; None for one that belongs to elapsed time."""
    day: date | None
    """The date of a one-off."""
    repeat: frozenset[int]
    """Weekdays (0 Monday) of a repeated one."""
    due: float
    """When it is due next, seconds since 1970 in believed time."""
    skip: date | None = None
    """A date on which a repeated one stays silent."""
    state: str = "set"
    """"set" or "ringing" (handed over, but not heard yet)."""
    rang_for: float | None = None
    """The occurrence that rang last."""
    anchor: Anchor | None = None


class Appointments:
    """The table of one kind, and the rules of becoming due."""

    def __init__(self, kit: Kit, kind: str) -> None:
        self._kit = kit
        self._kind = kind

    # --- storage

    def all(self) -> list[Appointment]:
        """Every one, the next to come first."""
        rows = self._kit.store.rows("SELECT * FROM appointments WHERE kind = ?", (self._kind,))
        return sorted((_read(row) for row in rows), key=lambda each: (self.left(each), each.id))

    def waiting(self) -> list[Appointment]:
        """Those that are still to come."""
        return [each for each in self.all() if each.state == "set"]

    def put(self, each: Appointment) -> int:
        """Store it, under its own number or a new one when that is 0; on disk when it returns."""
        return self.put_all([each])[0]

    def put_all(self, entries: Sequence[Appointment]) -> list[int]:
        """Store all of them or, when that fails, none; their numbers, as `put` gives them."""
        with self._kit.store.write() as db:
            return [_insert(db, each) for each in entries]

    def delete(self, *numbers: int) -> None:
        """Forget some; numbers that are not there are passed over."""
        with self._kit.store.write() as db:
            db.executemany("DELETE FROM appointments WHERE id = ?", [(number,) for number in numbers])

    def find(self, number: int) -> Appointment | None:
        """The one with this number."""
        return next((each for each in self.all() if each.id == number), None)

    # --- time

    def left(self, each: Appointment) -> float:
        """Seconds until it is due; negative when it was."""
        if each.state == "set" and each.anchor is not None:
            return self._kit.time.remaining(each.anchor)
        return each.due - self._kit.time.wall()

    def moment(self, each: Appointment) -> datetime:
        """When it is due, in the place's zone."""
        if each.state == "set" and each.anchor is not None:
            return self._kit.time.local(self._kit.time.wall() + self.left(each))
        return self._kit.time.local(each.due)

    def take_due(self) -> list[Appointment]:
        """Those that have become due, now marked as ringing; those that rang too long are ended."""
        found = []
        for each in self.all():
            current = self._rescheduled(each)
            if current.state == "ringing":
                if current.anchor is None or self._kit.time.remaining(current.anchor) < -RING_S:
                    self.finish(current)
            elif self.left(current) <= 0:
                # an occurrence keeps its exact instant, so that it is known again after a jump of the clock
                due = current.due if current.anchor is None else self._kit.time.wall() + self.left(current)
                ringing = replace(current, state="ringing", due=due, rang_for=due, anchor=self._kit.time.anchor(0))
                self.put(ringing)
                found.append(ringing)
        return found

    def unheard(self) -> list[Appointment]:
        """After a start: those that were handed over before it and never acknowledged; they begin to ring anew."""
        found = []
        for each in self.all():
            if each.state == "ringing":
                again = replace(each, anchor=self._kit.time.anchor(0))
                self.put(again)
                found.append(again)
        return found

    def finish(self, each: Appointment) -> None:
        """It was heard: a one-off is forgotten, a repeated one is set for its next time."""
        if each.clock is None or not each.repeat:
            self.delete(each.id)
            return
        self.put(replace(each, state="set", due=self.next_time(each), anchor=None))

    def next_time(self, each: Appointment) -> float:
        """The next occurrence of a repeated one."""
        if each.clock is None:
            return each.due
        time = self._kit.time
        return next_instant(
            each.clock, time.zone, time.wall(), repeat=each.repeat, rang_for=each.rang_for, skip=each.skip
        )

    def _rescheduled(self, each: Appointment) -> Appointment:
        """A repeated one is brought forward when the clock was set back by far: its day comes again."""
        if each.state != "set" or not each.repeat or each.anchor is not None:
            return each
        due = self.next_time(each)
        if due >= each.due - 1:
            return each
        sooner = replace(each, due=due)
        self.put(sooner)
        return sooner

    def rezone(self) -> None:
        """The place's time zone is another one than before: local times stay, instants change."""
        zone = self._kit.time.zone
        for each in self.all():
            if each.state != "set" or each.clock is None or each.anchor is not None:
                continue
            if each.day is not None:
                self.put(replace(each, due=instant(each.day, each.clock, zone)))
            elif each.repeat:
                self.put(replace(each, due=self.next_time(each)))

    def correct(self) -> None:
        """The clock was set: "in ten minutes" keeps its length; a time of day follows the clock by itself."""
        for each in self.waiting():
            if each.anchor is not None and each.anchor.boot == self._kit.time.boot:
                anchor = self._kit.time.anchor(self.left(each))
                self.put(replace(each, due=anchor.wall, anchor=anchor))

    def late(self, each: Appointment) -> float:
        """Seconds since it was due."""
        return max(0.0, self._kit.time.wall() - each.due)

    def remember(self, before: list[Appointment], after: list[int], words: Callable[[], str]) -> None:
        """Make the change undoable: entries numbered in `after` go, those in `before` come back."""

        def undo() -> str:
            self.delete(*after)
            for each in before:
                self.put(each)
            return words()

        self._kit.undo.add(undo)


class Appointed(ABC):
    """Skills whose times come: alarms and reminders, while time passes."""

    def __init__(self, kit: Kit, kind: str) -> None:
        self._kit = kit
        self._book = Appointments(kit, kind)

    def due(self) -> list[Announcement]:
        """What has just come due, each once."""
        return [self._announce(each) for each in self._book.take_due()]

    def next_due(self) -> float | None:
        """Seconds until the next one."""
        return min((self._book.left(each) for each in self._book.waiting()), default=None)

    def acknowledge(self, number: int) -> None:
        """It was stopped, or spoken."""
        if (each := self._book.find(number)) and each.state == "ringing":
            self._book.finish(each)

    def boot(self) -> list[Announcement]:
        """What nobody heard before the device went off, and what came due meanwhile."""
        self._kit.time.listeners.append(self._book.correct)
        if self._kit.time.zone_changed:
            self._book.rezone()
        return [self._announce(each) for each in (*self._book.unheard(), *self._book.take_due())]

    @abstractmethod
    def _announce(self, each: Appointment) -> Announcement:
        """How one is told of."""


def _insert(db: sqlite3.Connection, each: Appointment) -> int:
    anchor = each.anchor
    values = (
        each.id or None,
        each.kind,
        each.words,
        each.clock.strftime("%H:%M:%S") if each.clock else None,
        each.day.isoformat() if each.day else None,
        repeat_words(each.repeat),
        each.skip.isoformat() if each.skip else None,
        each.state,
        each.due,
        each.rang_for,
        *((anchor.wall, anchor.mono, anchor.boot, anchor.trusted) if anchor else (None, None, None, None)),
    )
    made = db.execute(f"INSERT OR REPLACE INTO appointments VALUES ({', '.join('?' * 14)})", values)  # noqa: S608
    if made.lastrowid is None:
        raise StoreError("the database gave a new entry no number; run the doctor command")
    return made.lastrowid


def _read(row: sqlite3.Row) -> Appointment:
    anchor = None
    if row["wall"] is not None:
        anchor = Anchor(row["wall"], row["mono"], row["boot"], bool(row["trusted"]))
    return Appointment(
        id=row["id"],
        kind=row["kind"],
        words=row["words"],
        clock=time.fromisoformat(row["clock"]) if row["clock"] else None,
        day=date.fromisoformat(row["day"]) if row["day"] else None,
        repeat=weekdays(row["repeat"]),
        due=row["due"],
        skip=date.fromisoformat(row["skip"]) if row["skip"] else None,
        state=row["state"],
        rang_for=row["rang_for"],
        anchor=anchor,
    )
