"""One reply on its way, and what the model itself thinks of it."""

import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from assistant.llm import Message
from assistant.llm.masking import Logits

if TYPE_CHECKING:
    from assistant.llm.llamacpp import LlamaCppModel

LEAST = 0.05
"""Of all words together, what "yes" and "no" must have for a verdict: a model that wants to say something else has
given none."""

_MARK = "An answer 7351."
"""Stands in for an answer where the template's marks around one are wanted."""


@dataclass(slots=True)
class Trail:
    """What a reply leaves behind while it is made."""

    probabilities: list[float] = field(default_factory=list)
    """Of each chosen token; see Generation.probabilities."""
    prompt: int = 0
    """Tokens of the prompt."""
    letters: list[int] = field(default_factory=list)
    """Letters that were handed out up to each token that went on."""


class Generation:
    """The pieces of one reply. Its steps run on the model's thread; `cancel` and a later reply may come from others."""

    def __init__(self, model: "LlamaCppModel", pieces: Iterator[str], trail: Trail) -> None:
        self._model, self._pieces, self._trail = model, pieces, trail
        self._begun = self._over = self._ended = False
        self._lock = threading.Lock()
        self._checking = self._unwanted = False

    @property
    def probabilities(self) -> list[float]:
        """How likely each chosen token was to the model before sampling and before any constraint, 0..1; grows."""
        return self._trail.probabilities

    def __iter__(self) -> "Generation":
        return self

    def __next__(self) -> str:
        if not self._begun:
            self._begun = True
            self._model._current = self  # noqa: SLF001 - the two are one thing in two parts
            self._model._stop[0] = b"\0"  # noqa: SLF001
        if self._over or self._model._current is not self:  # noqa: SLF001
            raise StopIteration
        try:
            return next(self._pieces)
        except StopIteration:
            self._ended = True
            raise

    def cancel(self) -> None:
        """Stop within one layer of one token, even while the prompt is being read. From any thread."""
        self._over = True
        if self._model._current is self and (self._checking or not self._ended):  # noqa: SLF001
            self._model._stop[0] = b"x"  # noqa: SLF001

    def close(self) -> None:
        """Stop for good; on the model's thread."""
        self.cancel()

    def check(self, letters: int, question: str, yes: str, no: str) -> float | None:
        """The chance that the model itself gives to `yes` instead of `no` when it is asked `question` about the first
        `letters` letters of its answer, 0..1. Some 25 tokens are read, none is made, and the answer can go on.

        None: it would say neither, there is no room, another reply has begun, or `stop_check` was called. On the
        model's thread. Raises AssistantError when the engine fails.
        """
        model, trail = self._model, self._trail
        if model._current is not self or (self._over and not self._ended):  # noqa: SLF001
            return None
        held = list(model._held)  # noqa: SLF001
        asked = held[: trail.prompt + bisect_right(trail.letters, letters)] + behind(model, question)
        if len(asked) >= model.context:
            return None
        with self._lock:
            if self._unwanted:
                return None
            model._stop[0] = b"\0"  # noqa: SLF001
            self._checking = True
        try:
            if not model._decode(model._reuse(asked)):  # noqa: SLF001
                return None
            return verdict(model._logits(), starts(model, yes), starts(model, no))  # noqa: SLF001
        finally:
            with self._lock:
                self._checking = False
                if not self._over:
                    model._stop[0] = b"\0"  # noqa: SLF001
            if not self._over:  # the answer goes on behind what it held
                model._decode(model._reuse(held))  # noqa: SLF001

    def stop_check(self) -> None:
        """End a check within one layer of one token, and begin none. From any thread."""
        with self._lock:
            self._unwanted = True
            if self._checking:
                self._model._stop[0] = b"x"  # noqa: SLF001


def behind(model: "LlamaCppModel", question: str) -> list[int]:
    """The tokens between an answer and the model's reply to a `question` about it, marks of the template included."""
    first, answer = Message("user", "A question."), Message("assistant", _MARK)
    text = model.render([first, answer, Message("user", question)])
    return plain(model, text.rpartition(_MARK)[2])


def starts(model: "LlamaCppModel", word: str) -> list[int]:
    """The tokens that `word` may begin with, in the spellings that models use."""
    forms = {spelled for form in (word, word.capitalize(), word.upper()) for spelled in (form, f" {form}")}
    return sorted({plain(model, form)[0] for form in forms})


def plain(model: "LlamaCppModel", text: str) -> list[int]:
    """The tokens of `text` without the mark of a beginning."""
    found = model.tokens(text)
    return found[1:] if found[:1] == model.tokens("")[:1] else found


def verdict(logits: Logits, yes: list[int], no: list[int]) -> float | None:
    """The share of the tokens `yes` in that of both, 0..1; None where both together are less than LEAST of all."""
    shares = np.exp(logits.astype(np.float64) - logits.max())
    shares /= shares.sum()
    # a token that begins both words ("n" in a small vocabulary) tells nothing
    for_it = float(shares[[token for token in yes if token not in no]].sum())
    against = float(shares[[token for token in no if token not in yes]].sum())
    return for_it / (for_it + against) if for_it + against >= LEAST else None
