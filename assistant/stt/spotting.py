"""A few words listened for all the time, such as "stop": the recogniser with a grammar of nothing else."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.ring import Ring
from assistant.stt.libvosk import NativeModel, NativeRecognizer

RENEW_SECONDS = 15.0
"""A stream without a pause is ended and begun anew after so long: its search would grow without end."""

OVERLAP_SECONDS = 1.0
"""The new one hears so much of the sound again: it may have been in the middle of a word."""

SECOND_LOOK_SECONDS = 0.3
"""A word that appears among the partial results is judged after so much more sound: most of those that were not said
have vanished by then."""

SURE_CONFIDENCE = 0.65
"""The recogniser's confidence (0..1) from which a word counts as said. 29 voices that say "stop": 0.69 and more; of 23
that were seen in other speech 15 had vanished and 6 were above (docs/audio.md)."""


class Verdict(StrEnum):
    """How much is known of a word."""

    SUSPECTED = "suspected"
    """It may have been said: a verdict follows within SECOND_LOOK_SECONDS."""
    SAID = "said"
    NOT_SAID = "not said"
    """It was something else."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """A word in running sound."""

    word: str
    verdict: Verdict


class Spotter(Protocol):
    """Listens for single words in running sound. Blocking; lives on one thread."""

    def feed(self, samples: Samples) -> Spotted | None:
        """Feed 16 kHz mono int16; what is new about a word, None when nothing is."""
        ...

    def reset(self) -> None:
        """Forget what was heard: a new stream begins."""
        ...


class VoskSpotter:
    """Vosk with a tiny run-time grammar: the words, and "[unk]" for everything else."""

    def __init__(self, model: NativeModel, words: Sequence[str], unlike: Sequence[str] = ()) -> None:
        """`unlike`: words that sound similar, heard so that they are not taken for one of `words`.

        Words that the model does not know are left out.
        """
        self._model = model
        self._words = frozenset(word for word in words if model.knows(word))
        others = [word for word in unlike if model.knows(word)]
        self._grammar = json.dumps([*sorted(self._words), *others, "[unk]"])
        self._recognizer: NativeRecognizer | None = None
        self._newest = Ring(OVERLAP_SECONDS)
        self._fed = self._more = 0
        self._suspected = ""

    def feed(self, samples: Samples) -> Spotted | None:
        """See Spotter."""
        if not self._words:
            return None
        recognizer, samples = self._listening(samples)
        self._fed += samples.size
        closed = recognizer.accept(samples.astype("<i2", copy=False).tobytes())
        if self._suspected:
            self._more += samples.size
            if not closed and self._more < SECOND_LOOK_SECONDS * SAMPLE_RATE:
                return None
            word = self._suspected
            said = self._said(recognizer.result() if closed else recognizer.final()) == word
            self.reset()
            return Spotted(word, Verdict.SAID if said else Verdict.NOT_SAID)
        if closed:
            # a pause ends an utterance, sometimes within the first sound of the next word: the same recogniser goes
            # on, for it has heard that sound
            self._fed = 0
            word = self._said(recognizer.result())
            if word:
                self.reset()
            return Spotted(word, Verdict.SAID) if word else None
        self._suspected = next((word for word in recognizer.partial().split() if word in self._words), "")
        return Spotted(self._suspected, Verdict.SUSPECTED) if self._suspected else None

    def reset(self) -> None:
        """See Spotter."""
        self._recognizer, self._suspected = None, ""
        self._fed = self._more = 0

    def _listening(self, samples: Samples) -> tuple[NativeRecognizer, Samples]:
        """The stream's recogniser and what it must hear now: one that is new hears the newest sound again."""
        before: Samples = samples[:0]
        if self._recognizer is not None and self._fed > RENEW_SECONDS * SAMPLE_RATE and not self._suspected:
            # its stream is longer than the ring, so all that this holds belongs to it
            self._recognizer, before = None, self._newest.last(OVERLAP_SECONDS)
        if self._recognizer is None:
            self._recognizer, self._fed = self._model.recognizer(self._grammar), 0
        self._newest.push(samples)
        return self._recognizer, np.concatenate((before, samples))

    def _said(self, words: Sequence[dict[str, object]]) -> str:
        """The first of the wanted words that is certain, "" for none."""
        for word in words:
            if word["word"] in self._words and float(str(word.get("conf", 0.0))) >= SURE_CONFIDENCE:
                return str(word["word"])
        return ""
