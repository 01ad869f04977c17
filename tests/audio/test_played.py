"""The reference: what sounded when the microphone heard a frame, whatever the rates, delays and gaps."""

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE
from assistant.audio.played import JUMP_SECONDS, LEAD_SECONDS, LINGER_SECONDS, Played, Timeline


def timeline(offset: float = 0.0) -> Timeline:
    found = Timeline(SAMPLE_RATE)
    found.note(0, offset)
    return found


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
def test_the_frame_that_sounded_then(rate: int) -> None:
    played = Played(rate)
    block = rate // 50
    tone = (8000 * np.sin(2 * np.pi * 300 * np.arange(rate) / rate)).astype(np.int16)
    for number in range(50):
        played.note(tone[number * block : (number + 1) * block], block, 5.0 + number * 0.02)
    # the microphone's stream began at the clock's 4.0: its sample 20_800 was heard at 5.3
    frame = played.frame(timeline(4.0), 20_800)
    assert frame is not None
    at = 0.3 + LEAD_SECONDS + np.arange(FRAME_SAMPLES) / SAMPLE_RATE
    np.testing.assert_allclose(frame, 8000 * np.sin(2 * np.pi * 300 * at), atol=400)


def test_silence_is_no_reference_once_the_room_has_died_away() -> None:
    played, heard = Played(16_000), timeline()
    given, sounding = [], []
    for number in range(200):
        loud = 50 <= number < 60
        played.note(np.full(320, 1000, np.int16) if loud else None, 320, number * 0.02)
        # the device holds five blocks: what sounds now was noted 0.1 s ago
        frame = played.frame(heard, (number - 5) * 320) if number >= 5 else None
        if frame is not None:
            given.append(number - 5)
            if frame.any():
                sounding.append(number - 5)
    lead = round(LEAD_SECONDS / 0.02)
    assert given[-1] == 60 + round(LINGER_SECONDS / 0.02) - lead - 1
    assert sounding == list(range(50 - lead, 60 - lead))


def test_nothing_is_known_before_both_streams_run() -> None:
    played = Played(16_000)
    assert played.frame(timeline(), 0) is None
    played.note(np.ones(320, np.int16), 320, 0.0)
    assert played.frame(Timeline(SAMPLE_RATE), 0) is None


def test_a_timeline_averages_jitter_and_follows_a_gap() -> None:
    rng = np.random.default_rng(1)
    found = Timeline(16_000)
    for number in range(300):
        found.note(number * 320, 100.0 + number * 0.02 + rng.uniform(-0.004, 0.004))
    assert found.at(0) == pytest.approx(100.0, abs=0.001)
    assert found.position(101.0) == pytest.approx(16_000, abs=16)
    for number in range(300, 310):  # the device stood still for half a second
        found.note(number * 320, 100.5 + number * 0.02)
    assert found.at(0) == pytest.approx(100.5, abs=0.001)


def test_a_single_odd_time_moves_nothing() -> None:
    found = timeline(1.0)
    found.note(320, 1.02 + 10 * JUMP_SECONDS)
    assert found.at(0) == 1.0


def test_played_blocks_that_nobody_asked_for_do_not_pile_up() -> None:
    played = Played(16_000)
    for number in range(5000):
        played.note(np.full(320, 1000, np.int16), 320, number * 0.02)
    heard = timeline()
    assert played.frame(heard, 4990 * 320) is not None
    assert played._sound.size <= 4.1 * SAMPLE_RATE
