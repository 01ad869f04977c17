"""Wake word models in openWakeWord's ONNX format: bring your own. No weights of this format are bundled."""

import re
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.noise import quiet
from assistant.audio.onnx import session
from assistant.errors import ModelError
from assistant.wake import Wake
from assistant.wake.decision import Decision

CHUNK_SAMPLES = 1280
"""80 ms: eight mel frames, one embedding, one score."""

OVERLAP_SAMPLES = 480
"""Sound before the chunk that the mel graph needs so that a chunk yields its eight frames."""

MEL_BINS, MEL_WINDOW, MEL_STEP = 32, 76, 8
"""Mel frames that make one embedding (760 ms), and how far the window moves (80 ms)."""

EMBEDDING_SIZE = 96

THRESHOLD = 0.5
"""The format's usual threshold; every model of one's own deserves a measured one (docs/wake.md)."""

SMOOTHING = 2
"""Scores in the mean (160 ms): a single high score is more often a slammed door than a phrase."""

PRIMING_SECONDS = 3.0
"""Quiet noise heard before a stream: fills the mel window and up to 28 embeddings. Never digital zeros."""

MELSPECTROGRAM_FILE, EMBEDDING_FILE = "melspectrogram.onnx", "embedding_model.onnx"

Array = npt.NDArray[np.float32]


