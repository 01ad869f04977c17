"""Dates between words and datetime.date, both ways."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from assistant.nlu.numbers import UNITS, parse_number, parse_ordinal, say_number, say_ordinal

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_MONTH = {name: number for number, name in enumerate(MONTHS, 1)} | {
    name[:3]: number for number, name in enumerate(MONTHS, 1) if name != "may"
}
_MONTH["sept"] = 9
_WEEKDAY = {name: number for number, name in enumerate(WEEKDAYS)}
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_FIXED_FEASTS = {
    ("christmas", "eve"): (12, 24), ("christmas", "day"): (12, 25), ("christmas",): (12, 25), ("xmas",):
    (12, 25), ("boxing", "day"): (12, 26), ("new", "year's", "eve"): (12, 31), ("new", "years", "eve"):
    (12, 31), ("new", "year's", "day"): (1, 1), ("new", "year's"): (1, 1), ("new", "years", "day"): (1, 1),
    ("new", "years"): (1, 1), ("new", "year"): (1, 1), ("halloween",): (10, 31), ("valentine's", "day"):
    (2, 14), ("valentines", "day"): (2, 14), ("valentine's",): (2, 14), ("april", "fools", "day"): (4, 1),
    ("independence", "day"): (7, 4), ("saint", "patrick's", "day"): (3, 17), ("st", "patrick's", "day"):
    (3, 17), ("bonfire", "night"): (11, 5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpokenDate:
    """A date as it was said."""

    date: date | None
    """None for a date that doesn't exist ("february thirtieth")."""
    end: int
    """Index of the word after it."""
    event: str = ""
    """The feast it was named by, if it was."""


def say_date(value: date, *, year: bool = False) -> str:
    """The day in words: 2026-03-12 → "march twelfth", with `year` "march twelfth two thousand twenty six"."""
    words = f"{MONTHS[value.month - 1]} {say_ordinal(value.day)}"
    return f"{words} {say_number(value.year)}" if year else words


def parse_date(words: Sequence[str], start: int, today: date) -> SpokenDate | None:
    """The longest date that begins at `words[start]`, as seen from `today`, or None.

    A weekday or a day without a year is the next one from today on ("friday" on a Friday is today).
    """
    if start >= len(words):
        return None
    return (
        _relative(words, start, today)
        or _weekday(words, start, today)
        or _feast(words, start, today)
        or _calendar(words, start, today)
    )


def _relative(words: Sequence[str], start: int, today: date) -> SpokenDate | None:
    word, rest = words[start], list(words[start + 1 : start + 4])
    if word in ("today", "today's", "todays", "tonight"):
        return SpokenDate(today, start + 1)
    if word in ("tomorrow", "tomorrow's", "tomorrows", "tomorow"):
        return SpokenDate(today + timedelta(days=1), start + 1)
    if word in ("yesterday", "yesterday's"):
        return SpokenDate(today - timedelta(days=1), start + 1)
    if word == "day" and rest[:2] == ["after", "tomorrow"]:
        return SpokenDate(today + timedelta(days=2), start + 3)
    if word == "the" and rest == ["day", "after", "tomorrow"]:
        return SpokenDate(today + timedelta(days=2), start + 4)
    if word == "next" and rest[:1] == ["week"]:
        return SpokenDate(today + timedelta(days=7), start + 2)
    if word == "this" and rest[:1] == ["weekend"]:
        return SpokenDate(_next(today, 5), start + 2)
    if word == "the" and rest[:1] == ["weekend"]:
        return SpokenDate(_next(today, 5), start + 2)
    if word == "next" and rest[:1] == ["weekend"]:
        return SpokenDate(_next(today, 5) + timedelta(days=7), start + 2)
    if word == "next" and rest[:1] == ["month"]:
        return SpokenDate((today.replace(day=1) + timedelta(days=32)).replace(day=1), start + 2)
    return None


