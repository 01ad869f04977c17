"""A canceller of our own, for comparison: a partitioned-block frequency-domain adaptive Kalman filter in numpy.

The room's echo path is a state that changes slowly; the filter's own uncertainty sets the step size in each frequency,
so that somebody who speaks at the same time does not unlearn the room, and no double-talk detector is needed.
"""

import numpy as np
import numpy.typing as npt

from assistant.audio import FRAME_SAMPLES, Samples
from assistant.audio.noise import to_pcm

PARTITIONS = 12
"""Filter length in frames: 240 ms."""

FORGETTING = 0.999
"""How much of the echo path stays the same from frame to frame. Of 0.999, 0.9995 and 0.9998 the best on a path that
changes and on a clock that drifts, no worse on one that does neither."""

SMOOTHING = 0.85
"""Share of the past in the estimate of what is not echo; the best of 0.3, 0.6 and 0.85."""

FIRST_UNCERTAINTY = 0.5
"""Variance of each coefficient before anything was heard, relative to a loudspeaker as loud as the echo."""

Spectrum = npt.NDArray[np.complex64]
Power = npt.NDArray[np.float32]


class KalmanEchoCanceller:
    """One stream; not thread-safe."""

    def __init__(self) -> None:
        bins = FRAME_SAMPLES + 1
        self._far: Spectrum = np.zeros((PARTITIONS, bins), np.complex64)
        self._path: Spectrum = np.zeros((PARTITIONS, bins), np.complex64)
        # later parts of a room's answer are weaker
        decay = np.float32(0.7) ** np.arange(PARTITIONS, dtype=np.float32)
        self._unsure: Power = np.repeat(FIRST_UNCERTAINTY * decay[:, None], bins, axis=1)
        self._other: Power = np.full(bins, 1e-3, np.float32)
        self._last: Power = np.zeros(FRAME_SAMPLES, np.float32)

    def process(self, heard: Samples, played: Samples) -> Samples:
        """See assistant.audio.echo.EchoCanceller."""
        block = np.concatenate((self._last, played.astype(np.float32) / 32768))
        self._last = block[FRAME_SAMPLES:]
        self._far = np.roll(self._far, 1, axis=0)
        self._far[0] = np.fft.rfft(block)
        echo = np.fft.irfft(np.sum(self._far * self._path, axis=0))[FRAME_SAMPLES:].astype(np.float32)
        error = heard.astype(np.float32) / 32768 - echo
        spectrum = np.fft.rfft(np.concatenate((np.zeros(FRAME_SAMPLES, np.float32), error))).astype(np.complex64)
        self._other = SMOOTHING * self._other + (1 - SMOOTHING) * np.abs(spectrum) ** 2
        far_power = np.abs(self._far) ** 2
        step = self._unsure / (0.5 * np.sum(self._unsure * far_power, axis=0) + self._other + 1e-9)
        change = np.fft.irfft(step * np.conj(self._far) * spectrum, axis=1)
        change[:, FRAME_SAMPLES:] = 0  # the path is causal and ends with its partition
        self._path = (FORGETTING * (self._path + np.fft.rfft(change, axis=1))).astype(np.complex64)
        kept = FORGETTING * FORGETTING
        self._unsure = kept * (1 - 0.5 * step * far_power) * self._unsure + (1 - kept) * np.abs(self._path) ** 2
        return to_pcm(error)
