# ruff: noqa: E501 - patterns and word lists read better in one line
"""Numbers, letters and addresses as they are said, turned back into what they stand for.

"four four double two oh one" becomes "442201", "bravo delta five one" becomes "BD51", "john dot smith at example
dot com" becomes "john.smith@example.com". Every character of the result remembers where it was said, so that a
finding in the written form can be cut out of the spoken one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNITS = {
    w: str(i) for i, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
}
UNITS |= {
    "oh": "0",
    "o": "0",
    "nought": "0",
    "naught": "0",
    "nil": "0",
    "ought": "0",
    "aught": "0",
    "niner": "9",
    "fife": "5",
    "tree": "3",
}
TEENS = {
    w: str(i)
    for i, w in enumerate(
        ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
        10,
    )
}
TENS = {
    w: i for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
} | {"fourty": 4}
REPEAT = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
SCALES = frozenset(["thousand", "million", "billion", "trillion"])
NATO = {
    w: w[0]
    for w in [
        "alpha",
        "alfa",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "juliet",
        "juliett",
        "kilo",
        "lima",
        "mike",
        "november",
        "oscar",
        "papa",
        "quebec",
        "romeo",
        "sierra",
        "tango",
        "uniform",
        "victor",
        "whiskey",
        "whisky",
        "xray",
        "yankee",
        "zulu",
    ]
}
SIGNS = {
    "dash": "-",
    "hyphen": "-",
    "minus": "-",
    "point": ".",
    "dot": ".",
    "period": ".",
    "underscore": "_",
    "slash": "/",
    "plus": "+",
    "space": "",
}
LETTER_WORDS = {
    "bee": "b",
    "cee": "c",
    "see": "c",
    "dee": "d",
    "eff": "f",
    "gee": "g",
    "aitch": "h",
    "jay": "j",
    "kay": "k",
    "ell": "l",
    "em": "m",
    "en": "n",
    "pee": "p",
    "cue": "q",
    "queue": "q",
    "are": "r",
    "ess": "s",
    "tee": "t",
    "vee": "v",
    "ex": "x",
    "why": "y",
    "zee": "z",
    "zed": "z",
}
_FILLERS = frozenset(["um", "uh", "er", "erm", "and", "then", "comma", "so", "like"])
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Form:
    """A text derived from what was said, with the way back."""

    text: str
    origin: tuple[tuple[int, int], ...]
    """For each character of `text`, the range of the source text that it comes from."""

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The range of the source that produced text[start:end]."""
        part = self.origin[start:end]
        return min(a for a, _ in part), max(b for _, b in part)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the source."""

    text: str
    start: int
    end: int


def ambiguous(text: str) -> bool:
    """Whether "twenty five" and the like may stand for 20 5 as well."""
    return any(t.text in TENS for t in tokens(text))


def tokens(text: str) -> list[Token]:
    """Words and numbers of `text`, lower case, with their ranges."""
    return [Token(m[0].lower(), m.start(), m.end()) for m in _TOKEN.finditer(text)]


def identity(text: str) -> Form:
    """The text as it stands."""
    return Form(text, tuple((i, i + 1) for i in range(len(text))))


def _small(words: list[str], i: int) -> tuple[int, int] | None:
    """A cardinal below 100 at words[i]: (value, words used)."""
    word = words[i]
    if word in TENS:
        if i + 1 < len(words) and words[i + 1] in UNITS and words[i + 1] not in ("oh", "o", "zero", "nought", "nil"):
            return TENS[word] * 10 + int(UNITS[words[i + 1]]), 2
        return TENS[word] * 10, 1
    if word in TEENS:
        return int(TEENS[word]), 1
    if word in UNITS:
        return int(UNITS[word]), 1
    return None


def _below_thousand(words: list[str], i: int) -> tuple[int, int] | None:
    head = _small(words, i)
    if head is None:
        return None
    value, used = head
    if i + used < len(words) and words[i + used] == "hundred" and value:
        value, used = value * 100, used + 1
        skip = used + (1 if i + used < len(words) and words[i + used] == "and" else 0)
        tail = _small(words, i + skip) if i + skip < len(words) else None
        if tail is not None and tail[0] > 0 and words[i + skip] not in ("oh", "o"):
            value, used = value + tail[0], skip + tail[1]
    return value, used


def quantity(words: list[str], i: int) -> tuple[int, int] | None:
    """A cardinal with a scale ("two thousand one hundred") at words[i]: (value, words used); None for digit runs."""
    total, used, scaled = 0, 0, False
    while i + used < len(words):
        skip = 1 if used and words[i + used] == "and" else 0
        if i + used + skip >= len(words):
            break
        group = _below_thousand(words, i + used + skip)
        if group is None:
            break
        value, n = group
        after = i + used + skip + n
        if after < len(words) and words[after] in SCALES:
            total += value * {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}[words[after]]
            used, scaled = used + skip + n + 1, True
            continue
        if scaled:
            total, used = total + value, used + skip + n
        break
    return (total, used) if scaled else None


def _piece(words: list[str], i: int, *, split: bool) -> tuple[str, int] | None:
    """The characters said by the word(s) at i: (characters, words used)."""
    word = words[i]
    if word in REPEAT and i + 1 < len(words):
        following = words[i + 1]
        one = UNITS.get(following) or (following if len(following) == 1 else None)
        if word == "double" and following in ("u", "you", "yu"):
            return "w", 2
        return (one * REPEAT[word], 2) if one else None
    if split and word in TENS:
        return str(TENS[word] * 10), 1
    number = _below_thousand(words, i)
    if number is not None and (word != "o" or _neighbour_is_number(words, i)):
        lead = "0" if word in ("oh", "o", "zero", "nought", "naught", "nil", "ought", "aught") else ""
        return (lead, 1) if lead else (str(number[0]), number[1])
    if word.isdigit():
        return word, 1
    if len(word) == 1 and word.isalpha():
        return word, 1
    if re.fullmatch(r"\d+[a-z]{1,3}|[a-z]{1,3}\d+[a-z]{0,3}", word):
        return word, 1
    if word in NATO:
        return NATO[word], 1
    return None


def _neighbour_is_number(words: list[str], i: int) -> bool:
    return any(
        0 <= j < len(words)
        and (words[j] in UNITS or words[j] in TENS or words[j] in TEENS or words[j].isdigit() or words[j] in REPEAT)
        for j in (i - 1, i + 1)
    )


def written(text: str, *, split: bool = False) -> Form:
    """Runs of spoken digits and letters joined ("B D five one" -> "BD51"), everything else as it is.

    split=True reads "twenty five" as 20 5 instead of 25. Signs said between numbers ("dash", "point") become signs.
    """
    toks = tokens(text)
    words = [t.text for t in toks]
    out: list[str] = []
    origin: list[tuple[int, int]] = []

    def emit(chars: str, start: int, end: int) -> None:
        out.append(chars)
        origin.extend([(start, end)] * len(chars))

    position, i = 0, 0
    while i < len(toks):
        big = quantity(words, i)
        run: list[tuple[str, int, int]] = []
        if big:
            run = [(str(big[0]), i, i + big[1])]
        elif _piece(words, i, split=split) is not None:
            run = _run(_joined(text, toks, words, i), i, split=split)
        between = text[position : toks[i].start]
        if between:
            out.append(between)
            origin.extend((position + k, position + k + 1) for k in range(len(between)))
        if not run:
            chunk = text[toks[i].start : toks[i].end]
            out.append(chunk)
            origin.extend((toks[i].start + k, toks[i].start + k + 1) for k in range(len(chunk)))
            position, i = toks[i].end, i + 1
            continue
        for chars, a, b in run:
            emit(chars, toks[a].start, toks[b - 1].end)
        if big:  # a space on either side keeps a quantity apart from the digits beside it
            emit(" ", toks[i].start, toks[i].start + 1)
        i = run[-1][2]
        position = toks[i - 1].end
    rest = text[position:]
    out.append(rest)
    origin.extend((position + k, position + k + 1) for k in range(len(rest)))
    return Form("".join(out), tuple(origin))


_GAP = re.compile(r"[\s,.\-\u2013/()_:;]{0,4}")


def _joined(text: str, toks: list[Token], words: list[str], i: int) -> list[str]:
    """The words up to the first place where something other than spaces and separators stands between two."""
    end = i + 1
    while (
        end < len(toks)
        and end < i + 80
        and _GAP.fullmatch(text, toks[end - 1].end, toks[end].start)
        and text[toks[end - 1].end : toks[end].start] not in (".", ",")  # a decimal: read as it stands
    ):
        end += 1
    return words[:end]


def _run(words: list[str], i: int, *, split: bool) -> list[tuple[str, int, int]]:
    """Pieces said in a row from word i on: (characters, first word, word after). Empty when there is no run."""
    pieces: list[tuple[str, int, int]] = []
    at = i
    while at < len(words):
        piece = _piece(words, at, split=split)
        if piece is not None:
            pieces.append((piece[0], at, at + piece[1]))
            at += piece[1]
            continue
        skip = at
        while skip < at + 3 and skip < len(words) and (words[skip] in SIGNS or words[skip] in _FILLERS):
            skip += 1
        if pieces and at < skip < len(words) and _piece(words, skip, split=split) is not None:
            pieces += [(SIGNS.get(words[k], ""), k, k + 1) for k in range(at, skip)]
            at = skip
            continue
        break

    def trim() -> None:
        while pieces and pieces[-1][0] in ("", *SIGNS.values()):
            pieces.pop()

    trim()
    letters = sum(p[0].isalpha() for p in pieces)
    while pieces and letters <= 1 and words[pieces[-1][1]] in ("i", "a") and pieces[-1][2] < len(words):
        pieces.pop()  # "... one eight i have some questions"
        trim()
    if len(pieces) > 1 and letters <= 1 and words[pieces[0][1]] in ("i", "a"):
        return []  # "a two hour film": the article is no letter; the number is read from the next word on
    if len(pieces) == 1 and words[pieces[0][1]].isalpha() and len(words[pieces[0][1]]) == 1:
        return []  # "a", "i": words, not letters
    if len(pieces) == 1 and words[pieces[0][1]] in NATO:
        return []
    return pieces


_TLD = r"(?:com|org|net|edu|gov|io|me|info|biz|co|uk|us|de|fr|es|it|nl|hu|pl|se|no|dk|fi|eu|ch|at|ca|au|nz|in|jp|cn|br|ru|ie|be|pt|cz|gr|tv|app|dev|mil|int|name)"
_DOT = r"(?:\.(?=\w)|\s*\b(?:dot|point|period)\b\s*)"
_EMAIL_SPOKEN = re.compile(
    r"(?P<local>(?:[\w+'-]+(?:\.(?=\w)|\s*\b(?:dot|underscore|dash|hyphen|minus|plus|point|period)\b\s*))*[\w+'-]+)"
    r"\s*(?:@|\bat\b|\bat sign\b)\s*"
    r"(?P<domain>[\w-]+(?:\s+[\w-]+){0,3}?(?:" + _DOT + r"[\w-]+)*?" + _DOT + _TLD + r"(?:" + _DOT + _TLD + r")?)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:\b(?:\w|\d+|dot|underscore|dash|hyphen|double|" + "|".join([*UNITS, *TEENS, *TENS]) + r")\b[\s.]*)+$",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of e-mail addresses, written, spoken or half of each ("john at example dot com")."""
    for m in _EMAIL_SPOKEN.finditer(text):
        spelled = _BEFORE.search(text, 0, m.start())  # "j o h n dot s at ...": letters and digits said before
        yield (spelled.start() if spelled else m.start()), m.end()
