"""Sums as they are written: numbers, + - * / ^ %, brackets. A small parser of our own: nothing is evaluated as code.

Grammar (a per cent sign takes a share of what stands left of a plus or minus: 80 + 15% is 92):

    sum     = product { ("+" | "-") product }
    product = signed { ("*" | "/" | "of" | "mod") signed }
    signed  = { "-" | "+" } power
    power   = value [ "%" ] [ "^" signed ]
    value   = number | "pi" | "sqrt" value | "(" sum ")"
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 200
"""Letters; a spoken sum is shorter."""

LARGEST = 10**15
"""Beyond that no one can take in the digits when they are spoken."""

_TOKEN = re.compile(r"\s*(?:(\d+(?:[.,]\d+)*|\.\d+)|(\*\*|[-+*/^%()×÷−x])|([a-z]+))", re.IGNORECASE)
_SAME = {"**": "^", "×": "*", "x": "*", "÷": "/", "−": "-"}


class SumError(ValueError):
    """The sum has no answer; `key` is the text that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class _Value:
    number: Fraction
    percent: bool = False
    exact: bool = True

    @property
    def plain(self) -> Fraction:
        return self.number / 100 if self.percent else self.number


@dataclass(frozen=True, slots=True)
class Result:
    """What a sum comes to."""

    number: float
    exact: bool
    """False when a root or a power with a fraction made it a rounded number."""


def calculate(text: str) -> Result:
    """The value of a sum. Raises SumError for anything that is no sum, too big, or without an answer."""
    if len(text) > LONGEST:
        raise SumError("sums.no_sum")
    parser = _Parser(_tokens(text.lower()))
    try:
        value = parser.sum()
        if parser.here is not None:
            raise SumError("sums.no_sum")
        if abs(value.plain) > LARGEST:
            raise SumError("sums.too_big")
        return Result(float(value.plain), value.exact)
    except (RecursionError, OverflowError) as error:
        raise SumError("sums.too_big") from error


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.strip().rstrip("=?. ")
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SumError("sums.no_sum")
        token = match.group(0).strip()
        if match.group(1):
            token = token.replace(",", "")
        found.append(_SAME.get(token, token))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def here(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str:
        token = self.here
        if token is None:
            raise SumError("sums.no_sum")
        self._at += 1
        return token

    def sum(self) -> _Value:
        left = self._product()
        while self.here in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            right = self._product()
            share = left.plain * right.plain if right.percent else right.plain
            left = _limited(left.plain + sign * share, exact=left.exact and right.exact)
        return left

    def _product(self) -> _Value:
        left = self._signed()
        while self.here in ("*", "/", "of", "mod", "("):
            operator = "*" if self.here == "(" else self._take()
            right = self._signed()
            exact = left.exact and right.exact
            if operator in ("*", "of"):
                left = _limited(left.plain * right.plain, exact=exact)
                continue
            if right.plain == 0:
                raise SumError("sums.by_zero")
            number = left.plain / right.plain if operator == "/" else left.plain % right.plain
            left = _limited(number, exact=exact)
        return left

    def _power(self) -> _Value:
        base = self._value()
        if self.here == "%":
            self._take()
            base = _Value(base.plain, percent=True, exact=base.exact)
        if self.here != "^":
            return base
        self._take()
        exponent = self._signed().plain
        if base.plain == 0 and exponent < 0:
            raise SumError("sums.by_zero")
        # judged by logarithms before anything is computed: 9^9^9 must not take a minute to be too big
        if base.plain not in (0, 1, -1) and abs(exponent) * abs(math.log10(abs(base.plain))) > 40:
            raise SumError("sums.too_big")
        if exponent.denominator == 1 and abs(exponent) <= 1000:
            return _limited(base.plain ** int(exponent), exact=base.exact)
        if base.plain < 0:
            raise SumError("sums.not_real")
        root = Fraction(float(base.plain) ** float(exponent))
        if exponent.numerator == 1:  # the square root of 81, written 81^0.5, is 9 and not about 9
            whole = Fraction(round(root * base.plain.denominator), base.plain.denominator)
            if exponent.denominator <= 10 and whole**exponent.denominator == base.plain:
                return _limited(whole, exact=base.exact)
        return _limited(root, exact=False)

    def _signed(self) -> _Value:
        sign = 1
        while self.here in ("-", "+"):
            sign = -sign if self._take() == "-" else sign
        value = self._power()
        return _Value(sign * value.number, value.percent, value.exact)

    def _value(self) -> _Value:
        word = self._take()
        if word == "(":
            inner = self.sum()
            if self.here is not None and self._take() != ")":
                raise SumError("sums.no_sum")
            return inner
        if word == "pi":
            return _Value(Fraction(math.pi), exact=False)
        if word == "sqrt":
            inner = self._value()
            if inner.plain < 0:
                raise SumError("sums.not_real")
            root = Fraction(math.sqrt(inner.plain))
            return _Value(root, exact=inner.exact and root * root == inner.plain)
        if not word[0].isdigit() and word[0] != ".":
            raise SumError("sums.no_sum")
        if len(word) > 30 or word.count(".") > 1:
            raise SumError("sums.too_big" if len(word) > 30 else "sums.no_sum")
        return _Value(Fraction(word))


def _limited(number: Fraction, *, exact: bool) -> _Value:
    """Keep numbers small enough to be computed with at once."""
    if number.numerator.bit_length() > 512 or number.denominator.bit_length() > 512:
        if abs(number) > LARGEST:
            raise SumError("sums.too_big")
        return _Value(Fraction(float(number)), exact=False)
    return _Value(number, exact=exact)
