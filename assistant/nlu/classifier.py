"""Tier 2: which intent a sentence most likely means, when no sentence file has it."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelError
from assistant.nlu.features import BUCKETS, bucket, features

MODEL = Path(__file__).parents[2] / "models" / "embedded" / "intent-classifier" / "intents.npz"
"""Trained by scripts/nlu/train_intents.py on sentences written in scripts/nlu/corpus."""

OUTSIDE = "oos."
"""Labels that begin so are out of scope; the rest of the label is the topic."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A distribution over labels, seen from its most likely one inside the scope."""

    label: str
    """The most likely label that is in scope ("TimerSet", "HassTurnOn:light")."""
    probability: float
    """Of that label among the labels of its own class of request."""
    inside: float
    """Probability that the request is in scope at all, 0..1."""
    shares: dict[str, float]
    """Probability of every label."""


class Classifier:
    """A softmax over hashed features: one gather and one sum a sentence."""

    def __init__(self, path: Path = MODEL) -> None:
        """Raises ModelError, one line, when the file is missing or damaged."""
        try:
            with np.load(path, allow_pickle=False) as archive:
                scale = archive["scale"].astype(np.float32)
                self._weights: npt.NDArray[np.int8] = archive["weights"]
                self._bias = archive["bias"].astype(np.float32)
                self._habits: npt.NDArray[np.uint8] = archive["habits"]
                self.labels: list[str] = json.loads(str(archive["labels"]))
                self._temperature = float(archive["temperature"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{path}: cannot be read as the intent classifier ({error}); restore the file") from error
        if self._weights.shape != (BUCKETS, len(self.labels)) or scale.shape != self._bias.shape:
            raise ModelError(f"{path}: does not fit this program (other features); restore the file")
        self._scale = scale

    def surprise(self, words: list[str]) -> float:
        """How unusual the neighbours in a request are, in bits, all together. `words` as `features.habitual` gives
        them. Pairs never seen count 32, unless they share their place with one that was."""
        padded = ["^", *words, "$"]
        found = [bucket(f"h {one} {other}") for one, other in itertools.pairwise(padded)]
        return float(self._habits[found].sum(dtype=np.int32)) / 8

    def guess(self, words: list[str]) -> Guess:
        """Judge the marked words of a request (features.marked). About 0.2 ms."""
        index = features(words)
        size = np.sqrt(len(index) + 1.0)
        scores = self._weights[index].sum(0, dtype=np.int32) * self._scale / size + self._bias
        scores = scores / self._temperature
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        named = dict(zip(self.labels, shares.tolist(), strict=True))
        within = {label: share for label, share in named.items() if not label.startswith(OUTSIDE)}
        label = max(within, key=lambda name: within[name])
        return Guess(label, within[label], sum(within.values()), named)
