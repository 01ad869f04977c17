"""The language model: probabilities sum to one in every history, and counts survive the file."""

import math
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.stt.graph.fst import Fst
from assistant.stt.graph.grammar import Counts, build_grammar, unigrams

_sentences = st.lists(
    st.lists(st.sampled_from(["on", "off", "light", "the", "turn"]), min_size=1, max_size=5), max_size=12
)


def _counts(sentences: list[list[str]]) -> Counts:
    counts = Counts()
    for sentence in sentences:
        counts.add(sentence)
    return counts


def _ids() -> dict[str, int]:
    return {word: number for number, word in enumerate(["on", "off", "light", "the", "turn", "rare"], 1)}


@settings(max_examples=100, deadline=None)
@given(_sentences)
def test_each_state_gives_a_probability_distribution(sentences):
    """What a state says itself and what it says after backing off, less the words it has itself, is at most one."""
    fst = build_grammar(_counts(sentences), _ids())
    explicit: dict[int, float] = defaultdict(float)
    words: dict[int, set[int]] = defaultdict(set)
    for source, label, weight in zip(fst.sources, fst.ilabels, fst.weights, strict=True):
        if label:
            explicit[source] += math.exp(-weight)
            words[source].add(label)
    for state, cost in fst.finals.items():
        explicit[state] += math.exp(-cost)
    unigram_state = 1
    assert explicit[unigram_state] == pytest.approx(1.0)
    assert words[unigram_state] == set(_ids().values())
    assert all(total <= 1.0 + 1e-6 for total in explicit.values())


@settings(max_examples=60, deadline=None)
@given(_sentences.filter(bool))
def test_a_seen_sentence_costs_less_than_its_reverse_or_the_same(sentences):
    counts = _counts(sentences)
    fst = build_grammar(counts, _ids())
    for sentence in sentences:
        assert _cost(fst, sentence) <= _cost(fst, [*sentence, "rare"])


def _cost(fst: Fst, sentence: list[str]) -> float:
    ids = _ids()
    arcs: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for source, target, label, weight in zip(fst.sources, fst.targets, fst.ilabels, fst.weights, strict=True):
        arcs[source].append((target, label, weight))
    best = {0: 0.0}

    def backed_off(costs: dict[int, float]) -> dict[int, float]:
        waiting = list(costs)
        while waiting:
            state = waiting.pop()
            for target, label, weight in arcs[state]:
                if not label and costs[state] + weight < costs.get(target, math.inf):
                    costs[target] = costs[state] + weight
                    waiting.append(target)
        return costs

    for word in sentence:
        after: dict[int, float] = {}
        for state, cost in backed_off(best).items():
            for target, label, weight in arcs[state]:
                if label == ids[word]:
                    after[target] = min(after.get(target, math.inf), cost + weight)
        best = after
    return min(cost + fst.finals.get(state, math.inf) for state, cost in backed_off(best).items())


def test_general_english_gets_a_share():
    counts = _counts([["turn", "on"]])
    counts.frequency = {"rare": 1.0}
    assert unigrams(counts, _ids())["rare"] > 100 * unigrams(counts, _ids())["off"]


def test_counts_survive_the_file(tmp_path):
    counts = _counts([["turn", "on", "the", "light"], ["turn", "off"]])
    counts.frequency = {"on": 0.5}
    counts.save(tmp_path / "counts.txt.xz")
    back = Counts.load(tmp_path / "counts.txt.xz")
    assert (back.one, dict(back.two), dict(back.three)) == (counts.one, dict(counts.two), dict(counts.three))
    assert back.frequency == counts.frequency


def test_pruning_forgets_rare_trigrams_only():
    counts = _counts([["a", "b", "c"]] * 3 + [["a", "b", "d"]])
    counts.prune(2)
    assert counts.three["a", "b"] == {"c": 3}
    assert counts.two["b"]["d"] == 1


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xfd7zXZ\x00broken"])
def test_a_damaged_file_is_named(tmp_path, data):
    path = tmp_path / "counts.txt.xz"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"counts\.txt\.xz"):
        Counts.load(path)
