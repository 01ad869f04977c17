"""Voice activity: the real model on sound of our own making, and the hysteresis on scripted probabilities."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet, to_pcm
from assistant.audio.vad import WINDOW_SAMPLES, Activity, SileroVad, SpeechDetector
from assistant.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/embedded/vad/silero_vad_16k_op15.onnx"
CORPORA = ROOT.parent / "shared/corpora/audio"
WINDOW_S = WINDOW_SAMPLES / SAMPLE_RATE


@pytest.fixture(scope="module")
def vad():
    return SileroVad(MODEL)


VOWELS = ((700, 1200, 2600), (300, 2200, 3000), (500, 900, 2400), (350, 800, 2300))
"""Formants of "ah", "ee", "oh", "oo" in Hz (a man's, textbook values)."""


def babble(syllables: int) -> Samples:
    """Speech-like sound: one vowel of 250 ms after the other, pulses with a gliding pitch through three formants."""
    t = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    parts = []
    for number in range(syllables):
        phase = np.cumsum(135 - 10 * number % 40 - 60 * t) / SAMPLE_RATE
        source = np.diff(np.floor(phase), prepend=0.0) > 0
        hertz = np.fft.rfftfreq(t.size, 1 / SAMPLE_RATE)
        shape = sum(
            a / (1 + ((hertz - f) / 90) ** 2)
            for f, a in zip(VOWELS[number % len(VOWELS)], (1.0, 0.5, 0.2), strict=True)
        )
        sound = np.fft.irfft(np.fft.rfft(source.astype(float)) * shape, t.size) * np.hanning(t.size)
        parts.append(sound / np.abs(sound).max() * 0.3)
    return to_pcm(np.concatenate(parts))


def test_speech_like_sound_is_speech_and_noise_is_none(vad):
    detector = SpeechDetector(vad)
    detector.reset()
    before = detector.feed(quiet(1.0, seed=1))
    assert not before.speech
    assert before.last_speech_s is None
    assert before.silence_s == pytest.approx(1.0)
    during = detector.feed(babble(6))
    assert during.speech
    assert during.started_s == pytest.approx(1.0, abs=0.3)
    after = detector.feed(quiet(1.0, seed=2))
    assert not after.speech
    assert after.last_speech_s is not None
    assert after.last_speech_s == pytest.approx(2.5, abs=0.3)
    assert after.silence_s == pytest.approx(3.5 - after.last_speech_s)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=10))
def test_the_cut_into_frames_does_not_matter(vad, sizes):
    sound = np.concatenate((quiet(0.3, seed=1), babble(3), quiet(0.3, seed=2)))
    whole = SpeechDetector(vad)
    whole.reset()
    expected = whole.feed(sound)
    pieces = SpeechDetector(vad)
    pieces.reset()
    start = 0
    for size in sizes:
        pieces.feed(sound[start : start + size])
        start += size
    assert pieces.feed(sound[min(start, sound.size) :]) == expected


class Scripted:
    """Plays a list of probabilities."""

    def __init__(self, probabilities: list[float]) -> None:
        self.left = list(probabilities)

    def probability(self, samples: Samples) -> float:
        return self.left.pop(0)

    def reset(self) -> None:
        pass


def states(probabilities: list[float]) -> list[Activity]:
    detector = SpeechDetector(Scripted(probabilities))
    return [detector.feed(np.zeros(WINDOW_SAMPLES, np.int16)) for _ in probabilities]


def test_one_window_is_a_click_two_are_speech():
    found = states([0.9, 0.1, 0.9, 0.9, 0.9])
    assert [a.speech for a in found] == [False, False, False, True, True]
    assert found[-1].started_s == pytest.approx(2 * WINDOW_S)
    assert found[-1].speech_s == pytest.approx(3 * WINDOW_S)


def test_speech_goes_on_between_the_two_thresholds():
    found = states([0.6, 0.6, 0.4, 0.4, 0.36, 0.34, 0.4, 0.6])
    assert [a.speech for a in found] == [False, True, True, True, True, False, False, False]
    assert found[-1].last_speech_s == pytest.approx(5 * WINDOW_S)
    assert found[-1].silence_s == pytest.approx(3 * WINDOW_S)


