"""How well a passage fits a question, by the words they share; and the one order of several searches' results."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from assistant.knowledge.words import key_words, stem, stems

T = TypeVar("T", bound=Hashable)

RANK = 60
"""The constant of reciprocal rank fusion, as in its first publication (Cormack, Clarke, Buettcher 2009)."""


def fused(*orders: Iterable[T]) -> list[T]:
    """One order from several, by the sum of 1 / (RANK + place); equal sums keep the order of first appearance."""
    sums: dict[T, float] = {}
    for order in orders:
        for place, item in enumerate(order, 1):
            sums[item] = sums.get(item, 0.0) + 1 / (RANK + place)
    return sorted(sums, key=lambda item: -sums[item])


def weights(words: Iterable[str], found_in: Mapping[str, int], total: int) -> dict[str, float]:
    """What each word of the question is worth: rare ones more. By stem.

    `found_in`: in how many of `total` texts a word stands; a word that stands in none is worth most.
    """
    return {stem(word): math.log((total + 2) / (found_in.get(word, 0) + 1)) + 0.1 for word in words}


def coverage(worth: Mapping[str, float], text: str) -> float:
    """The share of the question, by worth, that stands in `text`, 0..1."""
    whole = sum(worth.values())
    present = stems(text)
    return sum(value for word, value in worth.items() if word in present) / whole if whole else 0.0


WEIGHTS = (-6.64, 6.4, 4.85)
"""Of 1, coverage and subject in a logistic function, fitted by `scripts/knowledge/calibrate.py` on questions written
for it (docs/knowledge.md)."""

GOOD = 0.5
"""From this chance on a passage is taken for an answer; the same script tells what that gets right and wrong."""


def subject(worth: Mapping[str, float], title: str) -> float:
    """The share of a title's words that the question names, 0..1: 1 when it asks about exactly this article."""
    named = stems(title)
    return sum(word in worth for word in named) / len(named) if named else 0.0


def chance(worth: Mapping[str, float], title: str, text: str, scale: Sequence[float] = WEIGHTS) -> float:
    """The chance that a passage answers the question with these words, 0..1."""
    if not worth:
        return 0.0
    features = (1.0, coverage(worth, f"{title} {text}"), subject(worth, title))
    return 1 / (1 + math.exp(-sum(w * f for w, f in zip(scale, features, strict=True))))


RESTS = 0.5
"""The share of an answer's own words that stand in a passage, from which it is said to rest on it. A rule: half of what
was added to the question must be there, or no source is named."""


def rests_on(answer: str, question: str, passage: str, language: str = "en") -> bool:
    """Whether what an answer adds to the question's own words comes from the passage."""
    added = {stem(word) for word in key_words(answer, language)} - stems(question)
    return bool(added) and len(added & stems(passage)) >= RESTS * len(added)
