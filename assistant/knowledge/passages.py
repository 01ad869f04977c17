"""Cutting a text into passages: whole sentences, short enough to be read aloud or put into a prompt."""

import re
from collections.abc import Iterable, Iterator

LONGEST = 500
"""Letters of a passage: about 125 tokens of a prompt, which a Pi's processor reads in about two seconds, and half a
minute of speech of which the first sentences are said."""

_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9À-Þ])")
_ABBREVIATED = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|ca|c|b|d|e\.g|i\.e|approx)|\b[A-Z])\.$")
_BEFORE_NUMBER = re.compile(r"\b(?:[Nn]o|[Ff]ig|[Vv]ol|[Cc]h|[Ss]ec|pp?)\.$")
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """One line without control characters, white space made single."""
    return _SPACE.sub(" ", "".join(c if c.isprintable() or c.isspace() else " " for c in text)).strip()


def sentences(text: str) -> list[str]:
    """The sentences of one paragraph, in order; nothing but white space between them is lost."""
    found, begin = list[str](), 0
    for end in _END.finditer(text):
        before = text[begin : end.end()].strip()
        number = text[end.end() : end.end() + 1].isdigit()
        if _ABBREVIATED.search(before) or (number and _BEFORE_NUMBER.search(before)):
            continue
        found.append(before)
        begin = end.end()
    rest = text[begin:].strip()
    return [*found, rest] if rest else found


def passages(paragraphs: Iterable[str]) -> Iterator[str]:
    """Each paragraph in passages of at most LONGEST letters; a sentence longer than that is cut at a space."""
    for paragraph in paragraphs:
        held = ""
        for sentence in sentences(plain(paragraph)):
            for part in _fitting(sentence):
                if held and len(held) + 1 + len(part) > LONGEST:
                    yield held
                    held = ""
                held = f"{held} {part}" if held else part
        if held:
            yield held


def _fitting(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        at = sentence.rfind(" ", 1, LONGEST)
        at = LONGEST if at < 1 else at
        yield sentence[:at].strip()
        sentence = sentence[at:].strip()
    if sentence:
        yield sentence
