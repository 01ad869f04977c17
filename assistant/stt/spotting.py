"""A few words listened for all the time, such as "stop": the recogniser with a grammar of nothing else."""

import json
from collections.abc import Sequence
from typing import Protocol

from assistant.audio import SAMPLE_RATE, Samples
from assistant.stt.libvosk import NativeModel, NativeRecognizer

RENEW_SECONDS = 15.0
"""A stream without a pause is ended and begun anew after so long: its search would grow without end."""


class Spotter(Protocol):
    """Listens for single words in running sound. Blocking; lives on one thread."""

    def feed(self, samples: Samples) -> str:
        """Feed 16 kHz mono int16; the word that was just heard, "" when none was."""
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
        self._fed = 0

    def feed(self, samples: Samples) -> str:
        """See Spotter."""
        if not self._words:
            return ""
        if self._recognizer is None:
            self._recognizer = self._model.recognizer(self._grammar)
        self._fed += samples.size
        closed = self._recognizer.accept(samples.astype("<i2", copy=False).tobytes())
        said = [word["word"] for word in self._recognizer.result()] if closed else self._recognizer.partial().split()
        found = next((word for word in said if word in self._words), "")
        if found or closed or self._fed > RENEW_SECONDS * SAMPLE_RATE:
            self.reset()
        return found

    def reset(self) -> None:
        """See Spotter."""
        self._recognizer, self._fed = None, 0
