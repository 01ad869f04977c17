"""The OpenFst files: written bytes can be read back, and the look-ahead sets say what a path can really put out."""

import itertools
from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.stt.graph.fst import Fst, const_bytes, lookahead_bytes, merge_intervals, reachable_labels, read_const

Arcs = list[tuple[int, int, int]]


def _fst(arcs: Arcs, finals: Collection[int] = (1,), states: int = 4) -> Fst:
    fst = Fst()
    for _ in range(states):
        fst.state()
    for source, target, label in arcs:
        fst.arc(source, target, 1, label, 0.5)
    fst.finals = dict.fromkeys(finals, 0.0)
    return fst


def _first_labels(arcs: Arcs, finals: Collection[int], state: int, final_label: int) -> set[int]:
    """By walking: every label that can be met first from `state`."""
    seen, waiting = {state}, [state]
    found: set[int] = set()
    while waiting:
        at = waiting.pop()
        if at in finals:
            found.add(final_label)
        for source, target, label in arcs:
            if source == at and label:
                found.add(label)
            elif source == at and target not in seen:
                seen.add(target)
                waiting.append(target)
    return found


_arcs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 6)), max_size=14)


@settings(max_examples=150, deadline=None)
@given(_arcs, st.sets(st.integers(0, 3), min_size=1))
def test_lookahead_sets_are_the_labels_a_walk_finds(arcs, finals):
    states, table = _fst(arcs, finals).arrays(by_output=True)
    for state, intervals in enumerate(reachable_labels(states, table, 9)):
        labels = set(itertools.chain.from_iterable(range(begin, end) for begin, end in intervals))
        assert labels == _first_labels(arcs, finals, state, 9)


@settings(max_examples=100, deadline=None)
@given(_arcs)
def test_a_written_transducer_reads_back(arcs):
    fst = _fst(arcs)
    for data in (const_bytes(fst), lookahead_bytes(fst, 9)):
        states, table = read_const(data)
        assert len(states) == 4
        back = []
        for state, row in enumerate(states):
            part = table[row["first"] : row["first"] + row["arcs"]]
            back += [(state, int(arc["target"]), int(arc["olabel"])) for arc in part]
            assert row["oepsilons"] == np.count_nonzero(part["olabel"] == 0)
            assert np.isfinite(row["final"]) == (state == 1)
        assert sorted(back) == sorted(arcs)


def test_arcs_are_sorted_as_the_reader_needs():
    arcs = [(0, 1, 5), (0, 2, 0), (0, 3, 2)]
    _, by_output = _fst(arcs).arrays(by_output=True)
    assert by_output["olabel"].tolist() == [0, 2, 5]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=12))
def test_merged_intervals_cover_the_same_labels_and_do_not_touch(parts):
    merged = merge_intervals(parts)
    assert {x for b, e in merged for x in range(b, e)} == {x for b, e in parts for x in range(b, e)}
    assert all(left[1] < right[0] for left, right in itertools.pairwise(merged))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_noise_is_no_transducer(data):
    with pytest.raises(ModelError):
        read_const(data)


@settings(deadline=None)
@given(st.integers(0, 160))
def test_a_cut_file_is_refused(size):
    data = const_bytes(_fst([(0, 1, 1), (1, 2, 2), (2, 3, 3)]))
    if size < len(data):
        with pytest.raises(ModelError):
            read_const(data[:size])
