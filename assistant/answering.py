"""Questions that no skill serves: the local language model, with the owner's leave a cloud, or an honest word."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from assistant.egress.later import unhurried
from assistant.egress.outside import Considered, Outside
from assistant.errors import StoreError
from assistant.llm import Message
from assistant.llm.engine import AnswerEngine
from assistant.llm.prompt import Prompt
from assistant.routing.decide import Ask, Escalate, Refuse, Request
from assistant.routing.door import DoorError
from assistant.texts import texts

LOCAL_CONFIDENCE = 1.0
"""How sure an installed language model is taken to be of its answer. Until answers carry a measured confidence, a
question that a local model can be asked stays here: the cloud serves houses without one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an answer comes from and the text as it arrives."""

    pieces: AsyncGenerator[str]
    where: str
    """"local", "cloud" or "refused"."""
    reason: str
    outcome: str = "done"
    by_model: bool = False
    asks_consent: bool = False
    """The text asks whether questions may leave: a yes or no is expected."""


class Answerer:
    """Answers, and remembers what was said for the questions that follow."""

    def __init__(
        self, engine: AnswerEngine | None, prompt: Prompt, language: str = "en", outside: Outside | None = None
    ) -> None:
        self._engine = engine
        self._prompt = prompt
        self._outside = outside
        self._texts = texts(language)
        self._history: list[Message] = []

    def attach(self, engine: AnswerEngine) -> None:
        """A language model has finished loading behind the first turns."""
        self._engine = engine

    async def answer(self, question: str) -> Answer:
        """Decide where the answer to `question` comes from; nothing is generated until its pieces are taken."""
        if self._outside is None:
            return self._local(question, "")
        confidence = LOCAL_CONFIDENCE if self._engine else 0.0
        calm = unhurried(question) if self._outside.settings.batch else None
        request = Request(calm or question, later=calm is not None)
        considered = await self._outside.consider(request, local_confidence=confidence)
        decision = considered.decision
        if calm and isinstance(decision, Escalate):
            return Answer(self._left(considered), "cloud", "no hurry: it leaves with others")
        match decision:
            case Escalate():
                return Answer(self._from_outside(considered, question), "cloud", decision.reason, by_model=True)
            case Ask():
                return Answer(_said(decision.question), "refused", decision.reason, asks_consent=True)
            case Refuse():
                return Answer(_said(self._texts["stays_here"]), "refused", decision.reason, "refused")
        return self._local(question, decision.reason)

    def consent(self, *, given: bool) -> None:
        """Store the answer to the question about leaving. Blocking."""
        if self._outside is not None:
            self._outside.consent(given=given)

    def _local(self, question: str, why: str) -> Answer:
        if self._engine is None:
            reason = "no language model is installed" + (f"; outside: {why}" if why else "")
            return Answer(_said(self._texts["no_model"]), "refused", reason, "failed")
        messages = self._prompt.messages(self._history, question)
        return Answer(self._engine.answer(messages), "local", why or "the local language model", by_model=True)

    async def _from_outside(self, considered: Considered, question: str) -> AsyncGenerator[str]:
        """The answer from outside; what cannot be had there is answered here or apologised for."""
        assert self._outside is not None
        assert isinstance(considered.decision, Escalate)
        for warning in considered.announce:
            yield f"{warning} "
        spoken = False
        try:
            async with aclosing(self._outside.answer(considered.decision.payload, considered.ticket)) as pieces:
                async for piece in pieces:
                    spoken = True
                    yield piece
        except DoorError:
            if spoken:
                yield f" {self._texts['cut_off']}"
                return
            async with aclosing(
                self._local(question, "").pieces if self._engine else _said(self._texts["no_answer"])
            ) as own:
                async for piece in own:
                    yield piece

    async def _left(self, considered: Considered) -> AsyncGenerator[str]:
        """Queue a question without hurry and say so only when it is kept."""
        assert self._outside is not None
        try:
            await self._outside.leave(considered)
        except (DoorError, StoreError):
            yield self._texts["not_left"]
            return
        yield self._texts["left"]

    def remember(self, question: str, reply: str) -> None:
        """Keep one exchange, whoever served it: later questions may refer to it."""
        self._history += [Message("user", question), Message("assistant", reply)]
        del self._history[: -2 * self._prompt.turns_kept]


async def _said(text: str) -> AsyncGenerator[str]:
    yield text
