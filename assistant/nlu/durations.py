"""Durations between words and timedelta, both ways."""

import math
import re
from collections.abc import Sequence
from datetime import timedelta

from assistant.nlu.numbers import parse_number, say_number

SECONDS = {
    "second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "day": 86_400, "week":
    604_800, "fortnight": 1_209_600, "month": 2_592_000, "year": 31_536_000, "decade": 315_360_000,
    "century": 3_153_600_000,
}  # fmt: skip
"""Seconds in a unit; a month counts 30 days and a year 365, as people mean "in a month" said to a timer."""

UNITS = dict(SECONDS) | {f"{unit}s": value for unit, value in SECONDS.items()} | {"centuries": 3_153_600_000}
"""SECONDS with the plurals."""
_WRITTEN = re.compile(r"^(?:(\d{1,6}(?:\.\d+)?)(h|hr|hrs|m|min|mins|s|sec|secs))$")
_WRITTEN_UNIT = {"h": 3600, "hr": 3600, "hrs": 3600, "m": 60, "min": 60, "mins": 60, "s": 1, "sec": 1, "secs": 1}
_JOINED = re.compile(r"^(\d{1,6})-?(second|sec|minute|min|hour|hr|day|week)s?$")
_SMALLER = {3600: 60, 60: 1}


def duration_of(seconds: float) -> timedelta:
    """`seconds` as a timedelta, clamped to what a timedelta can hold."""
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        return timedelta.max if seconds > 0 else timedelta.min


def say_duration(duration: timedelta) -> str:
    """Whole seconds in words: 5400 s → "one hour and thirty minutes"; zero → "zero seconds".

    Raises ValueError for a negative duration.
    """
    left = round(duration.total_seconds())
    if left < 0:
        raise ValueError("a duration said aloud is not negative")
    parts = []
    for unit in ("day", "hour", "minute", "second"):
        count, left = divmod(left, SECONDS[unit])
        if count:
            parts.append(f"{say_number(count)} {unit}{'' if count == 1 else 's'}")
    if not parts:
        return "zero seconds"
    return " and ".join([" ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def parse_duration(words: Sequence[str], start: int = 0) -> tuple[timedelta, int] | None:
    """The longest duration that begins at `words[start]`: (duration, index after), or None.

    Joins parts of falling size ("one hour and thirty minutes", "an hour and a half", "two minutes thirty").
    """
    first = _part(words, start)
    if first is None:
        return None
    seconds, at, unit = first
    while at < len(words):
        if words[at : at + 3] == ["and", "a", "half"] and words[at + 3 : at + 4] != ["of"]:
            nested = UNITS.get(words[at + 3]) if at + 3 < len(words) else None
            if nested is None or nested == unit:
                seconds, at = seconds + math.copysign(unit / 2, seconds), at + (4 if nested else 3)
                continue
        if words[at : at + 3] == ["and", "a", "quarter"]:
            seconds, at = seconds + math.copysign(unit / 4, seconds), at + 3
            continue
        following = at + 1 if words[at] == "and" else at
        part = _part(words, following)
        if part is not None and part[2] < unit and part[0] >= 0:
            seconds, at, unit = seconds + math.copysign(part[0], seconds), part[1], part[2]
            continue
        if following == at and unit in _SMALLER and (bare := parse_number(words, at)):
            # "two minutes thirty": a bare number after a larger unit, unless it begins something else
            value, end = bare
            last = end == len(words) or words[end] not in ("am", "pm", "o'clock", "percent", "degrees", "timer")
            if float(value).is_integer() and 10 <= value < 60 and last and end == len(words):
                seconds, at = seconds + value * _SMALLER[unit], end
        break
    return duration_of(seconds), at


def _part(words: Sequence[str], start: int) -> tuple[float, int, int] | None:
    """(seconds, index after, seconds in the unit) for one part: "ninety minutes", "half an hour", "20min"."""
    if start >= len(words):
        return None
    if written := _WRITTEN.match(words[start]):
        unit = _WRITTEN_UNIT[written[2]]
        return float(written[1]) * unit, start + 1, unit
    if joined := _JOINED.match(words[start]):
        unit = UNITS[joined[2]]
        return int(joined[1]) * unit, start + 1, unit
    for lead, factor in _LEADS:
        end = start + len(lead)
        if list(words[start:end]) == lead and end < len(words) and words[end] in UNITS:
            unit = UNITS[words[end]]
            return factor * unit, end + 1, unit
    number = parse_number(words, start)
    if number is None:
        return None
    value, at = number
    if list(words[at : at + 2]) in (["more", "minutes"], ["more", "seconds"], ["more", "hours"]):
        at += 1
    if at < len(words) and words[at] in UNITS:
        unit = UNITS[words[at]]
        return value * unit, at + 1, unit
    if list(words[at : at + 3]) == ["and", "a", "half"] and at + 3 < len(words) and words[at + 3] in UNITS:
        unit = UNITS[words[at + 3]]
        return (value + 0.5) * unit, at + 4, unit
    return None


_LEADS: tuple[tuple[list[str], float], ...] = (
    (["three", "quarters", "of", "an"], 0.75),
    (["three", "quarters", "of", "a"], 0.75),
    (["a", "quarter", "of", "an"], 0.25),
    (["quarter", "of", "an"], 0.25),
    (["a", "quarter"], 0.25),
    (["quarter"], 0.25),
    (["half", "an"], 0.5),
    (["half", "a"], 0.5),
    (["a", "half"], 0.5),
    (["half"], 0.5),
    (["a", "couple", "of"], 2),
    (["a", "couple"], 2),
    (["couple", "of"], 2),
    (["couple"], 2),
    (["another"], 1),
    (["one", "more"], 1),
    (["a"], 1),
    (["an"], 1),
)
