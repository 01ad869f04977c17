"""Between what is said and what is written, both ways: numbers, ordinals, times, dates, money, spelled digits.

The parts live beside this file (numbers, times, durations, dates, money, spelled); here they are put together.
"""

import re
from datetime import time

from assistant.nlu.money import parse_money, say_money
from assistant.nlu.numbers import LARGEST, parse_number, parse_ordinal, say_number, say_ordinal
from assistant.nlu.spelled import follows_spelling, parse_digits
from assistant.nlu.times import parse_time, say_time
from assistant.nlu.words import clean

_DIGITS = re.compile(r"^-?\d{1,15}(\.\d{1,6})?$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")
_ORDINAL = re.compile(r"^(\d{1,3})(st|nd|rd|th)$")
_PERCENT = re.compile(r"^(\d{1,9}(?:\.\d{1,6})?)%$")
_KEEP = frozenset({"a", "an", "second", "half", "quarter"})


def written(text: str) -> str:
    """Spoken forms in `text` as figures: "ninety minutes" → "90 minutes", "a quarter past seven" → "7:15".

    Returns clean text (lower case, no punctuation). Words that only might be a number ("a second") stay.
    """
    words, out, at = clean(text).split(), [], 0
    while at < len(words):
        found = _figures(words, at)
        if found is None:
            out.append(words[at])
            at += 1
        else:
            figures, at = found
            out.append(figures)
    return " ".join(out)


def _figures(words: list[str], at: int) -> tuple[str, int] | None:
    if money := parse_money(words, at):
        return money[0].written(), money[1]
    clock = parse_time(words, at)
    if clock and clock.certain and not clock.pm_known and ":" not in words[at]:
        return f"{clock.time.hour}:{clock.time.minute:02}", clock.end
    digits = parse_digits(words, at)
    if digits and len(digits[0]) >= 3 and not follows_spelling(words, digits[1]):
        return digits
    if (ordinal := parse_ordinal(words, at)) and words[at] not in _KEEP:
        return f"{ordinal[0]}{_suffix(ordinal[0])}", ordinal[1]
    number = parse_number(words, at)
    if number is None or words[at] in _KEEP or words[at] == "oh":
        return None
    value, end = number
    return (str(int(value)) if float(value).is_integer() else repr(float(value))), end


def _suffix(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def spoken(text: str) -> str:
    """Figures in `text` as they are said: "7:15 pm" → "seven fifteen pm", "$5.50" → "five dollars and fifty cents"."""
    words, out, at = clean(text).split(), [], 0
    while at < len(words):
        said, used = _said(words, at)
        out.append(said)
        at += used
    return " ".join(out)


def _said(words: list[str], at: int) -> tuple[str, int]:
    word = words[at]
    if (money := parse_money(words, at)) and not word[0].isalpha() and money[0].hundredths < 100 * LARGEST:
        return say_money(money[0]), money[1] - at
    if (clock := _CLOCK.match(word)) and int(clock[1]) < 24 and int(clock[2]) < 60:
        said = say_time(time(int(clock[1]), int(clock[2])))
        if 1 <= int(clock[1]) <= 12 and (at + 1 == len(words) or words[at + 1] not in ("am", "pm")):
            return said.rsplit(" ", 1)[0], 1
        half = words[at + 1] if at + 1 < len(words) and words[at + 1] in ("am", "pm") else ""
        return (f"{said.rsplit(' ', 1)[0]} {half}", 2) if half else (said, 1)
    if ordinal := _ORDINAL.match(word):
        return say_ordinal(int(ordinal[1])), 1
    if percent := _PERCENT.match(word):
        return f"{say_number(float(percent[1]))} percent", 1
    if _DIGITS.match(word) and abs(float(word)) < LARGEST:
        return say_number(float(word) if "." in word else int(word)), 1
    return word, 1
