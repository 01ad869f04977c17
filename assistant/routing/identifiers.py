# ruff: noqa: E501 - patterns and word lists read better in one line
"""Finds what names a person, a household or an account: in the text as it stands and in its spoken forms.

Nothing here reaches the network, and nothing needs a model: rules, checksums (python-stdnum) and number plans
(phonenumbers). Where a rule is unsure it finds too much; the price is an answer from the local model.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from stdnum import iban, luhn
from stdnum.es import dni
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.us import ssn

from assistant.routing.spoken import (
    LETTER_WORDS,
    NATO,
    SIGNS,
    TEENS,
    TENS,
    UNITS,
    Form,
    ambiguous,
    emails,
    identity,
    tokens,
    written,
)


class Kind(StrEnum):
    """What was found."""

    CARD = "card number"
    IBAN = "bank account"
    NATIONAL_ID = "national id"
    PHONE = "phone number"
    NUMBER = "long number"
    EMAIL = "e-mail address"
    ADDRESS = "street address"
    NAME = "name of someone here"
    PLATE = "number plate"
    BIRTH_DATE = "date of birth"
    SECRET = "password or code"  # noqa: S105 - a kind, no password
    DEVICE = "device address"


REDACTABLE = frozenset((Kind.NAME, Kind.EMAIL, Kind.PHONE))
"""Kinds that may be replaced by a placeholder; a sentence with any other kind stays here as a whole."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One identifier, as a range of the source text."""

    kind: Kind
    start: int
    end: int


