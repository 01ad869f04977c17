"""Which templates can match a request at all: word sets as bit masks, so that hassil sees a few, not a thousand."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hassil import Intents
from hassil.intents import Intent as HassilIntent
from hassil.intents import IntentData, RangeSlotList, SlotList

from assistant.nlu.catalogue import SPAN_LISTS
from assistant.nlu.graph import Graph, list_words, template_graph, vocabulary, wildcards
from assistant.nlu.numbers import NUMBER_WORDS

LATE_LISTS = ("timer_name", "list_name", "voice_name")
"""Lists whose values change while the program runs."""


class Prefilter:
    """One hassil collection, cut into single templates that are chosen by the words of a request."""

    def __init__(self, intents: Intents, lists: Mapping[str, SlotList]) -> None:
        """`lists` are those of this home: rooms, floors, devices."""
        self.intents = intents
        self.graphs: list[Graph] = []
        """The graph of each template."""
        self.blocks: list[tuple[str, IntentData]] = []
        """Intent and data of each template, in the same order."""
        self._masks: dict[str, int] = {}
        self._open = 0
        self._words = {name: _words(values) for name, values in {**intents.slot_lists, **lists}.items()}
        for name, intent in intents.intents.items():
            for data in intent.data:
                for text in data.sentence_texts:
                    self._add(name, replace(data, sentence_texts=[text]))

    def _add(self, name: str, data: IntentData) -> None:
        graph = template_graph(data.sentences[0], data, self.intents)
        bit = 1 << len(self.blocks)
        self.blocks.append((name, data))
        self.graphs.append(graph)
        words, is_open = vocabulary(graph), wildcards(graph)
        for slot in {label[1:-1] for arcs in graph.arcs for label in arcs if label.startswith("{")}:
            if slot in SPAN_LISTS:
                continue
            listed = _words(data.slot_lists[slot]) if slot in data.slot_lists else self._words.get(slot)
            if slot in LATE_LISTS or listed is None:
                is_open = True
            else:
                words |= listed
        if is_open:
            self._open |= bit
        for word in words:
            self._masks[word] = self._masks.get(word, 0) | bit

    def select(self, words: Iterable[str], tokens: Iterable[str] = ()) -> Intents:
        """The templates whose words and lists admit every one of `words` except `tokens`, as a collection."""
        known = frozenset(tokens)
        chosen = (1 << len(self.blocks)) - 1
        for word in words:
            if word not in known and not word[0].isdecimal():
                chosen &= self._masks.get(word, 0) | self._open
        kept: dict[str, list[IntentData]] = {}
        while chosen:
            low = chosen & -chosen
            name, data = self.blocks[low.bit_length() - 1]
            kept.setdefault(name, []).append(data)
            chosen ^= low
        return replace(self.intents, intents={name: HassilIntent(name=name, data=data) for name, data in kept.items()})


def _words(values: SlotList) -> set[str] | None:
    """Every word of a list; None when it takes any."""
    if isinstance(values, RangeSlotList):
        return {*NUMBER_WORDS, "and", "a", "percent"}
    words = {word for form in list_words(values) for word in form}
    return words or None
