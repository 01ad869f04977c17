import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.bench.figures import Effort, Series, Stage, percentile

VALUES = st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 1), st.floats(0, 1))
def test_a_percentile_lies_among_the_values_and_grows_with_its_share(values, one, other):
    low, high = sorted((one, other))
    assert min(values) <= percentile(values, low) <= percentile(values, high) <= max(values)


def test_percentiles_of_a_known_row():
    values = [float(n) for n in range(101)]
    assert [percentile(values, share) for share in (0, 0.5, 0.95, 0.99, 1)] == [0, 50, 95, 99, 100]
    assert percentile([1.0, 2.0], 0.5) == 1.5


def test_there_is_no_percentile_of_nothing():
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_a_series_that_was_interrupted_tells_how_far_it_came():
    series = Stage("x").begin("first", "ms", 50)
    assert series.summary()["p50"] is None
    for value in (3.0, 1.0, 2.0):
        series.add(value)
    summary = series.summary()
    assert (summary["n"], summary["wanted"], summary["p50"], summary["min"], summary["max"]) == (3, 50, 2, 1, 3)


def test_warm_up_rounds_do_not_count():
    stage = Stage("x")
    assert list(Effort(repeats=3, warmup=2).rounds(stage, "what")) == [False, False, True, True, True]


def test_times_are_taken_on_the_clock_that_is_given():
    now = [0.0]

    def work():
        now[0] += 0.25

    stage = Stage("x")
    series = stage.begin("work", "ms", 4)
    Effort(repeats=4, warmup=1).times(stage, series, work, lambda: now[0], scale=1000)
    assert series.values == [250.0] * 4


def test_a_ratio_needs_both_sides():
    stage = Stage("x")
    above, below = stage.begin("above", "ms", 1), stage.begin("below", "ms", 1)
    stage.ratio("r", "above", "below")
    stage.ratio("r", "above", "nosuch")
    assert stage.values == {}
    above.add(1.0)
    below.add(0.0)
    stage.ratio("r", "above", "below")
    assert stage.values == {}
    below.values[:] = [4.0]
    stage.ratio("r", "above", "below")
    assert stage.values == {"r": 0.25}


def test_figures_are_not_more_precise_than_they_can_be():
    assert math.isclose(Series("x", "ms", [1.23456789]).summary()["p50"], 1.235)
