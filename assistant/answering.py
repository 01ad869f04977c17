"""Questions that no skill serves: the local language model, or an honest word that there is none."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from assistant.errors import AssistantError
from assistant.llm import Message
from assistant.llm.engine import AnswerEngine
from assistant.llm.prompt import Prompt
from assistant.texts import texts


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an answer comes from and the text as it arrives."""

    pieces: AsyncGenerator[str]
    where: str
    """"local" or "refused"."""
    reason: str
    outcome: str = "done"
    by_model: bool = False


class Answerer:
    """Answers, and remembers what was said for the questions that follow."""

    def __init__(self, engine: AnswerEngine | None, prompt: Prompt, language: str = "en") -> None:
        self._engine = engine
        self._prompt = prompt
        self._texts = texts(language)
        self._history: list[Message] = []

    @property
    def ready(self) -> bool:
        """Whether a language model can be asked now."""
        return self._engine is not None

    def attach(self, engine: AnswerEngine) -> None:
        """A language model has finished loading behind the first turns."""
        self._engine = engine

    def answer(self, question: str) -> Answer:
        """Begin an answer to `question`; nothing runs until its pieces are taken."""
        if self._engine is None:
            return Answer(_said(self._texts["no_model"]), "refused", "no language model is installed", "failed")
        messages = self._prompt.messages(self._history, question)
        return Answer(self._engine.answer(messages), "local", "the local language model", by_model=True)

    def remember(self, question: str, reply: str) -> None:
        """Keep one exchange, whoever served it: later questions may refer to it."""
        self._history += [Message("user", question), Message("assistant", reply)]
        del self._history[: -2 * self._prompt.turns_kept]

    def explain(self, error: AssistantError) -> str:
        """A sentence for a model that failed."""
        return str(error) or self._texts["model_failed"]


async def _said(text: str) -> AsyncGenerator[str]:
    yield text
