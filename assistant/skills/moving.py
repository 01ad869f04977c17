"""Where an alarm goes when it is moved. Nothing is stored here."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from assistant.nlu import Intent
from assistant.skills import Reply, slots
from assistant.skills.appointments import FARTHEST_S, Appointment, Appointments
from assistant.skills.kit import Kit
from assistant.skills.moments import other_half
from assistant.skills.recurrence import instant, next_instant

DAY_S = 86_400


class Moving:
    """Reckons with the clock and the book of one kind; a Reply is a refusal with its reason."""

    def __init__(self, kit: Kit, book: Appointments) -> None:
        self._kit = kit
        self._book = book

    def moved(self, each: Appointment, intent: Intent, repeat: frozenset[int]) -> list[Appointment] | Reply:
        """What has to be stored: `each` elsewhere; or, when only one day of a repeated one is meant, a new one (number
        0) and `each` left out on that day.

        `intent` has the new `time`, `day`, both, or a `duration` to go by (backwards with `earlier`); `repeat` are the
        new weekdays, empty when none were said.
        """
        said, day = slots.day(intent, "from_day"), slots.day(intent)
        once = (said or (None if repeat else day)) if each.repeat else None
        if once is not None and said is None and (slots.clock(intent) is None or once.weekday() not in each.repeat):
            return self._refusal("alarms.which_day", repeat=self._kit.say.repeat(each.repeat))
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
        """What rings on `day`, as an alarm of its own."""
        keeper, today = self._kit.time, self._kit.time.now().date()
        if (day - today).days > FARTHEST_S / DAY_S:
            return self._refusal("alarms.too_far")
        if day == each.skip or each.clock is None:
            return self._refusal("alarms.no_such")
        if each.skip is not None and each.skip >= today:
            return self._refusal("alarms.one_skip", day=self._kit.say.day(each.skip, today))
        due = keeper.wall() if day < today else instant(day, each.clock, keeper.zone)
        if due <= keeper.wall():
            return self._refusal("alarms.passed")
        return Appointment(0, each.kind, each.words, each.clock, day, frozenset(), due)

    def _target(self, each: Appointment, intent: Intent, repeat: frozenset[int]) -> Appointment | Reply:
        seconds, wanted, day = slots.seconds(intent), slots.clock(intent), slots.day(intent)
        old = self._book.moment(each)
        if seconds is not None:
            if abs(seconds) > FARTHEST_S:
                return self._refusal("alarms.too_far")
            return self._by(each, -seconds if slots.flag(intent, "earlier") else seconds)
        clock = wanted or each.clock or old.time()
        faces = [clock] if wanted is None or slots.pm_known(intent) else [clock, other_half(clock)]
        if repeat or (each.repeat and day is None):
            before = each.clock or old.time()
            return self._repeated(each, min(faces, key=lambda face: _apart(face, before)), repeat or each.repeat)
        days = [old.date() + timedelta(step) for step in (-1, 0, 1)]
        if day is not None:
            if not 1900 < day.year < 9000:  # beyond what instants can be reckoned with
                return self._refusal("alarms.too_far" if day.year > 1900 else "alarms.passed")
            days, old = [day], old.replace(year=day.year, month=day.month, day=day.day)
        return self._at(each, self._nearest(faces, days, old))

    def _nearest(self, faces: Iterable[time], days: Iterable[date], old: datetime) -> float | None:
        """The moment to come (seconds since 1970) nearest to `old`: who moves an alarm moves it by little."""
        keeper, before = self._kit.time, old.timestamp()
        found = (instant(day, face, keeper.zone) for day in days for face in faces)
        coming = [moment for moment in found if moment > keeper.wall()]
        return min(coming, key=lambda moment: (abs(moment - before), moment), default=None)

    def _by(self, each: Appointment, seconds: float) -> Appointment | Reply:
        keeper = self._kit.time
        if each.state == "set" and each.anchor is not None:  # "in ten minutes", or snoozed: elapsed time stays such
            left = self._book.left(each) + seconds
            if not 1 <= left <= FARTHEST_S:
                return self._refusal("alarms.passed" if left < 1 else "alarms.too_far")
            anchor = keeper.anchor(left)
            return replace(each, due=anchor.wall, anchor=anchor)
        if not each.repeat or each.clock is None:
            return self._at(each, each.due + seconds)
        if abs(seconds) >= DAY_S:
            return self._refusal("alarms.too_far_repeated")
        begun = each.clock.hour * 3600 + each.clock.minute * 60 + each.clock.second
        over, rest = divmod(begun + round(seconds), DAY_S)
        clock = time(rest // 3600, rest // 60 % 60, rest % 60)
        skip = each.skip + timedelta(over) if each.skip else None
        return self._repeated(replace(each, skip=skip), clock, frozenset((day + over) % 7 for day in each.repeat))

    def _at(self, each: Appointment, due: float | None) -> Appointment | Reply:
        keeper = self._kit.time
        if due is None or due <= keeper.wall():
            return self._refusal("alarms.passed")
        if due > keeper.wall() + FARTHEST_S:
            return self._refusal("alarms.too_far")
        local = keeper.local(due)
        return Appointment(each.id, each.kind, each.words, local.time(), local.date(), frozenset(), due)

    def _repeated(self, each: Appointment, clock: time, days: frozenset[int]) -> Appointment:
        keeper = self._kit.time
        skip = each.skip if each.skip and each.skip.weekday() in days else None
        due = next_instant(clock, keeper.zone, keeper.wall(), repeat=days, rang_for=each.rang_for, skip=skip)
        return Appointment(each.id, each.kind, each.words, clock, None, days, due, skip=skip, rang_for=each.rang_for)

    def _refusal(self, key: str, **values: str) -> Reply:
        return Reply(self._kit.say(key, **values), outcome="refused")


def _apart(one: time, other: time) -> int:
    """Minutes between two faces of the clock, the shorter way round."""
    minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return min(minutes, 1440 - minutes)
