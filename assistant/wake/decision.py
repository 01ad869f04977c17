"""From scores to detections: threshold, refractory time, and one detection an utterance."""

from collections.abc import Mapping

from assistant.audio import SAMPLE_RATE
from assistant.wake import Wake


class Decision:
    """Turns the smoothed scores of one stream into detections.

    A phrase is heard when its score exceeds its threshold. For the refractory time after that nothing is reported,
    whatever the phrase; and the same phrase not before its score has fallen to its threshold again.
    """

    def __init__(self, thresholds: Mapping[str, float], refractory_s: float) -> None:
        self.thresholds = dict(thresholds)
        self._refractory = round(refractory_s * SAMPLE_RATE)
        self.reset()

    def reset(self) -> None:
        """A new stream begins at position 0."""
        self._quiet_until = 0
        self._held: set[str] = set()

    def judge(self, phrase: str, score: float, position: int) -> Wake | None:
        """The newest `score` (0..1) of `phrase` after `position` samples of the stream."""
        if score <= self.thresholds[phrase]:
            self._held.discard(phrase)
            return None
        if phrase in self._held:
            return None
        self._held.add(phrase)
        if position < self._quiet_until:
            return None
        self._quiet_until = position + self._refractory
        return Wake(phrase, position / SAMPLE_RATE, min(1.0, score))
