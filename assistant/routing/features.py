"""From a sentence to hashed features: words, word runs, and such runs with content words replaced by what they name.

Both a written and a recognised sentence come out alike: lower case, no punctuation, contractions opened, every
number one token.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.nlu.numbers import TENS, UNITS
from assistant.routing.lexicon import CONCEPTS, Lexicon, word_hash

BUCKETS = 1 << 17
"""Rows of the weight table. 2^17 keeps collisions rare for the ~10^5 distinct features of the training set."""

NUMBER = "<num>"
_NUMBER_WORDS = (frozenset(UNITS + TENS) - {"", "one"}) | {"oh", "hundred", "thousand", "million", "billion"}
"""Without "one", which is a person as often as a number. What the classifier was trained on."""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:[.,:]\d+)*(?:st|nd|rd|th|%)?")
_CONTRACTIONS = {
    "i'm": "i am",
    "im": "i am",
    "i've": "i have",
    "ive": "i have",
    "i'll": "i will",
    "i'd": "i would",
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "wont": "will not",
    "don't": "do not",
    "dont": "do not",
    "doesn't": "does not",
    "doesnt": "does not",
    "didn't": "did not",
    "didnt": "did not",
    "isn't": "is not",
    "isnt": "is not",
    "aren't": "are not",
    "wasn't": "was not",
    "weren't": "were not",
    "haven't": "have not",
    "havent": "have not",
    "hasn't": "has not",
    "hasnt": "has not",
    "hadn't": "had not",
    "wouldn't": "would not",
    "couldn't": "could not",
    "shouldn't": "should not",
    "what's": "what is",
    "whats": "what is",
    "who's": "who is",
    "whos": "who is",
    "where's": "where is",
    "wheres": "where is",
    "how's": "how is",
    "it's": "it is",
    "that's": "that is",
    "thats": "that is",
    "he's": "he is",
    "she's": "she is",
    "there's": "there is",
    "let's": "let us",
    "you're": "you are",
    "we're": "we are",
    "they're": "they are",
    "we've": "we have",
    "you've": "you have",
    "they've": "they have",
    "we'll": "we will",
    "gimme": "give me",
    "wanna": "want to",
    "gotta": "have to",
    "dunno": "do not know",
}
_FUNCTION = frozenset(
    [
        "a",
        "an",
        "the",
        "i",
        "me",
        "my",
        "mine",
        "myself",
        "you",
        "your",
        "we",
        "us",
        "our",
        "he",
        "him",
        "his",
        "she",
        "her",
        "they",
        "them",
        "their",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "who",
        "what",
        "which",
        "when",
        "where",
        "why",
        "how",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "can",
        "could",
        "should",
        "would",
        "will",
        "may",
        "might",
        "must",
        "not",
        "no",
        "and",
        "or",
        "but",
        "if",
        "because",
        "so",
        "than",
        "then",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "from",
        "with",
        "without",
        "by",
        "about",
        "into",
        "over",
        "after",
        "before",
        "during",
        "between",
        "there",
        "here",
        "all",
        "any",
        "some",
        "many",
        "much",
        "more",
        "most",
        "first",
        "last",
        "next",
        "new",
        "old",
        "one",
        "each",
        "every",
        "other",
        "please",
        "help",
        "need",
        "want",
        "make",
        "get",
        "go",
        "take",
        "give",
        "tell",
        "write",
        "say",
        "send",
        "show",
        "know",
        "find",
    ]
)
FIRST_PERSON = frozenset(["i", "me", "my", "mine", "myself", "we", "us", "our"])
SENSITIVE = frozenset(
    ("illness", "mental", "medicine", "body", "care", "sex", "kin", "money", "secret", "law", "crime", "contact")
)


def words_of(text: str) -> list[str]:
    """Normalised words of `text`; runs of numbers become one "<num>"."""
    text = (
        text.lower()
        .replace("\u2019", "'")
        .replace("$", " dollars ")
        .replace("\u00a3", " pounds ")
        .replace("\u20ac", " euros ")
    )
    out: list[str] = []
    for token in _WORD.findall(text):
        if token[0].isdigit() or token in _NUMBER_WORDS:
            if not out or out[-1] != NUMBER:
                out.append(NUMBER)
            continue
        opened = _CONTRACTIONS.get(token)
        if opened:
            out += opened.split()
        elif token.endswith("'s"):
            out += [token[:-2], "'s"]
        else:
            out.append(token.replace("'", ""))
    return out


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence as the classifier sees it."""

    words: tuple[str, ...]
    concepts: tuple[frozenset[str], ...]
    """What each word names, by the lexicon; a phrase's concepts stand on its first word."""

    def count(self, concept: str) -> int:
        """How many words name `concept`."""
        return sum(concept in c for c in self.concepts)


