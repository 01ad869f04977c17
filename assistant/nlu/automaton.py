"""The network as a deterministic automaton over words, built as far as it is walked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.nlu.graph import WILD, Graph

_Key = tuple[int, ...]
"""A place: (side, state); (side, list, node, state) within a list entered from `state`; (side, state, -1) within a
wildcard entered from `state`."""

MOST_NODES = 60_000
"""Nodes kept; beyond, the automaton starts afresh. About 40 MB."""


@dataclass(frozen=True, slots=True)
class Side:
    """One collection of sentences."""

    graph: Graph
    lists: Mapping[str, Sequence[tuple[str, ...]]]
    """The spoken forms of each list's values."""


class Automaton:
    """Nodes are numbers; node 0 is the start. Two sentences that begin alike share their nodes."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self._graphs = [side.graph for side in sides]
        self._names = sorted({name for side in sides for name in side.lists})
        self._tries = [
            {self._names.index(name): _trie(values) for name, values in side.lists.items()} for side in sides
        ]
        number = {name: index for index, name in enumerate(self._names)}
        self._entries = [
            [
                [number[label[1:-1]] for label in arcs if label[0] == "{" and label[1:-1] in number]
                for arcs in graph.arcs
            ]
            for graph in self._graphs
        ]
        self._reset()

    def _reset(self) -> None:
        self._nodes: list[frozenset[_Key]] = []
        self._number: dict[frozenset[_Key], int] = {}
        self._labels: list[frozenset[str] | None] = []
        self._next: list[dict[str, int]] = []
        self._node(frozenset((side, 0) for side in range(len(self._graphs))))

    def tidy(self) -> None:
        """Forget what was built when it has grown large. Call between searches."""
        if len(self._nodes) > MOST_NODES:
            self._reset()

    def _node(self, keys: frozenset[_Key]) -> int:
        found = self._number.get(keys)
        if found is None:
            found = len(self._nodes)
            self._number[keys] = found
            self._nodes.append(keys)
            self._labels.append(None)
            self._next.append({})
        return found

    def labels(self, node: int) -> frozenset[str]:
        """The words that can follow."""
        known = self._labels[node]
        if known is None:
            found: set[str] = set()
            for key in self._nodes[node]:
                if len(key) == 4:
                    found |= self._tries[key[0]][key[1]][0][key[2]].keys()
                    continue
                for state in self._states(key):
                    arcs = self._graphs[key[0]].arcs[state]
                    found |= {label for label in arcs if label != WILD and label[0] != "{"}
                    for name in self._entries[key[0]][state]:
                        found |= self._tries[key[0]][name][0][0].keys()
            known = self._labels[node] = frozenset(found)
        return known

    def follow(self, node: int, word: str) -> int:
        """The node after `word`, -1 when nothing goes on so; `word` may be WILD for any word a wildcard takes."""
        known = self._next[node].get(word)
        if known is None:
            keys = self._wild(node) if word == WILD else self._after(node, word)
            known = self._next[node][word] = self._node(frozenset(keys)) if keys else -1
        return known

    def accepts(self, node: int, words: Sequence[str]) -> bool:
        """True when `words` lead from `node` to the end of a sentence."""
        for word in words:
            node = self.follow(node, word)
            if node < 0:
                return False
        return self.ends(node)

    def _states(self, key: _Key) -> Sequence[int]:
        """States of the graph whose arcs are open at `key`."""
        if len(key) == 3:
            return sorted(self._graphs[key[0]].arcs[key[1]][WILD])
        return (key[1],)

    def _after(self, node: int, word: str) -> set[_Key]:
        keys: set[_Key] = set()
        for key in self._nodes[node]:
            side = key[0]
            if len(key) == 4:
                self._within(side, key[1], key[2], state=key[3], word=word, keys=keys)
                continue
            for state in self._states(key):
                keys |= {(side, target) for target in self._graphs[side].arcs[state].get(word, ())}
                for name in self._entries[side][state]:
                    self._within(side, name, 0, state=state, word=word, keys=keys)
        return keys

    def _within(self, side: int, name: int, node: int, *, state: int, word: str, keys: set[_Key]) -> None:
        children, finals = self._tries[side][name]
        target = children[node].get(word)
        if target is None:
            return
        if children[target]:
            keys.add((side, name, target, state))
        if target in finals:
            keys |= {(side, after) for after in self._graphs[side].arcs[state][f"{{{self._names[name]}}}"]}

    def _wild(self, node: int) -> set[_Key]:
        keys: set[_Key] = set()
        for key in self._nodes[node]:
            if len(key) == 3:
                keys.add(key)
            elif len(key) == 2 and WILD in self._graphs[key[0]].arcs[key[1]]:
                keys.add((key[0], key[1], -1))
        return keys

    def ends(self, node: int) -> bool:
        """True when a sentence can end here (within an open wildcard too)."""
        for key in self._nodes[node]:
            if len(key) != 4 and any(
                state in self._graphs[key[0]].finals for state in (key[1:2] if len(key) == 2 else self._states(key))
            ):
                return True
        return False


_Trie = tuple[list[dict[str, int]], set[int]]


def _trie(values: Sequence[tuple[str, ...]]) -> _Trie:
    """(children of each node by word, nodes where a value ends)."""
    nodes: list[dict[str, int]] = [{}]
    finals: set[int] = set()
    for value in values:
        at = 0
        for word in value:
            if word not in nodes[at]:
                nodes.append({})
                nodes[at][word] = len(nodes) - 1
            at = nodes[at][word]
        if at:
            finals.add(at)
    return nodes, finals
