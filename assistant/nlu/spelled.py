"""Digits said one by one: "three five four five" ⇄ "3545"."""

from collections.abc import Sequence

from assistant.nlu.numbers import TENS, UNITS

_DIGIT = {word: str(value) for value, word in enumerate(UNITS[:10])} | {"oh": "0", "o": "0"}
_REPEAT = {"double": 2, "triple": 3, "treble": 3}


def say_digits(digits: str) -> str:
    """Each digit by its name: "3545" → "three five four five". Raises ValueError for anything but 0-9."""
    if not digits.isascii() or not digits.isdecimal():
        raise ValueError(f"{digits[:40]!r} holds more than the digits 0-9")
    return " ".join(UNITS[int(digit)] for digit in digits)


def parse_digits(words: Sequence[str], start: int = 0) -> tuple[str, int] | None:
    """The longest run of at least two digits said one by one from `words[start]`: (digits, index after), or None.

    "double four" counts as two. A single digit is a number, not a spelling, and gives None.
    """
    digits, at = "", start
    while at < len(words):
        if words[at] in _REPEAT and at + 1 < len(words) and words[at + 1] in _DIGIT:
            digits += _DIGIT[words[at + 1]] * _REPEAT[words[at]]
            at += 2
        elif words[at] in _DIGIT:
            digits += _DIGIT[words[at]]
            at += 1
        else:
            break
    return (digits, at) if len(digits) >= 2 else None


def follows_spelling(words: Sequence[str], at: int) -> bool:
    """True when `words[at]` would make the run before it a compound number ("five twenty")."""
    return at < len(words) and words[at] in TENS[2:]
