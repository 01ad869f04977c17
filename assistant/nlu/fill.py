"""Slots for a request whose intent the classifier named: taken from spans, names that exist, and a few phrases."""

import re
from collections.abc import Mapping

from rapidfuzz import fuzz

from assistant.nlu.grammar import spoken_name, variants
from assistant.nlu.home import Home
from assistant.nlu.intent import SlotValue
from assistant.nlu.names import Names
from assistant.nlu.spans import Abstract, time_with_daypart
from assistant.nlu.words import clean

COLORS = (
    "warm white", "cool white", "soft white", "white", "black", "red", "orange", "yellow", "green", "blue",
    "purple", "brown", "pink", "turquoise", "violet", "cyan", "magenta", "teal", "gold", "lavender", "lime",
    "indigo", "amber",
)  # fmt: skip

_REPEATS: tuple[tuple[str, str], ...] = (
    (r"\b(every|each|on) ?week ?days?\b|\bweekdays\b|\bmonday (to|through|till) friday\b|\bwork ?days?\b", "weekdays"),
    (r"\bweekends\b|\bevery weekend\b", "weekends"),
    (r"\b(every|each) (day|morning|night|evening)\b|\bdaily\b", "daily"),
)
_REPEAT_DAY = re.compile(
    r"\b(?:(?:every|each) (monday|tuesday|wednesday|thursday|friday|saturday|sunday)|on (\w+day)s\b)"
)
_OF_LIST = r"(?:my|the|our|a|this)? ?(?P<list>[\w' -]*?) ?\blist\b"
_ITEM = (
    re.compile(
        r"\b(?:add|put|include|write|place|insert|stick|enter|append|get) (?P<item>.+?) (?:down )?"
        rf"(?:to|on|in|onto|into) {_OF_LIST}"
    ),
    re.compile(
        r"\b(?:remove|delete|take|erase|drop|scratch|cross|strike|clear|check|tick|mark|complete|finish)(?: off)? "
        rf"(?P<item>.+?) (?:off |out |off of )?(?:from|of|off|on|in) {_OF_LIST}"
    ),
    re.compile(rf"\b(?:add|put|write) (?:to|on|in) {_OF_LIST} (?P<item>.+)"),
    re.compile(r"\b(?:out of|low on|need to buy|need to get|need some|need more|pick up) (?P<item>.+)"),
)
_LIST = re.compile(r"\b(?:my|the|our|a|this|new|another)? ?(?P<list>[\w'-]+(?: do)?) lists?\b")
_LIST_NAMED = re.compile(r"\blist (?:called|named|of|for|titled) (?:my |the )?(?P<list>.+)")
_NO_LIST = frozenset(
    [
        "my",
        "the",
        "our",
        "a",
        "this",
        "that",
        "new",
        "another",
        "list",
        "all",
        "of",
        "any",
        "what",
        "last",
        "next",
        "current",
        "to",
        "these",
        "me",
        "and",
    ]
)
_REMIND = re.compile(
    r"\b(?:remind(?:er|ed)?|forget|remember|notify|alert)\b.*?\b(?:to|about|that|of|for)\b (?P<text>.+)"
)
_PLACE = re.compile(r"\b(?:in|for|at|near|around) (?P<place>[a-z][\w' -]*)$")
_PLAY = re.compile(
    r"\b(?:play|put on|start playing|hear|listen to|queue up|queue|start|shuffle|tune to|turn on)\b (?:me |us )?"
    r"(?:some |the song |the |my |a |an )?(?P<query>.+)"
)
_THING = re.compile(
    r"\b(?:turn|switch|shut|power|put|flip|bring)\b (?:on |off |up |down )?(?:the |my |all the |all |our )?"
    r"(?P<a>[\w' -]+?)(?: (?:on|off|up|down)\b.*)?$"
    r"|\b(?:open|close|shut|lock|unlock|start|stop|run|activate|check|raise|lower|dim|brighten|set|make|is|are)\b "
    r"(?:up |down )?(?:the |my |all the |all |our |if the )?(?P<b>[\w' -]+?)(?: (?:to|at|in|is|are|please|now)\b.*)?$"
)
_ASPECTS = {
    "rain": "rain|raining|rainy|umbrella|raincoat|shower|showers|drizzle|wet|precipitation",
    "snow": "snow|snowing|snowy|blizzard|sleet",
    "temperature": "temperature|hot|cold|warm|cool|chilly|degrees|coat|jacket|sweater|freezing|heat",
    "wind": "wind|windy|breeze|gust",
    "sun": "sun|sunny|sunshine|sunscreen|sunglasses|uv",
    "humidity": "humid|humidity|muggy",
}
ASPECTS = {word: aspect for aspect, words in _ASPECTS.items() for word in words.split("|")}
"""The kind of weather that a word asks about."""

