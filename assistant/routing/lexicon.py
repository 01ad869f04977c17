"""Which words name an illness, a medicine, a relative, money ...: dictionary knowledge, kept as hashes and bit masks.

Made by scripts/routing/lexicon.py from WordNet 3.0, the ICD-10-CM titles and a list of medicine names.
"""

import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

CONCEPTS = (
    "illness",
    "mental",
    "medicine",
    "body",
    "care",
    "sex",
    "kin",
    "money",
    "secret",
    "law",
    "crime",
    "contact",
    "name",
    "animal",
    "food",
    "plant",
    "place",
    "thing",
    "work",
    "science",
    "person",
    "sport",
    "event",
    "measure",
    "time",
    "language",
)
"""The bit of a mask, in order."""


def word_hash(word: str) -> int:
    """32-bit CRC of a lower-case word or phrase."""
    return zlib.crc32(word.encode("utf-8"))


def privacy_dir() -> Path:
    """Where the gate's own small models lie (a checkout or the installed image)."""
    return Path(__file__).resolve().parents[2] / "models" / "embedded" / "privacy"


class Lexicon:
    """Words to concepts. Immutable after loading; lookups are thread-safe."""

    def __init__(self, hashes: npt.NDArray[np.uint32], masks: npt.NDArray[np.uint32]) -> None:
        self._masks: dict[int, int] = dict(zip(hashes.tolist(), masks.tolist(), strict=True))

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        """Read the .npz. Raises OSError or ValueError for a missing or damaged file."""
        with np.load(path, allow_pickle=False) as data:
            return cls(data["hashes"], data["masks"])

    def mask(self, word: str) -> int:
        """The concepts of `word` (lower case), trying its singular or base form; 0 when unknown."""
        get = self._masks.get
        found = get(word_hash(word), 0)
        if found or len(word) < 4:
            return found
        for ending, instead, least in (
            ("ies", "y", 0),
            ("es", "", 0),
            ("s", "", 0),
            ("ing", "", 8),
            ("ing", "e", 8),
            ("ed", "", 7),
            ("ed", "e", 7),
        ):
            if word.endswith(ending) and len(word) >= least:  # "shining" is not done with shins
                found = get(word_hash(word[: -len(ending)] + instead), 0)
                if found:
                    return found
        return 0


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lexicon that comes with the checkout."""
    return Lexicon.load(privacy_dir() / "lexicon.npz")
