"""The vocoder's constants and matrices: a mel-warped cepstrum, minimum phase, pulses and noise.

Source and filter, as in WORLD (Morise et al. 2016): voiced sound is one minimum-phase impulse response per pitch
period, everything aperiodic is noise shaped in short overlapping frames. The logarithm of the spectral envelope is
`coefficients @ basis`, a cosine series on the mel axis; the minimum phase that belongs to a log envelope is linear
in it, so it is a second basis with the same coefficients. Both stay inside the network as plain matrix products.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE: Final = 16_000
"""Hz."""
STEP: Final = 100
"""Samples from one acoustic frame to the next (6.25 ms)."""
PER_FRAME: Final = 2
"""Acoustic frames that the network makes at a time; durations count 12.5 ms."""
ORDER: Final = 40
"""Terms of the cosine series."""
BANDS: Final = 1
"""Aperiodicity is given at 3 kHz (WORLD's coding at this rate), in dB of amplitude."""
PULSE: Final = 384
"""Points of the transform for one impulse response: 24 ms; all are 50 dB down by then."""
LEAD: Final = 12
"""Samples of room before an impulse, for the ringing of a fractional delay."""
NOISE: Final = 2 * STEP
"""Samples of one noise frame, half overlapping."""
FLOOR_HZ: Final = 60.0
"""Nothing is spoken below this; keeps a loudspeaker from moving for nothing."""


def mel(hz: Floats) -> Floats:
    """Frequency on the mel axis."""
    return 1127.0 * np.log1p(hz / 700.0)


def basis(points: int) -> Floats:
    """Cosine series at the bins of a real transform of `points` samples: (ORDER, points // 2 + 1)."""
    hz = np.linspace(0.0, RATE / 2, points // 2 + 1)
    place = mel(hz) / mel(np.array(RATE / 2.0))
    return np.asarray(np.cos(np.pi * np.arange(ORDER)[:, None] * place[None, :]))


def phase_basis(points: int) -> Floats:
    """Minimum phase in radians of each row of `basis(points)`, same shape.

    By folding the real cepstrum; computed on a grid four times as fine, so that the cepstrum hardly wraps.
    """
    fine = 4 * points
    cepstrum = np.fft.irfft(basis(fine), fine, axis=1)
    cepstrum[:, 1 : fine // 2] *= 2.0
    cepstrum[:, fine // 2 + 1 :] = 0.0
    return np.asarray(np.fft.rfft(cepstrum, fine, axis=1).imag[:, ::4])


def analysis(points: int) -> Floats:
    """Least squares inverse of `basis(points)`, each bin weighted by its width on the mel axis: (bins, ORDER)."""
    hz = np.linspace(0.0, RATE / 2, points // 2 + 1)
    weight = 1.0 / (700.0 + hz)
    rows = basis(points)
    weighted = rows * weight
    return np.asarray(weighted.T @ np.linalg.inv(weighted @ rows.T + 1e-6 * weight.sum() * np.eye(ORDER)))


def bands(points: int) -> tuple[Floats, Floats]:
    """Matrix (BANDS, bins) and offset (bins,) from band aperiodicity in dB to dB at every bin.

    Straight lines through -60 dB at 0 Hz, the band, and 0 dB at half the sample rate.
    """
    hz = np.linspace(0.0, RATE / 2, points // 2 + 1)
    nodes = np.array([0.0, 3000.0, RATE / 2])
    lines = np.stack([np.interp(hz, nodes, row) for row in np.eye(BANDS + 2)])
    return lines[1:-1], lines[0] * -60.0


def high_pass(points: int) -> tuple[Floats, Floats]:
    """Log gain and phase in radians per bin, (bins,) each: a second order Butterworth filter at FLOOR_HZ.

    Causal on purpose: one without phase would ring before every pulse.
    """
    s = 1j * np.linspace(0.0, RATE / 2, points // 2 + 1) / FLOOR_HZ
    response = s**2 / (s**2 + np.sqrt(2.0) * s + 1.0)
    return np.log(np.maximum(np.abs(response), 1e-3)), np.where(np.abs(s) > 0, np.angle(response), 0.0)
