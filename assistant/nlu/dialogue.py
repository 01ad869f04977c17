"""What was said before, as far as the next words may lean on it."""

from dataclasses import dataclass

from assistant.nlu.intent import Intent


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The conversation so far. An empty one stands for a fresh start."""

    last_intents: tuple[Intent, ...] = ()
    """What the previous turn asked for, in order; empty when it was too long ago to be leaned on."""

    pending: str = ""
    """The slot that the last reply asked for ("duration", "time", "item", ...), "confirm" for a yes or no."""

    begun: str = ""
    """The words of a sentence that the speaker began and was asked to go on with."""

    last_reply: str = ""
    """The words of the last reply."""

    seconds_ago: float = 0.0
    """Since the last reply ended. Corrections and follow-ups lean on it for FOLLOW_UP_S."""


FOLLOW_UP_S = 60.0
"""Seconds for which "and in the bedroom?" means the last request; a guess, longer than any pause we measured."""

NO_DIALOGUE = Dialogue()
"""Nothing was said before."""
