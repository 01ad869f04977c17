"""The lexicon transducer (HCL): phones' states in, words out.

Pronunciations share their beginnings as a trie and their ends as a suffix tree; the word is put out as soon as the
beginning belongs to one word alone, so that the grammar is consulted early. Words are numbered in trie order, which
keeps the look-ahead label sets to one or two ranges a state.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.stt.graph.fst import Fst
from assistant.stt.graph.hmm import PHONE_IDS, TRANSITION_IDS
from assistant.stt.graph.phones import PHONES, Pronunciation

UNKNOWN: Final = "[unk]"
SILENCE_COST: Final = -math.log(0.5)
"""Silence between two words is as likely as none."""
BLANK_COST: Final = 0.4
"""Per further blank inside a phone, so that a long pause goes to silence and the end of speech is noticed."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The transducer and its words: `ids` maps every word and `[unk]` to its label, from 1."""

    fst: Fst
    ids: dict[str, int]


class _Builder:
    """One transducer under construction. States: E (start, after a word), LOOP (before a word, final)."""

    def __init__(self) -> None:
        self.fst = Fst()
        self.end, self.loop = self.fst.state(), self.fst.state()
        self.fst.finals[self.loop] = 0.0
        self.fst.arc(self.end, self.loop, 0, 0, SILENCE_COST)
        silence = self.fst.state()
        self.fst.arc(self.end, silence, TRANSITION_IDS[1, 0, 1], 0, SILENCE_COST)
        self.fst.arc(silence, silence, TRANSITION_IDS[1, 0, 0], 0)
        self.fst.arc(silence, self.loop, 0, 0)
        self._entries: dict[tuple[str, int], tuple[int, int]] = {}
        self._suffixes: dict[Pronunciation, int] = {(): self.end}

    def phone(self, source: int, target: int, name: str, label: int, cost: float = 0.0) -> None:
        """A phone from `source` to `target`, putting out `label` (0: nothing) at its first frame.

        Kaldi's reordered form: the arc that leaves a state comes first, its repetitions after. Arcs into the same
        target share the states of their phone.
        """
        key = (name, target)
        phone = PHONE_IDS[name]
        if key not in self._entries:
            with_blank, blank, without = self.fst.state(), self.fst.state(), self.fst.state()
            repeat = TRANSITION_IDS[phone, 0, 0]
            self.fst.arc(with_blank, with_blank, repeat, 0)
            self.fst.arc(with_blank, blank, TRANSITION_IDS[phone, 1, 2], 0)
            self.fst.arc(blank, blank, TRANSITION_IDS[phone, 1, 1], 0, BLANK_COST)
            self.fst.arc(blank, target, 0, 0)
            self.fst.arc(without, without, repeat, 0)
            self.fst.arc(without, target, 0, 0)
            self._entries[key] = (with_blank, without)
        with_blank, without = self._entries[key]
        self.fst.arc(source, with_blank, TRANSITION_IDS[phone, 0, 1], label, cost)
        self.fst.arc(source, without, TRANSITION_IDS[phone, 0, 2], label, cost)

    def suffix(self, rest: Pronunciation) -> int:
        """The state from which `rest`, the end of any word, leads to E."""
        if rest not in self._suffixes:
            state = self.fst.state()
            self._suffixes[rest] = state
            place = "I" if len(rest) > 1 else "E"
            self.phone(state, self.suffix(rest[1:]), f"{rest[0]}_{place}", 0)
        return self._suffixes[rest]

    def filler(self, label: int, cost: float) -> None:
        """The unknown word: any phones, at `cost` each."""
        inside = self.fst.state()
        for phone in PHONES:
            self.phone(self.loop, inside, f"{phone}_B", label, cost)
            self.phone(inside, inside, f"{phone}_I", 0, cost)
            self.phone(inside, self.end, f"{phone}_E", 0, cost)


def _place(index: int, length: int) -> str:
    if length == 1:
        return "S"
    return "B" if index == 0 else "E" if index == length - 1 else "I"


def build_lexicon(words: Mapping[str, Sequence[Pronunciation]], unknown_cost: float) -> Lexicon:
    """The lexicon of `words`. `unknown_cost` is the price of one phone inside `[unk]`, in nats.

    Raises ValueError for a word without a pronunciation or with a phone outside the 39.
    """
    entries: list[tuple[Pronunciation, str]] = []
    for word, readings in words.items():
        if not readings or not all(readings):
            raise ValueError(f"the word '{word}' has no pronunciation")
        entries += [(tuple(reading), word) for reading in dict.fromkeys(readings)]
    entries.sort()
    ids: dict[str, int] = {}
    for _, word in entries:
        ids.setdefault(word, len(ids) + 1)
    ids[UNKNOWN] = len(ids) + 1
    holders: dict[Pronunciation, int] = {}
    for phones, _ in entries:
        for size in range(1, len(phones) + 1):
            prefix = phones[:size]
            holders[prefix] = holders.get(prefix, 0) + 1
    builder = _Builder()
    nodes: dict[Pronunciation, int] = {(): builder.loop}
    for phones, word in entries:
        at = 0
        while at < len(phones) - 1 and holders[phones[: at + 1]] > 1:
            prefix = phones[: at + 1]
            if prefix not in nodes:
                nodes[prefix] = builder.fst.state()
                builder.phone(nodes[phones[:at]], nodes[prefix], f"{phones[at]}_{_place(at, len(phones))}", 0)
            at += 1
        target = builder.suffix(phones[at + 1 :])
        builder.phone(nodes[phones[:at]], target, f"{phones[at]}_{_place(at, len(phones))}", ids[word])
    builder.filler(ids[UNKNOWN], unknown_cost)
    return Lexicon(builder.fst, ids)
