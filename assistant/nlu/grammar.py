"""Tier 1: hassil over the sentence files, with the rooms, devices, lists and timers that exist here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hassil import Intents, recognize_all
from hassil.intents import SlotList, TextSlotList
from hassil.recognize import RecognizeResult

from assistant.nlu.catalogue import SPAN_LISTS, Catalogue
from assistant.nlu.home import Home
from assistant.nlu.names import Names
from assistant.nlu.prefilter import Prefilter
from assistant.nlu.spans import Abstract
from assistant.nlu.words import clean

_QUESTIONS = frozenset({"who", "who's", "whos", "why", "whose", "whom"})
"""A wildcard never begins with one of these: "play who is ..." asks for a person, not for a song."""

_LONGEST = {"list": 4, "name": 4, "place": 5, "item": 10, "query": 10}
"""Most words a wildcard takes, by slot; a list "of desirable skills for an engineer" is an essay, not a list's name."""

_PLAYERS = ("HassMedia", "HassSetVolume")
_TARGETS = frozenset({"name", "area", "floor"})

_MOST_RESULTS = 24
"""Results of one recognition that are looked at; a sentence with more readings than this says nothing certain."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a request by one sentence template."""

    intent: str
    slots: Mapping[str, Any]
    """Slot values as the grammar gives them: a token for a span, a name for a device."""
    texts: Mapping[str, str]
    """The words of each slot that stood in the request."""
    template: str
    literal: int
    """Characters of the request that are words of the template or of a name that exists."""
    free: int
    """Characters that a wildcard took."""
    own: bool
    """True for our own sentences, False for Home Assistant's."""

    @property
    def rank(self) -> tuple[int, int, int]:
        """The larger, the better a reading: literal words first, then fewer free ones, then our own."""
        return self.literal - self.free, self.literal, int(self.own)


class Grammar:
    """The sentences, bound to a home. Not thread-safe."""

    def __init__(self, catalogue: Catalogue, home: Home) -> None:
        self.catalogue = catalogue
        self.home = home
        self._lists: dict[str, SlotList] = {
            "name": TextSlotList.from_tuples(_name_tuples(home), name="name", allow_template=False),
            "area": TextSlotList.from_tuples(_area_tuples(home), name="area", allow_template=False),
            "floor": TextSlotList.from_tuples(
                [(spoken_name(floor), floor) for floor in home.floors], name="floor", allow_template=False
            ),
        }
        self._context = {"area": home.here} if home.here else {}
        self.own = Prefilter(catalogue.own, self._lists)
        self.hass = Prefilter(catalogue.home, self._lists)

    @property
    def lists(self) -> Mapping[str, SlotList]:
        """Rooms, floors and devices as hassil lists."""
        return self._lists

    def match(self, words: str, abstract: Abstract, names: Names) -> list[Candidate]:
        """Every reading of the request, the best first. `words` is clean text, `abstract` the same with tokens."""
        lists = dict(self._lists)
        for kind in SPAN_LISTS:
            tokens = [token for token, span in abstract.spans.items() if kind in span.kinds]
            lists[kind] = TextSlotList.from_strings(tokens, name=kind, allow_template=False)
        lists["timer_name"] = TextSlotList.from_strings(
            map(clean, names.timers), name="timer_name", allow_template=False
        )
        lists["voice_name"] = TextSlotList.from_strings(
            map(clean, names.voices), name="voice_name", allow_template=False
        )
        lists["list_name"] = TextSlotList.from_tuples(_list_tuples(names), name="list_name", allow_template=False)
        own = self.own.select(abstract.text.split(), abstract.spans)
        found = self._recognize(abstract.text, own, lists, own=True)
        if not found and abstract.spans:  # a word that looks like a number may belong to the sentence: "one more time"
            found = self._recognize(words, self.own.select(words.split()), lists, own=True)
        found += [
            candidate
            for candidate in self._recognize(words, self.hass.select(words.split()), self._lists, own=False)
            # the loudness and the player of this device are our own; a hub's are meant when a name or a room is said
            if not candidate.intent.startswith(_PLAYERS) or not _TARGETS.isdisjoint(candidate.texts)
        ]
        return sorted(found, key=lambda candidate: candidate.rank, reverse=True)

    def _recognize(self, text: str, intents: Intents, lists: dict[str, SlotList], *, own: bool) -> list[Candidate]:
        results = recognize_all(text, intents, slot_lists=lists, intent_context=self._context, language="en")
        found = []
        for _, result in zip(range(_MOST_RESULTS), results, strict=False):
            candidate = _candidate(result, own=own)
            if candidate is not None:
                found.append(candidate)
        return found


