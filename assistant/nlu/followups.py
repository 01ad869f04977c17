"""Words that lean on what was said before: answers, corrections ("no, fifteen") and follow-ups ("and the bedroom?")."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from assistant.nlu.dialogue import FOLLOW_UP_S, Dialogue
from assistant.nlu.durations import UNITS, duration_of, parse_duration
from assistant.nlu.fill import COLORS, nearest
from assistant.nlu.grammar import spoken_name, variants
from assistant.nlu.home import Home
from assistant.nlu.intent import Intent, SlotValue
from assistant.nlu.interpret import daypart_time, hass_kind
from assistant.nlu.spans import Abstract, abstract, time_with_daypart

_CORRECTIONS: tuple[tuple[str, ...], ...] = (
    ("no", "i", "said"), ("no", "i", "meant"), ("no", "i", "mean"), ("no", "make", "it"),
    ("no", "make", "that"), ("no", "wait"), ("no", "not"), ("i", "said"), ("i", "meant"),
    ("sorry", "i", "meant"), ("make", "it"), ("make", "that"), ("change", "it", "to"),
    ("change", "that", "to"), ("move", "it", "to"), ("move", "that", "to"),
    ("actually", "make", "it"), ("actually",), ("sorry",), ("no",), ("wait",),
    ("rather",),
)  # fmt: skip
_FOLLOWS: tuple[tuple[str, ...], ...] = (
    ("and", "what", "about"), ("and", "how", "about"), ("what", "about"), ("how", "about"), ("and", "also"),
    ("also",), ("and",), ("the", "same", "for"), ("same", "for"), ("same", "thing", "for"),
)  # fmt: skip
_FILLER = frozenset({"in", "the", "for", "on", "at", "to", "of", "my", "a", "about", "with", "again"})
_ASKING = frozenset(
    {"set", "start", "create", "make", "begin", "run", "add", "cancel", "stop", "end", "delete", "remove", "clear",
    "pause", "hold", "resume", "continue", "restart", "extend", "increase", "take", "change", "adjust", "reset",
    "check", "list", "count", "turn", "switch", "put", "give"}
)  # fmt: skip
_NUMBERED = (
    "level", "brightness", "temperature", "position", "step", "volume_level", "sides", "amount", "number",
)  # fmt: skip
"""Slots that another number can fill."""
_BEFORE_NAME = frozenset({"the", "my", "that", "a", "one", "timer", "reminder", "about", "for", "to", "called", "with"})
_LONGEST_NAME = 4
"""Words of a timer's name."""
_TEXT_ANSWERS = {"text": "ReminderSet", "item": "ListAdd", "list": "", "name": "", "query": "MusicPlay", "place": ""}


def answer(words: Sequence[str], dialogue: Dialogue, today: date) -> Intent | None:
    """The last intent with the slot that was asked for, when `words` give it."""
    if not dialogue.pending or not dialogue.last_intents or dialogue.pending == "confirm":
        return None
    last, slot = dialogue.last_intents[-1], dialogue.pending
    spans = abstract(_bare(words), today)
    tokens = spans.text.split()
    if slot in _TEXT_ANSWERS:
        if not words or len(words) > 12 or words[0] in ("who", "what", "why", "how", "when", "where"):
            return None
        if slot == "name" and last.name.startswith("Timer"):
            chosen = _which_timer(_chosen(words))
            return _with(last, chosen) if chosen else None
        if last.name in ("ReminderCancel", "ReminderMove"):
            return _with(last, {slot: " ".join(_chosen(words))})
        return _with(last, {slot: " ".join(words)})
    rest = [token for token in tokens if token not in spans.spans and token not in _FILLER]
    values = _values(spans, last)
    kept = {slot: values[slot]} if slot in values else {}
    if slot == "duration" and last.name == "TimerChange" and not kept:
        kept = _new_length(words, last, spans)
        rest = [] if kept else rest
    if slot == "time" and last.name.startswith(("Alarm", "Reminder")):
        kept = _moment(words, last, values)
    elif "time" in kept:
        kept |= {name: values[name] for name in ("pm_known", "day") if name in values}
    return _with(last, kept) if kept and len(rest) <= 1 else None


def begins_request(words: Sequence[str]) -> bool:
    """Whether words that name a timer ask for something of their own: "set a ...", not "the ten minute timer"."""
    return bool(words) and words[0] in _ASKING


def _chosen(words: Sequence[str]) -> list[str]:
    """An answer to "Which one?" without what goes around a name: "the pasta one", "the one about the bins"."""
    said = list(words)
    while len(said) > 1 and said[0] in _BEFORE_NAME:
        said = said[1:]
    while len(said) > 1 and said[-1] in ("one", "timer", "reminder"):
        said = said[:-1]
    return said


def _which_timer(said: list[str]) -> dict[str, SlotValue]:
    """The timer that was chosen, by its length or its name; empty when neither was said."""
    length = parse_duration(said)
    if length is not None and length[1] == len(said):
        return {"from_duration": length[0]}
    return {"name": " ".join(said)} if len(said) <= _LONGEST_NAME else {}


def _new_length(words: Sequence[str], last: Intent, spans: Abstract) -> dict[str, SlotValue]:
    """A number alone, or the unit alone of a number said before."""
    before, unit = last.slots.get("number"), UNITS.get(words[-1])
    if len(words) == 1 and unit and isinstance(before, int):
        return {"duration": duration_of(before * unit)}
    number = next((span.number for span in spans.of("number")), None)
    if number is None or len(spans.text.split()) > 1 or not float(number).is_integer():
        return {}
    return {"number": int(number)}


