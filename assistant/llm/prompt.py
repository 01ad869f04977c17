"""What a model is told: a prefix that never changes, then the conversation, and what changes at the very end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.llm import Message

_SYSTEM = (
    "You are {name}, a voice assistant in somebody's home. Your words are spoken aloud. "
    "Answer in one or two short, plain sentences unless you are asked for more, without lists, markup, links or emoji. "
    "If you do not know something, say so; do not guess. "
    "You cannot switch devices, set timers or look anything up in this answer: never claim that you did."
)
"""The static prefix. Byte-identical between turns and restarts, so that the engine's cache of it stays valid: nothing
that changes (time, states, names of devices) may stand here."""


def no_facts() -> str:
    """Nothing volatile to tell."""
    return ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Builds the messages for a question."""

    name: str = "assistant"
    """What the assistant calls itself."""

    facts: Callable[[], str] = no_facts
    """Called for every question: what holds only now ("It is ten past nine."), one short text or ""."""

    turns_kept: int = 4
    """Exchanges of history at most: what "and tomorrow?" can refer to."""

    history_letters: int = 2400
    """Letters of history at most, about 600 tokens of English (four letters a token): with the system text, the
    question and the answer it fits a context of 2048."""

    question_letters: int = 2000
    """A longer question is cut; the microphone's cap of seconds stays far below it."""

    @property
    def system(self) -> Message:
        """The static prefix."""
        return Message("system", _SYSTEM.format(name=self.name))

    def messages(
        self, history: Sequence[Message], question: str, *, whole: bool = True, passage: str = ""
    ) -> list[Message]:
        """System, as much of `history` as fits, and `question` with the volatile facts and a `passage` behind it.

        `history` alternates user and assistant. Turns are dropped whole, the oldest first; a user message without
        an answer is no turn and is left out. Not `whole`: the question is still being spoken, and nothing stands
        behind it yet.
        """
        facts = " ".join(filter(None, (self.facts(), passage))) if whole else ""
        asked = question.strip()[: self.question_letters]
        last = Message("user", f"{asked}\n({facts})" if facts else asked)
        kept: list[Message] = []
        letters = 0
        turns = _turns(history)
        for user, assistant in reversed(turns[-self.turns_kept :] if self.turns_kept else []):
            letters += len(user.content) + len(assistant.content)
            if letters > self.history_letters:
                break
            kept[:0] = [user, assistant]
        return [self.system, *kept, last]

    def remembered(self, history: Sequence[Message]) -> list[Message]:
        """What is worth keeping of `history` for the turns to come: all of it, or the newer half when it is full.

        Half at once, because the engine has to read anew what follows the first turn that goes.
        """
        turns = _turns(history)
        letters = sum(len(user.content) + len(assistant.content) for user, assistant in turns)
        if len(turns) > self.turns_kept or letters > self.history_letters:
            turns = turns[-(self.turns_kept // 2) :] if self.turns_kept > 1 else []
        return [message for turn in turns for message in turn]


def _turns(history: Sequence[Message]) -> list[tuple[Message, Message]]:
    turns = []
    for first, second in pairwise(history):
        if first.role == "user" and second.role == "assistant":
            turns.append((first, second))
    return turns
