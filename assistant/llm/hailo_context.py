"""What an accelerator's context holds of a conversation, and what is new in the next question.

Both ways to the Hailo-10H keep the conversation on the card: what was said before is never sent again, as long as the
next request only adds to it. The conversation the core remembers is not quite the one the card holds (facts of the
moment stand behind a question that was asked, requests that a skill served are missing), so the two are matched turn
by turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from assistant.llm import Message

Turn = tuple[Message, Message]
"""A question and its answer."""

MESSAGE_TOKENS = 8
"""What a template puts around a message, tokens: `<|im_start|>user\\n … <|im_end|>\\n` is five in Qwen's vocabulary."""

LEAST_ANSWER = 16
"""Room for fewer tokens than this is no room for an answer."""


@dataclass(slots=True)
class Held:
    """The conversation on the card, word for word as it was sent and answered."""

    system: Message | None = None
    turns: list[Turn] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        """All of it, in order."""
        start = [self.system] if self.system else []
        return start + [message for turn in self.turns for message in turn]

    def new(self, wanted: Sequence[Message]) -> list[Message] | None:
        """What of `wanted` the card has not seen; None when the card must begin anew.

        The card may hold older turns than `wanted` does: the newest of the card's turns must be the oldest of
        `wanted`, and what follows them is new. A question without any history begins anew, whatever is held.
        """
        system, turns, question = split(wanted)
        if system != self.system:
            return None
        if not self.turns and not turns:
            return [question]
        for overlap in range(min(len(self.turns), len(turns)), 0, -1):
            if all(_same(*pair) for pair in zip(self.turns[-overlap:], turns[:overlap], strict=True)):
                return [message for turn in turns[overlap:] for message in turn] + [question]
        return None

    def said(self, sent: Sequence[Message], reply: str) -> None:
        """`sent` (turns and a question) has reached the card, and `reply` was generated."""
        _, turns, question = split(sent)
        self.turns += [*turns, (question, Message("assistant", reply))]


def split(messages: Sequence[Message]) -> tuple[Message | None, list[Turn], Message]:
    """System message, whole turns, and the question at the end. Raises ValueError without a question."""
    if not messages or messages[-1].role != "user":
        raise ValueError("the last message must be the question")
    system = messages[0] if messages[0].role == "system" else None
    turns = [(a, b) for a, b in pairwise(messages[:-1]) if a.role == "user" and b.role == "assistant"]
    return system, turns, messages[-1]


def fit(messages: Sequence[Message], room: int, cost: "Cost") -> list[Message] | None:
    """`messages` with the oldest turns left out until they cost at most `room` tokens; None when none of it fits."""
    system, turns, question = split(messages)
    start = [system] if system else []
    for first in range(len(turns) + 1):
        kept = [*start, *(message for turn in turns[first:] for message in turn), question]
        if cost(kept) <= room:
            return kept
    return None


class Cost:
    """Tokens of messages, template included."""

    def __call__(self, messages: Sequence[Message]) -> int:
        """An upper bound."""
        return sum(self.text(message.content) + MESSAGE_TOKENS for message in messages)

    def text(self, content: str) -> int:
        """Of one text, where nobody can be asked: a token has three bytes at least in English, on average four."""
        return len(content.encode()) // 3 + 1


def _same(held: Turn, wanted: Turn) -> bool:
    asked, told = held[0].content, wanted[0].content
    # facts of the moment stood in a line of their own behind the question that was sent
    if asked != told and not asked.startswith(told + "\n("):
        return False
    # what was remembered is what was spoken: spaces and marks may differ, words may not
    return _words(held[1].content) == _words(wanted[1].content)


def _words(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
