"""From a model's tool call to an Intent: every value is read by the same parsers and names as the other tiers' are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.nlu.fill import ASPECTS, COLORS, fill, nearest, repeating, spoken_names
from assistant.nlu.grammar import spoken_name
from assistant.nlu.home import Home
from assistant.nlu.intent import Class, Intent, SlotValue
from assistant.nlu.interpret import hass_kind, is_light
from assistant.nlu.kinds import kind_of_label
from assistant.nlu.names import Names
from assistant.nlu.spans import Abstract, Span, time_with_daypart
from assistant.nlu.words import clean


@dataclass(frozen=True, slots=True)
class Called:
    """One call, as far as the understanding cares."""

    name: str
    """An intent; "" for a request that no tool serves."""
    arguments: Mapping[str, str]
    """Words of the request by slot."""
    confidence: float
    """0..1, calibrated: the share of such calls whose intent is right."""
    doubtful: bool = False
    """It would change something and is not sure enough for that: the person is asked first."""
    meaning: str = ""
    """What it asks for, as words to a person: "set a timer for ten minutes"."""


class Caller(Protocol):
    """A language model that turns requests into calls. Blocking; on the understanding's thread."""

    def called(self, request: str) -> Called | None:
        """What the plain words of `request` call; None when the model failed. Never raises."""
        ...


_WORDS = frozenset({"item", "text", "query", "place"})
"""Slots whose value is what was said."""
_NUMBERS: Mapping[str, tuple[int, int]] = {
    "level": (0, 100), "step": (1, 100), "brightness": (0, 100), "position": (0, 100), "percentage": (0, 100),
    "temperature": (-50, 300),
}  # fmt: skip
"""Slots that take a number, with what makes sense."""
_THROUGH_MODEL = _WORDS | {"name", "area", "list"}
"""Slots in which the model's words replace what patterns found: what it did not hand over was not said."""
_GENERIC = frozenset({"light", "lights", "lamp", "lamps", "lighting", "bulb", "bulbs"})
_LIST_WORDS = frozenset({"list", "my", "the", "our", "a"})
_USUAL_LISTS = {"grocery": "shopping", "groceries": "shopping", "todo": "to do"}


ACCEPT = 0.5
"""Calibrated confidence from which a call counts without the classifier (docs/intent-model.md)."""


AGAINST = 0.9
"""Confidence that a call needs where the classifier was asked and took the request for talk. In nine of ten held-out
sentences so sure a call was right (docs/intent-model.md)."""


def settled(guess: Intent | None, called: Called, meant: Intent, least: float = ACCEPT) -> Intent | None:
    """What a request means by the classifier's guess and a model's call, which `meant` reads.

    Where both name the same class, the call counts: it has the better slots, and two witnesses leave no doubt. Where
    they differ the classifier is believed, and where it names nothing, a call that is at least `least` sure.
    """
    if guess is None:
        return meant if called.confidence >= least else None
    if guess.kind is not meant.kind:
        return guess
    return replace(meant, confidence=max(guess.confidence, meant.confidence), doubtful=False)


def intent_of(called: Called, abstract: Abstract, home: Home, names: Names, text: str) -> Intent:
    """The intent of a call that names a tool."""
    label = called.name + (":light" if called.arguments.get("domain") == "light" else "")
    slots, unresolved = fill(label, abstract, home, names)
    words = {slot: clean(value) for slot, value in called.arguments.items() if clean(value)}
    if label.startswith("Hass"):
        if "name" in words or "area" in words:
            for slot in ("name", "area", "domain"):
                slots.pop(slot, None)
                unresolved.pop(slot, None)
            _put_thing(label, words, home, slots, unresolved)
    else:
        for slot in _THROUGH_MODEL:
            slots.pop(slot, None)
            unresolved.pop(slot, None)
        _put_words(called.name, words, names, slots, unresolved)
    _put_values(words, abstract, slots)
    kind = kind_of_label(label)
    if label.startswith("Hass") and kind is not Class.LIGHTS:
        kind = hass_kind(called.name, slots, home)
        if kind is Class.SMART_HOME and is_light(words.get("name", "")):
            kind = Class.LIGHTS
    return Intent(
        name=called.name,
        kind=kind,
        slots=slots,
        confidence=round(min(0.99, called.confidence), 3),
        tier="llm",
        unresolved=unresolved,
        sentence=called.meaning,
        text=text,
        doubtful=called.doubtful,
    )


