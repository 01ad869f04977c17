"""The 39 phones of General American, the alphabet of the acoustic model and of every pronunciation.

The names are the CMU Pronouncing Dictionary's, without stress. The order is the order of the network's
outputs (output 0 is the CTC blank) and must never change for a trained model.
"""

from typing import Final

Pronunciation = tuple[str, ...]
"""One way to say a word: its phones in order, never empty."""

PHONES: Final[tuple[str, ...]] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
BLANK: Final = 0
PHONE_INDEX: Final[dict[str, int]] = {phone: index + 1 for index, phone in enumerate(PHONES)}
VOWELS: Final[frozenset[str]] = frozenset(
    ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
)
