"""Spoken answers are short: two sentences, unless more was asked for."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from assistant.texts import texts
from assistant.tts.clauses import ClauseSplitter

SENTENCES = 2
"""Of an answer when nobody asked for more; the owner's rule."""

SHORT_TOKENS, LONG_TOKENS = 96, 320
"""Tokens at most: two long sentences; a minute and a half of speech."""

_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*$")


def asks_for_more(question: str, language: str = "en") -> bool:
    """Whether the words of a question want more than a short answer ("explain", "tell me a story")."""
    return re.search(texts(language, "answering")["more"], question, re.IGNORECASE) is not None


def end_of(text: str, sentences: int) -> int | None:
    """Where the given number of sentences or lines of `text` ends; None while that is not certain."""
    found = at = 0
    for clause in ClauseSplitter().push(text):
        at = text.index(clause, at) + len(clause)
        line = text[at:].lstrip(" \t")[:1] == "\n"
        if _END.search(clause) or line:
            found += 1
        if found == sentences:
            return at
    return None


async def brief(pieces: AsyncGenerator[str], sentences: int = SENTENCES) -> AsyncGenerator[str]:
    """`pieces` up to the end of so many sentences; then the rest is not even made."""
    text, said = "", 0
    async with aclosing(pieces):
        async for piece in pieces:
            text += piece
            end = end_of(text, sentences)
            if end is not None:
                if end > said:
                    yield text[said:end]
                return
            yield piece
            said = len(text)
