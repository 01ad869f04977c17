"""What was probably said: the recogniser's words against the grammar's sentences, by sound.

A search over the network of sentences: at every heard word, the best states of the network so far go on by a word
that sounds like it, skip it, or take two heard words for one. The cost is counted in phones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from assistant.nlu.automaton import Automaton, Side
from assistant.nlu.graph import WILD
from assistant.nlu.network import Lists
from assistant.nlu.phonetics import Phones, SoundIndex, distance, drop_cost
from assistant.nlu.understanding import Understanding
from assistant.nlu.words import clean
from assistant.stt import Hypothesis, Transcription

BEAM = 60
"""Nodes kept at each heard word."""

NEAR = 0.55
"""Most cost, as a share of a word's phones, for a word to be tried in another's place."""

SKIP = 0.75
"""Cost of each phone of a heard word that stands for nothing."""

WILD_COST = 0.20
"""Cost of each phone that a wildcard takes: free words are no evidence for a command."""

UNKNOWN_PHONES = 3
"""Phones that the recogniser's "[unk]" is taken to have hidden."""

REJECT = 0.24
"""Cost a heard phone from which nothing is matched. See docs/understanding.md for the trade-off."""

UNKNOWN = "[unk]"
"""What a recogniser writes for sounds that are none of its words."""

_WEIGHTS: Mapping[int, tuple[float, ...]] = {1: (1.0,), 2: (0.6, 0.4), 3: (0.5, 0.3, 0.2)}
"""How much each hypothesis counts: the arbiter's choice most."""

_RIVAL = 1.6
"""Phones within which other sentences are weighed against one that was heard word by word."""

_CHECKED = 5
"""Proposals that are tried against hassil."""

HABIT = 0.04
"""Phones that one bit of unusual wording weighs in ranking: five bits are a vowel taken for its neighbour."""

_EDGE = 4
"""Phones that earn nothing: a sentence this short must be heard exactly, since every noise is near to it."""

LONGEST = 30
"""Heard words; longer speech is no command that was misheard."""


@dataclass(frozen=True, slots=True)
class Match:
    """A sentence of the grammar that sounds like what was heard."""

    sentence: str
    """Its words, as the understanding takes them."""

    score: float
    """Cost a heard phone: 0 for the very words, REJECT at most."""

    confidence: float
    """0..1: the share of such matches that are right."""

    heard: str
    """The hypothesis it came from."""


@dataclass(slots=True)
class _Token:
    """The cheapest way found to one place of the search."""

    cost: float
    words: tuple[str, ...]


