"""Capabilities: one file each, behind one small protocol. Replies are made from results."""

from dataclasses import dataclass
from typing import Protocol

from assistant.nlu import Intent


@dataclass(frozen=True, slots=True)
class Reply:
    """What a skill answers, made from what really happened."""

    text: str
    """The words to speak, as a person would write them (tts.speakable makes them speakable)."""

    outcome: str = "done"
    """"done", "failed" (the words say why) or "refused"."""

    expects_answer: bool = False
    """True when the reply asks something: the microphone opens again without the wake word."""

    asks: str = ""
    """The slot of the same intent that a bare answer fills ("duration"), or "confirm" for yes or no; "" = nothing."""

    earcon: str = ""
    """A sound to play instead of the words where the effect can be seen ("" = speak)."""


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What a skill may know of the turn it serves."""

    turn: str
    """The turn's id."""

    heard: str
    """The transcript of the whole turn."""

    source: str = "voice"
    """"voice", "button" or "typed"."""


class Skill(Protocol):
    """One capability. All skills run on one thread, so they need no locks."""

    @property
    def intents(self) -> frozenset[str]:
        """The intent names it serves."""
        ...

    def handle(self, intent: Intent, context: TurnContext) -> Reply:
        """Do it and say what happened. What the reply confirms is on disk before this returns."""
        ...
