"""Speech to text: the streaming port, Vosk behind it, and the decision that someone has finished speaking."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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


class Witness(Protocol):
    """What the sound of an utterance says for a sentence, whatever words a recogniser made of it."""

    @property
    def phones(self) -> int:
        """Phones that were heard."""
        ...

    def costs(self, sentences: Sequence[Sequence[str]]) -> list[float]:
        """For each phone sequence (CMU names without stress) the nats by which it falls short of the best fitting
        phones; 0 at best."""
        ...

    def after(self, begin_s: float) -> "Witness":
        """The same for a sentence that begins at `begin_s` seconds of the stream."""
        ...


@dataclass(frozen=True, slots=True)
class Transcription:
    """The final result of one utterance: the chosen hypothesis and the ones it was chosen from."""

    chosen: Hypothesis
    others: tuple[Hypothesis, ...] = ()
    reason: str = ""
    """Why `chosen` won, in the arbiter's own words, for the trace."""
    witness: Witness | None = field(default=None, compare=False)
    """The sound itself, where the model allows to ask it (the embedded one does)."""


class RecognizerStream(Protocol):
    """One utterance being recognised. Blocking; lives on one thread."""

    def feed(self, samples: Samples) -> str:
        """Feed the next samples (16 kHz mono int16); returns the partial text so far ("" when none)."""
        ...

    def settle(self) -> Transcription:
        """What `finish` would say by now, in a pause; the utterance may go on. Words whose confidence is not known yet
        count as heard clearly."""
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
