"""What the intent classifier sees of a request: hashed words, word pairs and letter groups."""

import zlib
from collections.abc import Sequence
from functools import lru_cache

from assistant.nlu.spans import Abstract

BUCKETS = 1 << 15
"""Rows of the weight table: 76 labels at one byte make 2.5 MB in memory, 0.9 MB on disk."""

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
    return frozenset(map(bucket, names))


HOME_NOUNS = frozenset(
    """kitchen bedroom bathroom living room hallway hall office study garage garden dining nursery basement attic lounge
    porch patio laundry closet den light lights lamp lamps ceiling desk bedside floor reading night fan fans heater tv
    television vacuum plug socket blinds curtains shutters shades door doors window windows gate roomba speaker radio
    thermostat oven coffee machine maker standing table main front back side""".split()  # noqa: SIM905
)
"""Words of rooms and devices: neighbours of one are neighbours of all, since every home has its own."""


OPPOSITES = {
    "off": "on", "down": "up", "close": "open", "closed": "open", "shut": "open", "closing": "opening",
    "unlock": "lock", "unlocked": "locked", "stop": "start", "stopped": "started", "unmute": "mute",
    "resume": "pause", "unpause": "pause", "previous": "next", "quieter": "louder", "softer": "louder",
    "lower": "raise", "decrease": "increase", "reduce": "increase", "dim": "brighten", "dimmer": "brighter",
    "darker": "brighter", "colder": "warmer", "cooler": "warmer", "slower": "faster", "shorter": "longer",
    "less": "more", "disable": "enable", "deactivate": "activate", "disarm": "arm",
}  # fmt: skip
"""Words that turn a request into its opposite, and the word that stands for both where habits are counted: how often
lamps are put out must not make "off" out of an "on" that was heard badly."""


def habitual(words: Sequence[str], names: frozenset[str] = frozenset()) -> list[str]:
    """`words` as habits of wording are counted: those of rooms and devices made one, runs of them too, and opposites
    made one: "turn on the <home>" for every lamp and for "turn off the kitchen lights"."""
    out: list[str] = []
    for word in words:
        mark = "<home>" if word in HOME_NOUNS or word in names else OPPOSITES.get(word, word)
        if mark != "<home>" or out[-1:] != ["<home>"]:
            out.append(mark)
    return out


def bucket(name: str) -> int:
    """Where a feature lives in the table."""
    return zlib.crc32(name.encode()) % BUCKETS


def features(words: Sequence[str]) -> list[int]:
    """Buckets of a request's features, each once: words, neighbours, words two apart, edges and letter groups."""
    found: set[int] = set()
    for word in words:
        found |= _letters(word)
    padded = ["^", *words, "$"]
    for at, word in enumerate(padded[:-1]):
        found.add(bucket(f"b {word} {padded[at + 1]}"))
        if at + 2 < len(padded):
            found.add(bucket(f"s {word} {padded[at + 2]}"))
            found.add(bucket(f"t {word} {padded[at + 1]} {padded[at + 2]}"))
    if len(words) > 12:
        found.add(bucket("long"))
    return sorted(found)
