"""Times of day between words and datetime.time, both ways."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from assistant.nlu.numbers import parse_number, say_number

_DAYPARTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("in", "the", "early", "morning"), "am"),
    (("in", "the", "morning"), "am"),
    (("in", "the", "afternoon"), "pm"),
    (("in", "the", "evening"), "pm"),
    (("in", "the", "night"), "night"),
    (("at", "night"), "night"),
    (("this", "morning"), "am"),
    (("this", "afternoon"), "pm"),
    (("this", "evening"), "pm"),
    (("in", "the", "am"), "am"),
    (("in", "the", "pm"), "pm"),
    (("tonight",), "night"),
    (("morning",), "am"),
    (("afternoon",), "pm"),
    (("evening",), "pm"),
    (("am",), "am"),
    (("pm",), "pm"),
)
_WRITTEN = re.compile(r"^(\d{1,2})[:.](\d{2})$")
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0), "noontime": time(12)}
_PAST = {"past": 1, "after": 1, "to": -1, "before": -1, "till": -1, "til": -1, "of": -1}
_SPANNING = frozenset({"from", "between", "hours"})
_MOVING = frozenset({"change", "move", "shift", "push", "postpone", "delay", "adjust", "switch"})
_MOVED = frozenset({"alarm", "alarms", "reminder", "reminders"})
_UNTIL = frozenset({"to", "till", "til", "until", "and"})


@dataclass(frozen=True, slots=True)
class Spoken:
    """A time as it was said."""

    time: time
    pm_known: bool
    """False when "six" could be in the morning or in the evening."""
    end: int
    """Index of the word after it."""
    certain: bool
    """True for what can only be a time ("half past six"), False for a bare number ("six")."""


def say_time(value: time) -> str:
    """Hour and minute in words with am or pm: 19:15 → "seven fifteen pm", 7:05 → "seven oh five am"."""
    half = "am" if value.hour < 12 else "pm"
    hour = say_number(value.hour % 12 or 12)
    if value.minute == 0:
        return f"{hour} {half}"
    minute = say_number(value.minute)
    return f"{hour} {'oh ' if value.minute < 10 else ''}{minute} {half}"


def parse_time(words: Sequence[str], start: int = 0) -> Spoken | None:
    """The longest time of day that begins at `words[start]`, or None."""
    if start >= len(words):
        return None
    word = words[start]
    if word in _NAMED:
        return Spoken(_NAMED[word], True, start + 1, True)
    if list(words[start : start + 2]) == ["mid", "night"]:
        return Spoken(time(0), True, start + 2, True)
    clock = _relative(words, start) or _written(words, start) or _spoken(words, start)
    if clock is None:
        return None
    hour, minute, at, certain = clock
    if at < len(words) and words[at] in ("o'clock", "oclock"):
        at, certain = at + 1, True
    if list(words[at : at + 2]) == ["o", "clock"]:
        at, certain = at + 2, True
    if hour >= 13 and at < len(words) and words[at] == "hours":
        at, certain = at + 1, True
    return _with_daypart(words, hour, minute, at, certain)


def _with_daypart(words: Sequence[str], hour: int, minute: int, at: int, certain: bool) -> Spoken | None:
    for phrase, part in _DAYPARTS:
        if tuple(words[at : at + len(phrase)]) == phrase and (len(phrase) > 1 or part in ("am", "pm") or certain):
            if hour > 12 and part == "am":
                break
            return Spoken(time(_hour(hour, part), minute), True, at + len(phrase), True)
    return Spoken(time(hour, minute), hour > 12 or hour == 0, at, certain)


def _hour(hour: int, part: str) -> int:
    """Hour 0-23 of an hour said with a part of the day; "twelve at night" is midnight, "two at night" is 2."""
    if hour > 12:
        return hour
    if part == "am":
        return hour % 12
    if part == "night":
        return 0 if hour == 12 else hour if hour < 5 else hour + 12
    return hour % 12 + 12


def apply_daypart(value: time, part: str) -> time:
    """`value`, said without am or pm, in the given part of the day ("am", "pm" or "night")."""
    return time(_hour(value.hour, part), value.minute)


def daypart_at(words: Sequence[str], start: int) -> tuple[str, int] | None:
    """A part of the day that begins at `words[start]`: ("am" | "pm" | "night", index after), or None."""
    for phrase, part in _DAYPARTS:
        if (len(phrase) > 1 or phrase == ("tonight",)) and tuple(words[start : start + len(phrase)]) == phrase:
            return part, start + len(phrase)
    return None


def _relative(words: Sequence[str], start: int) -> tuple[int, int, int, bool] | None:
    """ "half past six", "ten to seven", "quarter after nine", "half six"."""
    at = start + 1 if words[start] == "a" else start
    if at >= len(words):
        return None
    minutes: float
    if words[at] == "half":
        minutes, at = 30, at + 1
        if at < len(words) and words[at] not in _PAST:
            hour = _bare_hour(words, at)  # "half six" is 6:30
            return (hour[0], 30, hour[1], True) if hour and not _is_unit(words, hour[1]) else None
    elif words[at] == "quarter":
        minutes, at = 15, at + 1
    else:
        found = parse_number(words, at)
        if found is None or not 0 < found[0] < 60 or not float(found[0]).is_integer():
            return None
        minutes, at = found
        if at < len(words) and words[at] in ("minutes", "minute"):
            at += 1
    if at >= len(words) or words[at] not in _PAST:
        return None
    joint = at
    side, at = _PAST[words[at]], at + 1
    hour = (_NAMED[words[at]].hour, at + 1) if at < len(words) and words[at] in _NAMED else _bare_hour(words, at)
    if hour is None or _is_unit(words, hour[1]):
        return None
    if words[joint] in _UNTIL and _begins_range(words, start, joint, hour[1]):
        return None
    total = (hour[0] * 60 + side * int(minutes)) % 1440
    return total // 60 or (12 if hour[0] in (12, 1) and side else 0), total % 60, hour[1], True


def _begins_range(words: Sequence[str], start: int, joint: int, end: int) -> bool:
    """Whether "ten to seven" at `start`, with its "to" at `joint` and ending at `end`, names two times: after "from",
    "quiet hours" or "move the alarm at", unless another end follows ("from ten to seven until eight", but nobody says
    "six to ten" for 9:54)."""
    hour = parse_number(words, start)
    if hour is None or hour[1] != joint or hour[0] >= 24 or not _spans(words[:start]):
        return False
    return bool(hour[0] % 5) or end >= len(words) or words[end] not in _UNTIL


def _spans(before: Sequence[str]) -> bool:
    """Whether a time that follows these words is the first of two."""
    if not before or before[-1] in _SPANNING:
        return bool(before)
    moved = not _MOVING.isdisjoint(before) and not _MOVED.isdisjoint(before)
    return moved and (before[-1] == "at" or list(before[-2:]) == ["set", "for"])


def _is_unit(words: Sequence[str], at: int) -> bool:
    return at < len(words) and words[at] in (
        "minutes",
        "minute",
        "hours",
        "hour",
        "seconds",
        "second",
        "percent",
        "degrees",
    )


def _bare_hour(words: Sequence[str], at: int) -> tuple[int, int] | None:
    found = parse_number(words, at)
    if found and float(found[0]).is_integer() and 1 <= found[0] <= 12:
        return int(found[0]), found[1]
    return None


def _written(words: Sequence[str], start: int) -> tuple[int, int, int, bool] | None:
    if clock := _WRITTEN.match(words[start]):
        hour, minute = int(clock[1]), int(clock[2])
        if hour > 23 or minute > 59:
            return None
        return hour, minute, start + 1, True
    return None


def _spoken(words: Sequence[str], start: int) -> tuple[int, int, int, bool] | None:
    """ "six", "six thirty", "seven oh five", "eighteen hundred", "one one" before am or pm, "one three two"."""
    digits = _digit_run(words, start)
    if digits:
        return digits
    found = parse_number(words[start : start + 1])
    if found is None:
        return None
    both = parse_number(words, start)
    if both and both[1] > start + 1 and float(both[0]).is_integer():
        value, end = int(both[0]), both[1]
        if 20 < value < 24:
            found = (value, end - start)
        elif value % 100 == 0 and 1300 <= value <= 2300:
            return value // 100, 0, end, True
    hour_value, used = found
    if not float(hour_value).is_integer() or not 0 <= hour_value <= 23 or words[start] == "oh":
        return None
    at = start + used
    if at < len(words):
        if words[at] in ("oh", "o", "zero") and at + 1 < len(words):
            low = parse_number(words, at + 1)
            if low and float(low[0]).is_integer() and 0 < low[0] < 10 and low[1] == at + 2:
                return int(hour_value), int(low[0]), at + 2, True
        minute = parse_number(words, at)
        if minute and float(minute[0]).is_integer() and 10 <= minute[0] < 60 and not _is_unit(words, minute[1]):
            return int(hour_value), int(minute[0]), minute[1], True
    return int(hour_value), 0, at, False


_DIGIT = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "zero": 0,
    "oh": 0,
}


def _digit_run(words: Sequence[str], start: int) -> tuple[int, int, int, bool] | None:
    """Clock digits said one by one: "one one am" is 11, "one three two pm" is 1:32, "one one three zero" 11:30."""
    at = start
    while at < len(words) and words[at] in _DIGIT and at - start < 5:
        at += 1
    run = [_DIGIT[word] for word in words[start:at]]
    if len(run) == 2 and at < len(words) and words[at] in ("am", "pm", "o'clock"):
        value = run[0] * 10 + run[1]
        return (value, 0, at, True) if 10 <= value <= 12 else None
    if len(run) in (3, 4):
        hour = run[0] if len(run) == 3 else run[0] * 10 + run[1]
        minute = run[-2] * 10 + run[-1]
        if hour < 24 and minute < 60 and not (len(run) == 3 and run[1] == 0 and run[0] == 0):
            return hour, minute, at, True
    return None