_OTHER_TIMER = re.compile(
    r"\b(?:the|my|that|this)"
    r" (?!(?:current|running|last|first|next|other|kitchen|cooking|only|whole|same|minutes?|hours?|seconds?)\b)"
    r"(?P<name>[a-z]+) timers?\b"
    r"|\btimer (?:called|named|for (?:the|my)) (?P<called>[a-z]+)\b"
)
"""A timer by a name."""

NAME_SCORE = 88.0
"""rapidfuzz ratio from which a heard name counts as a device's: one letter in eight may differ."""


def fill(label: str, abstract: Abstract, home: Home, names: Names) -> tuple[dict[str, SlotValue], dict[str, str]]:
    """(slots, unresolved) of a request that means `label`."""
    slots: dict[str, SlotValue] = {}
    unresolved: dict[str, str] = {}
    said = abstract.concrete(abstract.text)
    _fill_spans(label, abstract, slots, unresolved)
    if label.startswith(("AlarmSet", "AlarmCancel")) and (repeat := repeating(said)):
        slots["repeat"] = repeat
        slots.pop("day", None)
    if label.startswith("Timer") and (name := _timer_name(said, names, label)):
        slots["name"] = name
    elif label.startswith("Timer") and label != "TimerSet" and (other := _OTHER_TIMER.search(_without_spans(abstract))):
        # there is none of that name: another one must not be meant
        unresolved["name"] = other["name"] or other["called"]
    if re.search(r"\b(all|every|everything|both)\b", said) and label in (
        "TimerCancel", "AlarmCancel", "ReminderCancel",
    ):  # fmt: skip
        slots["all"] = True
    if label.startswith("Reminder") and (found := _REMIND.search(_without_spans(abstract))):
        slots["text"] = found["text"].strip()
    if label.startswith("List"):
        _fill_list(label, said, names, slots, unresolved)
    if label.startswith(("Weather", "TimeNow")):
        if place := _PLACE.search(_without_spans(abstract)):
            slots["place"] = place["place"].strip()
        if aspect := next((ASPECTS[word] for word in said.split() if word in ASPECTS), ""):
            slots["aspect"] = aspect
    if label == "MusicPlay" and (query := _PLAY.search(said)) and query["query"] not in ("music", "song", "something"):
        slots["query"] = query["query"].strip()
    if label.startswith("Hass"):
        _fill_home(label, abstract, home, slots=slots, unresolved=unresolved)
    return slots, unresolved


def _fill_spans(label: str, abstract: Abstract, slots: dict[str, SlotValue], unresolved: dict[str, str]) -> None:
    spans = list(abstract.spans.values())
    if label.startswith(("Timer", "AlarmSnooze", "AlarmSet", "ReminderSet")) and (durations := abstract.of("duration")):
        slots["duration"] = durations[0].duration  # type: ignore[assignment]  # such a span has one
    if label.startswith(("Alarm", "ReminderSet", "TimerSet", "ClockSet")) and "duration" not in slots:
        for span in abstract.of("time"):
            if (read := time_with_daypart(span, spans)) is not None:
                slots["time"], slots["pm_known"] = read
                break
    if not label.startswith(("Timer", "Volume", "Music", "Hass", "List")):
        for span in abstract.of("day"):
            if span.day is None:
                unresolved["day"] = span.words
            else:
                slots["day"] = span.day
            break
    numbers = [int(span.number) for span in abstract.of("number") if float(span.number).is_integer()]
    if numbers and label == "VolumeSet" and 0 <= numbers[0] <= 100:
        slots["level"] = numbers[0]
    elif numbers and label in ("VolumeUp", "VolumeDown") and 0 < numbers[0] <= 100:
        slots["step"] = numbers[0]
    elif numbers and label == "HassClimateSetTemperature":
        slots["temperature"] = numbers[0]
    elif numbers and label == "HassLightSet" and 0 <= numbers[0] <= 100:
        slots["brightness"] = numbers[0]
    elif numbers and label == "HassSetPosition" and 0 <= numbers[0] <= 100:
        slots["position"] = numbers[0]


def repeating(said: str) -> str:
    """The repeating pattern in a request: "daily", "weekdays", "weekends", "monday", "tuesday,thursday" or ""."""
    for pattern, value in _REPEATS:
        if re.search(pattern, said):
            return value
    days = [first or second for first, second in _REPEAT_DAY.findall(said)]
    return ",".join(dict.fromkeys(days))


def _without_spans(abstract: Abstract) -> str:
    """The words of a request without its times, dates and durations."""
    kept = [
        abstract.spans[word].words if word in abstract.spans else word
        for word in abstract.text.split()
        if word not in abstract.spans or "number" in abstract.spans[word].kinds
    ]
    while kept and kept[-1] in ("at", "on", "in", "by", "for", "the", "this"):
        kept.pop()
    return " ".join(kept)


