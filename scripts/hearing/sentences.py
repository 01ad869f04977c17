"""Text to speak and to model: random home requests from a small template grammar (templates.toml).

`Grammar.draw` gives one lower-case sentence in recogniser spelling; `training_text` mixes requests with random
words so that the acoustic model hears every phone in every neighbourhood, not only command phrases.
"""

import random
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.nlu.numbers import say_number, say_ordinal

TEMPLATES = Path(__file__).with_name("templates.toml")
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
]  # fmt: skip
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
LETTERS = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
    "v", "w", "x", "y", "z",
]  # fmt: skip
SMALL_WORDS = [
    "the", "a", "of", "to", "and", "in", "is", "for", "with", "on", "my", "at", "from", "that", "this", "it",
    "as", "be", "by", "or", "an", "are", "was", "not",
]  # fmt: skip
_TOKEN = re.compile(r"[()\[\]|]|<[a-z_]+>|\{[^}]+\}|[^\s()\[\]|<{]+")


def _round_number(rng: random.Random, low: int, high: int) -> str:
    value = rng.randint(low, high)
    if rng.random() < 0.4:  # people ask for round values more often than a uniform draw would
        value = max(low, value - value % 5)
    words = say_number(value)
    if value > 100 and value % 100 and rng.random() < 0.4:
        words = words.replace("hundred ", "hundred and ", 1)
    return words


def _amount(rng: random.Random, unit: str, high: int, *, singular: bool) -> str:
    words = _round_number(rng, 1, high)
    return f"{words} {unit}" if singular or words == "one" else f"{words} {unit}s"


def duration(rng: random.Random, *, singular: bool = False) -> str:
    """A length of time in words; `singular` gives the form before a noun ("ten minute" timer)."""
    kind = rng.random()
    unit = rng.choice(("second", "minute", "minute", "minute", "hour"))
    if singular or kind < 0.6:
        return _amount(rng, unit, 24 if unit == "hour" else 90, singular=singular)
    if kind < 0.8:
        big, small = rng.choice((("hour", "minute"), ("minute", "second")))
        joint = rng.choice((" and ", " and ", " "))
        return _amount(rng, big, 12, singular=False) + joint + _amount(rng, small, 59, singular=False)
    if kind < 0.9:
        return f"{say_number(rng.randint(1, 9))} and a half {rng.choice(('hours', 'minutes'))}"
    fixed = ("half an hour", "an hour and a half", "a minute", "an hour", "a quarter of an hour", "half a minute",
             "a minute and a half", "three quarters of an hour", "two days", "a week",
             "a couple of minutes")  # fmt: skip
    return rng.choice(fixed)


def clock_time(rng: random.Random) -> str:
    """A time of day in words, the many ways people say it."""
    hour = say_number(rng.randint(1, 12))
    part = rng.choice(("", "", "a m", "p m", "in the morning", "in the evening", "in the afternoon", "tonight"))
    kind = rng.random()
    if kind < 0.30:
        text = hour + rng.choice((" o'clock", "", ""))
    elif kind < 0.55:
        minute = rng.randint(1, 59)
        text = f"{hour} oh {say_number(minute)}" if minute < 10 else f"{hour} {_round_number(rng, 10, 59)}"
    elif kind < 0.68:
        text = f"half past {hour}"
    elif kind < 0.80:
        text = f"{rng.choice(('quarter', 'a quarter'))} {rng.choice(('past', 'to'))} {hour}"
    elif kind < 0.92:
        minute = rng.choice((5, 10, 20, 25, rng.randint(1, 29)))
        text = f"{say_number(minute)} {rng.choice(('', 'minutes '))}{rng.choice(('past', 'to'))} {hour}"
    else:
        return rng.choice(("noon", "midnight", "midday"))
    return f"{text} {part}".strip()


