"""Days with a name: fixed ones, weekdays of a month, and those that hang on Easter."""

from datetime import date, timedelta

from assistant.skills.recurrence import DAYS


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the rule of the ecclesiastical full moon (Meeus' form of it)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, left = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - leap - shift + 15) % 30
    quarter, days = divmod(rest, 4)
    sunday = (32 + 2 * left + 2 * quarter - moon - days) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def named_day(rule: str, year: int) -> date:
    """The day that `rule` names in `year`: "12-25", "easter-2" or "4.thursday.11" (the fourth Thursday of November)."""
    if rule.startswith("easter"):
        return easter(year) + timedelta(days=int(rule.removeprefix("easter")))
    if "." in rule:
        nth, weekday, month = rule.split(".")
        first = date(year, int(month), 1)
        ahead = (DAYS.index(weekday) - first.weekday()) % 7
        return first + timedelta(days=ahead + 7 * (int(nth) - 1))
    month, day = rule.split("-")
    return date(year, int(month), int(day))


def next_named(rule: str, today: date) -> date:
    """The next such day, today included."""
    this_year = named_day(rule, today.year)
    return this_year if this_year >= today else named_day(rule, today.year + 1)
