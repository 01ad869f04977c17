"""What the sound itself says for a sentence: the network's likelihood of its phones against the best fitting ones."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.stt.graph.phones import BLANK, PHONE_INDEX

Array = NDArray[np.float32]

HANDICAP: Final = 2.0
"""Nats taken from the blank, which a network trained with CTC prefers: the same as the decoder's
(models/embedded/hearing.md, blank prior)."""

MOST_LOSS: Final = 4.0
"""Most nats that one output (30 ms) can speak against a sentence: a knock is no proof that it was not said.
From 2 to 10 the figures on synthetic requests hardly move (docs/hearing.md)."""

OUTPUT_S: Final = 0.03
"""Seconds from one output to the next."""

_EARLY_S: Final = 0.15
"""Word times are late by up to 0.1 s (models/embedded/hearing.md)."""

_ENTRY_S: Final = 0.3
"""What lies before a sentence may reach so far behind the cut: what is heard there counts for nothing."""

_NEVER: Final = np.float32(-1e9)


class Evidence:
    """The network's outputs for one utterance."""

    def __init__(self, scores: Array, begin_s: float = 0.0) -> None:
        """`scores`: (outputs, 40) natural log probabilities as `PhoneNetwork.log_probabilities` gives them; the
        sentence begins at `begin_s` or later."""
        self._scores = scores
        adjusted = scores[int(max(0.0, begin_s - _EARLY_S) / OUTPUT_S) :].astype(np.float32)
        adjusted[:, BLANK] -= HANDICAP
        self._loss: Array = np.minimum(adjusted.max(1, keepdims=True) - adjusted, np.float32(MOST_LOSS))
        entry = round((_ENTRY_S if begin_s else 0.0) / OUTPUT_S)
        self._loss[:entry, BLANK] = 0.0
        best = self._loss.argmin(1)
        kept = best[np.concatenate([[True], best[1:] != best[:-1]])] if len(best) else best
        self.phones = int((kept != BLANK).sum())
        """Phones heard without any grammar."""

    def after(self, begin_s: float) -> "Evidence":
        """The evidence for a sentence that begins at `begin_s` seconds of the stream."""
        return Evidence(self._scores, begin_s)

    def costs(self, sentences: Sequence[Sequence[str]]) -> list[float]:
        """For each phone sequence (CMU names) the nats by which its best alignment with the sound falls short of the
        best one of any phones; 0 for the very phones that were heard."""
        if not sentences:
            return []
        longest = max(map(len, sentences))
        states = np.full((len(sentences), 2 * longest + 1), BLANK)
        for row, phones in enumerate(sentences):
            states[row, 1 : 2 * len(phones) : 2] = [PHONE_INDEX[phone] for phone in phones]
        skip = np.zeros(states.shape, bool)
        skip[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
        gain: Array = -self._loss[:, states]
        if not len(gain):
            return [0.0 if not len(phones) else -float(_NEVER) for phones in sentences]
        best = np.full(states.shape, _NEVER, np.float32)
        best[:, :2] = gain[0][:, :2]
        for frame in gain[1:]:
            step = best.copy()
            np.maximum(step[:, 1:], best[:, :-1], out=step[:, 1:])
            step[:, 2:] = np.where(skip[:, 2:], np.maximum(step[:, 2:], best[:, :-2]), step[:, 2:])
            best = step + frame
        rows = np.arange(len(sentences))
        last = 2 * np.array(list(map(len, sentences)))
        ends = np.maximum(best[rows, last], best[rows, np.maximum(last - 1, 0)])
        return [-float(value) for value in ends]
