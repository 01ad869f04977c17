"""The seam between hearing and understanding: which of the recogniser's readings makes sense here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.nlu import Intent
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.network import Completeness
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding
from assistant.stt import Transcription
from assistant.stt.strip import strip_wake


@dataclass(frozen=True, slots=True)
class Heard:
    """The words a turn goes on with, and what they ask for."""

    text: str
    intents: tuple[Intent, ...]
    source: str
    """"grammar" or "open" (which recogniser), "matched" (the sentence it sounds like) or "typed"."""
    confidence: float
    reason: str = ""


class Interpreter:
    """Understanding applied to what was heard: exact readings first, then sentences that sound alike.

    Lives on one thread.
    """

    def __init__(
        self, understanding: Understanding, sounds_like: SoundsLike | None, wake_phrases: Sequence[str]
    ) -> None:
        self._understanding = understanding
        self._sounds_like = sounds_like
        self._wake_phrases = tuple(wake_phrases)
        # a partial transcript stays the same for many frames: look each one up once
        self.completeness = lru_cache(maxsize=64)(self._completeness)

    def said(self, text: str) -> str:
        """The words without the wake phrase that the pre-roll may have brought along."""
        return strip_wake(text, self._wake_phrases)

    def _completeness(self, said: str) -> Completeness:
        return self._understanding.completeness(said)

    def interpret(self, transcription: Transcription, dialogue: Dialogue) -> Heard:
        """What was asked for: the first reading the grammar knows, else what it sounds like, else the words alone."""
        readings = [transcription.chosen, *transcription.others]
        first: Heard | None = None
        for reading in readings:
            text = self.said(reading.text)
            if not text or text == "[unk]":
                continue
            intents = tuple(self._understanding.understand(text, dialogue))
            heard = Heard(text=text, intents=intents, source=reading.source, confidence=reading.confidence)
            if all(intent.name and intent.tier in {"stop", "grammar"} for intent in intents):
                return heard
            first = first or heard
        match = self._sounds_like.match(transcription) if self._sounds_like else None
        if match is not None:
            intents = tuple(self._understanding.understand(match.sentence, dialogue))
            if all(intent.name for intent in intents):
                return Heard(
                    text=match.sentence,
                    intents=intents,
                    source="matched",
                    confidence=match.confidence,
                    reason=f"sounds like it ({match.score:.2f})",
                )
        return first or Heard(text="", intents=(), source=transcription.chosen.source, confidence=0.0)

    def read(self, text: str, dialogue: Dialogue) -> Heard:
        """The same for a typed request, which is taken at its word."""
        intents = tuple(self._understanding.understand(text, dialogue))
        return Heard(text=text, intents=intents, source="typed", confidence=1.0)
