"""What can be said here, as one network of words: phrases, vocabulary, and the graph that others walk."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from hassil.intents import RangeSlotList, SlotList

from assistant.errors import AssistantError
from assistant.nlu.catalogue import OWN_PREFIX, SENTENCES
from assistant.nlu.grammar import Grammar, list_spoken
from assistant.nlu.graph import WILD, Graph, list_words, merged
from assistant.nlu.names import Names
from assistant.nlu.numbers import say_number
from assistant.nlu.prefilter import Prefilter
from assistant.nlu.words import clean

OTHER_VALUES = 5
"""Values of a list of numbers, times or colours shown behind each word that can stand before it."""

_OWNED = frozenset({"name", "area", "floor", "timer_name", "list_name", "voice_name"})
_NUMBERS = tuple(tuple(say_number(number).split()) for number in range(101))


Lists: TypeAlias = Mapping[str, Sequence[tuple[str, ...]]]
"""The spoken forms of each list's values."""


class Network:
    """The templates of both collections with the lists of this home."""

    def __init__(self, grammar: Grammar, language: str) -> None:
        self.sides = [Side(grammar.own, grammar.lists), Side(grammar.hass, grammar.lists)]
        self._examples = examples(language)
        self.late_lists = late_lists

    def sentences(self, names: Names, prefix: str = "") -> Iterator[tuple[str, ...]]:
        """Concrete sentences that show every pair of neighbours the templates know, each at least once.

        A neighbour is a word or a list. Every value of the owner's own lists is shown behind every word that can
        stand before the list, of other lists OTHER_VALUES values in turn. With a `prefix`, of those intents alone whose
        name begins so.
        """
        late = late_lists(names)
        for side in self.sides:
            yield from side.sentences({**self._examples, **late}, prefix)

    def vocabulary(self, names: Names) -> set[str]:
        """Every word of the templates, lists, examples and numbers."""
        words = {word for phrases in self._examples.values() for phrase in phrases for word in phrase}
        words |= {word for forms in late_lists(names).values() for form in forms for word in form}
        for side in self.sides:
            words |= side.vocabulary()
        for number in range(1000):
            words |= set(say_number(number).split())
        return words


class Side:
    """One collection of templates."""

    def __init__(self, prefilter: Prefilter, lists: Mapping[str, SlotList]) -> None:
        self._prefilter = prefilter
        local = {name: values for _, data in prefilter.blocks for name, values in data.slot_lists.items()}
        known: dict[str, SlotList] = {**prefilter.intents.slot_lists, **lists, **local}
        # lists of numbers, and the spoken forms of every other list's values
        self.ranges = {name for name, values in known.items() if isinstance(values, RangeSlotList)}
        self.values: dict[str, tuple[tuple[str, ...], ...]] = {
            name: tuple(dict.fromkeys(form for form in list_words(values) if form)) for name, values in known.items()
        }
        self.graph: Graph = merged(prefilter.graphs)
        self.slots = [[label for label in arcs if label == WILD or label[0] == "{"] for arcs in self.graph.arcs]
        """The lists and wildcards that go out of each state."""

    @property
    def forms(self) -> Lists:
        """Spoken forms of every list, spans included as far as misheard words are concerned."""
        return {**self.values, **dict.fromkeys(self.ranges, _NUMBERS), **spoken_spans()}

    def sentences(self, lists: Lists, prefix: str = "") -> Iterator[tuple[str, ...]]:
        """Concrete sentences along paths that use every arc, lists filled so that every value comes up."""
        turns: dict[str, int] = {}
        seen: set[tuple[str, str]] = set()
        for graph, (intent, data) in zip(self._prefilter.graphs, self._prefilter.blocks, strict=True):
            if not intent.startswith(prefix):
                continue
            values = {
                **self.values,
                **dict.fromkeys(self.ranges, _NUMBERS),
                **{name: tuple(list_words(local)) for name, local in data.slot_lists.items()},
                **lists,
                "number": _NUMBERS,
            }
            wild = [name for name in data.sentences[0].list_names() if name not in self.values or not self.values[name]]
            for path in _covering(graph):
                pairs = set(zip(("^", *path), (*path, "$"), strict=True)) - seen
                if not pairs:
                    continue
                seen |= pairs
                fresh = {label[1:-1] for pair in pairs for label in pair if label[0] == "{"}
                count = max([1, *(len(values.get(name, ())) if _owned(name) else OTHER_VALUES for name in fresh)])
                for _ in range(count):
                    phrase = _filled(path, values, wild, turns)
                    if phrase:
                        yield phrase

    def vocabulary(self) -> set[str]:
        """Words on arcs and in lists."""
        words = {label for arcs in self.graph.arcs for label in arcs if label != WILD and label[0] != "{"}
        return words | {word for forms in self.values.values() for form in forms for word in form}


def _owned(name: str) -> bool:
    """True for a list that this home or the owner's own files fill."""
    return name in _OWNED or name.startswith(OWN_PREFIX)


