"""How a word is said: the dictionary first, then its stem, then espeak-ng's rules (bundled with Piper)."""

import re
import threading
from functools import lru_cache
from typing import Final

from piper.phonemize_espeak import EspeakPhonemizer

from assistant.errors import ModelError
from assistant.stt.graph.dictionary import dictionary_pronunciations
from assistant.stt.graph.ipa import phones_from_ipa
from assistant.stt.graph.phones import Pronunciation

_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['.-])*|'[a-z]+")
_lock = threading.Lock()  # espeak-ng is one global machine


def pronounce(word: str) -> list[Pronunciation]:
    """The ways to say `word`, the most usual first; never empty.

    `word` is one word of letters and apostrophes in any case, accents allowed. Raises ModelError for anything else
    (digits, spaces, words without a sound): such text must be written out in words first.
    """
    plain = word.lower().replace("’", "'")
    listed = dictionary_pronunciations(plain)
    if listed:
        return list(listed)
    return list(_by_rule(plain))


@lru_cache(maxsize=4096)
def _by_rule(word: str) -> tuple[Pronunciation, ...]:
    if not _WORD.fullmatch(word):
        raise ModelError(f"'{word}' cannot be pronounced: write it in letters, numbers in words")
    parts = [dictionary_pronunciations(part) for part in re.split(r"[-.]", word) if part]
    if len(parts) > 1 and all(parts):
        return (sum((readings[0] for readings in parts), ()),)
    for ending, phones in (("'s", ("Z",)), ("s", ("Z",))):  # a plural or possessive of a listed word
        stem = word.removesuffix(ending)
        base = dictionary_pronunciations(stem) if stem != word else ()
        if base:
            return tuple(reading + _s_sound(reading, phones) for reading in base)
    guessed = phones_from_ipa(_espeak(word))
    if not guessed:
        raise ModelError(f"'{word}' cannot be pronounced: no sound is known for it")
    return (guessed,)


def _s_sound(reading: Pronunciation, voiced: Pronunciation) -> Pronunciation:
    if reading[-1] in {"S", "Z", "SH", "ZH", "CH", "JH"}:
        return ("IH", "Z")
    return ("S",) if reading[-1] in {"P", "T", "K", "F", "TH"} else voiced


@lru_cache(maxsize=1)
def _phonemizer() -> EspeakPhonemizer:
    return EspeakPhonemizer()


def _espeak(word: str) -> str:
    with _lock:
        return "".join(sign for sentence in _phonemizer().phonemize("en-us", word) for sign in sentence)
