"""Numbers between words and digits, both ways."""

import math
import re
from collections.abc import Sequence

UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))

_UNIT = {word: value for value, word in enumerate(UNITS)} | {"oh": 0, "nought": 0, "nil": 0}
_TEN = {word: value * 10 for value, word in enumerate(TENS) if word} | {"fourty": 40}
_SCALE = {word: value for value, word in SCALES}
_ORDINAL_UNIT = {
    word: value
    for value, word in enumerate(
        (
            "zeroth",
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
        )
    )
}
_ORDINAL_TEN = {word[:-1] + "ieth": value * 10 for value, word in enumerate(TENS) if word}
_DIGITS = re.compile(r"^[+-]?\d+(\.\d+)?$")
_DIGIT_ORDINAL = re.compile(r"^(\d{1,4})(st|nd|rd|th)$")

NUMBER_WORDS = frozenset(_UNIT) | frozenset(_TEN) | frozenset(_SCALE) | {"hundred", "point", "minus", "half", "dozen"}
"""Words that can be part of a number."""

LARGEST = 10**15
"""Spoken numbers stay below this: beyond, words say nothing a person wants computed."""


def say_number(value: float) -> str:
    """`value` in words, without "and": 105 → "one hundred five", 2.5 → "two point five".

    Raises ValueError for a number that is not finite or not below LARGEST.
    """
    if not math.isfinite(value) or abs(value) >= LARGEST:
        raise ValueError(f"{value} has no spoken form here")
    if value < 0:
        return f"minus {say_number(-value)}"
    if isinstance(value, float) and not value.is_integer():
        whole, _, fraction = f"{value:.6f}".rstrip("0").partition(".")
        if not fraction:
            return say_number(int(whole))
        return f"{say_number(int(whole))} point {' '.join(UNITS[int(digit)] for digit in fraction)}"
    return " ".join(_say_whole(int(value)))


