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
_TOGETHER: Final = 128
"""Sentences that are searched together: few enough for the processor's cache, of like length."""


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
        order = sorted(range(len(sentences)), key=lambda number: len(sentences[number]))
        found = [0.0] * len(sentences)
        for start in range(0, len(order), _TOGETHER):
            some = order[start : start + _TOGETHER]
            for number, cost in zip(some, self._costs([sentences[number] for number in some]), strict=True):
                found[number] = cost
        return found

    def _costs(self, sentences: Sequence[Sequence[str]]) -> list[float]:
        """Viterbi search over the sentences' states (blank, phone, blank, ..., blank), a column each."""
        if not len(self._loss):
            return [0.0 if not len(phones) else -float(_NEVER) for phones in sentences]
        longest = max(map(len, sentences))
        states = np.full((2 * longest + 1, len(sentences)), BLANK)
        for column, phones in enumerate(sentences):
            states[1 : 2 * len(phones) : 2, column] = [PHONE_INDEX[phone] for phone in phones]
        # from a phone to the next one without a blank between, unless they are the same
        jump = np.full(states.shape, _NEVER, np.float32)
        jump[3::2][states[3::2] != states[1:-2:2]] = 0.0
        # two rows that can never be reached stand before the first state
        best = np.full((len(states) + 2, len(sentences)), _NEVER, np.float32)
        best[2:4] = -self._loss[0].take(states[:2])
        step, lost = np.empty(states.shape, np.float32), np.empty(states.shape, np.float32)
        for row in self._loss[1:]:
            np.add(best[:-2], jump, out=step)
            np.maximum(step, best[1:-1], out=step)
            np.maximum(step, best[2:], out=step)
            np.take(row, states, out=lost)
            np.subtract(step, lost, out=best[2:])
        columns = np.arange(len(sentences))
        last = 2 * np.array(list(map(len, sentences)))
        ends = np.maximum(best[last + 2, columns], best[np.maximum(last - 1, 0) + 2, columns])
        return [-float(value) for value in ends]
