"""The local language model: one streaming port, llama.cpp behind it (Hailo later)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class LanguageModel(Protocol):
    """A loaded instruct model. Blocking; lives on one thread; one generation at a time."""

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
