"""Make a written text speakable: numbers, dates, times, units, money and abbreviations in words, markup gone.

The rules run in a fixed order, the more specific first; each turns what it recognises into words, so that a later
rule finds nothing left of it. What no rule understood is read as plain numbers at the end: the result never holds
a digit.
"""

import re
from collections.abc import Callable

from assistant.tts import numbers
from assistant.tts.english import ABBREVIATIONS, CAPITALISED_ENDS, CURRENCIES, MAGNITUDES, MONTHS, UNITS
from assistant.tts.markup import plain

_LONGEST = 4_000
"""Characters that are spoken at most (about five minutes of speech): more is a mistake, not a reply."""

_N = r"\d+(?:,\d{3})*(?:\.\d+)?"
"""An unsigned number as written."""

_NOT_AFTER = r"(?<![\w.,/:-])"
"""A number that begins here: not the tail of a word, a longer number, a date or a time."""

_MONTH = "|".join(
    [
        *MONTHS,
        *(name + r"\.?" for name in ("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept?", "Oct", "Nov", "Dec")),
    ]
)
_UNIT = "|".join(sorted((re.escape(unit) for unit in UNITS), key=len, reverse=True))
_MONEY = "[" + re.escape("".join(CURRENCIES)) + "]"
_HALF = r"(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\b\.?)"

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def speakable(text: str, language: str = "en") -> str:
    """`text` in words that a voice can say: no digit, no markup, no control character; "" when nothing is left.

    Never raises for any text. Raises ValueError for a language that has no rules here (only "en" has).
    """
    if language != "en":
        raise ValueError(f"there are no rules for speaking '{language}'")
    words = plain(text[:_LONGEST])
    for pattern, replace in _RULES:
        words = pattern.sub(replace, words)
    return _tidy(words)


def _date(day: int, month: int, year: str = "") -> str:
    said = f"{MONTHS[month - 1]} {numbers.ordinal(day)}"
    return f"{said}, {numbers.year(int(year))}" if year else said


def _iso_date(found: re.Match[str]) -> str:
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return f" {numbers.digits(found[1])} {numbers.digits(found[2])} {numbers.digits(found[3])} "
    return _date(day, month, str(year)) + (" at " if found["at"] else "")


def _slash_date(found: re.Match[str]) -> str:
    first, second = int(found[1]), int(found[2])
    if first > 12 >= second >= 1 and first <= 31:
        return _date(first, second, found[3])
    if second > 12 >= first >= 1 and second <= 31:
        return _date(second, first, found[3])
    # either order is possible: read what stands there rather than guess
    return f"{numbers.cardinal(first)} {numbers.cardinal(second)} {numbers.year(int(found[3]))}"


def _month_day(found: re.Match[str]) -> str:
    if not 1 <= int(found["day"]) <= 31:
        return found.group()
    said = f"{_month_name(found['month'])} {numbers.ordinal(int(found['day']))}"
    return f"{said}, {numbers.year(int(found['year']))}" if found["year"] else said


def _day_month(found: re.Match[str]) -> str:
    if not 1 <= int(found["day"]) <= 31:
        return found.group()
    article = "" if found["the"] else "the "
    said = f"{found['the'] or ''}{article}{numbers.ordinal(int(found['day']))} of {_month_name(found['month'])}"
    return f"{said} {numbers.year(int(found['year']))}" if found["year"] else said


def _month_name(written: str) -> str:
    short = written.rstrip(".")
    return ABBREVIATIONS.get(short, short)


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"])
    second = int(found["second"]) if found["second"] else None
    if hour > 24 or minute > 59 or (second or 0) > 59:
        return " ".join(numbers.number(part) for part in re.findall(r"\d+", found.group())) + " "
    half = f"{found['half'].lower()}.m." if found["half"] else ""
    return numbers.clock(hour, minute, second, half)


def _hour(found: re.Match[str]) -> str:
    return f"{numbers.cardinal(int(found['hour']))} {found['half'].lower()}.m."