def _put_words(
    intent: str, words: Mapping[str, str], names: Names, slots: dict[str, SlotValue], unresolved: dict[str, str]
) -> None:
    slots |= {slot: words[slot] for slot in sorted(_WORDS & set(words))}
    if name := words.get("name"):
        slots["name"] = next((known for known in names.timers if clean(known) == name), name)
    if not (heard := " ".join(word for word in words.get("list", "").split() if word not in _LIST_WORDS)):
        return
    known = {clean(name): name for name in names.lists}
    usual = _USUAL_LISTS.get(heard, heard)
    if usual in known or intent == "ListCreate":
        slots["list"] = known.get(usual, heard)
    else:
        unresolved["list"] = heard


def _put_thing(
    label: str, words: Mapping[str, str], home: Home, slots: dict[str, SlotValue], unresolved: dict[str, str]
) -> None:
    """The device and the room that a call names, as far as they exist."""
    thing, room = words.get("name", ""), words.get("area", "")
    areas = {spoken_name(name): area.name for area in home.areas for name in (area.name, *area.aliases)}
    area = nearest(room, areas) if room else ""
    lights = label.endswith(":light") or label == "HassLightSet" or is_light(thing)
    # "the kitchen light" may be one thing or the lights of a room
    whole = f"{room} {thing or ('light' if lights else '')}".strip()
    found = nearest(whole, spoken_names(home)) or (nearest(thing, spoken_names(home)) if thing else "")
    if found and (entity := home.named(found)) and not (lights and entity.domain not in ("light", "switch")):
        slots["name"] = found
        return
    if area:
        slots["area"] = area
    elif room:
        unresolved["area"] = room
    if thing and not (lights and set(thing.split()) <= _GENERIC):
        unresolved["name"] = thing
    elif lights:
        slots["domain"] = "light"


def _put_values(words: Mapping[str, str], abstract: Abstract, slots: dict[str, SlotValue]) -> None:
    """Times, numbers and the like: the span of the request that the words speak of, as it was parsed."""
    spans = list(abstract.spans.values())
    if (span := _span("duration", words, spans)) is not None and span.duration is not None:
        slots["duration"] = span.duration
    if (span := _span("time", words, spans)) is not None and (read := time_with_daypart(span, spans)) is not None:
        slots["time"], slots["pm_known"] = read
    if (span := _span("day", words, spans)) is not None and span.day is not None:
        slots["day"] = span.day
    if repeat := repeating(words.get("repeat", "")):
        slots["repeat"] = repeat
        slots.pop("day", None)
    for slot in _NUMBERS:
        low, high = _NUMBERS[slot]
        span = _span(slot, words, spans, "number")
        if span is not None and low <= span.number <= high:
            slots[slot] = int(span.number) if float(span.number).is_integer() else float(span.number)
    if aspect := next((ASPECTS[word] for word in words.get("aspect", "").split() if word in ASPECTS), ""):
        slots["aspect"] = aspect
    if color := next((color for color in COLORS if f" {color} " in f" {words.get('color', '')} "), ""):
        slots["color"] = color
        slots.pop("brightness_step", None)


def _span(slot: str, words: Mapping[str, str], spans: list[Span], kind: str = "") -> Span | None:
    """The span that shares words with what the call hands over as `slot`."""
    said = f" {words.get(slot, '')} "
    if not said.strip():
        return None
    fitting = (span for span in spans if (kind or slot) in span.kinds)
    return next((span for span in fitting if f" {span.words} " in said or said in f" {span.words} "), None)
