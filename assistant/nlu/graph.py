"""The sentence templates as one graph of words: what can be said, and what can follow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hassil import Intents
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)
from hassil.intents import IntentData, SlotList, TextSlotList, WildcardSlotList

from assistant.errors import AssistantError

WILD = "*"
"""Label of an arc that any words may take."""


@dataclass(slots=True)
class Graph:
    """A graph of words without loops. An arc's label is a word, "{list}" or WILD; state 0 is the start."""

    arcs: list[dict[str, set[int]]] = field(default_factory=lambda: [{}])
    finals: set[int] = field(default_factory=set)

    def state(self) -> int:
        """A new state."""
        self.arcs.append({})
        return len(self.arcs) - 1

    def add(self, source: int, label: str, target: int) -> None:
        """An arc."""
        self.arcs[source].setdefault(label, set()).add(target)


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a template on the way to words: literal text, a list, or the gap between words."""

    text: str = ""
    slot: str = ""
    wild: bool = False


GAP = Piece(" ")


class _Builder:
    """Turns one expression into arcs of pieces, then joins pieces between gaps into words."""

    def __init__(self, rules: Mapping[str, Sentence], lists: Mapping[str, SlotList]) -> None:
        self._rules = rules
        self._lists = lists
        self.arcs: list[list[tuple[Piece | None, int]]] = [[]]

    def _state(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def build(self, expression: Expression, source: int) -> int:
        """Append `expression` after state `source`; the state after it."""
        if isinstance(expression, TextChunk):
            return self._text(expression.text, source)
        if isinstance(expression, ListReference):
            target = self._state()
            name = expression.list_name
            wild = isinstance(self._lists.get(name), WildcardSlotList)
            self.arcs[source].append((Piece(slot=name, wild=wild), target))
            return target
        if isinstance(expression, RuleReference):
            rule = self._rules.get(expression.rule_name)
            if rule is None:
                raise AssistantError(f"sentences use <{expression.rule_name}>, which no expansion rule defines; add it")
            return self.build(rule.expression, source)
        if isinstance(expression, Permutation):
            target = self._state()
            for item, rest in expression.iterate_permutations():
                middle = self.build(item, source)
                gap = self._state()
                self.arcs[middle].append((GAP, gap))
                end = self.build(rest, gap) if rest.items else middle
                self.arcs[end].append((None, target))
            return target
        if isinstance(expression, Alternative):
            target = self._state()
            for item in expression.items:
                self.arcs[self.build(item, source)].append((None, target))
            return target
        if isinstance(expression, Group):
            for item in expression.items:
                source = self.build(item, source)
            return source
        return source

    def _text(self, text: str, source: int) -> int:
        for index, part in enumerate(text.replace("-", " ").split(" ")):
            if index:
                target = self._state()
                self.arcs[source].append((GAP, target))
                source = target
            if part:
                target = self._state()
                self.arcs[source].append((Piece(part.lower()), target))
                source = target
        return source

    def words(self, graph: Graph, start: int, end: int) -> None:
        """Copy what lies between `start` and `end` into `graph`, from its state 0, one word an arc."""
        mapped: dict[int, int] = {start: 0}
        queue = [start]
        while queue:
            state = queue.pop()
            for label, target, final in self._next_words(state, end):
                if target not in mapped:
                    mapped[target] = graph.state()
                    queue.append(target)
                graph.add(mapped[state], label, mapped[target])
                if final:
                    graph.finals.add(mapped[target])

    def _next_words(self, state: int, end: int) -> Iterator[tuple[str, int, bool]]:
        """(label, state after the word, whether the sentence may end there) for each next word."""
        stack: list[tuple[int, str]] = [(state, "")]
        seen: set[tuple[int, str]] = set()
        while stack:
            at, text = stack.pop()
            if (at, text) in seen:
                continue
            seen.add((at, text))
            if at == end and text:
                yield text, at, True
            for piece, target in self.arcs[at]:
                if piece is None:
                    stack.append((target, text))
                elif piece.text == " ":
                    if text:
                        yield text, target, self._ends(target, end)
                    else:
                        stack.append((target, text))
                elif piece.slot:
                    if not text:
                        label = WILD if piece.wild else f"{{{piece.slot}}}"
                        yield label, target, self._ends(target, end)
                else:
                    stack.append((target, text + piece.text))

    def _ends(self, state: int, end: int) -> bool:
        """True when nothing but gaps lies between `state` and the end."""
        stack, seen = [state], set()
        while stack:
            at = stack.pop()
            if at == end:
                return True
            if at in seen:
                continue
            seen.add(at)
            stack += [target for piece, target in self.arcs[at] if piece is None or piece.text == " "]
        return False


def template_graph(sentence: Sentence, data: IntentData, intents: Intents) -> Graph:
    """The graph of one sentence template."""
    builder = _Builder({**intents.expansion_rules, **data.expansion_rules}, {**intents.slot_lists, **data.slot_lists})
    end = builder.build(sentence.expression, 0)
    graph = Graph()
    builder.words(graph, 0, end)
    return graph


def list_words(values: SlotList) -> Iterator[tuple[str, ...]]:
    """The word sequences of a list of texts (templates in it expanded, at most 64 forms a value)."""
    if not isinstance(values, TextSlotList):
        return
    for value in values.values:
        yield from expression_words(value.text_in)


@lru_cache(maxsize=1024)
def _plain(text: str) -> tuple[tuple[str, ...], ...]:
    return (tuple(text.lower().replace("-", " ").split()),)


def expression_words(expression: Expression) -> Iterable[tuple[str, ...]]:
    """The word sequences of a small expression without lists."""
    if isinstance(expression, TextChunk):
        return _plain(expression.text)
    builder = _Builder({}, {})
    end = builder.build(expression, 0)
    graph = Graph()
    builder.words(graph, 0, end)
    return paths(graph, 64)


def paths(graph: Graph, most: int) -> list[tuple[str, ...]]:
    """At most `most` label sequences from the start to an end, shortest first."""
    found: list[tuple[str, ...]] = []
    layer: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while layer and len(found) < most:
        following = []
        for state, labels in layer:
            if state in graph.finals:
                found.append(labels)
            for label, targets in graph.arcs[state].items():
                following += [(target, (*labels, label)) for target in targets]
        layer = following[: most * 8]
    return found[:most]


def templates(intents: Intents) -> Iterator[tuple[str, IntentData, Sentence]]:
    """(intent, block, sentence) of every template."""
    for name, intent in intents.intents.items():
        for data in intent.data:
            for sentence in data.sentences:
                yield name, data, sentence


def vocabulary(graph: Graph) -> set[str]:
    """The words on a graph's arcs, lists and wildcards left out."""
    return {label for arcs in graph.arcs for label in arcs if label != WILD and not label.startswith("{")}


def wildcards(graph: Graph) -> bool:
    """True when some arc takes any words."""
    return any(WILD in arcs for arcs in graph.arcs)


def merged(graphs: Sequence[Graph]) -> Graph:
    """One graph with all of `graphs` behind a common start."""
    whole = Graph()
    for graph in graphs:
        offset = len(whole.arcs) - 1
        whole.arcs += [{} for _ in graph.arcs[1:]]
        for state, arcs in enumerate(graph.arcs):
            source = state + offset if state else 0
            for label, targets in arcs.items():
                whole.arcs[source].setdefault(label, set()).update(target + offset for target in targets)
        whole.finals |= {state + offset for state in graph.finals if state}
    return whole
