"""Requests with their tool calls, from the templates in scripts/nlu/corpus and more.txt, all written here."""

import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "nlu"))

from generate import LEADS, MISHEARD, TRAILS, lexicon, templates, variety

from assistant.nlu.politeness import without_courtesy
from assistant.nlu.words import clean
from assistant.stt.graph.dictionary import dictionary_words
from scripts.intent_model.noise import Noise, Tagged
from scripts.intent_model.values import VALUES

MORE = Path(__file__).with_name("more.txt")
NONE = "none"

Pieces = list[tuple[str, str]]
"""Pieces of text with the slot that each belongs to."""

_TOKEN = re.compile(r"\(|\)|\[|\]|\||\{[^}]*\}|[^()\[\]|{}]+")

_QUERY = dict.fromkeys(("song", "artist", "genre", "playlist", "podcast", "radio", "book"), "query")
_HOME = {"lightname": "name", "device": "name", "cover": "name", "lockname": "name", "room": "area"}
_SLOTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Timer", {"dur": "duration", "time": "time", "timername": "name"}),
    ("Alarm", {"dur": "duration", "time": "time", "day": "day", "repeat": "repeat"}),
    ("Reminder", {"dur": "duration", "time": "time", "day": "day", "repeat": "repeat", "task": "text",
                  "event": "text"}),
    ("ListCreate", dict.fromkeys(("listname", "noun", "item", "genre", "topic", "cuisine", "adj", "event"), "list")),
    ("List", {"item": "item", "task": "item", "event": "item", "person": "item", "listname": "list"}),
    ("TimeNow", {"city": "place"}),
    ("Date", {"day": "day", "date": "day", "holiday": "day"}),
    ("Day", {"day": "day", "date": "day", "holiday": "day", "event": "day"}),
    ("Sun", {"day": "day"}),
    ("WhatSent", {"day": "day"}),
    ("VolumeSet", {"percent": "level", "number": "level"}),
    ("Volume", {"percent": "step", "number": "step"}),
    ("MusicPlay", {**_QUERY, "player": "name", "room": "area"}),
    ("Weather", {"city": "place", "place": "place", "day": "day", "date": "day", "holiday": "day", "time": "time",
                 "dur": "duration", "weatherword": "aspect", "weatheradj": "aspect", "clothes": "aspect"}),
    ("HassLightSet", {**_HOME, "color": "color", "percent": "brightness"}),
    ("HassSetPosition", {**_HOME, "percent": "position"}),
    ("HassFanSetSpeed", {**_HOME, "percent": "percentage"}),
    ("HassClimate", {"room": "area", "degrees": "temperature"}),
    ("HassVacuum", {"room": "area"}),
    ("Hass", _HOME),
)  # fmt: skip
"""Which slot a word list fills, by the beginning of the label; the first that fits counts."""

_GENERIC = frozenset(
    ["light", "lights", "lamp", "lamps", "lighting", "bulbs", "light bulb", "hue", "hue lights", "appliance", "switch"]
)
"""What names nothing in particular: no value of "name"."""
_ARTICLES = frozenset(["the", "a", "an", "my", "our", "on", "at", "in", "for"])
_JOINED = {"query": 4, "item": 1, "duration": 1}
"""Slots whose values may be said in parts ("eggs and milk", "yesterday by the beatles"), with the words between."""
_NO_TOOL = frozenset(["Conversation", "Calculate", "HassBroadcast"])
"""Labels of the other corpus that no tool serves: the grammar and the sums know them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request and what it means."""

    words: tuple[str, ...]
    tool: str
    """"none", an intent, or "HassTurnOn:light" where the domain is meant too."""
    arguments: dict[str, str]
    template: int


def rows() -> list[tuple[str, str]]:
    """(label, template), both files."""
    out = [(label, template) for label, template in templates() if _wanted(label, template)]
    label = ""
    for line in MORE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if re.fullmatch(r"\[\w+(:\w+)?\]", line):
            label = line[1:-1]
        else:
            out.append((label, line))
    return out


