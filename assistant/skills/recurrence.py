"""Local times of day turned into instants, across daylight saving changes.

A local time that does not exist (the clock skips it in spring) rings at the first moment that does: never later than
wanted. One that exists twice (in autumn) rings the first time only. A repeated one happens once for every date.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = {"daily": range(7), "everyday": range(7), "weekdays": range(5), "weekends": range(5, 7)}

RECENT_S = 6 * 3600.0
"""An occurrence that already rang is not rung again when the clock steps back by less than this. Daylight saving and
NTP corrections are below it; a step above it was a wrong date, and what rang then was rung in error."""


def weekdays(repeat: str) -> frozenset[int]:
    """The weekdays (0 Monday … 6 Sunday) of "daily", "weekdays", "weekends" or "monday,friday"; empty for "".

    Raises ValueError for anything else.
    """
    found: set[int] = set()
    for part in filter(None, (word.strip().lower() for word in repeat.split(","))):
        if part in _GROUPS:
            found.update(_GROUPS[part])
        elif (day := part if part in DAYS else part.removesuffix("s")) in DAYS:
            found.add(DAYS.index(day))
        else:
            raise ValueError(f"no weekday is called '{part}'")
    return frozenset(found)


def repeat_words(days: frozenset[int]) -> str:
    """The stored form of a set of weekdays."""
    for word in ("daily", "weekdays", "weekends"):
        if days == frozenset(_GROUPS[word]):
            return word
    return ",".join(DAYS[day] for day in sorted(days))


def instant(day: date, clock: time, zone: tzinfo) -> float:
    """Seconds since 1970 (UTC) of a local date and time of day."""
    local = datetime.combine(day, clock.replace(tzinfo=None, fold=0), zone)
    there = local.astimezone(UTC)
    back = there.astimezone(zone)
    if back.replace(tzinfo=None) == local.replace(tzinfo=None):
        return there.timestamp()
    # The wanted time is skipped. With fold=0 it was read with the offset before the change, so `there` lies as far
    # behind the change as the wanted time lies behind the start of the gap; the change itself is found by halving.
    low, high = there.timestamp() - 86_400.0, there.timestamp()
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 0.5:
        middle = (low + high) / 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return float(round(high))


def next_instant(
    clock: time,
    zone: tzinfo,
    now: float,
    *,
    repeat: frozenset[int] = frozenset(),
    rang_for: float | None = None,
    skip: date | None = None,
) -> float:
    """The next occurrence of a local time of day, strictly after `now` and after the occurrence that rang last.

    Args:
        now: seconds since 1970.
        repeat: weekdays on which it happens; every day when empty.
        rang_for: the occurrence that rang last (seconds since 1970), None when none did.
        skip: a date that is left out.
    """
    floor = now
    if rang_for is not None and now < rang_for <= now + RECENT_S:
        floor = rang_for
    day = datetime.fromtimestamp(floor, zone).date() - timedelta(days=1)
    for _ in range(18):
        found = instant(day, clock, zone)
        if found > floor and day != skip and (not repeat or day.weekday() in repeat):
            return found
        day += timedelta(days=1)
    raise AssertionError("two weeks hold every weekday twice")