def _say_whole(value: int) -> list[str]:
    if value < 20:
        return [UNITS[value]]
    if value < 100:
        return [TENS[value // 10], *([UNITS[value % 10]] if value % 10 else [])]
    if value < 1000:
        return [UNITS[value // 100], "hundred", *(_say_whole(value % 100) if value % 100 else [])]
    for size, name in SCALES:
        if value >= size:
            return [*_say_whole(value // size), name, *(_say_whole(value % size) if value % size else [])]
    raise ValueError(value)


def say_ordinal(value: int) -> str:
    """The ordinal of `value` ≥ 0 in words: 12 → "twelfth", 21 → "twenty first"."""
    words = _say_whole(value)
    last = words[-1]
    if last in _UNIT:
        words[-1] = next(word for word, number in _ORDINAL_UNIT.items() if number == _UNIT[last])
    elif last in _TEN:
        words[-1] = last[:-1] + "ieth"
    else:
        words[-1] = last + "th"
    return " ".join(words)


def parse_number(words: Sequence[str], start: int = 0) -> tuple[float, int] | None:
    """The longest number that begins at `words[start]`: (value, index after it), or None.

    Takes digits ("15", "2.5"), words with or without "and", "a hundred", "point five", "two and a half", "minus".
    """
    sign, at = 1, start
    if at < len(words) and words[at] in ("minus", "negative") and at + 1 < len(words):
        sign, at = -1, at + 1
    found = _magnitude(words, at)
    if found is None:
        return None
    value, at = found
    if words[at : at + 3] == ["and", "a", "half"] and float(value).is_integer():
        return sign * (value + 0.5), at + 3
    if words[at : at + 3] == ["and", "a", "quarter"] and float(value).is_integer():
        return sign * (value + 0.25), at + 3
    return sign * value, at


def _magnitude(words: Sequence[str], start: int) -> tuple[float, int] | None:
    if start >= len(words):
        return None
    word = words[start]
    if _DIGITS.match(word) and len(word) < 16:
        value = float(word) if "." in word else int(word)
        if start + 1 < len(words) and words[start + 1] in _SCALE:
            return value * _SCALE[words[start + 1]], start + 2
        return value, start + 1
    if word == "point":
        return _fraction(words, start, 0)
    whole = _whole(words, start)
    if whole is None:
        return None
    total, at = whole
    if at < len(words) and words[at] == "point":
        return _fraction(words, at, total) or (total, at)
    return total, at


def _fraction(words: Sequence[str], point: int, whole: int) -> tuple[float, int] | None:
    digits, at = "", point + 1
    while at < len(words) and len(digits) < 9 and (words[at] in _UNIT or words[at].isdecimal()):
        value = _UNIT.get(words[at])
        if value is None:
            if len(words[at]) > 9:
                break
            digits += words[at]
        elif value > 9 and digits:
            break
        else:
            digits += str(value)
        at += 1
    if not digits:
        return None
    return float(f"{whole}.{digits}"), at


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int] | None:
    if at >= len(words):
        return None
    if words[at] in _TEN:
        value = _TEN[words[at]]
        if at + 1 < len(words) and 0 < _UNIT.get(words[at + 1], 99) < 10:
            return value + _UNIT[words[at + 1]], at + 2
        return value, at + 1
    if words[at] in _UNIT:
        return _UNIT[words[at]], at + 1
    return None


def _below_thousand(words: Sequence[str], at: int) -> tuple[int, int] | None:
    if at + 1 < len(words) and words[at] == "a" and words[at + 1] in ("hundred", "dozen"):
        low: tuple[int, int] | None = (1, at + 1)
    else:
        low = _below_hundred(words, at)
    if low is None:
        return None
    value, at = low
    if at < len(words) and words[at] == "dozen" and value < 20:
        return value * 12, at + 1
    if at < len(words) and words[at] == "hundred" and 0 < value < 100:
        value, at = value * 100, at + 1
        skip = at + 1 if at < len(words) and words[at] == "and" else at
        rest = _below_hundred(words, skip)
        if rest is not None and rest[0] > 0:
            return value + rest[0], rest[1]
    return value, at


def _whole(words: Sequence[str], start: int) -> tuple[int, int] | None:
    total, at, ceiling, found = 0, start, LARGEST, False
    while True:
        group_at = at
        if found and at < len(words) and words[at] == "and":
            group_at = at + 1
        if group_at + 1 < len(words) and words[group_at] == "a" and words[group_at + 1] in _SCALE:
            group: tuple[int, int] | None = (1, group_at + 1)
        else:
            group = _below_thousand(words, group_at)
        if group is None:
            break
        value, end = group
        scale = _SCALE.get(words[end]) if end < len(words) else None
        if scale is not None and scale < ceiling and value > 0:
            total, at, ceiling, found = total + value * scale, end + 1, scale, True
            continue
        if not found or (value > 0 and (group_at > at or value < 1000) and ceiling > 1000 - 1 and ceiling != LARGEST):
            total, at, found = total + value, end, True
        break
    return (total, at) if found else None


def parse_ordinal(words: Sequence[str], start: int = 0) -> tuple[int, int] | None:
    """The ordinal below 1000 that begins at `words[start]` ("twelfth", "21st", "twenty first"), or None."""
    if start >= len(words):
        return None
    if written := _DIGIT_ORDINAL.match(words[start]):
        return int(written[1]), start + 1
    if words[start] in _ORDINAL_UNIT:
        return _ORDINAL_UNIT[words[start]], start + 1
    if words[start] in _ORDINAL_TEN:
        return _ORDINAL_TEN[words[start]], start + 1
    if words[start] in _TEN and start + 1 < len(words) and 0 < _ORDINAL_UNIT.get(words[start + 1], 0) < 10:
        return _TEN[words[start]] + _ORDINAL_UNIT[words[start + 1]], start + 2
    if start + 1 < len(words) and 0 < _UNIT.get(words[start], 0) < 10 and words[start + 1] in ("hundred", "hundredth"):
        base = _UNIT[words[start]] * 100
        if words[start + 1] == "hundredth":
            return base, start + 2
        at = start + 3 if start + 2 < len(words) and words[start + 2] == "and" else start + 2
        rest = parse_ordinal(words, at)
        return (base + rest[0], rest[1]) if rest and 0 < rest[0] < 100 else None
    return None
