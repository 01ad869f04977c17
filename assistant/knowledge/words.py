"""What a question asks about: its words without those that every question has."""

import re
from functools import cache

from assistant.nlu.normalise import written
from assistant.texts import texts

MOST_WORDS = 12
"""Of a question that are looked up; longer ones are stories, and each word is one more search."""

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_ENDINGS = ("ings", "ing", "ies", "ied", "edly", "ed", "es", "s", "ly", "e", "y")
_LEFT = {"ings": 4, "ing": 4, "ed": 4, "edly": 4}


def words_of(text: str) -> list[str]:
    """All words, lower case, as they are compared."""
    return [word.replace("’", "'").removesuffix("'s") for word in _WORD.findall(text.lower())]


def stem(word: str) -> str:
    """The word without its usual English endings: "orbits", "orbiting" and "orbit" are one.

    Coarse, and used to compare only: the searches have better stemmers of their own.
    """
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEFT.get(ending, 3):
            return word[: -len(ending)]
    return word


def stems(text: str) -> set[str]:
    """The stems of all words of a text."""
    return {stem(word) for word in words_of(text)}


@cache
def _common(language: str) -> frozenset[str]:
    return frozenset(texts(language, "knowledge")["common"].split())


@cache
def _pattern(language: str, key: str) -> re.Pattern[str]:
    return re.compile(texts(language, "knowledge")[key], re.IGNORECASE)


def key_words(question: str, language: str = "en") -> list[str]:
    """The words that what is asked about must hold, each once, in order; numbers as figures ("apollo 11")."""
    asked = _pattern(language, "courtesy").sub("", question.strip())
    found = [word for word in words_of(written(asked)) if word not in _common(language)]
    return list(dict.fromkeys(found))[:MOST_WORDS]


def is_question(text: str, language: str = "en") -> bool:
    """Whether the words ask for something that could stand in a book, and not for what is only true now."""
    asked = _pattern(language, "courtesy").sub("", text.strip())
    return bool(_pattern(language, "asks").match(asked)) and not _pattern(language, "passing").search(asked)


def is_personal(text: str, language: str = "en") -> bool:
    """Whether it asks about the people of this house or the assistant: no encyclopaedia knows that."""
    asked = _pattern(language, "courtesy").sub("", text.strip())
    return bool(_pattern(language, "personal").search(asked))


def subject_phrases(question: str, language: str = "en", longest: int = 4) -> list[str]:
    """Runs of words that could be the title of an article, the longest first: "natural history museum", "museum"."""
    asked = words_of(_pattern(language, "courtesy").sub("", question.strip()))
    common = _common(language)
    found = []
    for length in range(min(longest, len(asked)), 0, -1):
        for start in range(len(asked) - length + 1):
            run = asked[start : start + length]
            if run[0] not in common and run[-1] not in common:
                found.append(" ".join(run))
    return found