def _next(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _weekday(words: Sequence[str], start: int, today: date) -> SpokenDate | None:
    at = start
    lead = words[at] if words[at] in ("next", "this", "coming", "last") else ""
    if lead or (words[at] == "on" and at + 1 < len(words)):
        at += 1
    if at >= len(words):
        return None
    name = words[at].removesuffix("'s")
    if name not in _WEEKDAY and name.removesuffix("s") in _WEEKDAY and len(name) < 5:
        return None
    if name not in _WEEKDAY:
        return None
    day = _next(today, _WEEKDAY[name])
    if lead == "next" and (day - today).days < 2:
        day += timedelta(days=7)
    if lead == "last":
        day -= timedelta(days=7)
    at += 1
    if list(words[at : at + 2]) == ["next", "week"]:
        monday = today + timedelta(days=7 - today.weekday())
        return SpokenDate(monday + timedelta(days=_WEEKDAY[name]), at + 2)
    if exact := _calendar(words, at, today):  # "friday the thirteenth": the date says more than the day
        return exact
    return SpokenDate(day, at)


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian `year` (the anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def _feast(words: Sequence[str], start: int, today: date) -> SpokenDate | None:
    for names, (month, day) in _FIXED_FEASTS.items():
        if tuple(words[start : start + len(names)]) == names:
            when = date(today.year, month, day)
            if when < today:
                when = date(today.year + 1, month, day)
            return SpokenDate(when, start + len(names), " ".join(names))
    for name, rule in (("easter", easter), ("thanksgiving", _thanksgiving)):
        if words[start] == name and today.year < 9998:
            when = rule(today.year)
            return SpokenDate(when if when >= today else rule(today.year + 1), start + 1, name)
    return None


def _calendar(words: Sequence[str], start: int, today: date) -> SpokenDate | None:
    """ "march twelfth", "the twelfth of march", "12 march 2027", "2027-03-12", "the twelfth"."""
    if start >= len(words):
        return None
    if iso := _ISO.match(words[start]):
        return SpokenDate(_make(int(iso[1]), int(iso[2]), int(iso[3])), start + 1)
    at = start + 1 if words[start] == "the" else start
    day = parse_ordinal(words, at)
    certain = day is not None
    if day is None:
        number = parse_number(words, at)
        day = (int(number[0]), number[1]) if number and float(number[0]).is_integer() and 0 < number[0] < 32 else None
    if day is not None and day[0] < 32:
        end = day[1] + 1 if day[1] < len(words) and words[day[1]] == "of" else day[1]
        if end < len(words) and words[end] in _MONTH:
            return _with_year(words, _MONTH[words[end]], day[0], end + 1, today)
        if certain and day[0] >= 1 and words[start] == "the" and not _counts(words, day[1]):
            return SpokenDate(_next_day(today, day[0]), day[1])
        return None
    if words[start] in _MONTH:
        at = start + 2 if list(words[start + 1 : start + 2]) == ["the"] else start + 1
        following = parse_ordinal(words, at) or _day_number(words, at)
        if following and following[0] < 32:
            return _with_year(words, _MONTH[words[start]], following[0], following[1], today)
    return None


def _counts(words: Sequence[str], at: int) -> bool:
    """True when an ordinal counts things ("the first timer") instead of naming a day."""
    return at < len(words) and words[at] not in ("at", "for", "to", "and", "in", "is", "please", "that", "from", "be")


def _day_number(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A day of the month said digit by digit ("one four th") or as a number."""
    run = [word for word in words[at : at + 2] if word in UNITS[:10]]
    if len(run) == 2 and words[at + 2 : at + 3] and words[at + 2] in ("th", "st", "nd", "rd"):
        return UNITS.index(run[0]) * 10 + UNITS.index(run[1]), at + 3
    if len(run) >= 1 and words[at + 1 : at + 2] and words[at + 1] in ("th", "st", "nd", "rd"):
        return UNITS.index(run[0]), at + 2
    number = parse_number(words, at)
    if number and float(number[0]).is_integer() and 0 < number[0] < 32:
        return int(number[0]), number[1]
    return None


def _with_year(words: Sequence[str], month: int, day: int, at: int, today: date) -> SpokenDate:
    if (year := _year(words, at)) is not None:
        return SpokenDate(_make(year[0], month, day), year[1])
    for candidate in range(today.year, min(today.year + 9, 9999)):
        made = _make(candidate, month, day)
        if made is not None and made >= today:
            return SpokenDate(made, at)
    return SpokenDate(None, at)


def _year(words: Sequence[str], at: int) -> tuple[int, int] | None:
    if words[at : at + 1] and words[at] == "in":
        at += 1
    number = parse_number(words, at)
    if number and float(number[0]).is_integer() and 1900 <= number[0] <= 2199:
        return int(number[0]), number[1]
    if number and number[0] in (19, 20) and (low := parse_number(words, number[1])) and 10 <= low[0] <= 99:
        return int(number[0]) * 100 + int(low[0]), low[1]
    if number and number[0] == 20 and float(number[0]).is_integer():
        return None
    return None


def _next_day(today: date, day: int) -> date | None:
    """The next date whose day of the month is `day`."""
    year, month = today.year, today.month
    for _ in range(12):
        made = _make(year, month, day)
        if made is not None and made >= today:
            return made
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
