"""The bundled models on synthetic voices: found, once, at the right place, however the sound is cut."""

from pathlib import Path

import numpy as np
import pymicro_wakeword
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.noise import quiet
from assistant.errors import ModelError, UsageError
from assistant.wake import Wake, WakeEngine
from assistant.wake.micro import BUNDLED, MicroWakeEngine
from tests.wake.clips import SPOKEN, clip, padded


def listen(engine: WakeEngine, sound: Samples, size: int = FRAME_SAMPLES) -> list[Wake]:
    found = [engine.process(sound[start : start + size]) for start in range(0, sound.size, size)]
    return [wake for wake in found if wake]


@pytest.fixture(scope="module")
def nabu():
    return MicroWakeEngine(("okay nabu",))


@pytest.mark.parametrize(("phrase", "voice"), SPOKEN)
def test_a_phrase_is_heard_once_near_its_end(phrase, voice):
    engine = MicroWakeEngine((phrase,))
    found = listen(engine, padded(phrase, voice))
    assert [w.phrase for w in found] == [phrase]
    end = 1.0 + clip(phrase, voice).size / SAMPLE_RATE
    # before the end for "hey mycroft", whose model is sure before the last syllable (docs/wake.md)
    assert -0.6 < found[0].at_s - end < 0.5
    assert BUNDLED[phrase].threshold < found[0].score <= 1.0


def test_the_newest_scores_can_be_read():
    engine = MicroWakeEngine(("okay nabu", "alexa"), threshold=0.5)
    sound = padded("okay nabu", "rms")
    seen = []
    for start in range(0, sound.size, FRAME_SAMPLES):
        wake = engine.process(sound[start : start + FRAME_SAMPLES])
        seen.append(engine.scores)
        if wake:
            assert wake.score == seen[-1]["okay nabu"]
    assert max(s["okay nabu"] for s in seen) > 0.9
    assert max(s["alexa"] for s in seen) < 0.5
    engine.reset()
    assert max(engine.scores.values()) < 0.1


@pytest.mark.parametrize(("phrase", "voice"), SPOKEN)
def test_other_phrases_are_not_heard(phrase, voice):
    engine = MicroWakeEngine([p for p in BUNDLED if p != phrase])
    assert listen(engine, padded(phrase, voice)) == []


def test_all_phrases_on_one_stream():
    engine = MicroWakeEngine(tuple(BUNDLED))
    sound = np.concatenate([padded(phrase, voice) for phrase, voice in SPOKEN])
    assert [w.phrase for w in listen(engine, sound)] == [phrase for phrase, _ in SPOKEN]


def test_a_phrase_at_the_very_start_is_heard(nabu):
    nabu.reset()
    assert len(listen(nabu, padded("okay nabu", "rms", before_s=0.0))) == 1


def test_the_same_phrase_again_after_the_refractory_time(nabu):
    nabu.reset()
    sound = np.concatenate([padded("okay nabu", "awb", seed=n) for n in range(3)])
    assert len(listen(nabu, sound)) == 3


@settings(deadline=None, max_examples=5)
@given(st.lists(st.integers(1, 9_000), min_size=1, max_size=8))
def test_the_cut_into_pieces_does_not_matter(nabu, sizes):
    sound = padded("okay nabu", "awb")
    nabu.reset()
    expected = listen(nabu, sound)
    nabu.reset()
    found, start = [], 0
    for size in [*sizes, sound.size]:
        wake = nabu.process(sound[start : start + size])
        found += [wake] if wake else []
        start += size
    # a piece's end may lie within a 10 ms step: the position is that of the newest whole step's samples
    assert [w.phrase for w in found] == [w.phrase for w in expected]
    assert found[0].at_s == pytest.approx(expected[0].at_s, abs=0.011)


def test_two_detections_in_one_piece_come_one_after_the_other(nabu):
    nabu.reset()
    sound = np.concatenate((padded("okay nabu", "awb"), padded("okay nabu", "rms")))
    first = nabu.process(sound)
    second = nabu.process(quiet(0.02, seed=9))
    assert first is not None
    assert second is not None
    assert second.at_s > first.at_s + 1.5
    assert nabu.process(quiet(0.02, seed=9)) is None


def test_reset_begins_a_new_stream(nabu):
    sound = padded("okay nabu", "rms")
    nabu.reset()
    first = listen(nabu, sound)
    nabu.reset()
    assert listen(nabu, sound) == first


@pytest.mark.parametrize("sound", [np.zeros(SAMPLE_RATE * 5, np.int16), quiet(5, seed=3, dbfs=-20),
                                   np.full(SAMPLE_RATE * 5, 32767, np.int16)])  # fmt: skip
def test_silence_noise_and_a_stuck_microphone_wake_nothing(sound):
    assert listen(MicroWakeEngine(tuple(BUNDLED)), sound) == []


def test_the_threshold_can_be_set_and_phrases_are_read_leniently():
    engine = MicroWakeEngine(["  Okay  NABU", "okay nabu"], threshold=0.6)
    assert engine.phrases == ("okay nabu",)
    assert engine.thresholds == {"okay nabu": 0.6}


@pytest.mark.parametrize(
    ("phrases", "says"),
    [((), "at least one"), (("okay nabo",), "did you mean 'okay nabu'"), (("xyzzy",), "bundled are")],
)
def test_unknown_phrases_are_one_line(phrases, says):
    with pytest.raises(UsageError, match=says) as error:
        MicroWakeEngine(phrases)
    assert "\n" not in str(error.value)


def test_a_damaged_model_never_reaches_the_c_code(tmp_path, monkeypatch):
    monkeypatch.setattr(pymicro_wakeword, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(ModelError, match=r"alexa.tflite.*missing or damaged"):
        MicroWakeEngine(("alexa",))
    (tmp_path / "models").mkdir()
    (tmp_path / "models/alexa.tflite").write_bytes(b"no such thing")
    with pytest.raises(ModelError, match=r"alexa.tflite.*missing or damaged"):
        MicroWakeEngine(("alexa",))


def test_the_bundled_models_are_where_they_are_looked_for():
    models = Path(pymicro_wakeword.__file__).parent / "models"
    assert {f"{bundled.model.value}.tflite" for bundled in BUNDLED.values()} <= {p.name for p in models.iterdir()}
