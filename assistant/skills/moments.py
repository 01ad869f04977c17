"""Times of day that were said, turned into moments."""

import math
from datetime import date, time

from assistant.skills.recurrence import instant, next_instant
from assistant.skills.timekeeping import Timekeeper


def other_half(clock: time) -> time:
    """The same face of the clock twelve hours on."""
    return clock.replace(hour=(clock.hour + 12) % 24)


def next_moment(wanted: time, keeper: Timekeeper, *, pm_known: bool) -> float:
    """The next time the clock shows `wanted` (seconds since 1970); when am or pm was not said, the nearer of both."""
    found = [next_instant(wanted, keeper.zone, keeper.wall())]
    if not pm_known:
        found.append(next_instant(other_half(wanted), keeper.zone, keeper.wall()))
    return min(found)


def on_day(wanted: time, day: date, keeper: Timekeeper, *, pm_known: bool, evening_hours: int = 0) -> float:
    """The moment the clock shows `wanted` on `day` (seconds since 1970), possibly in the past.

    When am or pm was not said, hours up to `evening_hours` mean the afternoon, others the morning; today, the first
    of both that is still to come.
    """
    if not 1900 < day.year < 9000:  # beyond what instants can be reckoned with
        return math.copysign(math.inf, day.year - 5000)
    first = instant(day, wanted, keeper.zone)
    if pm_known:
        return first
    second = instant(day, other_half(wanted), keeper.zone)
    early, late = sorted((first, second))
    if day == keeper.now().date():
        return early if early > keeper.wall() else late
    return late if 1 <= wanted.hour % 12 <= evening_hours else early
