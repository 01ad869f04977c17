"""Which of flite's phones each of Piper's phoneme tokens is: two transcriptions of one sentence, laid side by side.

Piper feeds espeak-ng's phonemes, one code point a token; flite says what it spoke in its own set of phones, with
times. Both are American English but not from one lexicon, so they are aligned by least cost, and a sentence on which
they disagree too much is not learnt from.
"""

from dataclasses import dataclass

PAIRS = {
    ("a", "ɪ"): "ay", ("a", "ʊ"): "aw", ("ɔ", "ɪ"): "oy", ("e", "ɪ"): "ey", ("o", "ʊ"): "ow", ("t", "ʃ"): "ch",
    ("d", "ʒ"): "jh", ("ɜ", "ː"): "er", ("ɑ", "ː"): "aa", ("ɔ", "ː"): "ao", ("i", "ː"): "iy", ("u", "ː"): "uw",
    ("n", "̩"): "n", ("o", "ː"): "ao", ("æ", "ː"): "ae",
}  # fmt: skip
"""Two tokens that are one phone."""

SINGLES = {
    "i": "iy", "u": "uw", "ɪ": "ih", "ᵻ": "ih", "ʊ": "uh", "ɛ": "eh", "e": "eh", "æ": "ae", "a": "ae",
    "ʌ": "ah", "ə": "ax", "ɐ": "ax", "ɚ": "er", "ɜ": "er", "ɑ": "aa", "ɔ": "ao", "o": "ao", "b": "b",
    "d": "d", "f": "f", "ɡ": "g", "g": "g", "h": "hh", "j": "y", "k": "k", "l": "l", "m": "m", "n": "n",
    "ŋ": "ng", "p": "p", "ɹ": "r", "r": "r", "s": "s", "ʃ": "sh", "t": "t", "ɾ": "t", "ʔ": "t",
    "θ": "th", "ð": "dh", "v": "v", "w": "w", "z": "z", "ʒ": "zh", "x": "k", "ɬ": "l",
}  # fmt: skip
"""One token, one phone."""

PAUSES = frozenset(",.;:!?")
"""Tokens at which flite may pause, or not."""

