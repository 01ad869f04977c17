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
_SEEDS, _ROUNDS, _MOST_ROUNDS = 3, 2, 6
"""Sentences whose neighbours are looked at, how often, and how often at most while the best one still gets better."""
_NARROW = 8
"""Where no more words than this can follow a word ("triple" "shot"), both are put in together."""
_MOST_LABELS = 400
"""Where more words than this can stand, only those are tried that sound like the word heard there."""
_ALIKE = 0.7
_KEPT, _CHECKED = 24, 20
"""Sentences that are weighed in full, and those of them that are tried against the grammar."""

MOST_LACK = 1.2
"""Nats a phone by which clearly heard wording may fall short of the sound."""

SIGNS = (
    "evidence",
    "text",
    "lag",
    "length",
    "short",
    "short_evidence",
    "habit",
    "phones",
    "words",
    "least",
    "most",
)
"""Evidence and text: nats and phones against it, a phone of it. Lag: nats a phone behind the best reading's own words.
Length: log of its phones. Short: how much shorter than ten phones. Habit: bits of unusual wording a word. Phones: how
far from the number heard. Words: one by their number. Least, most: the recognisers' confidences."""
CONSTANT = -1.298
WEIGHTS = (
    -1.087,  # evidence
    -6.040,  # text
    -1.088,  # lag
    -0.040,  # length
    -0.953,  # short
    -0.080,  # short_evidence
    -0.068,  # habit
    0.028,  # phones
    -1.317,  # words
    3.046,  # least
    2.559,  # most
)
"""Logistic regression on the signs of `Weigher._signs`, fitted by scripts/hearing/thresholds.py to
`scripts.hearing.requests --seed 1` (400 requests, 1,100 other clips, held-out synthetic voices in noise)."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The sentence that the sound and the words speak for most."""

    sentence: str
    score: float
    """Cost a heard phone in the recognisers' words, as in `sounds_like.Match`."""
    signs: tuple[float, ...]
    """What `believed` was computed from, in the order of SIGNS."""
    believed: float
    """0..1: the share of such sentences that were said, among commands and nearly three times as much else."""


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

    def better(self, text: str, than: str, witness: Witness) -> bool:
        """Whether the sound speaks more for `text`, heard word for word, than for the sentence `than`."""
        if text == than:
            return False
        phones = self._phones(text)
        ours, theirs = witness.costs([phones, self._phones(than)])
        return ours <= min(theirs, MOST_LACK * max(1, len(phones)))

    def _evidence(self, sentences: list[str], witness: Witness) -> dict[str, float]:
        """Nats against each of `sentences` and against what lies a word away from the best of them."""
        found = dict(zip(sentences, witness.costs([self._phones(each) for each in sentences]), strict=True))
        automaton = self._sounds_like.automaton()
        done: set[str] = set()
        for number in range(_MOST_ROUNDS):
            near: dict[str, None] = {}
            ranked = sorted(found, key=found.__getitem__)
            if number >= _ROUNDS and ranked[0] in done:
                break
            for seed in [each for each in ranked if each not in done][: _SEEDS if number < _ROUNDS else 1]:
                done.add(seed)
                for words in self._neighbours(automaton, seed.split()):
                    if (sentence := " ".join(words)) not in found:
                        near[sentence] = None
            found.update(zip(near, witness.costs([self._phones(each) for each in near]), strict=True))
        return found

    def _neighbours(self, automaton: Automaton, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Sentences of the automaton with a word (or two that belong together) more, less or other than `words`."""
        nodes = [0]
        for word in words:
            nodes.append(automaton.follow(nodes[-1], word))
            if nodes[-1] < 0:
                return
        for at, node in enumerate(nodes):
            before, here, rest = words[:at], words[at : at + 1], words[at + 1 :]
            for put, after in self._put(automaton, node, here):
                if put == tuple(here):
                    continue
                if here and automaton.accepts(after, rest):
                    yield (*before, *put, *rest)
                if automaton.accepts(after, words[at:]):
                    yield (*before, *put, *words[at:])
            for left in (rest, rest[1:]):
                if here and (before or left) and automaton.accepts(node, left):
                    yield (*before, *left)

    def _put(self, automaton: Automaton, node: int, here: Sequence[str]) -> Iterator[tuple[tuple[str, ...], int]]:
        """(words that can stand at `node`, the node after them)."""
        labels = automaton.labels(node)
        if len(labels) > _MOST_LABELS:
            labels = labels & self._sounds_like.alike(here[0], _ALIKE).keys() if here else frozenset()
        for first in labels:
            after = automaton.follow(node, first)
            yield (first,), after
            following = automaton.labels(after)
            if len(following) <= _NARROW:
                yield from (((first, second), automaton.follow(after, second)) for second in following)

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