def test_probability_is_that_of_the_newest_whole_window():
    detector = SpeechDetector(Scripted([0.25]))
    assert detector.feed(np.zeros(WINDOW_SAMPLES - 1, np.int16)).probability == 0.0
    assert detector.feed(np.zeros(1, np.int16)).probability == 0.25


def test_a_window_of_another_length_is_refused(vad):
    with pytest.raises(ValueError, match="512"):
        vad.probability(np.zeros(320, np.int16))


def test_damaged_missing_and_foreign_models(tmp_path):
    with pytest.raises(ModelError, match="missing"):
        SileroVad(tmp_path / "none.onnx")
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(MODEL.read_bytes()[:100_000])
    with pytest.raises(ModelError, match="damaged") as error:
        SileroVad(cut)
    assert "\n" not in str(error.value)


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="skipped: no corpora")
def test_people_are_heard_and_a_kitchen_is_not(vad):
    rows = [json.loads(line) for line in (CORPORA / "manifest.jsonl").read_text().splitlines()]
    detector = SpeechDetector(vad)
    spoken = [r for r in rows if r["file"].startswith("home/") and r["text"]][::4]
    for row in spoken:
        detector.reset()
        assert detector.feed(read(CORPORA / row["file"])).speech_s > 0.2, row["file"]
    kitchen = next(r for r in rows if r["file"].startswith("noise/"))
    detector.reset()
    assert detector.feed(read(CORPORA / kitchen["file"])).speech_s < 1.0


def fed(detector: SpeechDetector, *parts: tuple[Samples, bool]) -> Activity:
    """What `detector` says of the last of `parts`, each in frames, judged or passed over."""
    detector.reset()
    for sound, judged in parts:
        for start in range(0, sound.size, 320):
            frame = sound[start : start + 320]
            if judged:
                activity = detector.feed(frame)
            else:
                detector.skip(frame)
    return activity


@pytest.mark.parametrize("seconds", [0.5, 1.9])
def test_what_was_passed_over_a_moment_ago_is_judged_as_if_it_had_not_been(vad, seconds):
    before, after = np.concatenate((quiet(seconds, seed=1), babble(2))), babble(2)
    before = before[: round(seconds * SAMPLE_RATE)]
    detector = SpeechDetector(vad)
    assert fed(detector, (before, False), (after, True)) == fed(detector, (before, True), (after, True))


def test_after_a_long_time_of_not_being_asked_the_last_two_seconds_count(vad):
    detector = SpeechDetector(vad)
    # somebody spoke 10 s ago, and again for the last 0.75 s, of which 0.5 s were passed over
    idle = np.concatenate((babble(4), quiet(10.0, seed=1), babble(2)))
    asked = babble(3)[SAMPLE_RATE // 2 :]
    found = fed(detector, (idle, False), (asked, True))
    judged = fed(detector, (idle, True), (asked, True))
    assert found.position_s == judged.position_s == (idle.size + asked.size) / SAMPLE_RATE
    assert found.speech
    assert judged.speech
    assert found.started_s == pytest.approx(11.0, abs=0.15)
    assert found.last_speech_s == pytest.approx(found.position_s, abs=WINDOW_S)
    assert found.speech_s == pytest.approx(0.75, abs=0.15)


def test_silence_after_a_long_time_is_no_speech(vad):
    found = fed(SpeechDetector(vad), (babble(4), True), (quiet(6.0, seed=1), False), (quiet(0.1, seed=2), True))
    assert not found.speech
    assert found.last_speech_s is not None
    assert 0.7 < found.last_speech_s < 1.2
    assert found.silence_s == pytest.approx(found.position_s - found.last_speech_s)


def test_passing_over_asks_the_model_nothing():
    detector = SpeechDetector(Scripted([]))
    for _ in range(500):
        detector.skip(quiet(0.02, seed=1))