VOWELS = frozenset(
    {"aa", "ae", "ah", "ao", "aw", "ax", "axr", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw"}
)
ALIKE = [
    set(group.split())
    for group in (
        "ax ah ih eh ae", "aa ao ah", "er axr ax", "iy ih y", "uw uh w", "t d dx", "s z", "sh zh ch", "jh zh d",
        "th dh", "f v", "n ng m", "er r", "l ow", "ey eh", "ow ao uh", "k g",
    )
]  # fmt: skip
"""Groups within which one lexicon often says one and another the other."""
MISSING = 0.8
"""Cost of a phone that only one side has."""
TOO_FAR = 0.2
"""Cost per phone beyond which a sentence is left out; by looking at what fell out: misread names, mostly."""


SEMI = frozenset({"aɪ", "aʊ", "ɔɪ", "eɪ", "oʊ", "tʃ", "dʒ", "ɜː", "ɑː", "ɔː", "iː", "uː", "oː"})
"""Pairs whose second token is a sound of its own kind: [ɪ] gliding from [a] is not the [ɪ] of "bit"."""

NEAREST = {
    "c": "k", "q": "k", "ɟ": "ɡ", "ɢ": "ɡ", "ɣ": "ɡ", "χ": "h", "ħ": "h", "ɦ": "h", "ɕ": "ʃ", "ʂ": "ʃ",
    "ʑ": "ʒ", "ʐ": "ʒ", "ɲ": "n", "ɳ": "n", "ɴ": "ŋ", "ɱ": "m", "ʎ": "l", "ɭ": "l", "ʟ": "l", "ɮ": "l",
    "ɖ": "d", "ɗ": "d", "ʈ": "t", "ɓ": "b", "β": "v", "ʋ": "v", "ɸ": "f", "ɥ": "w", "ʀ": "ɹ", "ʁ": "ɹ",
    "ɻ": "ɹ", "ɽ": "ɾ", "ɺ": "l", "ɘ": "ə", "ɵ": "ə", "ɤ": "ʌ", "ɯ": "u", "ɞ": "ɜ", "ɶ": "æ", "ʏ": "ɪ",
    "ʝ": "j", "ɰ": "w", "ʙ": "b", "ʕ": "ʔ", "ʡ": "ʔ", "ʜ": "h", "ʢ": "h", "ε": "ɛ", "ʦ": "s", "ɧ": "ʃ",
    "ɒ": "ɑ", "e": "ɛ", "ɠ": "ɡ", "ʛ": "ɡ", "ɫ": "l", "X": "h", "ⱱ": "v", "ʄ": "j", "g": "ɡ", "r": "ɹ",
    "ɨ": "ᵻ", "ʉ": "u", "ɝ": "ɚ", "y": "u", "ø": "ɜ", "œ": "ɜ", "x": "k", "ç": "h", "ʍ": "w", "ɬ": "l",
    "o": "ɔ", "a": "æ", "ʔ": "t", "?": ".", "!": ".", ";": ",", ":": ",", "$": ".",
}  # fmt: skip
"""Sounds that were not recorded, as an American mouth would say them; and punctuation by the length of its pause."""


def kind(before: str, token: str, known: frozenset[str]) -> str:
    """Name of the sound class of `token` after the token `before`; "" when it has no sound of its own.

    `known`: the classes that were recorded.
    """
    if token == "$" and before in PAUSES:
        return ""
    if before + token in SEMI and before + token in known:
        return before + token
    if token == "ː":
        return kind("", before, known)
    if token in known:
        return token
    other = NEAREST.get(token, "")
    return other if other in known else ""


@dataclass(frozen=True, slots=True)
class Span:
    """One phone of Piper's side."""

    phone: str
    """In flite's set; "pau" for punctuation, the start and the end; " " between words."""
    tokens: tuple[int, ...]
    """Indices of the tokens that it stands for; one or two, rising."""


def spans(tokens: list[str]) -> list[Span]:
    """Piper's tokens (no padding, no ^ and $) as phones; unknown ones are left out, as are stress marks."""
    found: list[Span] = []
    index = 0
    while index < len(tokens):
        pair = (tokens[index], tokens[index + 1] if index + 1 < len(tokens) else "")
        if pair in PAIRS:
            found.append(Span(PAIRS[pair], (index, index + 1)))
            index += 2
            continue
        token = tokens[index]
        if token in PAUSES:
            found.append(Span("pau", (index,)))
        elif token == " ":
            found.append(Span(" ", (index,)))
        elif token in SINGLES:
            found.append(Span(SINGLES[token], (index,)))
        index += 1
    return found


def cost(ours: str, theirs: str) -> float:
    """Price of taking two phones for one sound."""
    if ours == theirs:
        return 0.0
    if "pau" in (ours, theirs) or ours == " ":
        # A pause without punctuation falls between words; anything else there is out of the question.
        return 0.3 if {ours, theirs} == {"pau", " "} else 9.0
    if any(ours in group and theirs in group for group in ALIKE):
        return 0.4
    return 0.8 if (ours in VOWELS) == (theirs in VOWELS) else 1.7


def align(ours: list[Span], theirs: list[str]) -> tuple[list[tuple[int | None, int | None]], float]:
    """Pairs of indices (None where a side has nothing), in order, and the cost per phone.

    Spaces and punctuation that flite passes over cost nothing.
    """
    rows, columns = len(ours) + 1, len(theirs) + 1
    best = [[0.0] * columns for _ in range(rows)]
    step = [[0] * columns for _ in range(rows)]
    for i in range(rows):
        free = i > 0 and ours[i - 1].phone in (" ", "pau")
        for j in range(columns):
            options = []
            if i and j:
                options.append((best[i - 1][j - 1] + cost(ours[i - 1].phone, theirs[j - 1]), 0))
            if i:
                options.append((best[i - 1][j] + (0.01 if free else MISSING), 1))
            if j:
                options.append((best[i][j - 1] + (2.0 if theirs[j - 1] == "pau" else MISSING), 2))
            if options:
                best[i][j], step[i][j] = min(options)
    i, j = len(ours), len(theirs)
    pairs: list[tuple[int | None, int | None]] = []
    while i or j:
        kind = step[i][j]
        i, j = i - (kind != 2), j - (kind != 1)
        pairs.append((i if kind != 2 else None, j if kind != 1 else None))
    return pairs[::-1], best[-1][-1] / max(1, len(theirs))
