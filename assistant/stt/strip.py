"""Take the wake phrase off the front of a transcript.

The recogniser is fed from before the wake word's end, so its text often begins with the phrase, or with what it made
of it: "okay nah boo what time is it", "nabu stop", "[unk] lights off".
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

ALIKE = 0.75
"""Similarity of sounds (1 = same) from which words at the front count as the wake phrase. Chosen so that no sentence
of the command templates loses a word (tests/stt/test_strip.py) while one or two mistaken sounds are forgiven."""

_GREETINGS = frozenset({"okay", "ok", "hey", "hi", "hay"})
"""First words of wake phrases that no command needs: taken off alone, too."""

_SHORTEST_REMNANT = 4
"""Letters of the phrase's last word that must be there for it to be recognised alone."""

_FOLDS = (
    (r"ph", "f"), (r"ck|q|c(?![eiyh])", "k"), (r"c(?=[eiy])|z|x", "s"), (r"ou|oo|ew|ue|w", "u"), (r"o[ah]?\b", "o"),
    (r"ai|ay|ei|ey|ae", "e"), (r"ie|ee|ea|y", "i"), (r"j|dg|ch", "j"), (r"ah|uh", "a"), (r"(?<=[aeiou])h", ""),
    (r"v", "f"), (r"b|p", "b"), (r"d|t", "d"), (r"(.)\1+", r"\1"),
)  # fmt: skip
"""English spellings of alike sounds, made the same: "nah boo" and "nabu", "charvis" and "jarvis"."""


@lru_cache(maxsize=1024)
def _sounds(words: str) -> str:
    folded = re.sub(r"[^a-z ]", "", words.lower())
    for pattern, sound in _FOLDS:
        folded = re.sub(pattern, sound, folded)
    return re.sub(r"(.)\1+", r"\1", folded.replace(" ", ""))


def strip_wake(text: str, phrases: Sequence[str]) -> str:
    """`text` without a leading wake phrase of `phrases` or its remnant; "" when nothing else was said.

    `text` is a recogniser's (lower case words, single spaces); so is the result.
    """
    words = text.split()
    while words:
        taken = _taken(words, phrases)
        if not taken:
            break
        words = words[taken:]
    return " ".join(words)


def _taken(words: list[str], phrases: Sequence[str]) -> int:
    """How many words at the front belong to a wake phrase."""
    if words[0] == "[unk]":
        return 1
    best, taken = 0.0, 0
    for phrase in phrases:
        spoken = phrase.lower().split()
        targets = [(_sounds(" ".join(spoken)), len(spoken))]
        if len(spoken) > 1 and len(spoken[-1]) >= _SHORTEST_REMNANT:
            targets.append((_sounds(spoken[-1]), 1))
        for target, length in targets:
            # the recogniser may have split a word it does not know ("nah boo"), or joined two
            for count in range(1, min(len(words), length + 2) + 1):
                alike = Levenshtein.normalized_similarity(_sounds(" ".join(words[:count])), target)
                # of equally alike ones the shorter: a command is never eaten for the sake of a remnant
                if alike >= ALIKE and alike > best:
                    best, taken = alike, count
        if not taken and len(spoken) > 1 and words[0] == spoken[0] and words[0] in _GREETINGS:
            taken = 1
    return taken