class SoundsLike:
    """Matches recogniser output to the sentences of an Understanding. One thread only."""

    def __init__(self, understanding: Understanding, pronounce: Callable[[str], Sequence[Phones]]) -> None:
        """`pronounce(word)` gives a word's phone sequences (CMU names without stress), the usual one first."""
        self._understanding = understanding
        self._index = SoundIndex(understanding.vocabulary(), pronounce)
        self._automaton: Automaton | None = None
        self._late: Lists = {}

    def match(self, transcription: Transcription) -> Match | None:
        """The sentence that was probably said, or None when nothing is near enough.

        Every hypothesis proposes sentences; each proposal is then weighed by how near it is to all of them.
        """
        texts = [hypothesis.text for hypothesis in (transcription.chosen, *transcription.others[:2])]
        heard = [words for text in texts if (words := readable(text))]
        if not heard or all(word == UNKNOWN for words in heard for word in words):
            return None
        sounds = [tuple(phone for word in words for phone in self.sound(word)) for words in heard]
        proposals: dict[str, dict[int, float]] = {}
        for number, words in enumerate(heard):
            for cost, said in self._propose(words, _allowed(len(sounds[number])) + 0.5):
                costs = proposals.setdefault(" ".join(said), {})
                costs[number] = min(cost, costs.get(number, cost))
        shares = weights(len(heard))
        ranked: list[tuple[float, float, str]] = []
        for sentence, costs in proposals.items():
            phones = tuple(phone for word in sentence.split() for phone in self.sound(word))
            total = 0.0
            for number, sound in enumerate(sounds):
                total += shares[number] * (costs[number] if number in costs else distance(sound, phones))
            ranked.append((total + HABIT * self._understanding.surprise(sentence), total, sentence))
        length = max(map(len, sounds))
        for _, cost, sentence in sorted(ranked)[:_CHECKED]:
            if cost <= _allowed(length) and self.accepted(sentence):
                score = cost / max(1, length)
                return Match(sentence, round(score, 4), confidence_of(score), texts[0])
        return None

    def nearest(self, text: str) -> Match | None:
        """The same for one text."""
        return self.match(Transcription(Hypothesis(text, 1.0)))

    def _propose(self, words: Sequence[str], budget: float) -> list[tuple[float, tuple[str, ...]]]:
        """(cost, sentence) for one hypothesis, the cheapest first."""
        if UNKNOWN not in words and self._understanding.exact(" ".join(words)):
            return [(0.0, tuple(words)), *self._search(words, min(budget, _RIVAL))]
        return self._search(words, budget)

    def proposals(self, words: Sequence[str], wider: float, least: float) -> list[tuple[float, tuple[str, ...]]]:
        """(cost, sentence) for one hypothesis, the cheapest first, up to `wider` phones beyond what `match` accepts
        and at least up to `least`."""
        length = sum(len(self.sound(word)) for word in words)
        return self._propose(words, max(least, _allowed(length) + wider))

    def alike(self, word: str, share: float) -> dict[str, float]:
        """Words of the vocabulary whose distance from `word` is at most `share` of the longer sound."""
        return self._index.near(self.sound(word), share)

    def accepted(self, sentence: str) -> bool:
        """Whether `sentence` asks for something that is here."""
        intent = self._understanding.in_grammar(sentence)
        if intent is None:
            return False
        # for a device that isn't here there is no telling whether it was said at all
        return not (intent.name.startswith("Hass") and intent.unresolved)

    def sound(self, word: str) -> Phones:
        """A word's usual phones; "?" for those of "[unk]" and of what cannot be said."""
        if word == UNKNOWN:
            return ("?",) * UNKNOWN_PHONES
        sounds = self._index.sounds(word)
        return sounds[0] if sounds else ("?",) * len(word)

    def _search(self, heard: Sequence[str], budget: float) -> list[tuple[float, tuple[str, ...]]]:
        """(cost, words) of sentences within `budget` phones, the cheapest first."""
        automaton = self.automaton()
        layers: list[dict[int, _Token]] = [{} for _ in range(len(heard) + 1)]
        layers[0][0] = _Token(0.0, ())
        for at in range(len(heard) + 1):
            layer = layers[at]
            if len(layer) > BEAM:
                layer = dict(nsmallest(BEAM, layer.items(), key=lambda item: item[1].cost))
            self._missed(automaton, layer, budget)
            if at < len(heard):
                self._step(automaton, heard, at, layer=layer, layers=layers, budget=budget)
            else:
                layers[at] = layer
        ends: dict[tuple[str, ...], float] = {}
        for node, token in layers[-1].items():
            if automaton.ends(node):
                ends[token.words] = min(token.cost, ends.get(token.words, budget))
        return [(cost, words) for words, cost in nsmallest(6, ends.items(), key=lambda item: item[1])]

    def automaton(self) -> Automaton:
        """The automaton with today's names of timers and lists."""
        network = self._understanding.network
        late = network.late_lists(self._understanding.names())
        if self._automaton is None or late != self._late:
            self._late = late
            self._automaton = Automaton([Side(side.graph, {**side.forms, **late}) for side in network.sides])
        self._automaton.tidy()
        return self._automaton

    def _step(
        self,
        automaton: Automaton,
        heard: Sequence[str],
        at: int,
        *,
        layer: Mapping[int, _Token],
        layers: list[dict[int, _Token]],
        budget: float,
    ) -> None:
        word = heard[at]
        sound = self.sound(word)
        near = self._index.near(sound, NEAR) if word != UNKNOWN else {}
        pair: Mapping[str, float] = {}
        if at + 1 < len(heard) and UNKNOWN not in (word, heard[at + 1]):
            pair = self._index.near(sound + self.sound(heard[at + 1]), NEAR)
        skipped = SKIP * sum(map(drop_cost, sound))
        free = WILD_COST * len(sound)
        for node, token in layer.items():
            labels = automaton.labels(node)
            for said in labels & near.keys():
                total = token.cost + (0.0 if said == word else near[said] + 0.1)
                if total <= budget:
                    _relax(layers[at + 1], automaton.follow(node, said), total, (*token.words, said))
            for said in labels & pair.keys():
                total = token.cost + pair[said] + 0.3
                if total <= budget:
                    _relax(layers[at + 2], automaton.follow(node, said), total, (*token.words, said))
            if token.cost + skipped <= budget:
                _relax(layers[at + 1], node, token.cost + skipped, token.words)
            if word != UNKNOWN and token.cost + free <= budget and (wild := automaton.follow(node, WILD)) >= 0:
                _relax(layers[at + 1], wild, token.cost + free, (*token.words, word))

    def _missed(self, automaton: Automaton, layer: dict[int, _Token], budget: float) -> None:
        """Go on, from every node of `layer`, by at most two short words that were not heard."""
        queue = list(layer.items())
        for _ in range(2):
            following: list[tuple[int, _Token]] = []
            for node, token in queue:
                for said in automaton.labels(node) & self._index.short.keys():
                    total = token.cost + self._index.short[said]
                    if total <= budget:
                        target = automaton.follow(node, said)
                        if _relax(layer, target, total, (*token.words, said)):
                            following.append((target, layer[target]))
            queue = following


def _relax(layer: dict[int, _Token], key: int, cost: float, words: tuple[str, ...]) -> bool:
    found = layer.get(key)
    if found is None or cost < found.cost - 1e-9:
        layer[key] = _Token(cost, words)
        return True
    return False


def weights(count: int) -> tuple[float, ...]:
    """How much each of `count` hypotheses counts."""
    return _WEIGHTS[count]


def readable(text: str) -> list[str]:
    """A recogniser's text as clean words, "[unk]" among them; none for speech of more than LONGEST words."""
    parts = [clean(part).split() for part in text.split(UNKNOWN)]
    heard: list[str] = []
    for number, part in enumerate(parts):
        heard += ([UNKNOWN] if number else []) + part
    return heard if len(heard) <= LONGEST else []


def _allowed(phones: int) -> float:
    """Most cost at which something of this length still counts as heard."""
    return REJECT * max(0, phones - _EDGE) + 0.05


def confidence_of(score: float) -> float:
    """Share of matches with this score that are right: 66 of 73 on the test recordings, falling from 0.12 on."""
    return round(max(0.3, 0.92 - 3.0 * max(0.0, score - 0.12)), 3)
