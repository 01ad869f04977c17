"""The default language model (G): a Witten-Bell trigram over home sentences, with every other word as a unigram.

Counts are kept beside the model (graph/counts.txt.xz), so that the device can add words and sentences later.
"""

import lzma
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assistant.errors import ModelError
from assistant.stt.graph.fst import Fst

BEGIN, END = "<s>", "</s>"
COMMON_SHARE: Final = 0.06
"""Of the unigram mass, what goes to words of the vocabulary by their general frequency instead of the sentences'."""


@dataclass(slots=True)
class Counts:
    """How often one, two and three words follow each other; `frequency` is a word's weight in general English."""

    one: Counter[str] = field(default_factory=Counter)
    two: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    three: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    frequency: dict[str, float] = field(default_factory=dict)

    def add(self, sentence: Sequence[str], times: int = 1) -> None:
        """Count one sentence (words without boundary marks)."""
        words = (BEGIN, *sentence, END)
        for i in range(1, len(words)):
            self.one[words[i]] += times
            self.two[words[i - 1]][words[i]] += times
            if i >= 2:
                self.three[words[i - 2], words[i - 1]][words[i]] += times

    def prune(self, least: int) -> None:
        """Forget trigrams seen fewer than `least` times."""
        for history in list(self.three):
            kept = Counter({word: n for word, n in self.three[history].items() if n >= least})
            if kept:
                self.three[history] = kept
            else:
                del self.three[history]

    def save(self, path: Path) -> None:
        """Write as compressed text, one n-gram a line; a general frequency is a line that starts with '~'."""
        lines = [f"~ {value:.3g} {word}" for word, value in self.frequency.items()]
        lines += [f"{n} {word}" for word, n in self.one.items()]
        lines += [f"{n} {a} {b}" for a, row in self.two.items() for b, n in row.items()]
        lines += [f"{n} {a} {b} {c}" for (a, b), row in self.three.items() for c, n in row.items()]
        path.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))

    @classmethod
    def load(cls, path: Path) -> "Counts":
        """Read what `save` wrote. Raises ModelError naming the file."""
        counts = cls()
        try:
            for line in lzma.decompress(path.read_bytes()).decode().splitlines():
                first, *words = line.split(" ")
                if first == "~":
                    counts.frequency[words[1]] = float(words[0])
                elif len(words) == 1:
                    counts.one[words[0]] = int(first)
                elif len(words) == 2:
                    counts.two[words[0]][words[1]] = int(first)
                else:
                    counts.three[words[0], words[1]][words[2]] = int(first)
        except (OSError, lzma.LZMAError, ValueError, IndexError) as error:
            raise ModelError(f"{path} cannot be read; restore the hearing model ({error})") from error
        return counts


def unigrams(counts: Counts, words: Iterable[str]) -> dict[str, float]:
    """The probability of every word of the vocabulary and of the sentence end."""
    vocabulary = [*words, END]
    total = sum(counts.one[word] for word in vocabulary)
    share = COMMON_SHARE if total else 1.0
    general = {word: counts.frequency.get(word, 1e-6) for word in vocabulary}
    mass = sum(general.values())
    return {word: (1 - share) * counts.one[word] / max(total, 1) + share * general[word] / mass for word in vocabulary}


def build_grammar(counts: Counts, ids: Mapping[str, int]) -> Fst:
    """The language model over the labels `ids`; words of `counts` outside `ids` are left out. Start state 0."""
    probabilities = unigrams(counts, ids)
    pairs = {a: _known(row, ids) for a, row in counts.two.items() if a in ids or a == BEGIN}
    triples = {h: _known(row, ids) for h, row in counts.three.items() if (h[0] in ids or h[0] == BEGIN) and h[1] in ids}
    pairs = {a: row for a, row in pairs.items() if row}
    triples = {h: row for h, row in triples.items() if row and h[0] in pairs}
    fst = Fst()
    states: dict[tuple[str, ...], int] = {}

    def state(history: tuple[str, ...]) -> int:
        while history and history not in states:  # the longest history that has a row of its own
            history = history[1:]
        return states[history]

    def follow(source: tuple[str, ...], word: str, probability: float) -> None:
        cost = -math.log(probability)
        if word == END:
            fst.finals[states[source]] = cost
        else:
            fst.arc(states[source], state((*source, word)[-2:]), ids[word], ids[word], cost)

    def after_one(a: str, word: str) -> float:
        row = pairs.get(a)
        if row is None:
            return probabilities[word]
        total = sum(row.values())
        return (row.get(word, 0) + len(row) * probabilities[word]) / (total + len(row))

    start = (BEGIN,)
    histories: list[tuple[str, ...]] = [start, (), *((a,) for a in pairs if a != BEGIN), *triples]
    for history in histories:
        if history not in states:
            states[history] = fst.state()
    if BEGIN not in pairs:  # no sentences at all: words in any order
        fst.arc(states[start], states[()], 0, 0)
    for word, probability in probabilities.items():
        follow((), word, probability)
    for a, row in pairs.items():
        for word in row:
            follow((a,), word, after_one(a, word))
        fst.arc(states[(a,)], states[()], 0, 0, -math.log(len(row) / (sum(row.values()) + len(row))))
    for (a, b), row in triples.items():
        total, kinds = sum(row.values()), len(row)
        for word, n in row.items():
            follow((a, b), word, (n + kinds * after_one(b, word)) / (total + kinds))
        fst.arc(states[a, b], state((b,)), 0, 0, -math.log(kinds / (total + kinds)))
    return fst


def _known(row: Counter[str], ids: Mapping[str, int]) -> dict[str, int]:
    return {word: n for word, n in row.items() if word in ids or word == END}