def _wanted(label: str, template: str) -> bool:
    # a switch for later is a timer with a command, which the understanding makes itself
    return not (label == "TimerSet" and ("{lightname}" in template or "{device}" in template))


def slot_of(label: str, name: str) -> str:
    """The slot that the word list `name` fills under `label`, or ""."""
    slots = next((slots for prefix, slots in _SLOTS if label.startswith(prefix)), {})
    return slots.get(name, "")


class Generator:
    """Endless samples, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._lists = lexicon()
        self.rows = rows()
        said = {word for values in self._lists.values() for value in values for word in value.split()}
        said |= {
            word for _, template in self.rows for word in re.findall(r"[a-z']+", re.sub(r"\{\w+[}=]", " ", template))
        }
        self._noise = Noise(said)
        self._strange = [word for word in dictionary_words() if word.isalpha() and 3 <= len(word) <= 11]
        self._by_label: dict[str, list[int]] = defaultdict(list)
        for index, (label, _) in enumerate(self.rows):
            self._by_label[label].append(index)

    def samples(
        self, count: int, skip: frozenset[int] = frozenset(), only: frozenset[int] | None = None
    ) -> Iterator[Sample]:
        """`count` samples, from templates that are not in `skip` (or, with `only`, that are in it)."""
        weights, picks = [], []
        for label, indices in self._by_label.items():
            kept = [i for i in indices if i not in skip and (only is None or i in only)]
            if not kept:
                continue
            each = [min(variety(self.rows[i][1]), 60.0) ** 0.5 for i in kept]
            share = min(4.0, max(0.3, (sum(each) / 60) ** 0.6)) * (
                2.2 if label.startswith("oos.") or label == NONE else 1
            )
            picks += kept
            weights += [share * weight / sum(each) for weight in each]
        made = 0
        while made < count:
            for index in self._rng.choices(picks, weights, k=1000):
                sample = self.make(index)
                if sample is not None:
                    made += 1
                    yield sample
                if made == count:
                    return

    def make(self, index: int) -> Sample | None:
        """One sample of the template with this index."""
        rng = self._rng
        label, template = self.rows[index]
        tagged = _words(self._sequence(_TOKEN.findall(template), 0, label, "", "")[0])
        if not tagged:
            return None
        tagged = self._noise(self._heard(self._framed(tagged)), rng)
        words = clean(" ".join(word for word, _ in tagged)).split()
        if len(words) != len(tagged):  # "6:30 am" and the like keep their count; what does not is left alone
            return None
        tagged = [(word, slot) for word, (_, slot) in zip(words, tagged, strict=True)]
        if rng.random() < 0.7:
            tagged = _bare(tagged)
        if not tagged or len(tagged) > 32:
            return None
        tool = _tool(label, template)
        arguments = {} if tool == NONE else _arguments(tagged, label, template)
        return Sample(tuple(word for word, _ in tagged), tool, arguments, index)

    def _framed(self, tagged: Tagged) -> Tagged:
        rng = self._rng
        if rng.random() < 0.22:
            tagged = [*((word, "") for word in rng.choice(LEADS.split("|")).split()), *tagged]
        if rng.random() < 0.12:
            tagged = [*tagged, *((word, "") for word in rng.choice(TRAILS.split("|")).split())]
        return tagged

    def _heard(self, tagged: Tagged) -> Tagged:
        out: Tagged = []
        for word, slot in tagged:
            said = [word]
            if word in MISHEARD and self._rng.random() < 0.03:
                said = self._rng.choice(MISHEARD[word]).split()
            out += [(each, slot) for each in said]
        return out

    def _sequence(self, tokens: list[str], at: int, label: str, slot: str, close: str) -> tuple[Pieces, int]:
        """Text with the slot of each piece; blanks are as in the template, so that "timer[s]" is one word."""
        rng = self._rng
        options: list[Pieces] = []
        parts: Pieces = []
        while at < len(tokens):
            token = tokens[at]
            if token == close:
                at += 1
                break
            if token == "|":
                options.append(parts)
                parts = []
                at += 1
            elif token in "([":
                inner, at = self._sequence(tokens, at + 1, label, slot, ")" if token == "(" else "]")
                parts += inner if token == "(" or rng.random() < 0.42 else [(" ", "")]
            else:
                parts += self._value(token[1:-1], label, slot) if token.startswith("{") else [(token, slot)]
                at += 1
        options.append(parts)
        return rng.choice(options), at

    def _value(self, name: str, label: str, slot: str) -> Pieces:
        rng = self._rng
        if ":" in name:
            own, _, words = name.partition(":")
            return [(words, own)]
        own, _, name = name.rpartition("=")
        slot = own or slot_of(label, name) or slot
        if name in VALUES and rng.random() < 0.7:
            text = VALUES[name](rng)
        elif slot in ("name", "area", "item", "list", "text", "query", "place") and rng.random() < 0.07:
            text = " ".join(rng.choice(self._strange) for _ in range(rng.choice((1, 1, 2))))
        else:
            text = rng.choice(self._lists[name])
        pieces, _ = self._sequence(_TOKEN.findall(text), 0, label, slot, "")
        if name == "lightname" and slot == "name":  # "kitchen lights": the room is one thing, "lights" says nothing
            rest = " ".join(word for word, tag in _words(pieces) if tag == "name" and word not in ("in", "of", "the"))
            if rest in _GENERIC or not rest:
                pieces = [(piece, "" if tag == "name" else tag) for piece, tag in pieces]
        return pieces


def _words(pieces: Pieces) -> Tagged:
    """Words with their slots; a word in two pieces has the slot of its beginning."""
    letters = [(letter, slot) for piece, slot in pieces for letter in piece]
    out: Tagged = []
    inside = False
    for letter, slot in letters:
        if letter.isspace():
            inside = False
        elif inside:
            out[-1] = (out[-1][0] + letter, out[-1][1])
        else:
            out.append((letter, slot))
            inside = True
    return out


def _bare(tagged: Tagged) -> Tagged:
    """Without words of courtesy at either end, as requests reach the later tiers."""
    words = [word for word, _ in tagged]
    kept = without_courtesy(words)
    for start in range(len(words) - len(kept) + 1):
        if words[start : start + len(kept)] == kept:
            return tagged[start : start + len(kept)]
    return tagged


def _tool(label: str, template: str) -> str:
    if label.startswith("oos.") or label in _NO_TOOL:
        return NONE
    if label == "HassVacuumStart" and re.search(r"\bmow|mower|\(mow", template):
        return "HassLawnMowerStartMowing"
    return label


def _arguments(tagged: Tagged, label: str, template: str) -> dict[str, str]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    start = 0
    for at in range(1, len(tagged) + 1):
        if at == len(tagged) or tagged[at][1] != tagged[start][1]:
            if tagged[start][1]:
                found[tagged[start][1]].append((start, at))
            start = at
    words = [word for word, _ in tagged]
    out: dict[str, str] = {}
    for slot, spans in found.items():
        if slot.endswith("2"):  # said, but not what is asked for
            continue
        moved = slot == "time" and "from {time}" in template  # "from six to seven"
        begin, end = spans[-1] if moved else spans[0]
        for other_begin, other_end in spans[1:]:
            if slot in _JOINED and 0 <= other_begin - end <= _JOINED[slot]:
                end = other_end
        while begin < end - 1 and words[begin] in _ARTICLES and slot not in ("query", "repeat"):
            begin += 1
        out[slot] = " ".join(words[begin:end])
    if "dur" in template and label == "WeatherQuery":
        out.pop("duration", None)
    return out
