"""Sums and unit conversions: a small grammar of its own, since no list of sentences holds all numbers."""

import re
from collections.abc import Sequence

from assistant.nlu.intent import Class, Intent, SlotValue
from assistant.nlu.numbers import parse_number

_LEADS = (
    "what's", "whats", "what is", "what are", "how much is", "how much are", "how many is", "calculate",
    "compute", "work out", "tell me", "tell me what", "tell me what is", "what does", "solve",
    "do you know what", "do you know", "give me", "what would", "convert", "change", "how many", "how much",
)  # fmt: skip
_LEAD_WORDS = sorted((tuple(lead.split()) for lead in _LEADS), key=len, reverse=True)
_GLUED = re.compile(r"(?<=[\d)])([*/+^%]|-(?!\d+-))(?=[\d( ]|$)")
_TAILS = frozenset({"equal", "equals", "make", "be", "is", "please"})

_OPERATORS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("to", "the", "power", "of"), "^"),
    (("raised", "to", "the", "power", "of"), "^"),
    (("to", "the", "power"), "^"),
    (("multiplied", "by"), "*"),
    (("times",), "*"),
    (("x",), "*"),
    (("*",), "*"),
    (("divided", "by"), "/"),
    (("over",), "/"),
    (("/",), "/"),
    (("plus",), "+"),
    (("added", "to"), "+"),
    (("+",), "+"),
    (("minus",), "-"),
    (("take", "away"), "-"),
    (("less",), "-"),
    (("-",), "-"),
    (("^",), "^"),
)
_AFTER = ((("squared",), "^ 2"), (("cubed",), "^ 3"))

UNITS = {
    "length": "millimeter|centimeter|meter|kilometer|inch|foot|yard|mile|nautical mile|mm|cm|km|millimetre|centimetre|"
    "metre|kilometre|feet|inches",
    "mass": "milligram|gram|kilogram|kilo|ounce|pound|stone|ton|tonne|mg|g|kg|oz|lb|lbs",
    "volume": "milliliter|liter|centiliter|deciliter|teaspoon|tablespoon|cup|pint|quart|gallon|fluid ounce|"
    "millilitre|litre|ml",
    "temperature": "celsius|fahrenheit|kelvin|degree celsius|degrees celsius|degree fahrenheit|degrees fahrenheit|"
    "centigrade|degrees centigrade",
    "time": "second|minute|hour|day|week|month|year",
    "speed": "mile per hour|miles per hour|mph|kilometers per hour|kilometres per hour|knot|meters per second",
    "area": "acre|hectare|square meter|square foot|square feet|square mile|square kilometer",
    "data": "byte|kilobyte|megabyte|gigabyte|terabyte",
}
"""Units people name, by what they measure. Cooking mixes mass and volume, so those convert into each other."""

_UNIT_KINDS = {
    form: "amount" if kind in ("mass", "volume") else kind
    for kind, words in UNITS.items()
    for word in words.split("|")
    for form in (word, word + "s")
}


def sums(words: Sequence[str]) -> Intent | None:
    """A sum or a conversion, or None. `words` is clean text."""
    text = " ".join(words)
    words = _GLUED.sub(r" \1 ", text).split()
    body = _without_leads(list(words))
    slots = _conversion(body, asked=list(words)) or _expression(body)
    if slots is None:
        return None
    name = "ConvertUnits" if "from_unit" in slots else "Calculate"
    return Intent(name=name, kind=Class.SUMS, slots=slots, text=text, sentence="{number} {operator} {number}")


def _without_leads(words: list[str]) -> list[str]:
    changed = True
    while changed:
        changed = False
        for lead in _LEAD_WORDS:
            if tuple(words[: len(lead)]) == lead:
                words, changed = words[len(lead) :], True
                break
    while words and words[-1] in _TAILS:
        words = words[:-1]
    return words


