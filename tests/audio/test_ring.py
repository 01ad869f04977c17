"""The ring against a plain list that forgets nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio import SAMPLE_RATE
from assistant.audio.ring import Ring


@given(st.lists(st.integers(0, 1200), max_size=12), st.integers(1, 1000), st.integers(0, 1500))
def test_the_newest_samples_in_order(sizes, held, wanted):
    ring = Ring(held / SAMPLE_RATE)
    everything = np.arange(sum(sizes)).astype(np.int16)
    start = 0
    for size in sizes:
        ring.push(everything[start : start + size])
        start += size
    expected = everything[max(0, start - min(held, wanted)) :]
    np.testing.assert_array_equal(ring.last(wanted / SAMPLE_RATE), expected)
    assert ring.position_s == pytest.approx(start / SAMPLE_RATE)
    np.testing.assert_array_equal(ring.since((start - wanted) / SAMPLE_RATE), expected)


def test_what_was_taken_does_not_change_later():
    ring = Ring(0.01)
    ring.push(np.ones(160, np.int16))
    taken = ring.last(1.0)
    ring.push(np.zeros(160, np.int16))
    assert taken.all()


def test_a_ring_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one sample"):
        Ring(0.0)


def test_a_position_in_the_future_holds_nothing():
    ring = Ring(1.0)
    ring.push(np.ones(320, np.int16))
    assert ring.since(5.0).size == 0