def _money_before(found: re.Match[str]) -> str:
    unit, part = CURRENCIES[found["sign"]]
    minus = "minus " if found["minus"] else ""
    size = (found["size"] or "").strip().lower()
    if size:
        return f"{minus}{numbers.number(found['amount'])} {MAGNITUDES.get(size, size)} {unit[1]}"
    return minus + numbers.money(found["amount"], unit, part)


def _money_behind(found: re.Match[str]) -> str:
    amount = found["amount"]
    if re.fullmatch(r"\d+,\d{2}", amount):
        amount = amount.replace(",", ".")  # "3,50 €", as it is written where the sign stands behind
    return ("minus " if found["minus"] else "") + numbers.money(amount, *CURRENCIES[found["sign"]])


def _quantity(found: re.Match[str]) -> str:
    unit = UNITS[found["unit"]]
    # "5 m" and "5m" are metres, "5-m" too; a bare letter behind a number at a distance is less certain, but rare
    said = ("minus " if found["minus"] else "") + numbers.number(found["amount"])
    if found["to"]:
        return f"{said} to {numbers.number(found['to'])} {unit[1]}"
    return f"{said} {unit[not numbers.is_one(found['amount'])]}"


def _range(found: re.Match[str]) -> str:
    low, high = found[1], found[2]
    if len(low) == len(high) == 4 and 1100 <= int(low) < int(high) <= 2199:
        return f"{numbers.year(int(low))} to {numbers.year(int(high))}"
    if float(low.replace(",", "")) < float(high.replace(",", "")):
        return f"{numbers.number(low)} to {numbers.number(high)}"
    return found.group()


def _phone(found: re.Match[str]) -> str:
    written = found.group()
    marked = written.startswith(("+", "0", "("))
    plain_list = " " in written and not marked  # "100 200 300"
    years = re.fullmatch(r"(?:1[1-9]|20)\d\d-(?:1[1-9]|20)\d\d", written)
    if plain_list or years or sum(letter.isdigit() for letter in written) < 7:
        return written
    groups = [numbers.digits(group) for group in re.findall(r"\d+", written)]
    return ("plus " if written.startswith("+") else "") + ", ".join(groups)


def _mixed(found: re.Match[str]) -> str:
    numerator, denominator = int(found[2]), int(found[3])
    if not denominator:
        return f"{found[1] or ''} {numbers.cardinal(numerator)} over zero"
    said = numbers.fraction(numerator, denominator)
    if not found[1]:
        return said
    said = said.replace("one ", "a ", 1) if numerator == 1 else said
    return f"{numbers.number(found[1])} and {said}"


def _year(found: re.Match[str]) -> str:
    return f"{found[1]}{numbers.year(int(found[2]))}"


def _decade(found: re.Match[str]) -> str:
    return numbers.decade(int(found[1]))


def _ordinal(found: re.Match[str]) -> str:
    return numbers.ordinal(int(found[1].replace(",", "")))


def _dotted(found: re.Match[str]) -> str:
    join = " dot " if found.group().count(".") == 3 else " point "
    said = join.join(numbers.number(part) for part in found[2].split("."))
    return f"{found[1]} {said}" if found[1] else said


def _scientific(found: re.Match[str]) -> str:
    sign = "minus " if found[2] == "-" else ""
    return f"{numbers.number(found[1])} times ten to the power of {sign}{numbers.number(found[3])}"


def _number(found: re.Match[str]) -> str:
    before = " " if found["letter"] else ""
    return f"{found['letter'] or ''}{before}{'minus ' if found['minus'] else ''}{numbers.number(found['n'])}"


def _abbreviation(found: re.Match[str]) -> str:
    written = found[1]
    said = ABBREVIATIONS.get(written) or ABBREVIATIONS.get(written[:1].lower() + written[1:])
    if said is None:
        return found.group()
    following = found.string[found.end() :].lstrip()
    ends = not following or (written in CAPITALISED_ENDS and following[0].isupper())
    return said + ("." if ends else "")