_RUN = re.compile(r"(?<![\w.,])\+?\(?\d(?:[\s().\-/_]{0,3}\d){6,}(?![\w])|(?<!\w)\d{7,}")
_QUANTITY = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
_ALNUM = re.compile(r"(?<!\w)(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[^\W_][\w-]{4,}(?!\w)")
_HARMLESS_ALNUM = re.compile(
    r"\d+(?:st|nd|rd|th|s|k|m|g|mm|cm|km|kg|mg|ml|am|pm|px|hz|khz|mhz|ghz|mb|gb|tb|bit|fps|mph|kmh|x\d+|d)|"
    r"(?:covid|mp|ww|utf|sha|md|ps|xbox|win|python|html|css|es|ipv|http|windows|area|formula|apollo|boeing|airbus|iphone|"
    r"galaxy|route|channel|level|version|grade|phase|type|section|article|chapter|season|episode)-?\d+\w?",
    re.IGNORECASE,
)
_STREET = (
    r"(?:street|st|str|road|rd|avenue|ave|av|lane|ln|drive|dr|close|court|ct|boulevard|blvd|way|place|pl|square|sq|terrace|"
    r"crescent|cres|gardens|grove|hill|row|mews|walk|parkway|pkwy|highway|hwy|circle|cir|trail|crossroad|alley)"
)
_NOT_IN_STREET = (
    r"(?!(?:the|a|an|of|in|on|at|to|for|from|and|or|with|down|up|by|is|are|was|were|has|have|had|more|less|times|each|every|per|"
    r"percent|dollars?|pounds?|miles?|feet|meters?|metres?|minutes?|hours?|days?|weeks?|months?|years?|people|cars|blocks?|"
    r"steps?|ways?|houses|lives?|live|did|does|do|how|what|when|where|why|who)\b)"
)
_ADDRESS = [
    re.compile(rf"\b\d+[a-z]?\s+(?:{_NOT_IN_STREET}[^\W\d_][\w'.-]*\s+){{1,3}}{_STREET}\b", re.IGNORECASE),
    re.compile(
        r"\b(?:via|rue|calle|viale|vicolo|piazza|plaza|plac|strada|ulica|ul|corso|avenida|av|avenue|rua|chemin|allée|impasse|paseo|largo|"
        r"boulevard|place)\.?\s+(?:[^\W\d_][\w'.-]*\s+){1,4}\d+\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b[^\W\d_]{3,}(?:strasse|straße|str|gasse|weg|vägen|gatan|gata|gade|vej|veien|laan|straat|plein|allee|platz|dijk|kade|ring|damm|"
        r"ufer|katu|tie|skuja|utca|ulica|stræde|brautin|braut|stígur|vegur|götu)\.?\s+\d+\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b[^\W\d_][\w'.-]*\s+(?:utca|út|ulica|str|street|strasse|straße|caddesi|sokak|cesta|gatve)\.?\s+\d+\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:p\.?\s?o\.?\s+box|post office box|psc|apo|fpo|dpo)\b[\s,]+\w+", re.IGNORECASE),
    re.compile(r"\b(?:apt|apartment|suite|unit|flat)\.?\s+(?:no\.?\s+|number\s+)?\d+\w?\b", re.IGNORECASE),
    re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}\b", re.IGNORECASE),  # British postcode
    re.compile(r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b"),  # American state and code
    re.compile(r"\bthe corner of\s+(?:\w+\s+){1,3}(?:and|&)\s+\w+", re.IGNORECASE),
]
_ADDRESS_TALK = re.compile(
    r"\b(?:my|your|our|his|her|their|the|home|postal|mailing|billing|new|this)\s+address\b|\baddress\s*(?:is|:|to\b)|^\s*address\b|"
    r"\bname\b.{0,40}\baddress\b|\b(?:live|lives|living|staying|reside|resides)\s+(?:at|on)\b|\bmov(?:ed|ing)\s+to\s+(?=\d)|\bmeet\s+(?:you|me|us|him|her|them)\s+at\b|"
    r"\b(?:ship|deliver|delivered|mail|post|send|sent)\b.{0,30}\bto\b|\bpick\s+(?:me|us)\s+up\s+(?:at|from)\b",
    re.IGNORECASE,
)
_DATE = (
    r"(?:(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?(?:\s+of)?\s+{m}|{m}\s+(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?|{m}\s+[a-z]+|the\s+[a-z-]+\s+of\s+{m}|\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}|"
    r"(?:19|20)\d\d)(?:[\s,]+(?:in\s+)?\d{2,4})?"
).replace(
    "{m}",
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)",
)
_BIRTH = re.compile(
    r"\b(?:(?:date of birth|birth date|birthdate|d\.?o\.?b\.?|birthday)\b.{0,20}?|(?:i|he|she|we|they|who)\s+(?:was|were|am|is)\s+born\s+(?:on|in)?\s*|"
    r"\bborn\s+(?:on)\s*)(" + _DATE + ")",
    re.IGNORECASE,
)
_ANNOUNCED = (
    r"(?:password|passcode|pass\s?phrase|passphrase|pin(?:\s?(?:code|number))?|security\s+(?:code|answer)|cvv2?|cvc|otp|one\s+time\s+code|verification\s+code|"
    r"(?:door|gate|garage|alarm|safe|entry|access|lock|key\s?pad|keypad|unlock|house|locker|voicemail|sort)\s+(?:code|pin|combination)|combination|"
    r"wi-?\s?fi\s+(?:key|code|password)|seed\s+phrase|recovery\s+(?:phrase|code|key)|api\s+key|licen[sc]e\s+key|user\s?name|login|"
    r"member(?:ship)?\s+(?:id|number)|employee\s+(?:id|number)|student\s+(?:id|number)|account\s+number|routing\s+number|passport(?:\s+number)?|"
    r"(?:driver'?s?|driving)\s+licen[sc]e(?:\s+number)?|social(?:\s+security)?(?:\s+number)?|ssn|national\s+insurance(?:\s+number)?|tax\s+id|"
    r"policy\s+number|case\s+number|vin|imei|serial\s+number)"
)
_SECRET = re.compile(
    rf"\b{_ANNOUNCED}\b(?:\s+(?:for|to|of|on|at)\s+(?:my|the|our|his|her|your)?\s*(?:[\w']+\s+){{1,3}}?)?\s*(?:is|was|are|=|:|to|as|equals|number is)\s*[\"']?([^\s,.?!][^,.?!]{{0,60}})",
    re.IGNORECASE,
)
_SECRET_NEAR = re.compile(rf"\b{_ANNOUNCED}\s*(?:number|no\.?|code)?\s+((?=\S*\d)\S{{3,}})", re.IGNORECASE)
_PLATE_TALK = re.compile(
    r"\b(?:plates?|registration|number\s?plate|licen[sc]e\s?plate|reg)\b(?:\s+(?:number|no))?(?:\s+(?:is|of|reads|says|ends|was))?\s+(?:in\s+)?([a-z0-9][\w -]{1,12})",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"(?<![\w-])(?:[A-Z]{2}\d{2}\s?[A-Z]{3}|[A-Z]{3}[\s-]?\d{3,4}|\d[A-Z]{3}\d{3}|[A-Z]{1,3}-[A-Z]{1,2}\s?\d{1,4})(?![\w-])"
)
_MY_NAME = re.compile(
    r"\b(?:my\s+(?:full\s+|last\s+|first\s+|maiden\s+|middle\s+)?name\s+is|my\s+name'?s|name\s*:)\s+((?!the\b|not\b|what\b|on\b|in\b|spelled\b)[^\W\d_][\w'.-]+(?:\s+[^\W\d_][\w'.-]+)?)",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b|(?<![\w.])-?\d{1,3}\.\d{3,},?\s+-?\d{1,3}\.\d{3,}",
    re.IGNORECASE,
)
# British national insurance number: two letters (never D F I Q U V, nor O second), six digits, A to D
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]")
_SPELLED = frozenset([*UNITS, *TEENS, *TENS, *NATO, *SIGNS, *LETTER_WORDS, "double", "triple", "hundred"])


