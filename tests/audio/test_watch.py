"""Sound that is no sound: zeros, a stuck value, overload, a rate that runs away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio import FRAME_SAMPLES, FRAME_SECONDS, Samples
from assistant.audio.noise import quiet
from assistant.audio.watch import DRIFT_SECONDS, STUCK_SECONDS, ZEROS_SECONDS, SoundWatch, Trouble

ROOM = quiet(1.0, seed=1)[:FRAME_SAMPLES]


def trouble(watch: SoundWatch) -> Trouble:
    """What is wrong now; a Trouble of no kind when nothing is."""
    return watch.trouble or Trouble("", "")


def feed(watch: SoundWatch, frame: Samples, seconds: float, *, speed: float = 1.0, start: float = 0.0) -> None:
    for number in range(round(seconds / FRAME_SECONDS)):
        watch.feed(frame, start + number * FRAME_SECONDS / speed)


@pytest.mark.parametrize(
    ("value", "seconds", "kind", "words"),
    [(0, ZEROS_SECONDS, "zeros", "switched off or muted"), (-7, STUCK_SECONDS, "stuck", "unplug it"),
     (1000, STUCK_SECONDS, "stuck", "same value")],
)  # fmt: skip
def test_a_constant_is_trouble_after_a_while_and_over_with_the_next_sound(
    value: int, seconds: float, kind: str, words: str
) -> None:
    watch, frame = SoundWatch("USB mic"), np.full(FRAME_SAMPLES, value, np.int16)
    feed(watch, frame, seconds - 0.1)
    assert trouble(watch).kind == ""
    feed(watch, frame, 0.2)
    assert trouble(watch).kind == kind
    assert "USB mic" in trouble(watch).sentence
    assert words in trouble(watch).sentence
    watch.feed(ROOM, 100.0)
    assert trouble(watch).kind == ""


def test_overload_is_trouble_and_one_loud_bang_is_not() -> None:
    watch = SoundWatch("USB mic")
    square = np.where(np.arange(FRAME_SAMPLES) % 40 < 20, 32_767, -32_768).astype(np.int16)
    feed(watch, ROOM, 5.0)
    feed(watch, square, 0.1)
    assert trouble(watch).kind == ""
    feed(watch, square, 3.0)
    assert trouble(watch).kind == "clipping"


@pytest.mark.parametrize(("speed", "runs_off"), [(1.0, False), (1.0005, False), (1.01, True), (0.9, True)])
def test_a_rate_that_is_off_is_measured(speed: float, runs_off: bool) -> None:
    watch = SoundWatch("USB mic")
    feed(watch, ROOM, DRIFT_SECONDS * 1.2, speed=speed)
    assert watch.drift == pytest.approx(speed - 1.0, abs=0.0006)
    assert (trouble(watch).kind == "drift") is runs_off


@given(st.lists(st.sampled_from(["room", "zeros", "loud"]), min_size=1, max_size=40))
def test_whatever_comes_a_room_is_well_again_at_once_or_after_overload(kinds: list[str]) -> None:
    frames = {"room": ROOM, "zeros": np.zeros_like(ROOM), "loud": np.full_like(ROOM, 32_767)}
    watch = SoundWatch("m")
    for kind in kinds:
        feed(watch, frames[kind], 0.5)
    feed(watch, ROOM, 1.0)
    assert trouble(watch).kind in {"", "clipping"}
