"""The vocabulary of a turn. Frozen facts, each with a monotonic time; observers subscribe, none may change the flow."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from assistant.audio import Samples

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""

    turn: str
    """The turn's id."""

    at: float
    """Seconds on the turn's clock (monotonic)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeDetected(Event):
    """A wake phrase was heard, or the button pressed."""

    phrase: str
    """The phrase, or "button"."""
    score: float
    stream_s: float
    """Position in the sound stream, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningAgain(Event):
    """After a question of ours the next words need no wake phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted(Event):
    """Voice activity began after the wake."""

    stream_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialTranscript(Event):
    """The words so far changed."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded(Event):
    """The speaker has finished, by `rule`."""

    rule: str
    """"button", "complete", "optional", "finished", "silence", "cap", "end-of-sound" or "nothing"."""
    stream_s: float
    """Position in the sound stream when the rule fired, seconds."""
    last_speech_s: float
    """Position of the last sample judged to be speech, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript(Event):
    """The final words."""

    text: str
    confidence: float
    source: str
    """"grammar", "open", "typed" or "matched" (after sounds-like matching)."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentMatched(Event):
    """A tier understood the words (or the last tier gave up: tier "none")."""

    tier: str
    intent: str
    kind: str
    slots: dict[str, Any]
    confidence: float
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecided(Event):
    """Where the answer comes from."""

    where: str
    """"command" (a skill), "local" (the local model or knowledge), "cloud" or "refused"."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelToken(Event):
    """The first token of a language model's answer arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNamed(Event):
    """The answer rests on something that was looked up, and says so."""

    source: str
    """As it is called: "Wikipedia"."""
    title: str
    place: str
    """The file, and inside an archive the article behind a '#'."""
    score: float
    """The chance that the passage answers the question, 0..1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyClause(Event):
    """A clause of the reply is ready to be spoken."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOut(Event):
    """Sound of the reply was handed to the loudspeaker."""

    samples: Samples = field(repr=False)
    sample_rate: int
    text: str = ""
    """The clause that it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOver(Event):
    """What was spoken has been heard to its end, or was silenced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing(Event):
    """Something began to ring, or stopped. Its turn is the announcement's id."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenced(Event):
    """Somebody said "stop" or pressed the button while something sounded that belongs to no turn of theirs ("")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving(Event):
    """Something begins to leave the device through the door, or nothing leaves any more."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundTrouble(Event):
    """Something is wrong with the microphone or the loudspeaker, or all is well again. It belongs to no turn ("")."""

    kind: str
    """"gone", "zeros", "stuck", "clipping" or "drift"; "" when all is well again."""
    sentence: str
    """For a person: what is wrong and what to do."""
    device: str = "microphone"
    """Or "loudspeaker", which can only be "gone"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded(Event):
    """The turn is over."""

    outcome: str
    """"done", "failed", "nothing" (woken, nothing said), "cancelled" or "unheard" (no wake phrase in the sound)."""
    reason: str = ""


Observer: TypeAlias = Callable[[Event], None]


class EventBus:
    """Hands every event to every observer, in order. An observer that fails is logged, never felt by the turn."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def subscribe(self, observer: Observer) -> None:
        """Add an observer."""
        self._observers.append(observer)

    def unsubscribe(self, observer: Observer) -> None:
        """Remove an observer that was added."""
        self._observers.remove(observer)

    def publish(self, event: Event) -> None:
        for observer in tuple(self._observers):
            try:
                observer(event)
            except Exception:  # an observer's failure must never reach the person who is speaking
                logger.exception("an observer failed on %s", type(event).__name__)