def find(text: str, names: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Every identifier in `text`, in order of place. `names`: people who live here or are in the contacts."""
    if len(text) > 4000:  # far above anything said in one breath; bounds the work
        text = text[:4000]
    found: set[Finding] = set()
    forms = [identity(text), written(text)]
    if ambiguous(text):
        forms.append(written(text, split=True))
    for index, form in enumerate(forms):
        for kind, start, end in _scan(form, source=index == 0):
            a, b = form.source(start, end)
            found.add(Finding(kind, a, b))
    found |= {Finding(Kind.EMAIL, a, b) for a, b in emails(text)}
    found |= {Finding(Kind.EMAIL, *forms[1].source(a, b)) for a, b in emails(forms[1].text)}
    found |= set(_names(text, tuple(names)))
    found |= set(_iban_said(text))
    return tuple(sorted(found, key=lambda f: (f.start, f.end, f.kind)))


def _scan(form: Form, *, source: bool) -> Iterator[tuple[Kind, int, int]]:
    text = form.text
    for m in _RUN.finditer(text):
        if _QUANTITY.fullmatch(m[0].strip()):
            continue
        yield number_kind(m[0]), m.start(), m.end()
    for m in _ALNUM.finditer(text):
        kind = _alnum_kind(m[0])
        if kind is not None:
            yield kind, m.start(), m.end()
    for pattern in _ADDRESS:
        for m in pattern.finditer(text):
            yield Kind.ADDRESS, m.start(), m.end()
    for m in _ADDRESS_TALK.finditer(text):
        rest = text[m.end() :]
        number = re.search(r"\b\d+[a-z]?\b", rest)
        if (
            number
            and number.start() < 70
            and not re.match(r"\s*(?:people|dollars|percent|years|friends|guests|customers)\b", rest[number.end() :])
        ):
            stop = re.search(r"[?!\n]", rest)
            yield Kind.ADDRESS, m.start(), m.end() + (stop.start() if stop else len(rest))
    for m in _BIRTH.finditer(text):
        yield Kind.BIRTH_DATE, m.start(1), m.end(1)
    for pattern in (_SECRET, _SECRET_NEAR):
        for m in pattern.finditer(text):
            yield Kind.SECRET, m.start(1), m.end(1)
    for m in _PLATE_TALK.finditer(text):
        if re.search(r"\d", m[1]):
            yield Kind.PLATE, m.start(1), m.end(1)
    for m in _PLATE.finditer(text if source else text.upper()):
        if source or re.search(r"[A-Z]{2}\d{2}[A-Z]{3}|\d[A-Z]{3}\d{3}|[A-Z]{3}\d{3,4}", m[0]):
            yield Kind.PLATE, m.start(), m.end()
    for m in _MY_NAME.finditer(text):
        yield Kind.NAME, m.start(1), m.end(1)
    for m in _DEVICE.finditer(text):
        yield Kind.DEVICE, m.start(), m.end()


def number_kind(text: str) -> Kind:
    """What a run of at least seven digits is: a card, a national id, a phone, or a long number."""
    digits = re.sub(r"\D", "", text)
    if 12 <= len(digits) <= 19 and luhn.is_valid(digits):
        return Kind.CARD
    if (len(digits) == 9 and ssn.is_valid(digits)) or (len(digits) == 10 and nhs.is_valid(digits)):
        return Kind.NATIONAL_ID
    return Kind.PHONE if _is_phone(text, digits) else Kind.NUMBER


@lru_cache(maxsize=256)
def _is_phone(text: str, digits: str) -> bool:
    if not 7 <= len(digits) <= 15:
        return False
    for region in (None,) if text.lstrip().startswith("+") else ("US", "GB"):
        try:
            number = phonenumbers.parse(("+" + digits) if region is None else digits, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return True
    return False


def _alnum_kind(text: str) -> Kind | None:
    compact = re.sub(r"[-_]", "", text).upper()
    digits, letters = sum(c.isdigit() for c in compact), sum(c.isalpha() for c in compact)
    if len(compact) >= 15 and iban.is_valid(compact):
        return Kind.IBAN
    if _NINO.fullmatch(compact) or dni.is_valid(compact) or codicefiscale.is_valid(compact):
        return Kind.NATIONAL_ID
    if _HARMLESS_ALNUM.fullmatch(text):
        return None
    if digits >= 3 and letters >= 2 and len(compact) >= 6:
        return Kind.SECRET
    if digits >= 5:
        return Kind.NUMBER
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z]{3}|[A-Z]\d{2,3}[A-Z]{3}|\d[A-Z]{3}\d{3}|[A-Z]{3}\d{3,4}", compact):
        return Kind.PLATE
    return None


def _names(text: str, names: tuple[str, ...]) -> Iterator[Finding]:
    for name in names:
        for part in {name, *(p for p in name.split() if len(p) >= 3)}:
            for m in re.finditer(rf"(?<!\w){re.escape(part)}(?:'s|s')?(?!\w)", text, re.IGNORECASE):
                yield Finding(Kind.NAME, m.start(), m.end())
        spelled = r"[\s.,-]+".join(re.escape(c) for c in name if c.isalpha())
        if len(spelled) > 12:
            for m in re.finditer(rf"(?<!\w){spelled}(?!\w)", text, re.IGNORECASE):
                yield Finding(Kind.NAME, m.start(), m.end())


def _iban_said(text: str) -> Iterator[Finding]:
    """An account number whose letters were heard as short words: "gb four nine aher seven two ..."."""
    form = written(text)
    pieces = [(m[0], m.start(), m.end()) for m in re.finditer(r"\w+", form.text)]
    for i, (first, start, _) in enumerate(pieces):
        if not re.match(r"[a-z]{2}(?:\d|$)", first, re.IGNORECASE):
            continue
        joined = ""
        for chars, _, end in pieces[i : i + 14]:
            joined += chars
            if len(joined) > 34:
                break
            if len(joined) >= 15 and sum(c.isdigit() for c in joined) >= 8 and iban.is_valid(joined.upper()):
                a, b = form.source(start, end)
                yield Finding(Kind.IBAN, a, b)


def spelled_share(text: str) -> float:
    """The share of words that are digits, letters or signs being dictated: 0..1."""
    words = [t.text for t in tokens(text)]
    return sum(w in _SPELLED or w.isdigit() or len(w) == 1 for w in words) / len(words) if words else 0.0
