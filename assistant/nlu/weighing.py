"""Which sentence was said, and is it to be believed? The words of the recognisers together with the sound itself.

Sounds-like matching compares words with words: what the recognisers misheard alike is lost to it. With the sound as
a witness more sentences are looked at (those that differ from a near one by a word), the sound decides between them,
and how much it supports the winner tells a command from a noise.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.nlu.automaton import Automaton
from assistant.nlu.phonetics import Phones, distance
from assistant.nlu.sounds_like import HABIT, UNKNOWN, SoundsLike, readable, weights
from assistant.nlu.understanding import Understanding
from assistant.stt import Hypothesis, Witness

NAT = 0.25
"""Phones that one nat of the sound's evidence weighs when sentences are compared. From 0.1 to 0.3 the requests of
scripts/hearing/requests.py come out the same within one in a hundred."""

_WIDER = 2.5
"""Phones beyond the usual bound up to which sentences are proposed: the sound sorts them out."""
_LEAST = 3.5
_SEEDS, _ROUNDS = 3, 2
"""Sentences whose neighbours are looked at, and how often."""
_MOST_LABELS = 400
"""Where more words than this can stand, only those are tried that sound like the word heard there."""
_ALIKE = 0.7
_KEPT, _CHECKED = 24, 20
"""Sentences that are weighed in full, and those of them that are tried against the grammar."""

SIGNS = (
    "evidence", "text", "lag", "length", "short", "short_evidence", "habit", "phones", "words", "least", "most",
)  # fmt: skip
CONSTANT = -2.335
WEIGHTS = (
    -0.973,  # evidence
    -6.071,  # text
    -1.031,  # lag
    0.015,  # length
    -0.887,  # short
    -0.073,  # short_evidence
    -0.077,  # habit
    -0.149,  # phones
    -1.284,  # words
    3.218,  # least
    3.271,  # most
)
"""Logistic regression on the signs of `signs`, made by scripts/hearing/thresholds.py."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The sentence that the sound and the words speak for most."""

    sentence: str
    score: float
    """Cost a heard phone in the recognisers' words, as in `sounds_like.Match`."""
    signs: tuple[float, ...]
    """What `believed` was computed from, in the order of SIGNS."""
    believed: float
    """0..1: the share of such sentences that were said, where as many were said as not."""


class Weigher:
    """Weighs the sentences of one SoundsLike. One thread only."""

    def __init__(self, understanding: Understanding, sounds_like: SoundsLike) -> None:
        self._understanding = understanding
        self._sounds_like = sounds_like

    def weigh(self, readings: Sequence[Hypothesis], witness: Witness) -> Weighed | None:
        """The best sentence for `readings` (the chosen one first; empty ones count as doubt), or None."""
        sounds_like = self._sounds_like
        texts = [reading.text for reading in readings if reading.text]
        heard = [words for text in texts[:3] if (words := readable(text)) and set(words) != {UNKNOWN}]
        if not heard:
            return None
        sounds = [tuple(phone for word in words for phone in sounds_like.sound(word)) for words in heard]
        costs: dict[str, dict[int, float]] = {}
        for number, words in enumerate(heard):
            for cost, said in sounds_like.proposals(words, _WIDER, _LEAST):
                each = costs.setdefault(" ".join(said), {})
                each[number] = min(cost, each.get(number, cost))
        if not costs:
            return None
        evidence = self._evidence(list(costs), witness)
        ranked: list[tuple[float, float, str]] = []
        shares = weights(len(heard))
        best = sorted(evidence, key=evidence.__getitem__)[:_KEPT]
        for sentence in dict.fromkeys([*best, *list(costs)[:_KEPT]]):
            phones = self._phones(sentence)
            text = sum(
                share
                * (known if (known := costs.get(sentence, {}).get(number)) is not None else distance(sound, phones))
                for number, (share, sound) in enumerate(zip(shares, sounds, strict=True))
            )
            total = text + NAT * evidence[sentence] + HABIT * self._understanding.surprise(sentence)
            ranked.append((total, text, sentence))
        length = max(map(len, sounds))
        for _, text, sentence in sorted(ranked)[:_CHECKED]:
            if sounds_like.accepted(sentence):
                signs = self._signs(sentence, text, evidence[sentence], readings, witness)
                return Weighed(sentence, round(text / max(1, length), 4), signs, believed(signs))
        return None

    def lack(self, text: str, witness: Witness) -> float:
        """Nats a phone by which `text` falls short of the sound."""
        phones = self._phones(text)
        return witness.costs([phones])[0] / max(1, len(phones))

    def _evidence(self, sentences: list[str], witness: Witness) -> dict[str, float]:
        """Nats against each of `sentences` and against what lies a word away from the best of them."""
        found = dict(zip(sentences, witness.costs([self._phones(each) for each in sentences]), strict=True))
        automaton = self._sounds_like.automaton()
        done: set[str] = set()
        for _ in range(_ROUNDS):
            near: dict[str, None] = {}
            for seed in [each for each in sorted(found, key=found.__getitem__) if each not in done][:_SEEDS]:
                done.add(seed)
                for words in self._neighbours(automaton, seed.split()):
                    if (sentence := " ".join(words)) not in found:
                        near[sentence] = None
            found.update(zip(near, witness.costs([self._phones(each) for each in near]), strict=True))
        return found

    def _neighbours(self, automaton: Automaton, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Sentences of the automaton with one word more, less or another than `words`."""
        nodes = [0]
        for word in words:
            nodes.append(automaton.follow(nodes[-1], word))
            if nodes[-1] < 0:
                return
        for at, node in enumerate(nodes):
            before, here, rest = words[:at], words[at : at + 1], words[at + 1 :]
            labels = automaton.labels(node)
            if len(labels) > _MOST_LABELS:
                labels = labels & self._sounds_like.alike(here[0], _ALIKE).keys() if here else frozenset()
            for said in labels:
                after = automaton.follow(node, said)
                if after < 0 or said in here:
                    continue
                if here and automaton.accepts(after, rest):
                    yield (*before, said, *rest)
                if automaton.accepts(after, words[at:]):
                    yield (*before, said, *words[at:])
            if here and len(words) > 1 and automaton.accepts(node, rest):
                yield (*before, *rest)

    def _phones(self, sentence: str) -> Phones:
        return tuple(phone for word in sentence.split() for phone in self._sounds_like.sound(word) if phone != "?")

    def _signs(
        self, sentence: str, text: float, evidence: float, readings: Sequence[Hypothesis], witness: Witness
    ) -> tuple[float, ...]:
        count = max(1, len(self._phones(sentence)))
        words = len(sentence.split())
        best = min(witness.costs([self._phones(" ".join(readable(reading.text))) for reading in readings]))
        sure = [reading.confidence if reading.text else 0.0 for reading in readings]
        short = max(0, 10 - count) / 5
        return (
            evidence / count,
            text / count,
            (evidence - best) / count,
            math.log(count),
            short,
            short * evidence / count,
            self._understanding.surprise(sentence) / words,
            abs(witness.phones - count) / count,
            1 / words,
            min(sure),
            max(sure),
        )


def believed(signs: Sequence[float]) -> float:
    """The logistic function of the weighted signs."""
    total = CONSTANT + sum(weight * sign for weight, sign in zip(WEIGHTS, signs, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