def read(text: str, lexicon: Lexicon) -> Reading:
    """Split and look up. Phrases of up to three words are looked up before their parts."""
    words = words_of(text)
    joined: list[str] = []
    concepts: list[frozenset[str]] = []
    i = 0
    while i < len(words):
        for n in (3, 2, 1):
            run = words[i : i + n]
            if len(run) < n:
                continue
            phrase = " ".join(run)
            mask = 0 if n == 1 and phrase in _FUNCTION else lexicon.mask(phrase)
            if n > 1 and (not mask or run[0] in _FUNCTION or run[-1] in _FUNCTION):
                continue
            joined.append(phrase)
            concepts.append(frozenset(c for b, c in enumerate(CONCEPTS) if mask >> b & 1))
            i += n
            break
    return Reading(tuple(joined), tuple(concepts))


_ORDER = (
    "illness",
    "mental",
    "medicine",
    "sex",
    "care",
    "secret",
    "law",
    "crime",
    "kin",
    "money",
    "contact",
    "body",
    "name",
    "animal",
    "food",
    "plant",
    "place",
    "sport",
    "event",
    "work",
    "science",
    "language",
    "measure",
    "time",
    "person",
    "thing",
)


def _shape(word: str, concepts: frozenset[str]) -> str:
    if word == NUMBER or (word in _FUNCTION and not concepts):
        return word
    for concept in _ORDER:
        if concept in concepts:
            return "<" + concept + ">"
    return "x"


def features(reading: Reading) -> npt.NDArray[np.int64]:
    """Distinct feature buckets of a sentence, sorted, shape (n,)."""
    words = ["^", *reading.words, "$"]
    shapes = ["^", *(_shape(w, c) for w, c in zip(reading.words, reading.concepts, strict=True)), "$"]
    names: set[str] = set()
    for n, mark in ((1, "u"), (2, "b"), (3, "t")):
        names |= {mark + " ".join(words[i : i + n]) for i in range(len(words) - n + 1)}
    names |= structure(reading, shapes)
    return np.array(sorted({word_hash(n) % BUCKETS for n in names}), dtype=np.int64)


def structure(reading: Reading, shapes: list[str]) -> set[str]:
    """Features that do not depend on the particular content words."""
    names: set[str] = set()
    for n in (2, 3, 4):
        names |= {"s" + " ".join(shapes[i : i + n]) for i in range(len(shapes) - n + 1)}
    collapsed = [s for i, s in enumerate(shapes) if s != "x" or shapes[i - 1] != "x"]
    for n in (3, 5):
        names |= {"c" + " ".join(collapsed[i : i + n]) for i in range(len(collapsed) - n + 1)}
    names.add("p" + " ".join(collapsed[:4]))
    first = bool(FIRST_PERSON & set(reading.words))
    names.add(f"fp{first}")
    numbers = reading.words.count(NUMBER)
    names.add(f"numbers{min(numbers, 4)}")
    asks_amount = any(
        a == "how" and b in ("many", "much", "long", "old")
        for a, b in zip(reading.words, reading.words[1:], strict=False)
    )
    names.add(f"sum{min(numbers, 3)}{asks_amount}{first}")
    names.add(f"length{min(len(reading.words) // 4, 10)}")
    for concept in SENSITIVE:
        count = reading.count(concept)
        if count:
            names |= {f"k{concept}", f"k{concept}{min(count, 3)}", f"k{concept}fp{first}"}
    for concepts in reading.concepts:
        names |= {"a" + c for c in concepts}
    for here, after in zip(reading.words, reading.concepts[1:], strict=False):
        if here in ("my", "our"):
            names |= {"my<" + c + ">" for c in after} or {"my<x>"}
    for word, concepts in zip(reading.words, reading.concepts, strict=True):
        if len(word) >= 6 and not (concepts & SENSITIVE):  # how an unknown word ends: -itis, -emia, -mab
            names |= {"e" + word[-n:] for n in (3, 4, 5)} | {"h" + word[:4]}
    return names