def _timer_name(said: str, names: Names, label: str) -> str:
    for name in names.timers:
        if clean(name) and re.search(rf"\b{re.escape(clean(name))}\b", said):
            return name
    if label == "TimerSet" and (before := re.search(r"^(?:set |start |a |the |my )*([a-z]+) timer for\b", said)):
        return "" if before[1] in ("a", "the", "my", "new", "another", "minute", "hour", "second") else before[1]
    if label == "TimerSet" and (called := re.search(r"\btimer (?:called|named|for the|for my) ([a-z]+)\b", said)):
        return called[1]
    return ""


def _fill_list(label: str, said: str, names: Names, slots: dict[str, SlotValue], unresolved: dict[str, str]) -> None:
    heard = ""
    if label in ("ListAdd", "ListRemove", "ListComplete"):
        for pattern in _ITEM:
            if found := pattern.search(said):
                slots["item"] = found["item"].strip()
                heard = found.groupdict().get("list") or ""
                break
    if not heard:
        found = _LIST_NAMED.search(said) or _LIST.search(said)
        heard = found["list"] if found else ""
    words = [word for word in clean(heard).split() if word not in _NO_LIST]
    if not words:
        return
    heard = "to do" if words == ["do"] else " ".join(words)
    known = {clean(name): name for name in names.lists} | {
        "grocery": "shopping",
        "groceries": "shopping",
        "todo": "to do",
    }
    if heard in known and known[heard] in names.lists:
        slots["list"] = known[heard]
    elif label == "ListCreate":
        slots["list"] = heard
    else:
        unresolved["list"] = heard


def _fill_home(
    label: str, abstract: Abstract, home: Home, *, slots: dict[str, SlotValue], unresolved: dict[str, str]
) -> None:
    said = abstract.concrete(abstract.text)
    if label == "HassLightSet":
        if color := next(
            (color for color in COLORS if re.search(rf"\b{color}\b", said.rsplit(" to ", maxsplit=1)[-1])), ""
        ):
            slots["color"] = color
        elif "brightness" not in slots:
            down = re.search(r"\b(dim|dimmer|darker|lower|down|less|reduce|soften|decrease|dark)\b", said)
            up = re.search(r"\b(bright|brighter|brighten|raise|up|more|increase|lighter|intensify)\b", said)
            if bool(down) != bool(up):
                slots["brightness_step"] = "down" if down else "up"
    if label == "HassSetPosition" and "position" not in slots and re.search(r"\bhalf ?(?:way)?\b", said):
        slots["position"] = 50
    if label.endswith(":light") or label == "HassLightSet":
        slots["domain"] = "light"
    found = nearest(said, spoken_names(home))
    area = nearest(said, {spoken_name(name): area.name for area in home.areas for name in (area.name, *area.aliases)})
    if found:
        entity = home.named(found)
        if not (slots.get("domain") == "light" and entity and entity.domain not in ("light", "switch")):
            slots["name"] = found
            slots.pop("domain", None)
    if area:
        slots["area"] = area
    if "name" not in slots and slots.get("domain") != "light":
        match = _THING.search(_without_spans(abstract))
        thing = (match["a"] or match["b"] or "").strip() if match else ""
        inside = set(spoken_name(area).split()) if area else set()
        if not area or set(thing.split()) - inside:
            unresolved["name"] = thing or said
    elif "name" not in slots and "area" not in slots:
        if room := re.search(
            r"\b(?:in|of) (?:the|my) ([\w' ]+)$|\b(?:the|my) ([\w' ]+?) (?:light|lights|lamp|lamps)\b", said
        ):
            words = (room[1] or room[2] or "").strip()
            if words and words not in ("room", "house", "whole house", "all", "entire house"):
                unresolved["area"] = words
                return
        if home.here and not re.search(r"\b(all|every|everywhere|whole)\b", said):
            slots["area"] = home.here


def spoken_names(home: Home) -> dict[str, str]:
    """Every way to say a device's name → the name."""
    return {
        spoken: entity.name
        for entity in home.entities
        for form in (entity.name, *entity.aliases)
        for spoken in variants(form)
    }


def nearest(said: str, known: Mapping[str, str]) -> str:
    """The value whose spoken key stands in `said`, whole words first, else nearly so; "" when none does."""
    padded = f" {said} "
    exact = [key for key in known if key and f" {key} " in padded]
    if exact:
        return known[max(exact, key=len)]
    words = said.split()
    best, score = "", NAME_SCORE
    for key, value in known.items():
        size = len(key.split())
        if len(key) < 5:
            continue
        for at in range(len(words) - size + 1):
            ratio = fuzz.ratio(key, " ".join(words[at : at + size]), score_cutoff=score)
            if ratio >= score:
                best, score = value, ratio + 0.01
    return best
