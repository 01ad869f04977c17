"""Cut a text, possibly still being written, into clauses that can be spoken one after another."""

import re

FIRST_SOFT = 18
"""Characters from which the first clause may end at a comma or dash: about a second of speech, so that the voice
begins early and the second clause is ready before the first has been said."""

LATER_SOFT = 80
"""The same for later clauses: speech is already running, and whole sentences sound better."""

LONGEST = 220
"""Characters at which a clause is cut at a space even without punctuation (about fifteen seconds of speech)."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEVER = _set(
    "mr mrs ms mx dr prof st mt rev gen col capt cmdr lt sgt maj gov sen rep hon messrs fr vs e.g i.e cf approx ca "
    "viz al esp incl excl tel ph"
)
"""Abbreviations that are always followed by more of the sentence."""

_BEFORE_DIGIT = _set(
    "no nos fig figs vol vols pp p ch sec art eq ex jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed "
    "thu thur thurs fri sat sun"
)
"""Abbreviations when a number follows, ordinary sentence ends otherwise ("No. It is not.")."""

_MAYBE = _set(
    "a.m p.m etc inc ltd co corp jr sr bros dept est ave blvd rd ft in oz lb lbs hr hrs min mins sq gal yd kg cm mm km "
    "max temp no"
)
"""Abbreviations that may end a sentence: they do when a capital letter follows."""

_CANDIDATE = re.compile(
    r"(?P<line>[^\S\n]*\n\s*)"
    r"|(?P<end>[.!?\u2026]+[\"'\u201d\u2019)\]]*)(?=\s)"
    r"|(?P<soft>[,;:][\"'\u201d\u2019)\]]*)(?=\s)"
    r"|(?P<dash>\s[-\u2013\u2014]+)(?=\s)"
    r"|(?P<em>\u2014)(?=\w)"
)
_WORD_BEFORE = re.compile(r"[\w.'\u2019&/=?:%#-]+$")
_LIST_NUMBER = re.compile(r"\d{1,2}\.\s")
_OPENING = "\"'\u201c\u2018(["


class ClauseSplitter:
    """Feed it text as it comes; it hands out clauses as soon as their end is certain.

    Nothing but white space is ever lost or added, and how the text was cut into pieces makes no difference.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._spoken = False

    def push(self, text: str) -> list[str]:
        """Add text; the clauses that are complete now."""
        self._buffer += text
        return self._take(final=False)

    def flush(self) -> list[str]:
        """No more text: the clauses that are left. The splitter begins anew."""
        rest = self._take(final=True)
        self._buffer, self._spoken = "", False
        return rest

    def _take(self, *, final: bool) -> list[str]:
        clauses = []
        while True:
            self._buffer = self._buffer.lstrip()
            cut = self._cut(final)
            if cut <= 0:
                break
            clauses.append(self._buffer[:cut].strip())
            self._buffer = self._buffer[cut:]
            self._spoken = True
        if final and self._buffer.strip():
            clauses.append(self._buffer.strip())
        return clauses

    def _cut(self, final: bool) -> int:
        """Where the first clause of the buffer ends; 0 when that is not certain yet."""
        text = self._buffer
        least = LATER_SOFT if self._spoken else FIRST_SOFT
        for found in _CANDIDATE.finditer(text):
            if found.end() > LONGEST:
                break
            following = _next_letter(text, found.end())
            if following == "" and not (final or found["line"]):
                return 0
            if found["line"]:
                return found.end() if following or final else 0
            if found["end"] and _ends_sentence(text, found, following, least):
                return found.end()
            if found["soft"] and found.end() >= least:
                return found.end()
            if (found["dash"] or found["em"]) and found.end() >= least and not _between_digits(text, found):
                return found.end()
        if len(text) > LONGEST:
            space = max(text.rfind(mark, 0, LONGEST + 1) for mark in " \t")
            return max(space, 0)
        return 0


def split(text: str) -> list[str]:
    """All clauses of a finished text."""
    splitter = ClauseSplitter()
    return [*splitter.push(text), *splitter.flush()]


def _next_letter(text: str, start: int) -> str:
    """The first character after `start` that is neither space nor an opening mark; "" when it is not there yet."""
    for letter in text[start:]:
        if not letter.isspace() and letter not in _OPENING:
            return letter
    return ""


def _between_digits(text: str, found: re.Match[str]) -> bool:
    before = text[: found.start()].rstrip()
    after = text[found.end() :].lstrip()
    return before[-1:].isdigit() and after[:1].isdigit()


def _ends_sentence(text: str, found: re.Match[str], following: str, least: int) -> bool:
    mark = found["end"]
    if mark.startswith(("...", "\u2026")):
        # an ellipsis is a pause for thought rather than an end, unless a new sentence begins
        return following.isupper() or found.end() >= least
    if mark[-1] not in ".!?" and following.islower():
        return found.end() >= least  # a quotation inside a sentence: "Why?" she asked
    if not mark.startswith(".") or len(mark.rstrip("\"'\u201d\u2019)]")) > 1:
        return True
    word_match = _WORD_BEFORE.search(text, 0, found.start())
    word = word_match.group() if word_match else ""
    low = word.lower()
    if low in _NEVER:
        return False
    if low in _BEFORE_DIGIT and following.isdigit():
        return False
    if len(word) == 1 and word.isalpha() and word != "I":
        return False  # an initial: "J. R. Hartley"
    if low in _MAYBE and low not in _BEFORE_DIGIT:
        return not following.islower() and not following.isdigit()
    if re.fullmatch(r"(?:\w\.)+\w", word):
        return False  # "U.S. Army"
    if word.isdigit() and _LIST_NUMBER.match(text):
        return False  # the number of a list item: "1. Milk 2. Eggs"
    return not following.islower() or found.end() >= least
