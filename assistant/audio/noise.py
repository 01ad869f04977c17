"""Noise that stands in for a quiet room, and mixing at a known signal-to-noise ratio."""

import numpy as np
import numpy.typing as npt

from assistant.audio import SAMPLE_RATE, Samples
from assistant.errors import AudioError

QUIET_DBFS = -60.0
"""RMS of a quiet room in dB relative to full scale. Wake models were trained on microphones, which never send
digital zeros: openWakeWord-format classifiers fire falsely after 2 s of zeros (15 of 138 clips) and not once
after noise at this level (0 of 138)."""


def quiet(seconds: float, *, seed: int, dbfs: float = QUIET_DBFS) -> Samples:
    """`seconds` of white noise at `dbfs` (RMS), the same for the same seed. Shape (round(seconds · 16000),)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(round(seconds * SAMPLE_RATE)) * 10 ** (dbfs / 20)
    return to_pcm(noise)


def mix(
    speech: Samples, noise: Samples, snr_db: float, *, offset: int = 0, reference: Samples | None = None
) -> Samples:
    """`speech` with `noise` (looped, from sample `offset`) laid under all of it at `snr_db`.

    The ratio is between mean powers: that of `reference` (all of `speech` when None; give the clip itself when
    `speech` holds padding) and that of the noise laid under. Sums beyond full scale are clipped, as a converter
    would. Raises AudioError when either holds nothing but silence.
    """
    if not noise.size:
        raise AudioError("the noise to mix in holds no samples; give a recording of some seconds")
    under = np.take(noise, np.arange(offset, offset + speech.size), mode="wrap") / 32768
    voice_power, noise_power = _power(speech if reference is None else reference), float(np.sum(under**2))
    if voice_power == 0.0 or noise_power == 0.0:
        raise AudioError("a signal-to-noise ratio needs sound in both the speech and the noise; one of them is silent")
    gain = np.sqrt(voice_power / (noise_power / under.size) / 10 ** (snr_db / 10))
    return to_pcm(speech / 32768 + gain * under)


def _power(samples: Samples) -> float:
    return float(np.mean((samples / 32768) ** 2)) if samples.size else 0.0


def to_pcm(waveform: npt.NDArray[np.float32] | npt.NDArray[np.float64]) -> Samples:
    """A waveform in [-1, 1] as int16; what lies beyond is clipped, NaN becomes 0. Any shape."""
    clean = np.nan_to_num(waveform.astype(np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
    pcm: Samples = np.clip(np.rint(clean * 32768.0), -32768, 32767).astype(np.int16)
    return pcm