def _filled(
    path: Sequence[str],
    values: Mapping[str, Sequence[tuple[str, ...]]],
    wild: Sequence[str],
    turns: dict[str, int],
) -> tuple[str, ...]:
    """One phrase of a path; every list goes on where it stopped the last time."""
    words: list[str] = []
    open_places = iter([name for name in wild if name in values])
    for label in path:
        if label == WILD:
            name = next(open_places, "item")
        elif label[0] == "{":
            name = label[1:-1]
        else:
            words.append(label)
            continue
        forms = values.get(name, ())
        if not forms:
            return ()
        turns[name] = turns.get(name, -1) + 1
        words += forms[turns[name] % len(forms)]
    return tuple(words)


def _covering(graph: Graph) -> list[tuple[str, ...]]:
    """Paths from start to end that together use every arc: a shortest one through each arc not yet used."""
    first: dict[int, tuple[str, ...]] = {0: ()}
    queue = [0]
    for state in queue:
        for label, targets in graph.arcs[state].items():
            for target in targets:
                if target not in first:
                    first[target] = (*first[state], label)
                    queue.append(target)
    last: dict[int, tuple[str, ...]] = dict.fromkeys(graph.finals, ())
    for state in reversed(queue):
        for label, targets in graph.arcs[state].items():
            for target in targets:
                if target in last and (state not in last or len(last[target]) + 1 < len(last[state])):
                    last[state] = (label, *last[target])
    found: list[tuple[str, ...]] = []
    used: set[tuple[int, str]] = set()
    for state in queue:
        for label, targets in graph.arcs[state].items():
            found_target = next((target for target in targets if target in last), None)
            if found_target is not None and (state, label) not in used:
                used.add((state, label))
                found.append((*first[state], label, *last[found_target]))
    return list(dict.fromkeys(found))


def late_lists(names: Names) -> dict[str, tuple[tuple[str, ...], ...]]:
    timers = tuple(tuple(clean(name).split()) for name in names.timers)
    lists = tuple(tuple(spoken.split()) for spoken in list_spoken(names))
    voices = tuple(tuple(clean(name).split()) for name in names.voices)
    found = {"timer_name": timers, "list_name": lists, "voice_name": voices}
    return {name: tuple(form for form in forms if form) for name, forms in found.items()}


@lru_cache(maxsize=1)
def spoken_spans() -> Lists:
    """Times, durations, days and numbers in the forms that people say most."""
    numbers = [tuple(say_number(number).split()) for number in range(1, 61)] + [("ninety",)]
    durations = [
        (*number, unit if number == ("one",) else f"{unit}s")
        for number in numbers
        for unit in ("second", "minute", "hour")
    ]
    durations += [(*number, unit) for number in numbers for unit in ("second", "minute", "hour")]
    durations += [(*number, "and", "a", "half", unit) for number in numbers[:12] for unit in ("minutes", "hours")]
    for small, unit, most in (("seconds", "minutes", 60), ("minutes", "hours", 12)):
        for number in numbers[:most]:
            one = unit.removesuffix("s") if number == ("one",) else unit
            durations += [
                (*number, one, *joint, *part, small)
                for part in (tuple(say_number(value).split()) for value in range(5, 60, 5))
                for joint in ((), ("and",))
            ]
    times: list[tuple[str, ...]] = []
    for hour in range(1, 13):
        said = (say_number(hour),)
        minutes = [
            (),
            *(tuple(say_number(minute).split()) for minute in range(10, 60, 5)),
            ("oh", "five"),
            ("o'clock",),
        ]
        times += [(*said, *minute, *half) for minute in minutes for half in ((), ("am",), ("pm",))]
        times += [(*lead, *said) for lead in _RELATIVE]
        times += [(*said, "in", "the", part) for part in ("morning", "afternoon", "evening")]
    given = examples("en")
    return {
        "duration": tuple(dict.fromkeys([*durations, *given["duration"]])),
        "time": tuple(dict.fromkeys([*times, *given["time"]])),
        "day": given["day"],
        "daypart": given["daypart"],
        "number": _NUMBERS,
    }


_RELATIVE = (
    ("half", "past"), ("quarter", "past"), ("quarter", "to"), ("a", "quarter", "past"),
    ("a", "quarter", "to"), ("ten", "past"), ("ten", "to"), ("five", "past"), ("five", "to"),
    ("twenty", "past"), ("twenty", "to"), ("twenty", "five", "past"), ("twenty", "five", "to"),
)  # fmt: skip


@lru_cache(maxsize=4)
def examples(language: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Words for spans and wildcards, from the language's examples file."""
    file = SENTENCES / language / "examples.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AssistantError(f"{file}: cannot be read ({error}); reinstall the package") from error
    return {name: tuple(tuple(clean(phrase).split()) for phrase in phrases) for name, phrases in content.items()}
