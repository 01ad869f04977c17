"""Noise levels and mixing ratios are what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.noise import mix, quiet, to_pcm
from assistant.errors import AudioError


def dbfs(samples) -> float:
    return float(10 * np.log10(np.mean((samples / 32768.0) ** 2)))


@pytest.mark.parametrize("level", [-60.0, -40.0, -20.0])
def test_level_length_and_seed(level):
    noise = quiet(2.0, seed=4, dbfs=level)
    assert noise.shape == (32_000,)
    assert dbfs(noise) == pytest.approx(level, abs=0.2)
    np.testing.assert_array_equal(noise, quiet(2.0, seed=4, dbfs=level))
    assert (noise != quiet(2.0, seed=5, dbfs=level)).any()


@given(st.floats(-5, 30), st.integers(0, 10**7))
def test_ratio(snr, offset):
    speech = quiet(0.5, seed=1, dbfs=-30)
    noise = quiet(0.11, seed=2, dbfs=-55)
    added = mix(speech, noise, snr, offset=offset).astype(float) - speech
    assert dbfs(speech) - dbfs(added) == pytest.approx(snr, abs=0.1)


def test_silence_has_no_ratio():
    sound, silence = quiet(0.1, seed=1), np.zeros(1600, np.int16)
    for speech, noise in ((silence, sound), (sound, silence), (sound, silence[:0])):
        with pytest.raises(AudioError):
            mix(speech, noise, 10)


def test_pcm_is_clipped_and_never_wraps():
    assert to_pcm(np.array([2.0, -2.0, np.nan, 0.5])).tolist() == [32767, -32768, 0, 16384]
