"""Sound: files, frames, resampling, voice activity, devices. Samples are 16 kHz mono int16 inside the house."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Hz. What every recogniser here is trained on (microWakeWord, Silero VAD, Vosk)."""

FRAME_SAMPLES = 320
"""Samples in one frame: 20 ms. A multiple of the 10 ms that microWakeWord and echo cancellers want."""

FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE

Samples: TypeAlias = npt.NDArray[np.int16]
"""Mono PCM, shape (n,), int16, 16 kHz unless a rate stands beside it."""