def _operator(found: re.Match[str]) -> str:
    return f" {_OPERATORS[found[1]]} "


_OPERATORS = {
    "+": "plus", "*": "times", "x": "times", "X": "times", "\u00d7": "times", "\u00b7": "times", "/": "divided by",
    "\u00f7": "divided by", "=": "equals", "^": "to the power of", "-": "minus", "\u2212": "minus", "\u2013": "minus",
    "<": "is less than", ">": "is greater than",
}  # fmt: skip

_ABBREVIATED = "|".join(sorted((re.escape(word) for word in ABBREVIATIONS), key=len, reverse=True))


def _rule(pattern: str, replace: Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    return re.compile(pattern, flags), replace


_RULES: tuple[Rule, ...] = (
    _rule(r"\d{17,}", lambda found: f" {numbers.digits(found.group())} "),
    _rule(r"^\s*(\d{1,3})[.)]\s+(?=\S)", lambda found: f"{numbers.number(found[1])}, ", re.MULTILINE),
    _rule(r"(\d)['\u2032](\d{1,2})(?:\"|\u2033|'')", lambda found: f"{found[1]} foot {found[2]}"),
    _rule(r"\u2212(?=[\d.$\u20ac\u00a3])", lambda _: "-"),
    _rule(r"(?<=\d)[\u2044\u2215](?=\d)", lambda _: "/"),
    _rule(_NOT_AFTER + r"(\d{4})-(\d{2})-(\d{2})(?!\d)(?P<at>(?:T|\s)(?=\d{1,2}:\d\d))?", _iso_date),
    _rule(_NOT_AFTER + r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?![\d/])", _slash_date),
    _rule(
        rf"\b(?P<month>{_MONTH})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<year>[12]\d{{3}}))?(?![\w:]|[.,/]\d)",
        _month_day,
    ),
    _rule(
        rf"(?P<the>\bthe\s)?{_NOT_AFTER}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<month>{_MONTH})(?![a-z])"
        rf"(?:,?\s(?P<year>[12]\d{{3}})(?![\d:]))?",
        _day_month,
    ),
    _rule(
        rf"(?<![\d.,:/])(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::(?P<second>\d{{2}})(?:\.\d+)?)?(?:Z\b)?{_HALF}?(?![\d:])",
        _time,
    ),
    _rule(rf"{_NOT_AFTER}(?P<hour>1[0-2]|0?[1-9]){_HALF}", _hour),
    _rule(r"(?<![\w+])(?:\+\d{1,3}[\s-]?)?(?:\(0?\d{1,5}\)[\s-]?)?(?:\d{2,6}[\s-]){1,5}\d{2,6}(?![\w,.]\w|\w)", _phone),
    _rule(r"(?<!\w)(?:\+\d{7,15}|0\d{6,14})(?![\w.,]\d|\d)", _phone),
    _rule(
        rf"(?P<minus>-)?(?P<sign>{_MONEY})\s?(?P<amount>{_N})"
        r"(?P<size>\s?(?:k|m|mn|bn|b|tn)\b|\s(?:thousand|million|billion|trillion)\b)?",
        _money_before,
        re.IGNORECASE,
    ),
    _rule(rf"(?<![\w.,])(?P<minus>-)?(?P<amount>\d+,\d{{2}}(?!\d)|{_N})\s?(?P<sign>{_MONEY})", _money_behind),
    _rule(r"\b24/7\b", lambda _: "twenty-four seven"),
    _rule(r"(?<!\w)(1[1-9]\d0|20\d0)'?s\b", _decade),
    _rule(r"(?<!\w)(?:'|(?<=the )|(?<=his )|(?<=her )|(?<=their )|(?<=my ))([2-9]0)s\b", _decade),
    _rule(_NOT_AFTER + r"(?:(\d{1,4})\s)?(\d{1,4})/(\d{1,4})(?![\d/])", _mixed),
    _rule(
        rf"(?<![\w.,])(?P<minus>-)?(?P<amount>{_N})(?:\s?(?:-|\u2013|to)\s?(?P<to>{_N}))?[\s-]?(?P<unit>{_UNIT})(?![\w\u00b0/]|-\w)",
        _quantity,
    ),
    _rule(_NOT_AFTER + r"(\d+(?:,\d{3})*)(?:st|nd|rd|th)\b", _ordinal, re.IGNORECASE),
    _rule(
        r"\b((?:in|since|until|till|by|from|before|after|during|around|circa|year|of|and|spring|summer|autumn|winter|"
        rf"early|late|mid|{'|'.join(MONTHS)})[\s-])(1[1-9]\d\d|20\d\d)(?![\w:]|[.,]\d|-\d|\s?%)",
        _year,
        re.IGNORECASE,
    ),
    _rule(r"(?<![\d.-])([^\W\d_])?(?<![\d.-])(\d+(?:\.\d+){2,})(?![\w.]\d)", _dotted),
    _rule(r"(?<![\w.])(\d+(?:\.\d+)?)[eE]([+-]?)(\d{1,4})\b", _scientific),
    _rule(rf"{_NOT_AFTER}({_N})\s?[-\u2013\u2014]\s?({_N})(?![\w-])", _range),
    _rule(r"(?:\b[Nn]os?\.|#)\s?(?=\d)", lambda _: "number "),
    _rule(r"(?<=[\d)%])\s*([+*xX\u00d7\u00b7/\u00f7=^<>])\s*(?=[-\d($\u20ac\u00a3])", _operator),
    _rule(r"(?<=\d)\s+([-\u2212\u2013])\s+(?=\d)", _operator),
    _rule(r"(?<=\w)\s*=\s*(?=[\w-])", lambda _: " equals "),
    _rule(r"~\s?(?=\d)", lambda _: "about "),
    _rule(rf"(?P<letter>[^\W\d_])?(?P<minus>(?<![\w)])-)?(?P<n>{_N})(?=[^\W\d_])", lambda f: _number(f) + " "),
    _rule(rf"(?P<letter>[^\W\d_])?(?P<minus>(?<![\w)])-)?(?P<n>{_N}|\.\d+)", _number),
    _rule(rf"(?<![\w.])({_ABBREVIATED})\.(?!\w)", _abbreviation, re.IGNORECASE),
    _rule(r"(?<=[a-z]\s)\bSt\.(?!\s[A-Z])", lambda _: "Street."),
    _rule(r"\bSt\.\s(?=[A-Z])", lambda _: "Saint "),
    _rule(r"\s?&\s?", lambda _: " and "),
    _rule(r"(?<=\w)\s?@\s?(?=\w)", lambda _: " at "),
    _rule(r"%", lambda _: " percent"),
    _rule(r"\u00b0", lambda _: " degrees"),
)


def _tidy(text: str) -> str:
    """The last sweep: no digit, no markup sign, single spaces, no space before a comma."""
    text = re.sub(r"\d", lambda found: f" {numbers.digits(found.group())} ", text)
    text = re.sub(r"[*_#`~<>\[\]{}|\\^$\u20ac\u00a3\u00a5=+@/]", " ", text)
    text = re.sub(r"[ \t]*\n\s*", _line_end, text.strip())
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"(?<=\w)([,;:!?]|\.{2,})(?=\w)", r"\1 ", text)
    text = re.sub(r"\s+(?=[,.;:!?])(?!\.\.\.)", "", text)
    return text.strip()


def _line_end(found: re.Match[str]) -> str:
    """A line end becomes a pause: a full stop, where the line has no punctuation of its own."""
    before = found.string[: found.start()].rstrip()
    return " " if before[-1:] in ".!?:;,\u2026" else ". "
