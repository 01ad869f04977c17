"""Where an alarm or a reminder goes when it is moved. Nothing is stored here."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from assistant.nlu import Intent
from assistant.skills import Reply, slots
from assistant.skills.appointments import FARTHEST_S, Appointment, Appointments
from assistant.skills.kit import Kit
from assistant.skills.moments import other_half
from assistant.skills.recurrence import instant, next_instant

DAY_S = 86_400

_EARLY = time(9)
"""What is due before it was meant for early risers."""


class Moving:
    """Reckons with the clock and the book of one kind; a Reply is a refusal with its reason."""

    def __init__(self, kit: Kit, book: Appointments, texts: str, *, afternoon_hours: int = 0) -> None:
        """`texts` is the section of the kind's texts. Without "am" or "pm", one to `afternoon_hours` o'clock is in the
        afternoon: on a day that was said, and for what was due at nine in the morning or later."""
        self._kit = kit
        self._book = book
        self._texts = texts
        self._afternoon_hours = afternoon_hours

    def fits(self, each: Appointment, wanted: time | None, day: date | None, *, known: bool) -> bool:
        """Whether `each` comes at `wanted` (twelve hours on or off, unless the half of the day is `known`) and on
        `day`."""
        if day is not None:
            on_it = day.weekday() in each.repeat if each.repeat else self._book.moment(each).date() == day
            if not on_it:
                return False
        if wanted is None:
            return True
        clock = each.clock or self._book.moment(each).time()
        faces = {(wanted.hour, wanted.minute)}
        if not known:
            faces.add((other_half(wanted).hour, wanted.minute))
        return (clock.hour, clock.minute) in faces

    def meant(
        self, entries: Sequence[Appointment], intent: Intent, repeat: frozenset[int] = frozenset()
    ) -> list[Appointment]:
        """Those that the old moment fits (`repeat` are its weekdays); when several do, the day they shall go to may
        tell."""
        old, day = slots.clock(intent, "from_time"), slots.day(intent, "from_day")
        known = bool(intent.slots.get("from_time_known", True))
        found = [
            each for each in entries if self.fits(each, old, day, known=known) and (not repeat or each.repeat == repeat)
        ]
        if len(found) > 1 and day is None and (new := slots.day(intent)) is not None:
            on_it = [each for each in found if self.fits(each, None, new, known=True)]
            return on_it or found
        return found

    def moved(self, each: Appointment, intent: Intent, repeat: frozenset[int]) -> list[Appointment] | Reply:
        """What has to be stored: `each` elsewhere; or, when only one day of a repeated one is meant, a new one (number
        0) and `each` left out on that day.

        `intent` has the new `time`, `day`, both, or a `duration` to go by (backwards with `earlier`, and `from_now` not
        from the old moment); `repeat` are the new weekdays, empty when none were said.
        """
        said, day = slots.day(intent, "from_day"), slots.day(intent)
        once = (said or (None if repeat else day)) if each.repeat else None
        if once is not None and said is None and (slots.clock(intent) is None or once.weekday() not in each.repeat):
            return self._refusal("which_day", repeat=self._kit.say.repeat(each.repeat))
        if once is None and each.repeat and slots.flag(intent, "from_now"):
            return self._refusal("which_day", repeat=self._kit.say.repeat(each.repeat))
        if once is None:
            made = self._target(each, intent, repeat)
            return made if isinstance(made, Reply) else [made]
        occurrence = self._occurrence(each, once)
        made = occurrence if isinstance(occurrence, Reply) else self._target(occurrence, intent, repeat)
        if isinstance(made, Reply):
            return made
        rest = replace(each, skip=once)
        if rest.state == "set" and rest.anchor is None:
            rest = replace(rest, due=self._book.next_time(rest))
        return [made, rest]

    def _occurrence(self, each: Appointment, day: date) -> Appointment | Reply:
        """What comes on `day`, as one of its own."""
        keeper, today = self._kit.time, self._kit.time.now().date()
        if (day - today).days > FARTHEST_S / DAY_S:
            return self._refusal("too_far")
        if day == each.skip or each.clock is None:
            return self._refusal("no_such")
        if each.skip is not None and each.skip >= today:
            return self._refusal("one_skip", day=self._kit.say.day(each.skip, today))
        due = keeper.wall() if day < today else instant(day, each.clock, keeper.zone)
        if due <= keeper.wall():
            return self._refusal("passed")
        return Appointment(0, each.kind, each.words, each.clock, day, frozenset(), due)

    def _target(self, each: Appointment, intent: Intent, repeat: frozenset[int]) -> Appointment | Reply:
        seconds, wanted, day = slots.seconds(intent), slots.clock(intent), slots.day(intent)
        old = self._book.moment(each)
        if seconds is not None:
            if abs(seconds) > FARTHEST_S:
                return self._refusal("too_far")
            if slots.flag(intent, "from_now"):
                return self._in(each, seconds)
            return self._by(each, -seconds if slots.flag(intent, "earlier") else seconds)
        clock = wanted or each.clock or old.time()
        before = each.clock or old.time()
        faces = [clock] if wanted is None or slots.pm_known(intent) else [clock, other_half(clock)]
        if 1 <= clock.hour % 12 <= self._afternoon_hours and (day is not None or before >= _EARLY):
            faces = [max(faces)]
        if repeat or (each.repeat and day is None):
            return self._repeated(each, min(faces, key=lambda face: _apart(face, before)), repeat or each.repeat)
        days = [old.date() + timedelta(step) for step in (-1, 0, 1)]
        if day is not None:
            if not 1900 < day.year < 9000:  # beyond what instants can be reckoned with
                return self._refusal("too_far" if day.year > 1900 else "passed")
            days, old = [day], old.replace(year=day.year, month=day.month, day=day.day)
        return self._at(each, self._nearest(faces, days, old))

    def _nearest(self, faces: Iterable[time], days: Iterable[date], old: datetime) -> float | None:
        """The moment to come (seconds since 1970) nearest to `old`: who moves something moves it by little."""
        keeper, before = self._kit.time, old.timestamp()
        found = (instant(day, face, keeper.zone) for day in days for face in faces)
        coming = [moment for moment in found if moment > keeper.wall()]
        return min(coming, key=lambda moment: (abs(moment - before), moment), default=None)

    def _in(self, each: Appointment, seconds: float) -> Appointment | Reply:
        if seconds < 1:
            return self._refusal("passed")
        anchor = self._kit.time.anchor(seconds)
        return Appointment(each.id, each.kind, each.words, None, None, frozenset(), anchor.wall, anchor=anchor)

    def _by(self, each: Appointment, seconds: float) -> Appointment | Reply:
        keeper = self._kit.time
        if each.state == "set" and each.anchor is not None:  # "in ten minutes", or snoozed: elapsed time stays such
            left = self._book.left(each) + seconds
            if not 1 <= left <= FARTHEST_S:
                return self._refusal("passed" if left < 1 else "too_far")
            anchor = keeper.anchor(left)
            return replace(each, due=anchor.wall, anchor=anchor)
        if not each.repeat or each.clock is None:
            return self._at(each, each.due + seconds)
        if abs(seconds) >= DAY_S:
            return self._refusal("too_far_repeated")
        begun = each.clock.hour * 3600 + each.clock.minute * 60 + each.clock.second
        over, rest = divmod(begun + round(seconds), DAY_S)
        clock = time(rest // 3600, rest // 60 % 60, rest % 60)
        skip = each.skip + timedelta(over) if each.skip else None
        return self._repeated(replace(each, skip=skip), clock, frozenset((day + over) % 7 for day in each.repeat))

    def _at(self, each: Appointment, due: float | None) -> Appointment | Reply:
        keeper = self._kit.time
        if due is None or due <= keeper.wall():
            return self._refusal("passed")
        if due > keeper.wall() + FARTHEST_S:
            return self._refusal("too_far")
        local = keeper.local(due)
        return Appointment(each.id, each.kind, each.words, local.time(), local.date(), frozenset(), due)

    def _repeated(self, each: Appointment, clock: time, days: frozenset[int]) -> Appointment:
        keeper = self._kit.time
        skip = each.skip if each.skip and each.skip.weekday() in days else None
        due = next_instant(clock, keeper.zone, keeper.wall(), repeat=days, rang_for=each.rang_for, skip=skip)
        return Appointment(each.id, each.kind, each.words, clock, None, days, due, skip=skip, rang_for=each.rang_for)

    def _refusal(self, key: str, **values: str) -> Reply:
        return Reply(self._kit.say(f"{self._texts}.{key}", **values), outcome="refused")


def _apart(one: time, other: time) -> int:
    """Minutes between two faces of the clock, the shorter way round."""
    minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return min(minutes, 1440 - minutes)