def date_words(rng: random.Random) -> str:
    """A day in words."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(("today", "tomorrow", "tonight", "tomorrow", "this weekend", "this evening", "this morning",
                           "this afternoon", "next week", "tomorrow morning", "tomorrow evening",
                           "yesterday"))  # fmt: skip
    if kind < 0.85:
        return rng.choice(("", "on ", "next ", "this ")) + rng.choice(DAYS)
    day = say_ordinal(rng.randint(1, 31))
    month = rng.choice(MONTHS)
    return rng.choice((f"on {month} {day}", f"on the {day} of {month}", f"on the {day}", f"{month} {day}"))


def digit_string(rng: random.Random) -> str:
    """Spelled digits, sometimes letters: codes, telephone numbers, postcodes."""
    pool = [*map(say_number, range(10)), "oh"] if rng.random() < 0.7 else LETTERS
    return " ".join(rng.choice(pool) for _ in range(rng.randint(2, 6)))


Node = str | tuple["Alternatives", float] | Callable[[random.Random], str]
Alternatives = list[list[Node]]


@dataclass(frozen=True, slots=True)
class Family:
    """Requests of one kind: how often it is drawn, and its sentences."""

    name: str
    weight: int
    patterns: Alternatives


class Grammar:
    """The template grammar. Patterns are parsed once; drawing is a walk with one random choice per branch."""

    def __init__(self, path: Path = TEMPLATES) -> None:
        """Read `path`. Raises ValueError naming the pattern where brackets do not match."""
        data = tomllib.loads(path.read_text("utf-8"))
        self._sources: dict[str, str] = data["slots"]
        self._slots: dict[str, Alternatives] = {}
        self.families = [
            Family(name, int(row[0]), [self._sequence(pattern) for pattern in row[1:]])
            for name, row in data["families"].items()
        ]

    def draw(self, rng: random.Random) -> str:
        """One random request, without a wake phrase."""
        family = rng.choices(self.families, [family.weight for family in self.families])[0]
        text = self._say(rng.choice(family.patterns), rng)
        chance = rng.random()
        if chance < 0.04:
            text = f"please {text}"
        elif chance < 0.08:
            text = f"{text} please"
        elif chance < 0.11:
            text = f"{rng.choice(('can you', 'could you', 'would you', 'i want you to', 'hey'))} {text}"
        return " ".join(text.split())

    def wake(self, rng: random.Random) -> str:
        """A wake phrase in words."""
        return " ".join(self._say([(self._slot("wake"), 1.0)], rng).split())

    def expand(self, pattern: str, rng: random.Random) -> str:
        """Any pattern of the template language, said once."""
        return " ".join(self._say(self._sequence(pattern), rng).split())

    def _slot(self, name: str) -> Alternatives:
        if name not in self._slots:
            self._slots[name] = [self._sequence(self._sources[name])]
        return self._slots[name]

    def _sequence(self, source: str) -> list[Node]:
        tokens = _TOKEN.findall(source)
        alternatives, position = self._parse(tokens, 0, source)
        if position != len(tokens) or len(alternatives) != 1:
            raise ValueError(f"templates: unbalanced brackets or bare '|' in: {source}")
        return alternatives[0]

    def _parse(self, tokens: Sequence[str], position: int, source: str) -> tuple[Alternatives, int]:
        alternatives: Alternatives = [[]]
        while position < len(tokens):
            token = tokens[position]
            if token in ")]":
                break
            position += 1
            if token in "([":
                inner, position = self._parse(tokens, position, source)
                if position >= len(tokens) or tokens[position] != ")]"["([".index(token)]:
                    raise ValueError(f"templates: unbalanced brackets in: {source}")
                position += 1
                alternatives[-1].append((inner, 1.0 if token == "(" else 0.5))
            elif token == "|":
                alternatives.append([])
            elif token.startswith("<"):
                alternatives[-1].append((self._slot(token[1:-1]), 1.0))
            elif token.startswith("{"):
                alternatives[-1].append(_computed(token[1:-1]))
            else:
                alternatives[-1].append(token)
        return alternatives, position

    def _say(self, sequence: list[Node], rng: random.Random) -> str:
        words: list[str] = []
        for node in sequence:
            if isinstance(node, str):
                words.append(node)
            elif callable(node):
                words.append(node(rng))
            elif rng.random() < node[1]:
                words.append(self._say(rng.choice(node[0]), rng))
        return " ".join(words)


def _computed(source: str) -> Callable[[random.Random], str]:
    name, *arguments = source.split()
    if name == "number":
        low, high = int(arguments[0]), int(arguments[1])
        return lambda rng: _round_number(rng, low, high)
    if name == "duration":
        singular = bool(arguments)
        return lambda rng: duration(rng, singular=singular)
    return {"time": clock_time, "date": date_words, "digits": digit_string}[name]


def word_salad(rng: random.Random, common: Sequence[str], rare: Sequence[str]) -> str:
    """Two to seven words without meaning: phonetic variety. `common` is ordered by frequency."""
    words: list[str] = []
    for _ in range(rng.randint(2, 6)):
        if rng.random() < 0.25:
            words.append(rng.choice(SMALL_WORDS))
        if rng.random() < 0.7:
            words.append(common[int(len(common) * rng.random() ** 1.5)])
        else:
            words.append(rng.choice(rare))
    return " ".join(words)


def training_text(rng: random.Random, grammar: Grammar, common: Sequence[str], rare: Sequence[str]) -> str:
    """One utterance to synthesise: 58 % requests (some after a wake phrase), 42 % word salad."""
    if rng.random() < 0.42:
        return word_salad(rng, common, rare)
    text = grammar.draw(rng)
    return f"{grammar.wake(rng)} {text}" if rng.random() < 0.07 else text
