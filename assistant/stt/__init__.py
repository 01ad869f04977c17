"""Speech to text: the streaming port, Vosk behind it, and the decision that someone has finished speaking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.audio import Samples


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start_s: float
    end_s: float
    confidence: float
    """0..1 as the engine gives it."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one recogniser made of the utterance."""

    text: str
    """Lower case words separated by single spaces, no punctuation; "" when nothing was heard. "[unk]" stands
    for sounds that are none of the words."""

    confidence: float
    """Mean word confidence, 0..1; 0 when nothing was heard."""

    words: tuple[Word, ...] = ()
    source: str = "open"
    """"grammar" (biased to what can be said here) or "open"."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """The final result of one utterance: the chosen hypothesis and the ones it was chosen from."""

    chosen: Hypothesis
    others: tuple[Hypothesis, ...] = ()
    reason: str = ""
    """Why `chosen` won, in the arbiter's own words, for the trace."""


class RecognizerStream(Protocol):
    """One utterance being recognised. Blocking; lives on one thread."""

    def feed(self, samples: Samples) -> str:
        """Feed the next samples (16 kHz mono int16); returns the partial text so far ("" when none)."""
        ...

    def settle(self) -> Transcription:
        """What `finish` would say by now, in a pause; the utterance may go on."""
        ...

    def finish(self) -> Transcription:
        """No more sound: the final text. The stream is spent afterwards."""
        ...


class Recognizer(Protocol):
    """A loaded speech model. Long-lived."""

    def start(self, skip_s: float = 0.0) -> RecognizerStream:
        """Begin an utterance. Words that begin in its first `skip_s` seconds are heard but left out: they belong
        to the wake phrase, of which a recogniser makes better sense when it hears the whole than when it hears the
        end."""
        ...

    def set_phrases(self, phrases: Sequence[str]) -> None:
        """Bias the grammar recogniser to these phrases from the next utterance on; empty turns it off."""
        ...