class OpenWakeWordEngine:
    """Listens for the phrases of own classifiers. One stream; not thread-safe.

    Sound → mel frames (scaled x/10 + 2) → 96 numbers every 80 ms → one score a classifier; `smoothing` scores are
    averaged. The graphs run on onnxruntime with one thread.
    """

    def __init__(
        self,
        melspectrogram: Path,
        embedding: Path,
        classifiers: Mapping[str, Path],
        *,
        threshold: float | None = None,
        refractory_s: float = 1.5,
        smoothing: int = SMOOTHING,
    ) -> None:
        """Load the two shared graphs and one classifier a phrase.

        Shapes: melspectrogram [1, samples] → [.., frames, 32]; embedding [n, 76, 32, 1] → [n, 1, 1, 96]; classifier
        [1, k, 96] → [1, 1]. Raises ModelError, naming the file, for anything else.
        """
        if not classifiers:
            raise ModelError(f"{melspectrogram.parent}: there is no wake word classifier beside the two shared graphs")
        if smoothing < 1:
            raise ValueError("smoothing is a number of scores, at least 1")
        self._mel_graph = _Graph(melspectrogram, "mel spectrogram graph")
        self._embedding_graph = _Graph(embedding, "embedding graph")
        self._classifiers = {phrase: _Graph(path, "wake word classifier") for phrase, path in classifiers.items()}
        self._lengths = {phrase: _history_length(graph) for phrase, graph in self._classifiers.items()}
        self._smoothing = smoothing
        self._decision = Decision(
            dict.fromkeys(classifiers, THRESHOLD if threshold is None else threshold), refractory_s
        )
        self._rest: Samples = np.zeros(0, np.int16)
        self._tail: Samples = quiet(OVERLAP_SAMPLES / SAMPLE_RATE, seed=1)
        self._mel: Array = np.zeros((0, MEL_BINS), np.float32)
        self._embeddings: Array = np.zeros((0, EMBEDDING_SIZE), np.float32)
        self._heard = 0
        self._found: deque[Wake] = deque()
        self._scores: dict[str, deque[float]] = {}
        self._clear_scores()
        noise = quiet(PRIMING_SECONDS, seed=0)
        for start in range(0, noise.size - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            self._chunk(noise[start : start + CHUNK_SAMPLES])
        # priming again at each reset would cost as much as three seconds of listening
        self._primed = (self._tail, self._mel, self._embeddings)
        self.reset()

    @classmethod
    def from_directory(
        cls, directory: Path, *, threshold: float | None = None, refractory_s: float = 1.5
    ) -> "OpenWakeWordEngine":
        """An engine for every classifier in `directory`, beside melspectrogram.onnx and embedding_model.onnx.

        A classifier's phrase is its file name: hey_house_v0.1.onnx listens for "hey house". Raises ModelError.
        """
        shared = {MELSPECTROGRAM_FILE, EMBEDDING_FILE}
        found = {_phrase(path): path for path in sorted(directory.glob("*.onnx")) if path.name not in shared}
        return cls(
            directory / MELSPECTROGRAM_FILE,
            directory / EMBEDDING_FILE,
            found,
            threshold=threshold,
            refractory_s=refractory_s,
        )

    @property
    def phrases(self) -> tuple[str, ...]:
        return tuple(self._classifiers)

    @property
    def suspicion(self) -> float:
        """See WakeEngine."""
        return max(
            sum(window) / self._smoothing / self._decision.thresholds[phrase] for phrase, window in self._scores.items()
        )

    def reset(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._tail, self._mel, self._embeddings = self._primed
        self._heard = 0
        self._found.clear()
        self._clear_scores()
        self._decision.reset()

    def process(self, samples: Samples) -> Wake | None:
        """Feed the next samples. Should a long piece hold several detections, the later ones come with later calls."""
        joined = np.concatenate((self._rest, samples)) if self._rest.size else samples
        whole = joined.size - joined.size % CHUNK_SAMPLES
        for start in range(0, whole, CHUNK_SAMPLES):
            self._heard += CHUNK_SAMPLES
            for phrase, score in self._chunk(joined[start : start + CHUNK_SAMPLES]).items():
                window = self._scores[phrase]
                window.append(score)
                wake = self._decision.judge(phrase, sum(window) / self._smoothing, self._heard)
                if wake is not None:
                    self._found.append(wake)
        self._rest = joined[whole:].copy()
        return self._found.popleft() if self._found else None

    def _clear_scores(self) -> None:
        self._scores = {phrase: deque(maxlen=self._smoothing) for phrase in self._classifiers}

    def _chunk(self, chunk: Samples) -> dict[str, float]:
        sound = np.concatenate((self._tail, chunk))
        self._tail = chunk[-OVERLAP_SAMPLES:].copy()
        # the graph wants 16-bit values as floats, not −1..1
        frames = self._mel_graph.run(sound.astype(np.float32)[None, :])
        if frames.size % MEL_BINS or frames.size < MEL_STEP * MEL_BINS:
            raise self._mel_graph.wrong(
                f"gives shape {list(frames.shape)}, not at least {MEL_STEP} frames of {MEL_BINS}"
            )
        new: Array = frames.reshape(-1, MEL_BINS)[-MEL_STEP:] / np.float32(10) + np.float32(2)
        self._mel = np.concatenate((self._mel, new), dtype=np.float32)[-MEL_WINDOW:]
        if len(self._mel) < MEL_WINDOW:
            return {}
        numbers = self._embedding_graph.run(self._mel[None, :, :, None])
        if numbers.size != EMBEDDING_SIZE:
            raise self._embedding_graph.wrong(f"gives shape {list(numbers.shape)}, not {EMBEDDING_SIZE} numbers")
        self._embeddings = np.concatenate((self._embeddings, numbers.reshape(1, -1)))[-max(self._lengths.values()) :]
        return {phrase: self._score(phrase) for phrase, k in self._lengths.items() if len(self._embeddings) >= k}

    def _score(self, phrase: str) -> float:
        graph = self._classifiers[phrase]
        score = graph.run(self._embeddings[None, -self._lengths[phrase] :])
        if score.size != 1:
            raise graph.wrong(f"gives {score.size} scores; a classifier for one phrase is needed")
        return float(score.reshape(()))


open_directory = OpenWakeWordEngine.from_directory


class _Graph:
    """One graph with one input and one output."""

    def __init__(self, path: Path, what: str) -> None:
        self._path, self._what = path, what
        self._session = session(path, what)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)":
            raise self.wrong("must have one float input")
        self._name = inputs[0].name
        self.shape: list[Any] = inputs[0].shape

    def run(self, value: npt.NDArray[Any]) -> Array:
        try:
            output: Array = self._session.run(None, {self._name: np.ascontiguousarray(value, np.float32)})[0]
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise self.wrong(f"does not take an input of shape {list(value.shape)}") from error
        return output

    def wrong(self, how: str) -> ModelError:
        return ModelError(f"{self._path}: the {self._what} {how}; use graphs in openWakeWord's ONNX format")


def _history_length(graph: _Graph) -> int:
    """How many embeddings a classifier looks at: 16 in most, more for long phrases."""
    longest = round(PRIMING_SECONDS * SAMPLE_RATE) // CHUNK_SAMPLES - MEL_WINDOW // MEL_STEP
    match graph.shape:
        case [_, int(length), int(size)] if 1 <= length <= longest and size == EMBEDDING_SIZE:
            return length
        case _:
            raise graph.wrong(f"has an input of shape {graph.shape}, not [1, k, {EMBEDDING_SIZE}] with k ≤ {longest}")


def _phrase(path: Path) -> str:
    return re.sub(r"[_\s-]v?\d+(\.\d+)*$", "", path.stem).replace("_", " ").replace("-", " ").casefold()
