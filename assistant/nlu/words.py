"""From any text to plain words: the form that every tier of understanding works on."""

import re
import unicodedata

LONGEST_TEXT = 1_000
"""Characters looked at. A spoken request of eight seconds has about 150; what is longer is no command."""

LONGEST_REQUEST = 40
"""Words in a request. The longest sentence of a home command is about 25 words; beyond, it is talk."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "“": " ", "”": " ", '"': " ", "–": "-", "—": " "})
_UNWANTED = re.compile(r"[^\w\s'.,:$£€%+*/^°-]")
_DANGLING = re.compile(r"(?<!\d)[.,:](?!\d)|[.,:](?=\s|$)|(?<![\w.])'|'(?![\w])|(?<=[^\W\d])-(?=[^\W\d])")
_GLUED = re.compile(r"(?<=\d)(am|pm)\b")
_DAYPART = re.compile(r"\b([ap])\.?\s?m\b\.?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def clean(text: str) -> str:
    """`text` in lower case, single spaces, without punctuation except inside numbers, times and money.

    Looks at the first LONGEST_TEXT characters only. "a.m." and "a m" become "am" after a number or time.
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).translate(_QUOTES).lower()
    text = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)
    text = _UNWANTED.sub(" ", text)
    text = _THOUSANDS.sub("", text)
    text = _GLUED.sub(r" \1", text)
    text = _DAYPART.sub(r"\1m ", text)
    text = _DANGLING.sub(" ", text)
    return " ".join(text.split())
