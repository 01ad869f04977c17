"""The International Phonetic Alphabet, as espeak-ng writes English, turned into the 39 phones."""

from typing import Final

from assistant.stt.graph.phones import Pronunciation

# Longest match first. espeak-ng's en-us inventory, with the British and reduced variants it may give for names.
_TABLE: Final[dict[str, tuple[str, ...]]] = {
    "aɪɚ": ("AY", "ER"), "aɪə": ("AY", "AH"), "aʊɚ": ("AW", "ER"), "aʊə": ("AW", "AH"),
    "aɪ": ("AY",), "aʊ": ("AW",), "eɪ": ("EY",), "oʊ": ("OW",), "əʊ": ("OW",), "ɔɪ": ("OY",), "oɪ": ("OY",),
    "ɪɹ": ("IH", "R"), "ʊɹ": ("UH", "R"), "ɛɹ": ("EH", "R"), "iə": ("IY", "AH"), "eə": ("EH", "R"), "ʊə": ("UH", "R"),
    "ɪə": ("IH", "R"), "əɹ": ("ER",), "ɜɹ": ("ER",), "ɚɹ": ("ER", "R"), "tʃ": ("CH",), "dʒ": ("JH",), "əl": ("AH", "L"),
    "ɜ": ("ER",), "ɚ": ("ER",), "ɝ": ("ER",), "ɑ": ("AA",), "ɒ": ("AA",), "æ": ("AE",), "a": ("AE",), "ʌ": ("AH",),
    "ə": ("AH",), "ɐ": ("AH",), "ɔ": ("AO",), "o": ("AO",), "ɛ": ("EH",), "e": ("EY",), "ɪ": ("IH",), "ᵻ": ("IH",),
    "ɨ": ("IH",), "i": ("IY",), "y": ("UW",), "ʊ": ("UH",), "u": ("UW",), "ø": ("ER",), "œ": ("ER",),
    "b": ("B",), "d": ("D",), "f": ("F",), "ɡ": ("G",), "g": ("G",), "h": ("HH",), "k": ("K",), "l": ("L",),
    "ɫ": ("L",), "m": ("M",), "n": ("N",), "ɲ": ("N", "Y"), "ŋ": ("NG",), "p": ("P",), "ɹ": ("R",), "r": ("R",),
    "ʁ": ("R",), "s": ("S",), "ʃ": ("SH",), "ʂ": ("SH",),
    "t": ("T",), "ɾ": ("T",), "ʔ": ("T",), "θ": ("TH",), "ð": ("DH",),
    "v": ("V",),
    "w": ("W",), "ʍ": ("W",), "j": ("Y",), "z": ("Z",), "ʒ": ("ZH",), "x": ("K",), "ç": ("HH",),
    "ɬ": ("L",), "q": ("K",), "c": ("K",), "β": ("V",), "ɣ": ("G",), "ʎ": ("L", "Y"), "ɥ": ("W",), "ɕ": ("SH",),
}  # fmt: skip
_LONGEST: Final = max(map(len, _TABLE))


def phones_from_ipa(text: str) -> Pronunciation:
    """The phones of an IPA string; stress, length, ties, spaces and signs of other languages are dropped."""
    plain = "".join(sign for sign in text if sign not in "ˈˌːˑ͡‿ʲʰ̩̯̃- ")
    phones: list[str] = []
    position = 0
    while position < len(plain):
        for size in range(min(_LONGEST, len(plain) - position), 0, -1):
            found = _TABLE.get(plain[position : position + size])
            if found is not None:
                phones.extend(found)
                position += size
                break
        else:
            position += 1
    return tuple(phones)
