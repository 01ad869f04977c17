"""The sentences that the voice learns from: what an assistant says, made from frames and fillers by a seed.

A third of the fillers are words drawn from the CMU pronouncing dictionary, most of them surnames and places,
so that every pair of English sounds turns up, in stressed and unstressed places.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_FILLERS: dict[str, list[str]] = _TABLES["fillers"]
SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def number(value: int) -> str:
    """English words for 0 ≤ value < 1,000,000."""
    if value < 20:
        return SMALL[value]
    if value < 100:
        return TENS[value // 10 - 2] + ("-" + SMALL[value % 10] if value % 10 else "")
    if value < 1000:
        return SMALL[value // 100] + " hundred" + (" and " + number(value % 100) if value % 100 else "")
    return number(value // 1000) + " thousand" + (" " + number(value % 1000) if value % 1000 else "")


class Writer:
    """Fills frames. One random source, so that a seed fixes the whole corpus."""

    def __init__(self, seed: int, words: list[str]) -> None:
        """`words`: lower-case dictionary words, any order that is itself fixed."""
        self._random = random.Random(seed)
        self._words = words
        self._fill: dict[str, Callable[[], str]] = {
            name: partial(self._pick, choices) for name, choices in _FILLERS.items()
        }
        self._fill |= {
            "word": lambda: self._pick(self._words),
            "n": lambda: number(self._random.choice((12, 20, 60, 100)) and self._random.randrange(100)),
            "big": lambda: number(int(10 ** self._random.uniform(2, 5.99))),
            "time": self._time,
            "long": self._long_time,
            "letter": lambda: self._random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "digit": lambda: SMALL[self._random.randrange(10)],
        }

    def sentence(self) -> str:
        """One more utterance, one to some twenty-five words."""
        draw = self._random.random()
        if draw < 0.06:
            return self._pick(_TABLES["short"])
        if draw < 0.09:
            return self._pick(_TABLES["fixed"])
        frame = self._pick(_TABLES["frames"])
        text = re.sub(r"\{(\w+)\}", lambda match: self._fill[match[1]](), frame)
        return text[0].upper() + text[1:]

    def _pick(self, choices: list[str]) -> str:
        return self._random.choice(choices)

    def _time(self) -> str:
        hour, minute = self._random.randrange(1, 13), self._random.choice((0, 5, 15, 20, 30, 40, 45, 50, -1))
        if minute < 0:
            minute = self._random.randrange(1, 60)
        if minute == 0:
            return number(hour) + self._pick([" o'clock", " a.m", " p.m", " in the morning", " in the evening"])
        if self._random.random() < 0.25:
            return self._pick(["half past", "quarter past", "quarter to", "ten to", "twenty past"]) + " " + number(hour)
        return f"{number(hour)} {'oh ' if minute < 10 else ''}{number(minute)}" + self._pick(["", " a.m", " p.m", ""])

    def _long_time(self) -> str:
        count = self._random.randrange(1, 60)
        unit = self._pick(["second", "minute", "minute", "hour", "day"])
        text = f"{number(count)} {unit}{'' if count == 1 else 's'}"
        return text + self._pick(["", "", f" and {number(self._random.randrange(2, 60))} seconds"])


def sentences(count: int, seed: int, words: list[str], leave_out: frozenset[str]) -> Iterator[str]:
    """`count` distinct utterances; none of `leave_out`, the sentences that the voice is later judged by."""
    writer, seen = Writer(seed, words), set(leave_out)
    while count:
        text = writer.sentence()
        if text not in seen:
            seen.add(text)
            count -= 1
            yield text
