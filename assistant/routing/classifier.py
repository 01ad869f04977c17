"""The learnt part of the gate: a linear model over hashed features, trained by scripts/routing/train.py."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.routing.features import Reading, features, read
from assistant.routing.lexicon import Lexicon, default_lexicon, privacy_dir

CLASSES = ("benign", "health", "mental", "money", "legal", "personal", "secret")
"""The columns of the weight table."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """Softmax regression with 8-bit weights. Immutable; thread-safe."""

    weights: npt.NDArray[np.int8]
    """Shape (BUCKETS, classes)."""
    scale: npt.NDArray[np.float32]
    """Value of one step of a weight, shape (classes,)."""
    bias: npt.NDArray[np.float32]
    lexicon: Lexicon

    @classmethod
    def load(cls, path: Path, lexicon: Lexicon) -> "Classifier":
        """Read the .npz. Raises OSError or ValueError for a missing or damaged file."""
        with np.load(path, allow_pickle=False) as data:
            return cls(data["weights"], data["scale"], data["bias"], lexicon)

    def probabilities(self, reading: Reading) -> dict[str, float]:
        """The chance of each class, summing to 1."""
        rows = self.weights[features(reading)]
        logits = rows.sum(axis=0, dtype=np.int64) * self.scale + self.bias
        exp = np.exp(logits - logits.max())
        return dict(zip(CLASSES, (exp / exp.sum()).tolist(), strict=True))

    def read(self, text: str) -> Reading:
        """The sentence as this classifier sees it."""
        return read(text, self.lexicon)


@lru_cache(maxsize=1)
def default_classifier() -> Classifier:
    """The classifier that comes with the checkout (about 1 MB, loads in some tens of milliseconds)."""
    return Classifier.load(privacy_dir() / "classifier.npz", default_lexicon())
