"""From a grammar's reading to an Intent: slot values typed, names checked against what exists."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from assistant.nlu.durations import parse_duration
from assistant.nlu.grammar import Candidate, spoken_name
from assistant.nlu.home import Home
from assistant.nlu.intent import Class, Intent, SlotValue
from assistant.nlu.names import Names
from assistant.nlu.spans import Abstract, Span, time_with_daypart
from assistant.nlu.words import clean

_HASS_KINDS = {
    "HassLightSet": Class.LIGHTS,
    "HassMediaNext": Class.MUSIC,
    "HassMediaPause": Class.MUSIC,
    "HassMediaPrevious": Class.MUSIC,
    "HassMediaUnpause": Class.MUSIC,
    "HassMediaPlayerMute": Class.VOLUME,
    "HassMediaPlayerUnmute": Class.VOLUME,
    "HassSetVolume": Class.VOLUME,
    "HassSetVolumeRelative": Class.VOLUME,
}
_DAYPART_TIMES = {"am": time(9), "pm": time(15), "night": time(21)}
"""When "remind me tomorrow morning" is due. Evening counts from 19:00, see daypart_time."""

_EMPTY_NAMES = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "another",
        "one",
        "new",
        "me",
        "it",
        "some",
        "this",
        "that",
        "please",
        "you",
        "your",
        "timer",
        "alarm",
        "list",
        "for",
        "quick",
        "short",
        "long",
    ]
)
_BOUNDS = frozenset({"begins", "ends", "from_time"})
"""Two times in one request."""
_DAYS = frozenset({"day", "from_day"})
_LENGTHS = frozenset({"duration", "from_duration"})
_BARE_LENGTHS = (("from_number", "from_duration", "duration"), ("number", "duration", "from_duration"))
"""A slot for a number, the length it becomes, and the slot whose unit it shares."""
_HERE = frozenset({"area", "name", "floor"})
_EVERYWHERE = frozenset({"all", "every", "everywhere", "whole", "everything"})
_ROBOTS = (("HassVacuum", "vacuum"), ("HassLawnMower", "lawn_mower"))
_LIGHT_WORDS = frozenset(["light", "lights", "lamp", "lamps", "lighting", "bulb", "bulbs", "chandelier", "lantern"])
_TEXT_SLOTS = frozenset({"item", "text", "query", "place", "name", "list", "message"})


def hass_kind(intent: str, slots: Mapping[str, Any], home: Home) -> Class:
    """The class of one of Home Assistant's intents, by what it acts on."""
    if intent in _HASS_KINDS:
        return _HASS_KINDS[intent]
    if slots.get("domain") == "light":
        return Class.LIGHTS
    entity = home.named(str(slots.get("name", "")))
    switched = entity is not None and intent in ("HassTurnOn", "HassTurnOff", "HassGetState")
    if entity and switched and (entity.domain == "light" or (entity.domain == "switch" and is_light(entity.name))):
        return Class.LIGHTS
    return Class.SMART_HOME


def is_light(name: str) -> bool:
    """True for a name that speaks of a light."""
    return not _LIGHT_WORDS.isdisjoint(clean(name).split())


