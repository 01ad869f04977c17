"""The voice that ships: loads in stock Piper, honours the rate, intones, has no gaps, and is not too loud."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import piper
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

MODEL = Path(__file__).parents[2] / "models" / "embedded" / "voice" / "voice.onnx"
MEGABYTE = 1_000_000
Speak = Callable[..., NDArray[np.float32]]
PLAIN = piper.SynthesisConfig(normalize_audio=False)


@pytest.fixture(scope="module")
def voice() -> piper.PiperVoice:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    loaded = piper.PiperVoice.load(str(MODEL))
    loaded.session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    return loaded


@pytest.fixture(scope="module")
def speak(voice: piper.PiperVoice) -> Speak:
    def spoken(text: str, rate: float = 1.0) -> NDArray[np.float32]:
        config = piper.SynthesisConfig(length_scale=rate, normalize_audio=False)
        return np.concatenate([chunk.audio_float_array for chunk in voice.synthesize(text, config)])

    return spoken


@pytest.fixture(scope="module")
def run(voice: piper.PiperVoice) -> Callable[[list[int]], NDArray[np.float32]]:
    def ran(ids: list[int]) -> NDArray[np.float32]:
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([0.667, 1.0, 0.8], np.float32),
        }
        out: NDArray[np.float32] = np.asarray(voice.session.run(None, feed)[0], np.float32)
        assert out.shape[:2] == (1, 1)
        wave: NDArray[np.float32] = out[0, 0]
        return wave

    return ran


def test_it_is_small_and_says_what_it_is() -> None:
    described = json.loads(MODEL.with_suffix(".onnx.json").read_text(encoding="utf-8"))
    assert MODEL.stat().st_size <= 12 * MEGABYTE
    assert described["phoneme_id_map"] == DEFAULT_PHONEME_ID_MAP
    assert described["num_speakers"] == 1


def test_a_sentence_has_a_sensible_length_and_level(speak: Speak) -> None:
    wave = speak("Okay, the kitchen light is on.")
    assert 1.2 < len(wave) / 16_000 < 3.0
    assert 0.03 < float(np.sqrt(np.mean(wave**2))) < 0.25
    assert float(np.abs(wave).max()) <= 0.95


def loudest(wave: NDArray[np.float32]) -> float:
    """Highest level of any 40 ms."""
    return float(np.sqrt(np.convolve(wave**2, np.ones(640) / 640, "valid").max(initial=0.0)))


def test_no_sound_stands_out(run: Callable[[list[int]], NDArray[np.float32]]) -> None:
    # A class without measurements would be full-scale noise: every id, between two vowels.
    around = [DEFAULT_PHONEME_ID_MAP[token][0] for token in "ˈɑː"]
    for number in range(3, 170):
        assert loudest(run([1, *around, number, *around, 10, 2])) < 0.4, number


def test_equal_text_is_equal_sound(speak: Speak) -> None:
    assert np.array_equal(speak("Your timer is done."), speak("Your timer is done."))


@pytest.mark.parametrize("rate", [0.6, 1.5, 2.0])
def test_the_rate_is_honoured(speak: Speak, rate: float) -> None:
    text = "The washing machine needs eleven more minutes."
    assert len(speak(text, rate)) / len(speak(text)) == pytest.approx(rate, rel=0.03)


def pitch(wave: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pitch in Hz every 10 ms by autocorrelation, 0 where there is none; 16 kHz."""
    found = []
    for start in range(0, len(wave) - 800, 160):
        piece = wave[start : start + 800].astype(np.float64)
        piece -= piece.mean()
        power = np.fft.irfft(np.abs(np.fft.rfft(piece, 2048)) ** 2)
        lags = power[45:180] / (power[0] + 1e-9)
        best = int(np.argmax(lags))
        found.append(16_000 / (best + 45) if lags[best] > 0.5 and power[0] > 0.5 else 0.0)
    return np.array(found)


def ends(wave: NDArray[np.float32]) -> tuple[float, float]:
    """Median pitch of the first and last tenth of what is voiced."""
    voiced = pitch(wave)
    voiced = voiced[voiced > 0]
    share = max(4, len(voiced) // 10)
    return float(np.median(voiced[:share])), float(np.median(voiced[-share:]))


def test_a_statement_falls_and_a_yes_or_no_question_rises(speak: Speak) -> None:
    first, last = ends(speak("The window in the garden room is open now."))
    assert last < first
    _, asked = ends(speak("Is the window in the garden room open now?"))
    assert asked > last * 1.2


def test_a_question_that_asks_what_does_not_rise(speak: Speak) -> None:
    _, what = ends(speak("When will the rain be over?"))
    _, whether = ends(speak("Will the rain be over?"))
    assert what < whether / 1.15


def test_it_is_not_monotone(speak: Speak) -> None:
    voiced = pitch(speak("The weather in Dublin is cloudy, and tomorrow will be sunny and warm."))
    voiced = np.log2(voiced[voiced > 0]) * 12
    assert np.percentile(voiced, 90) - np.percentile(voiced, 10) > 2.0  # semitones


def test_every_pair_of_english_sounds_joins_without_a_gap_or_a_jump(
    run: Callable[[list[int]], NDArray[np.float32]],
) -> None:
    mapped = DEFAULT_PHONEME_ID_MAP
    english = [
        "aɪ",
        "eɪ",
        "ɔɪ",
        "aʊ",
        "oʊ",
        "æ",
        "ɛ",
        "ɪ",
        "ɑː",
        "ɔː",
        "ʌ",
        "ʊ",
        "uː",
        "iː",
        "ə",
        "ɚ",
        "m",
        "n",
        "ŋ",
        "l",
        "ɹ",
        "w",
        "j",
    ]
    around = [mapped[token][0] for token in "ˈɑː"]
    for first in english:
        for second in english:
            middle = [mapped[token][0] for token in first + second]
            wave = run([1, *around, *middle, *around, 10, 2])
            level = np.sqrt(np.convolve(wave**2, np.ones(400) / 400, "valid"))
            inside = level[len(level) // 4 : -len(level) // 3]
            # All of these are voiced: 25 ms of next to nothing between them would be a missing unit.
            assert inside.min() > 0.004, first + second
            assert np.abs(np.diff(wave)).max() < 0.7, first + second


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=60))
def test_any_phonemes_make_finite_sound(ids: list[int]) -> None:
    global _SESSION  # noqa: PLW0603  (one session for all examples; hypothesis refuses function fixtures)
    if _SESSION is None:
        _SESSION = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    feed = {
        "input": np.array([[1, 0, *ids, 0, 2]], np.int64),
        "input_lengths": np.array([len(ids) + 4], np.int64),
        "scales": np.array([0.0, 1.0, 0.0], np.float32),
    }
    wave = _SESSION.run(None, feed)[0]
    assert np.isfinite(wave).all()
    assert loudest(wave.reshape(-1)) < 0.5


_SESSION: onnxruntime.InferenceSession | None = None


def test_sounds_that_english_lacks_are_not_silent(run: Callable[[list[int]], NDArray[np.float32]]) -> None:
    for token in "yøœɲʁxɣβɨʉɤɒ":
        wave = run([1, *DEFAULT_PHONEME_ID_MAP[token], *DEFAULT_PHONEME_ID_MAP[token], 2])
        assert float(np.abs(wave).max()) > 0.01, token
