"""BERT's uncased WordPiece: text to the token numbers that sentence-embedding models of its family read."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import ModelError

LONGEST_WORD = 100
"""Letters; a longer word is unknown, as in the models' own tokenizer."""


class WordPiece:
    """A vocabulary and the rules that cut words into its pieces."""

    def __init__(self, path: Path) -> None:
        """`path`: vocab.txt, one piece a line, its number is its line. Raises ModelError."""
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{path}: the vocabulary cannot be read; pull the model again") from error
        self._pieces = {piece: number for number, piece in enumerate(lines) if piece}
        try:
            self._begin, self._end, self._unknown = (self._pieces[mark] for mark in ("[CLS]", "[SEP]", "[UNK]"))
        except KeyError as error:
            raise ModelError(f"{path}: is no WordPiece vocabulary (no {error}); pull the model again") from error
        self._longest = max(map(len, self._pieces))

    def __len__(self) -> int:
        return len(self._pieces)

    def encode(self, text: str, most: int) -> list[int]:
        """Token numbers with begin and end marks, `most` at most."""
        found: list[int] = []
        for word in _words(text):
            found += self._cut(word)
            if len(found) >= most - 2:
                break
        return [self._begin, *found[: most - 2], self._end]

    def _cut(self, word: str) -> list[int]:
        """The longest pieces from left to right; unknown as a whole when a rest fits none."""
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        found, start = list[int](), 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                number = self._pieces.get(prefix + word[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return [self._unknown]
        return found


def _words(text: str) -> Iterator[str]:
    """Lower-case words without accents; every punctuation mark and ideograph is a word."""
    word: list[str] = []
    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if category == "Mn" or char in "\0\ufffd" or (category[0] == "C" and char not in "\t\n\r"):
            continue
        if category == "Zs" or char in "\t\n\r":
            yield from _finished(word)
        elif _mark(char, category) or _ideograph(ord(char)):
            yield from _finished(word)
            yield char
        else:
            word.append(char)
    yield from _finished(word)


def _finished(word: list[str]) -> Iterator[str]:
    if word:
        yield "".join(word)
        word.clear()


def _mark(char: str, category: str) -> bool:
    return category[0] == "P" or (char.isascii() and not char.isalnum())


def _ideograph(code: int) -> bool:
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x2CEAF
        or 0x2F800 <= code <= 0x2FA1F
    )
