"""The local language model: one streaming port, llama.cpp behind it (Hailo later)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class LanguageModel(Protocol):
    """A loaded instruct model. Blocking; lives on one thread; one generation at a time.

    What a backend may have beside this, and the engine uses where it is there: `ahead` (ReadsAhead), and on its
    iterators `cancel()`, from any thread, and `probabilities`, one for each word that was chosen, 0..1.
    """

    @property
    def name(self) -> str:
        """What is running, as a person would name it."""
        ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> Iterator[str]:
        """Text pieces of the reply as they are generated (never empty strings, never end tokens).

        Closing the iterator stops the generation within one token. Raises AssistantError when the prompt
        does not fit or the engine fails.
        """
        ...


@runtime_checkable
class Spares(Protocol):
    """A model that can do with less of the processor."""

    def spare(self, *, on: bool) -> None:
        """Use half of the usual threads, or all of them again. On the model's thread; counts from the next step."""
        ...


@runtime_checkable
class ChecksItself(Protocol):
    """A reply on its way whose model can be asked about it."""

    def check(self, letters: int, question: str, yes: str, no: str) -> float | None:
        """The model's own chance for `yes` instead of `no` to `question` about the first `letters` letters, 0..1.

        None when it has no opinion. The reply can go on afterwards. Blocking, on the model's thread.
        """
        ...

    def stop_check(self) -> None:
        """End a check within one token, as None. From any thread."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A model that can read a question while it is being spoken."""

    def ahead(self, messages: Sequence[Message]) -> Any:  # noqa: ANN401 - an iterator that can be cancelled
        """An iterator without items: its one step reads what the prompt will begin with if the last message goes on.

        `cancel()` on it, from any thread, ends the step within one token.
        """
        ...