def _say(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _expression(words: list[str]) -> dict[str, SlotValue] | None:
    parts: list[str] = []
    at, operators = 0, 0
    if words[:1] == ["add"] or words[:1] == ["multiply"] or words[:1] == ["subtract"] or words[:1] == ["divide"]:
        return _verb_first(words)
    while at < len(words):
        roots = 0
        if words[at : at + 1] == ["the"]:
            at += 1
        if words[at : at + 3] in (["square", "root", "of"], ["cube", "root", "of"]):
            roots, at = (2 if words[at] == "square" else 3), at + 3
        number = parse_number(words, at)
        if number is None:
            return None
        value, at = number
        term = _say(value)
        if roots:
            term, operators = f"{term} ^ ({1}/{roots})" if roots == 3 else f"{term} ^ 0.5", operators + 1
        percent = at < len(words) and words[at] in ("percent", "%")
        if percent:
            if words[at + 1 : at + 2] == ["of"]:
                parts += [term, "/ 100 *"]
                at, operators = at + 2, operators + 1
                continue
            return None
        for after, symbol in _AFTER:
            if tuple(words[at : at + len(after)]) == after:
                term, at, operators = f"{term} {symbol}", at + len(after), operators + 1
        parts.append(term)
        if at == len(words):
            break
        operator = next((op for op in _OPERATORS if tuple(words[at : at + len(op[0])]) == op[0]), None)
        if operator is None:
            return None
        parts.append(operator[1])
        at, operators = at + len(operator[0]), operators + 1
        if at == len(words):
            return None
    return {"expression": " ".join(parts)} if operators and parts else None


_VERBS = {"add": ("and", "+"), "multiply": ("by", "*"), "divide": ("by", "/"), "subtract": ("from", "-")}


def _verb_first(words: list[str]) -> dict[str, SlotValue] | None:
    """ "divide ninety by six", "subtract five from twenty"."""
    joint, symbol = _VERBS[words[0]]
    first = parse_number(words, 1)
    if first is None or first[1] >= len(words):
        return None
    if words[first[1]] not in (joint, "and", "to", "by") or (words[0] == "add" and words[first[1]] == "by"):
        return None
    second = parse_number(words, first[1] + 1)
    if second is None or second[1] != len(words):
        return None
    left, right = (second[0], first[0]) if words[0] == "subtract" else (first[0], second[0])
    return {"expression": f"{_say(left)} {symbol} {_say(right)}"}


def _unit_at(words: Sequence[str], at: int) -> tuple[str, int] | None:
    for size in (3, 2, 1):
        form = " ".join(words[at : at + size])
        if len(words) >= at + size and form in _UNIT_KINDS:
            return form, at + size
    return None


def _conversion(words: list[str], asked: list[str]) -> dict[str, SlotValue] | None:
    """ "five miles in kilometers", "how many ounces are in a pound", "two cups to grams"."""
    if asked[:2] in (["how", "many"], ["how", "much"]) and (goal := _unit_at(words, 0)):
        target, at = goal
        while at < len(words) and words[at] in ("are", "is", "in", "there", "make", "makes", "do", "equals"):
            at += 1
        amount = _amount(words, at)
        source = _unit_at(words, amount[1]) if amount else None
        if amount and source and source[1] == len(words):
            return _converted(amount[0], source[0], target)
        return None
    amount = _amount(words, 0)
    if amount is None:
        return None
    source = _unit_at(words, amount[1])
    if source is None or words[source[1] : source[1] + 1] not in (["to"], ["in"], ["into"], ["as"]):
        return None
    result = _unit_at(words, source[1] + 1)
    if result is None or result[1] != len(words):
        return None
    return _converted(amount[0], source[0], result[0])


def _amount(words: Sequence[str], at: int) -> tuple[float, int] | None:
    number = parse_number(words, at)
    if number is not None:
        return number
    if words[at : at + 1] in (["a"], ["an"], ["one"]):
        return 1, at + 1
    return None


def _converted(amount: float, source: str, target: str) -> dict[str, SlotValue] | None:
    if _UNIT_KINDS[source] != _UNIT_KINDS[target] or source == target:
        return None
    value: SlotValue = int(amount) if float(amount).is_integer() else float(amount)
    return {"amount": value, "from_unit": source, "to_unit": target}