def _moment(words: Sequence[str], last: Intent, values: dict[str, SlotValue]) -> dict[str, SlotValue]:
    """An answer to "When?": a time, a day or both, or a length of time ("in ten minutes", or "by" so much)."""
    if "time" in values or "duration" not in values:
        return {name: values[name] for name in ("time", "pm_known", "day") if name in values}
    moved = {"duration": values["duration"]}
    if last.name.endswith("Move") and (words[0] in ("in", "after") or list(words[-2:]) == ["from", "now"]):
        moved["from_now"] = True
    return moved


def lean(words: Sequence[str], dialogue: Dialogue, home: Home, today: date) -> Intent | None:
    """A correction of the last intent, or the same again for something else; None when `words` stand alone."""
    if not dialogue.last_intents or dialogue.seconds_ago > FOLLOW_UP_S:
        return None
    last = dialogue.last_intents[-1]
    if not last.name:
        return None
    for lead, corrects in [(lead, False) for lead in _FOLLOWS] + [(lead, True) for lead in _CORRECTIONS]:
        if tuple(words[: len(lead)]) == lead and len(words) > len(lead):
            rest = _bare(words[len(lead) :])
            changed = _changed(rest, last, home, today)
            if changed is not None:
                slots = dict(changed.slots) | ({"replaces": True} if corrects else {})
                if not corrects:
                    slots.pop("replaces", None)
                return replace(changed, slots=slots, text=" ".join(words))
    return None


def _changed(rest: list[str], last: Intent, home: Home, today: date) -> Intent | None:
    """`last` with what `rest` names, when `rest` is nothing but a value."""
    said = " ".join(rest)
    if last.name.startswith("Hass"):
        spoken = {form: entity.name for entity in home.entities for form in _forms(entity.name, entity.aliases)}
        areas = {spoken_name(name): area.name for area in home.areas for name in (area.name, *area.aliases)}
        if said in spoken:
            slots = {
                name: value for name, value in last.slots.items() if name not in ("area", "domain", "name", "floor")
            }
            changed = {**slots, "name": spoken[said]}
            return replace(last, slots=changed, unresolved={}, kind=hass_kind(last.name, changed, home))
        without = said.removesuffix(" lights").removesuffix(" light")
        if area := areas.get(said) or areas.get(without) or nearest(said if len(rest) < 3 else "", areas):
            slots = {name: value for name, value in last.slots.items() if name not in ("area", "name", "floor")}
            entity = home.named(str(last.slots.get("name", "")))
            if "name" in last.slots:
                slots["domain"] = entity.domain if entity else "light"
            return replace(last, slots={**slots, "area": area}, unresolved={})
        if said in COLORS and last.name == "HassLightSet":
            return _with(
                replace(last, slots={k: v for k, v in last.slots.items() if k != "brightness"}), {"color": said}
            )
    spans = abstract(rest, today)
    tokens = spans.text.split()
    if tokens and all(token in spans.spans or token in _FILLER or token == "percent" for token in tokens):  # noqa: S105
        values = _values(spans, last)
        if values:
            return _with(last, values)
    if last.name in ("WeatherQuery", "TimeNow") and 0 < len(rest) < 4 and len(tokens) == len(rest):
        return _with(last, {"place": said})
    if last.name in ("ListAdd", "ListRemove") and 0 < len(rest) < 6:
        return _with(last, {"item": said})
    return None


def _forms(name: str, aliases: Sequence[str]) -> list[str]:
    return [form for spoken in (name, *aliases) for form in variants(spoken)]


def _values(spans: Abstract, last: Intent) -> dict[str, SlotValue]:
    """The typed values in `spans` that an intent like `last` can hold."""
    values: dict[str, SlotValue] = {}
    for span in spans.spans.values():
        if span.duration is not None:
            values["duration"] = span.duration
        if span.day is not None and not last.name.startswith(("Timer", "Hass", "Volume")):
            values["day"] = span.day
        if span.time is not None and last.name.startswith(("Alarm", "Reminder", "ClockSet")):
            read = time_with_daypart(span, spans.spans.values())
            if read is not None:
                values["time"], values["pm_known"] = read
        if last.name.startswith("Reminder") and "time" not in values and (part := daypart_time([span])):
            values["time"], values["pm_known"] = part, True
        if "number" in span.kinds and float(span.number).is_integer():
            number = int(span.number)
            if last.name in ("TimerSet", "TimerChange") and "duration" in last.slots and "duration" not in values:
                values["duration"] = _same_unit(number, last)
            for slot in (
                "level",
                "brightness",
                "temperature",
                "position",
                "step",
                "volume_level",
                "sides",
                "amount",
                "number",
            ):
                if slot in last.slots:
                    values[slot] = number
            if last.name == "VolumeSet":
                values["level"] = number
    return values


def _same_unit(number: int, last: Intent) -> SlotValue:
    old = last.slots["duration"]
    seconds = old.total_seconds() if isinstance(old, timedelta) else 60.0
    unit = 3600 if seconds % 3600 == 0 else 60 if seconds % 60 == 0 else 1
    return timedelta(seconds=min(number, 10**9) * unit)


def _with(last: Intent, slots: dict[str, SlotValue]) -> Intent:
    unresolved = {name: words for name, words in last.unresolved.items() if name not in slots}
    return replace(last, slots={**last.slots, **slots}, unresolved=unresolved)


def _bare(words: Sequence[str]) -> list[str]:
    at = 0
    while at < len(words) - 1 and words[at] in _FILLER:
        at += 1
    return list(words[at:])