class Interpreter:
    """Types the slots of readings for one home."""

    def __init__(self, home: Home, kinds: Mapping[str, Class]) -> None:
        self._home = home
        self._kinds = kinds

    def intent(self, candidate: Candidate, abstract: Abstract, names: Names, text: str) -> Intent | None:
        """The intent of a reading, or None for a reading that names nothing ("set the my timer")."""
        slots: dict[str, SlotValue] = {}
        unresolved: dict[str, str] = {}
        for name, value in candidate.slots.items():
            span = abstract.spans.get(value) if isinstance(value, str) else None
            if span is not None and name in _TEXT_SLOTS and name not in span.kinds:
                slots[name] = span.words  # a free word that looks like a date: "the christmas list"
            elif span is not None:
                self._put_span(name, span, abstract, slots, unresolved)
            elif isinstance(value, str) and candidate.own and name in _TEXT_SLOTS and name in candidate.texts:
                slots[name] = abstract.concrete(value)
            elif isinstance(value, str | int | float | bool):
                slots[name] = int(value) if isinstance(value, float) and value.is_integer() else value
        return self._finish(candidate, abstract, names, slots=slots, unresolved=unresolved, text=text)

    def _put_span(
        self, name: str, span: Span, abstract: Abstract, slots: dict[str, SlotValue], unresolved: dict[str, str]
    ) -> None:
        if name == "time":
            read = time_with_daypart(span, abstract.spans.values())
            if read is not None:
                slots["time"], slots["pm_known"] = read
        elif name in _BOUNDS:
            if span.time is not None:
                slots[name], slots[f"{name}_known"] = span.time, span.pm_known
        elif name in _LENGTHS and span.duration is not None:
            slots[name] = span.duration
        elif name in _DAYS:
            if span.day is None:
                unresolved["day"] = span.words
            else:
                slots[name] = span.day
                if span.event:
                    slots["event"] = span.event
        elif name != "daypart":
            slots[name] = int(span.number) if float(span.number).is_integer() else float(span.number)

    def _finish(
        self,
        candidate: Candidate,
        abstract: Abstract,
        names: Names,
        *,
        slots: dict[str, SlotValue],
        unresolved: dict[str, str],
        text: str,
    ) -> Intent | None:
        intent = candidate.intent
        name = slots.get("name")
        if intent == "TimerChange" and not {"the", "my", "and"}.isdisjoint(str(name).split()):
            return None  # "change my mind cancel the timer" names none
        if intent.startswith("Timer") and isinstance(name, str):
            words = [word for word in name.split() if word not in ("timer", "the", "my", "a", "new")]
            if not words or _EMPTY_NAMES.issuperset(words):
                return None
            slots["name"] = " ".join(words)
        if intent == "TimerChange":
            _share_unit(candidate, abstract, slots)
        timeless = intent == "ReminderSet" or (intent == "ReminderMove" and {"day", "daypart"} & set(candidate.slots))
        if timeless and "time" not in slots and "duration" not in slots:
            due = daypart_time(abstract.spans.values())
            if due is not None:
                slots["time"], slots["pm_known"] = due, True
        if intent == "TimerSet" and "time" in slots and candidate.slots["time"] in abstract.spans:
            bare = "number" in abstract.spans[candidate.slots["time"]].kinds
            if bare and not {"until", "till"} & set(text.split()):
                return None  # "a timer for ten" waits for its unit; it is no time of day
        if intent == "DiceRoll" and not isinstance(slots.get("sides", 6), int):
            return None
        if intent.startswith("List") and isinstance(slots.get("list"), str):
            _check_list(intent, slots, unresolved, names)
        kind = self._kinds.get(intent) if candidate.own else None
        if intent.startswith("Hass"):
            self._place_elsewhere(slots, unresolved)
            if (
                candidate.own
                and not unresolved
                and _HERE.isdisjoint(slots)
                and _EVERYWHERE.isdisjoint(text.split())
                and self._home.here
            ):
                slots["area"] = self._home.here  # as Home Assistant's own sentences take it
            kind = hass_kind(intent, slots, self._home)
            self._drop_wrong_room(candidate, slots, unresolved)
        if intent.startswith("Music") and isinstance(slots.get("query"), str) and "name" in slots:
            slots["name"] = str(slots["name"])
        return Intent(
            name=intent,
            kind=kind or Class.OUT_OF_SCOPE,
            slots=slots,
            unresolved=unresolved,
            sentence=candidate.template,
            text=text,
        )

    def _place_elsewhere(self, slots: dict[str, SlotValue], unresolved: dict[str, str]) -> None:
        """Common words for devices and rooms: resolved where this home has them, else kept as unresolved."""
        appliance, room = slots.pop("appliance", None), slots.pop("room", None)
        if isinstance(appliance, str):
            entity = self._home.named(appliance)
            if entity:
                slots["name"] = entity.name
            else:
                unresolved["name"] = appliance
        if isinstance(room, str):
            areas = {spoken_name(name): area.name for area in self._home.areas for name in (area.name, *area.aliases)}
            if room in areas:
                slots["area"] = areas[room]
            else:
                unresolved["area"] = room

    def _drop_wrong_room(self, candidate: Candidate, slots: dict[str, SlotValue], unresolved: dict[str, str]) -> None:
        """A room that nobody said (the device's own) is dropped when the thing exists only elsewhere."""
        robot = next((domain for intent, domain in _ROBOTS if candidate.intent.startswith(intent)), "")
        if robot and not any(entity.domain == robot for entity in self._home.entities):
            unresolved["name"] = robot.replace("_", " ")
        domain, device_class = slots.get("domain"), slots.get("device_class")
        if not domain or "name" in slots:
            return
        fitting = [
            entity
            for entity in self._home.entities
            if entity.domain == domain and (not device_class or entity.device_class == device_class)
        ]
        area = slots.get("area")
        elsewhere = bool(fitting) and not any(entity.area == area for entity in fitting)
        if "area" not in candidate.texts and area and elsewhere:
            del slots["area"]
        if not fitting and domain != "light":
            unresolved["domain"] = str(device_class or domain).replace("_", " ")


def _check_list(intent: str, slots: dict[str, SlotValue], unresolved: dict[str, str], names: Names) -> None:
    said = clean(str(slots["list"])).removeprefix("my ").removeprefix("the ").removesuffix(" list")
    known = {clean(name) for name in names.lists}
    if intent == "ListCreate" or said in known:
        slots["list"] = said
        return
    del slots["list"]
    unresolved["list"] = said


def _share_unit(candidate: Candidate, abstract: Abstract, slots: dict[str, SlotValue]) -> None:
    """ "From ten to fifteen minutes": the number alone has the other one's unit, which is said last."""
    for bare, length, other in _BARE_LENGTHS:
        number, full = (abstract.spans.get(str(candidate.slots.get(slot))) for slot in (bare, other))
        if number and full and (read := parse_duration([*number.words.split(), full.words.split()[-1]])):
            slots[length] = read[0]
            del slots[bare]


def daypart_time(spans: Iterable[Span]) -> time | None:
    """When a part of the day that was said without a time begins to count; None when none was said."""
    for span in spans:
        if span.daypart:
            return time(19) if "evening" in span.words else _DAYPART_TIMES[span.daypart]
    return None
