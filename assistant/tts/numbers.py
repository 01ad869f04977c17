"""Numbers as English words. The spelling rules are Unicode's (RBNF), by way of unicode-rbnf."""

import re
from decimal import Decimal
from functools import lru_cache

from unicode_rbnf import FormatPurpose, RbnfEngine

_LARGEST = 10**15
"""From here on numbers are read digit by digit; nobody follows "quadrillion" by ear (and RBNF ends at 10**18)."""

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_FRACTIONS = {2: ("half", "halves"), 4: ("quarter", "quarters")}


@lru_cache(maxsize=1)
def _engine() -> RbnfEngine:
    return RbnfEngine.for_language("en")


@lru_cache(maxsize=512)
def _spell(number: int, purpose: FormatPurpose) -> str:
    return str(_engine().format_number(number, purpose).text)


def cardinal(number: int) -> str:
    """1234 → "one thousand two hundred thirty-four"."""
    if abs(number) >= _LARGEST:
        return ("minus " if number < 0 else "") + digits(str(abs(number)))
    return _spell(number, FormatPurpose.CARDINAL)


def ordinal(number: int) -> str:
    """21 → "twenty-first"."""
    if abs(number) >= _LARGEST:
        return digits(str(abs(number)))
    return _spell(number, FormatPurpose.ORDINAL)


def year(number: int) -> str:
    """1984 → "nineteen eighty-four", 1905 → "nineteen oh five"."""
    return _spell(number, FormatPurpose.YEAR).replace("oh-", "oh ")


def decade(number: int) -> str:
    """1990 → "nineteen nineties", 80 → "eighties"."""
    words = year(number) if number >= 100 else cardinal(number)
    return words[:-1] + "ies" if words.endswith("y") else words + "s"


def digits(text: str) -> str:
    """Every digit of `text` on its own; other characters are left out. "007" → "zero zero seven"."""
    return " ".join(_DIGITS[int(letter)] for letter in text if letter in "0123456789")


def number(text: str) -> str:
    """An unsigned number as written, commas allowed: "1,234.50" → "one thousand … point five zero"."""
    whole, _, part = text.replace(",", "").partition(".")
    one_by_one = re.match(r"0\d", whole) or len(whole) > len(str(_LARGEST))
    words = digits(whole) if one_by_one else cardinal(int(whole or "0"))
    return f"{words} point {digits(part)}" if part else words


def is_one(text: str) -> bool:
    """Whether a number as written takes the singular: "1" does, "1.0" and "0" do not."""
    return text.replace(",", "") == "1"


def fraction(numerator: int, denominator: int) -> str:
    """3, 4 → "three quarters"; 1, 2 → "one half"; what has no name is read "n over d"."""
    if denominator in _FRACTIONS:
        name = _FRACTIONS[denominator][numerator != 1]
    elif 2 < denominator <= 20 or denominator in (25, 32, 50, 64, 100, 1000):
        name = ordinal(denominator) + ("" if numerator == 1 else "s")
    else:
        return f"{cardinal(numerator)} over {cardinal(denominator)}"
    return f"{cardinal(numerator)} {name}"


def money(amount: str, unit: tuple[str, str], part: tuple[str, str] | None) -> str:
    """An amount as written with its currency's words: "3.50", ("dollar", "dollars"), ("cent", "cents")."""
    value = Decimal(amount.replace(",", ""))
    whole = int(value)
    cents = int((value - whole) * 100)
    exact = value == whole + Decimal(cents) / 100
    if part is None or not exact:
        return f"{number(amount)} {unit[not is_one(amount)]}"
    if not cents:
        return f"{cardinal(whole)} {unit[whole != 1]}"
    small = f"{cardinal(cents)} {part[cents != 1]}"
    return f"{cardinal(whole)} {unit[whole != 1]} and {small}" if whole else small


def clock(hour: int, minute: int, second: int | None = None, half: str = "") -> str:
    """A time of day; `half` is "a.m." or "p.m." or "" for the time as it stands: 7, 5 → "seven oh five"."""
    words = cardinal(hour)
    if minute:
        words += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif not half and second is None:
        words += " o'clock" if 1 <= hour <= 12 else " hundred"
    if second is not None:
        words += "" if minute else " hundred"
        words += f" and {cardinal(second)} second{'' if second == 1 else 's'}" if second else ""
    return f"{words} {half}".strip()