def _candidate(result: RecognizeResult, *, own: bool) -> Candidate | None:
    slots: dict[str, Any] = {}
    texts: dict[str, str] = {}
    literal, free = result.text_chunks_matched, 0
    for entity in result.entities_list:
        slots[entity.name] = entity.value
        if not entity.text:
            continue
        texts[entity.name] = entity.text
        if entity.is_wildcard:
            first = entity.text.split(maxsplit=1)[:1]
            if not first or first[0] in _QUESTIONS:
                return None
            if len(entity.text.split()) > _LONGEST.get(entity.name, 12):
                return None
            free += len(entity.text.replace(" ", ""))
        else:
            literal += len(entity.text.replace(" ", ""))
    template = (result.intent_sentence.text or "") if result.intent_sentence else ""
    return Candidate(result.intent.name, slots, texts, template, literal, free, own)


def spoken_name(name: str) -> str:
    """A name as the recogniser would write it."""
    return clean(name)


def variants(name: str) -> Iterable[str]:
    """How people say a device's name: as it is, and with its last word in the other number."""
    spoken = spoken_name(name)
    yield spoken
    if spoken.endswith(("light", "lamp", "blind", "curtain", "window", "shutter", "fan", "door", "plug", "speaker")):
        yield spoken + "s"
    elif spoken.endswith(("lights", "lamps", "blinds", "curtains", "windows", "shutters", "fans", "doors", "plugs")):
        yield spoken[:-1]


def _name_tuples(home: Home) -> list[tuple[str, str, dict[str, Any]]]:
    seen: dict[str, tuple[str, str, dict[str, Any]]] = {}
    exact = [(entity.name, entity) for entity in home.entities]
    exact += [(alias, entity) for entity in home.entities for alias in entity.aliases]
    for name, entity in exact:  # real names win over another device's plural
        seen.setdefault(spoken_name(name), (spoken_name(name), entity.name, {"domain": entity.domain}))
    for name, entity in exact:
        for spoken in variants(name):
            seen.setdefault(spoken, (spoken, entity.name, {"domain": entity.domain}))
    seen.pop("", None)
    return list(seen.values())


def _area_tuples(home: Home) -> list[tuple[str, str]]:
    pairs = [(spoken_name(name), area.name) for area in home.areas for name in (area.name, *area.aliases)]
    return [pair for pair in pairs if pair[0]]


_LIST_SYNONYMS: Mapping[str, Sequence[str]] = {
    "shopping": ("grocery", "groceries"),
    "to do": ("todo", "task", "tasks", "things to do"),
    "todo": ("to do", "task", "tasks", "things to do"),
}


def list_spoken(names: Names) -> list[str]:
    """How the owner's lists are called, synonyms included."""
    return [spoken for spoken, _ in _list_tuples(names)]


def _list_tuples(names: Names) -> list[tuple[str, str]]:
    pairs: dict[str, str] = {}
    for name in names.lists:
        pairs.setdefault(clean(name), name)
    for name in names.lists:
        for synonym in _LIST_SYNONYMS.get(clean(name), ()):
            pairs.setdefault(synonym, name)
    pairs.pop("", None)
    return list(pairs.items())
