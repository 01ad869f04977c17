"""What the intent classifier sees of a request: hashed words, word pairs and letter groups."""

import zlib
from collections.abc import Sequence
from functools import lru_cache

from assistant.nlu.spans import Abstract

BUCKETS = 1 << 15
"""Rows of the weight table. Twice as many changed the held-out accuracy by less than its noise (docs/understanding.md)."""

_MARKS = {"time": "<time>", "duration": "<duration>", "day": "<day>", "number": "<number>", "daypart": "<daypart>"}


def marked(abstract: Abstract) -> list[str]:
    """The words of a request with each span replaced by its kind: "wake me at <time>"."""
    words = []
    for word in abstract.text.split():
        span = abstract.spans.get(word)
        if span is None:
            words.append(word)
        else:
            kind = "number" if "number" in span.kinds else min(span.kinds)
            words.append(_MARKS[kind])
            if span.event:  # "christmas" asks about the calendar, "tomorrow" may ask about anything
                words[-1] = "<feast>"
    return words


@lru_cache(maxsize=8192)
def _letters(word: str) -> frozenset[int]:
    """Buckets of a word and its groups of three to five letters."""
    names = {f"w {word}"}
    if not word.startswith("<"):
        edged = f"<{word[:20]}>"
        names |= {f"c {edged[at : at + size]}" for size in (3, 4, 5) for at in range(len(edged) - size + 1)}
    return frozenset(map(_bucket, names))


def _bucket(name: str) -> int:
    return zlib.crc32(name.encode()) % BUCKETS


def features(words: Sequence[str]) -> list[int]:
    """Buckets of a request's features, each once: words, neighbours, words two apart, edges and letter groups."""
    found: set[int] = set()
    for word in words:
        found |= _letters(word)
    padded = ["^", *words, "$"]
    for at, word in enumerate(padded[:-1]):
        found.add(_bucket(f"b {word} {padded[at + 1]}"))
        if at + 2 < len(padded):
            found.add(_bucket(f"s {word} {padded[at + 2]}"))
            found.add(_bucket(f"t {word} {padded[at + 1]} {padded[at + 2]}"))
    if len(words) > 12:
        found.add(_bucket("long"))
    return sorted(found)
