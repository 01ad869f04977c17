"""Speech from text: the chunk-generator port, Piper behind it, clauses, and numbers made speakable."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from assistant.audio import Samples


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of synthesised speech, ready to play."""

    samples: Samples
    """Mono int16, shape (n,), at `sample_rate`."""

    sample_rate: int
    """Hz."""


class Voice(Protocol):
    """A loaded voice. Blocking; call from one thread at a time."""

    @property
    def sample_rate(self) -> int:
        """Hz of every chunk it makes."""
        ...

    def synthesize(self, text: str) -> Iterator[AudioChunk]:
        """Speak `text` (already speakable: see tts.speakable), one chunk per sentence or clause as each is done.

        Raises AssistantError when the engine fails. Text without anything to say yields nothing.
        """
        ...
