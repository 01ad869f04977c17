"""What a sentence is about, and whether that is anybody else's business.

Two judges must both find a sentence harmless: the learnt classifier, and rules about *who* a sentence speaks of. A
sentence in which the speaker ("I", "my") meets an illness, money, the law or a relative is that person's own affair
unless it is plainly a school sum, a task about an invented text, or a title.
"""

import itertools
from dataclasses import dataclass
from enum import StrEnum

from assistant.routing.classifier import Classifier
from assistant.routing.features import FIRST_PERSON, NUMBER, Reading


class Category(StrEnum):
    """Reasons of content for which a question stays here. None of them can be switched off."""

    MEDICAL = "medical"
    MENTAL = "mental health"
    FINANCIAL = "financial"
    LEGAL = "legal trouble"
    IDENTITY = "identity and contact data"
    CREDENTIALS = "credentials"
    MINORS = "minors"
    LOCATION = "location of people"
    OTHERS = "private affairs of people"
    UNSURE = "not surely harmless"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one sentence."""

    category: Category | None
    """None: harmless."""
    harmless: float
    """The classifier's chance that it is harmless, 0..1."""
    required: float
    """What that chance had to exceed."""
    why: str
    """The rule that set `required`."""


BASE = 0.93
"""Least chance of being harmless. A harmless question kept here costs a poorer answer, a private one let out cannot be
taken back: the bars stand as high as leaves some nine in ten harmless questions through (docs/privacy.md)."""

_CLASS_CATEGORY = {
    "health": Category.MEDICAL,
    "mental": Category.MENTAL,
    "money": Category.FINANCIAL,
    "legal": Category.LEGAL,
    "personal": Category.OTHERS,
    "secret": Category.IDENTITY,
}
_AMOUNT = frozenset(("many", "much", "long", "far", "old"))
_CHILD = frozenset(
    [
        "son",
        "daughter",
        "child",
        "children",
        "kid",
        "kids",
        "baby",
        "toddler",
        "newborn",
        "infant",
        "teen",
        "teenager",
        "stepson",
        "stepdaughter",
        "grandson",
        "granddaughter",
        "grandchild",
        "minor",
        "minors",
    ]
)
_PLACE_TALK = frozenset(["location", "whereabouts", "gps", "coordinates", "position"])
_SECRET_TALK = frozenset(
    ["password", "passwords", "passcode", "pin", "passphrase", "login", "credentials", "cvv", "pincode"]
)


def is_sum(reading: Reading) -> bool:
    """A word problem: numbers, and a question for an amount."""
    words = reading.words
    numbers = words.count(NUMBER)
    asks = any(a == "how" and b in _AMOUNT for a, b in itertools.pairwise(words)) or bool(
        {"calculate", "total", "sum", "average", "percent", "percentage", "solve", "evaluate", "convert"} & set(words)
    )
    return numbers >= 2 and asks


def required(reading: Reading) -> tuple[float, str]:
    """How sure the classifier has to be for this sentence, and why."""
    sum_ = is_sum(reading)
    first = bool(FIRST_PERSON & set(reading.words))
    health = reading.count("illness") + reading.count("mental") + reading.count("medicine") + reading.count("sex")
    if sum_ and not health:
        return BASE, "a sum"
    own_affairs = reading.count("money") + reading.count("law") + reading.count("crime") + reading.count("secret")
    if first and (health or reading.count("care")):
        return 0.998, "speaks of someone's own health"
    if health:
        return 0.990, "a health word"
    if first and reading.count("body"):
        return 0.993, "speaks of someone's own body"
    if first and own_affairs:
        return 0.992, "speaks of someone's own money, rights or papers"
    if reading.count("money") + reading.count("body") + reading.count("care"):
        return 0.98, "a word of money or the body"
    if first and (reading.count("kin") or reading.count("contact")):
        return 0.983, "speaks of someone's own people"
    if first and not any(w in TASKS for w in reading.words[:6]):
        return 0.97, "speaks of the speaker"
    return BASE, "nothing in particular"


TASKS = frozenset(
    [
        "write",
        "draft",
        "compose",
        "create",
        "make",
        "tell",
        "give",
        "recommend",
        "suggest",
        "help",
        "explain",
        "describe",
        "translate",
        "plan",
        "imagine",
        "pretend",
        "list",
    ]
)
"""Verbs of a request for something new rather than about the speaker."""

WINDOW, STRIDE = 14, 7
"""Words of a window and the step between two: one sentence of a long tale (median spoken sentence: 8 to 15 words)."""

ALARM = 0.02
"""A window with less than this chance of being harmless keeps the whole text here."""


def judge(text: str, classifier: Classifier, *, least: float = BASE) -> Judgement:
    """Is `text` (any form, spoken or written) harmless? `least` can only raise the bar."""
    reading = classifier.read(text)
    chances = classifier.probabilities(reading)
    bar, why = required(reading)
    bar = max(bar, least)
    harmless = chances["benign"]
    if harmless > bar and len(reading.words) > WINDOW + STRIDE and not is_sum(reading):
        for start in range(0, len(reading.words) - STRIDE, STRIDE):
            part = Reading(reading.words[start : start + WINDOW], reading.concepts[start : start + WINDOW])
            here = classifier.probabilities(part)
            if here["benign"] < ALARM:
                harmless, chances, why, bar = here["benign"], here, "a part of it is not harmless", ALARM
                break
    if harmless > bar:
        return Judgement(None, harmless, bar, why)
    return Judgement(_category(reading, chances, harmless), harmless, bar, why)


def _category(reading: Reading, chances: dict[str, float], harmless: float) -> Category:
    words = set(reading.words)
    top = max((c for c in chances if c != "benign"), key=chances.__getitem__)
    if harmless > 0.5 and top in ("personal", "secret", "legal"):
        return Category.UNSURE
    if words & _SECRET_TALK and top in ("secret", "personal"):
        return Category.CREDENTIALS
    if words & _PLACE_TALK and top == "personal":
        return Category.LOCATION
    if words & _CHILD and top in ("personal", "mental", "secret"):
        return Category.MINORS
    return _CLASS_CATEGORY[top]
