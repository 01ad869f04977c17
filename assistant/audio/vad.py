"""Voice activity: Silero VAD on onnxruntime, and the hysteresis that turns its probabilities into speech or not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.onnx import session
from assistant.audio.ring import Ring
from assistant.errors import ModelError

WINDOW_SAMPLES = 512
"""32 ms: the only window length the 16 kHz model accepts."""

CONTEXT_SAMPLES = 64
"""Samples of the window before that the model wants in front of each window (4 ms)."""

ONSET = 0.5
"""Probability from which a window is speech: the model's own recommended threshold."""

OFFSET = 0.35
"""Probability below which speech has ended: the model's convention, onset − 0.15, against chatter at the border."""

ONSET_WINDOWS = 2
"""Windows in a row above ONSET before speech begins (64 ms): one window alone is a click or a knock."""

CATCH_UP_SECONDS = 2.0
"""Sound that was passed over is judged from so long ago on, once somebody asks: more than a wake phrase lasts, and the
model's own memory has settled within its first half second."""


class VoiceProbability(Protocol):
    """Anything that says how likely a window of WINDOW_SAMPLES holds a voice."""

    def probability(self, samples: Samples) -> float:
        """0..1 for the next WINDOW_SAMPLES of the stream."""
        ...

    def reset(self) -> None:
        """Forget the stream."""
        ...


class SileroVad:
    """The 16 kHz Silero model (MIT), version 6. One stream; not thread-safe."""

    def __init__(self, model_path: Path) -> None:
        """Load the ONNX file. Raises ModelError when it is missing, damaged or of another kind."""
        self._session = session(model_path, "voice activity model")
        if {i.name for i in self._session.get_inputs()} != {"input", "state", "sr"}:
            raise ModelError(f"{model_path}: is not a Silero VAD model for 16 kHz; install the assistant again")
        self._rate = np.array(SAMPLE_RATE, np.int64)
        self.reset()

    def reset(self) -> None:
        self._state: npt.NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
        self._input: npt.NDArray[np.float32] = np.zeros((1, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)

    def probability(self, samples: Samples) -> float:
        """How likely the next window, shape (512,), holds a voice: 0..1."""
        if samples.shape != (WINDOW_SAMPLES,):
            raise ValueError(f"a window has shape ({WINDOW_SAMPLES},), not {samples.shape}")
        self._input[0, :CONTEXT_SAMPLES] = self._input[0, -CONTEXT_SAMPLES:]
        np.divide(samples, 32768.0, out=self._input[0, CONTEXT_SAMPLES:], casting="unsafe")
        output, self._state = self._session.run(None, {"input": self._input, "state": self._state, "sr": self._rate})
        return float(output[0, 0])


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known of the voice at one position of the stream."""

    position_s: float
    """Seconds fed so far."""

    probability: float
    """Of the newest whole window; 0 before the first."""

    speech: bool
    """Someone is speaking, with hysteresis."""

    silence_s: float
    """Seconds since the last speech; since the start of the stream when there was none."""

    last_speech_s: float | None
    """Stream position where the last window of speech ended; None when there was none."""

    started_s: float | None
    """Stream position where the newest stretch of speech began; None when there was none."""

    speech_s: float
    """Seconds of speech altogether."""


class SpeechDetector:
    """Decides when speech begins and ends. Deterministic: the same samples give the same answers, however cut."""

    def __init__(self, vad: VoiceProbability, *, onset: float = ONSET, offset: float = OFFSET) -> None:
        self._vad = vad
        self._onset, self._offset = onset, offset
        self._passed = Ring(CATCH_UP_SECONDS)
        self._clear()

    def reset(self) -> None:
        """A new stream begins at position 0."""
        self._vad.reset()
        self._clear()

    def _clear(self) -> None:
        self._skipped = 0
        self._rest: Samples = np.zeros(0, np.int16)
        self._fed = 0
        self._judged = 0
        self._probability = 0.0
        self._above = 0
        self._speech = False
        self._last: int | None = None
        self._started: int | None = None
        self._total = 0

    def skip(self, samples: Samples) -> None:
        """Pass over the next samples, shape (n,): nobody asks what they are. Costs next to nothing; the newest
        CATCH_UP_SECONDS are judged by the next `feed`, and what is older never was speech."""
        self._passed.push(samples)
        self._skipped += samples.size

    def feed(self, samples: Samples) -> Activity:
        """Feed the next samples, shape (n,), any n; returns the state after them."""
        if self._skipped:
            passed = self._passed.last(self._skipped / SAMPLE_RATE)
            self._jump(self._skipped - passed.size)
            self._skipped = 0
            samples = np.concatenate((passed, samples))
        joined = np.concatenate((self._rest, samples)) if self._rest.size else samples
        whole = joined.size - joined.size % WINDOW_SAMPLES
        for start in range(0, whole, WINDOW_SAMPLES):
            self._judge(self._vad.probability(joined[start : start + WINDOW_SAMPLES]))
        self._rest = joined[whole:].copy()
        self._fed += samples.size
        return Activity(
            position_s=self._fed / SAMPLE_RATE,
            probability=self._probability,
            speech=self._speech,
            silence_s=(self._fed - (self._last or 0)) / SAMPLE_RATE,
            last_speech_s=None if self._last is None else self._last / SAMPLE_RATE,
            started_s=None if self._started is None else self._started / SAMPLE_RATE,
            speech_s=self._total / SAMPLE_RATE,
        )

    def _jump(self, count: int) -> None:
        """Go on `count` samples later, with nothing known of those between."""
        if not count:
            return
        self._vad.reset()
        self._fed += count
        self._judged, self._rest = self._fed, self._rest[:0]
        self._above, self._speech, self._probability = 0, False, 0.0

    def _judge(self, probability: float) -> None:
        self._probability = probability
        self._judged += WINDOW_SAMPLES
        self._above = self._above + 1 if probability >= self._onset else 0
        if not self._speech and self._above >= ONSET_WINDOWS:
            self._speech = True
            self._started = self._judged - ONSET_WINDOWS * WINDOW_SAMPLES
            self._total += (ONSET_WINDOWS - 1) * WINDOW_SAMPLES
        elif self._speech and probability < self._offset:
            self._speech = False
        if self._speech:
            self._last = self._judged
            self._total += WINDOW_SAMPLES
