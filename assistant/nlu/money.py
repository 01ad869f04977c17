"""Sums of money between words and figures. No conversion: only the form changes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from assistant.nlu.numbers import parse_number, say_number

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
}
_UNIT = {word: sign for sign, names in _CURRENCIES.items() for word in names[:2]}
_SMALL = {word: sign for sign, names in reversed(_CURRENCIES.items()) for word in names[2:]}
_WRITTEN = re.compile(r"^([$£€])(\d{1,12})(?:\.(\d{2}))?$")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in hundredths of a currency."""

    sign: str
    """ "$", "£" or "€"."""
    hundredths: int

    def written(self) -> str:
        """As figures: "$5.50", "£3"."""
        whole, part = divmod(self.hundredths, 100)
        return f"{self.sign}{whole}.{part:02}" if part else f"{self.sign}{whole}"


def say_money(money: Money) -> str:
    """In words: $5.50 → "five dollars and fifty cents"."""
    one, many, small_one, small_many = _CURRENCIES[money.sign]
    whole, part = divmod(money.hundredths, 100)
    parts = []
    if whole or not part:
        parts.append(f"{say_number(whole)} {one if whole == 1 else many}")
    if part:
        parts.append(f"{say_number(part)} {small_one if part == 1 else small_many}")
    return " and ".join(parts)


def parse_money(words: Sequence[str], start: int = 0) -> tuple[Money, int] | None:
    """The amount that begins at `words[start]`: (money, index after), or None."""
    if start >= len(words):
        return None
    if written := _WRITTEN.match(words[start]):
        return Money(written[1], int(written[2]) * 100 + int(written[3] or 0)), start + 1
    amount = parse_number(words, start)
    if amount is None or amount[0] < 0 or amount[1] >= len(words):
        return None
    value, at = amount
    if words[at] in _SMALL and float(value).is_integer() and value < 100:
        return Money(_SMALL[words[at]], int(value)), at + 1
    if words[at] not in _UNIT:
        return None
    sign, at = _UNIT[words[at]], at + 1
    hundredths = int((Decimal(str(value)) * 100).to_integral_value())
    following = at + 1 if at < len(words) and words[at] == "and" else at
    small = parse_number(words, following)
    whole = small is not None and float(small[0]).is_integer() and float(value).is_integer()
    if small and whole and 0 < small[0] < 100 and small[1] < len(words) and words[small[1]] in _CURRENCIES[sign][2:]:
        return Money(sign, hundredths + int(small[0])), small[1] + 1
    return Money(sign, hundredths), at
