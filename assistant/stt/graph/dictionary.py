"""The CMU Pronouncing Dictionary (126 thousand words), shipped compressed, and a few words it lacks."""

import lzma
from functools import cache
from pathlib import Path
from typing import Final

from assistant.stt.graph.phones import Pronunciation

DICTIONARY: Final = Path(__file__).with_name("data") / "cmudict.txt.xz"

# Words of this house that the dictionary lacks or gives only one reading for. The recogniser hears wake phrases too
# (the pre-roll holds them), so they need a pronunciation.
_SUPPLEMENT: Final[dict[str, tuple[str, ...]]] = {
    "audiobook": ("AO D IY OW B UH K",),
    "ecobee": ("IY K OW B IY",),
    "jarvis": ("JH AA R V AH S", "JH AA R V IH S"),
    "mycroft": ("M AY K R AO F T", "M AY K R AA F T"),
    "nabu": ("N AA B UW", "N AE B UW"),
    "omelette": ("AA M L AH T", "AA M AH L EH T"),
    "rhasspy": ("R AE S P IY",),
    "shush": ("SH AH SH", "SH UH SH"),
    "tv": ("T IY V IY",),
    "unmute": ("AH N M Y UW T",),
    "unpause": ("AH N P AO Z",),
}


@cache
def _entries() -> dict[str, tuple[Pronunciation, ...]]:
    entries: dict[str, tuple[Pronunciation, ...]] = {}
    with lzma.open(DICTIONARY, "rt", encoding="ascii") as lines:
        for line in lines:
            word, *phones = line.split()
            entries[word] = (*entries.get(word, ()), tuple(phones))
    for word, readings in _SUPPLEMENT.items():
        entries[word] = tuple(tuple(reading.split()) for reading in readings)
    return entries


def dictionary_pronunciations(word: str) -> tuple[Pronunciation, ...]:
    """The dictionary's readings of `word` (lower case), the most usual first; empty when it is not listed."""
    return _entries().get(word, ())


def dictionary_words() -> list[str]:
    """Every listed word, in alphabetical order."""
    return sorted(_entries())
