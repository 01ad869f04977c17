"""Wake words: one port, one file per engine."""

from dataclasses import dataclass
from typing import Protocol

from assistant.audio import Samples


@dataclass(frozen=True, slots=True)
class Wake:
    """One detection of a wake phrase."""

    phrase: str
    """The phrase as a person says it, lower case: "okay nabu"."""

    at_s: float
    """Seconds of audio fed to the engine when the detection was made (it follows the phrase's end)."""

    score: float
    """Smoothed score, 0..1, at the moment of detection."""


class WakeEngine(Protocol):
    """Listens to a stream and says when a phrase was heard. Not thread-safe; one per stream."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases this engine listens for."""
        ...

    @property
    def suspicion(self) -> float:
        """How near the newest sound came to a phrase: the highest score relative to its threshold; 1 is heard."""
        ...

    def process(self, samples: Samples) -> Wake | None:
        """Feed the next samples (16 kHz mono int16, any length); at most one detection a call."""
        ...

    def reset(self) -> None:
        """Forget everything heard (a new stream begins)."""
        ...
