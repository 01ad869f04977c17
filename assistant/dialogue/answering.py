"""Questions that no skill serves: the local language model, with the owner's leave a cloud, or an honest word."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import takewhile

from assistant.dialogue.brevity import LONG_TOKENS, SHORT_TOKENS, asks_for_more, brief, end_of
from assistant.dialogue.reference import Basis, attributed, for_prompt, read_out
from assistant.egress.later import unhurried
from assistant.egress.outside import Considered, Outside
from assistant.errors import AssistantError, StoreError
from assistant.knowledge import Passage
from assistant.llm import Message
from assistant.llm.confidence import SOURCED, Calibration, Evidence, confidence
from assistant.llm.engine import AnswerEngine
from assistant.llm.prompt import Prompt
from assistant.routing.decide import Ask, Escalate, Local, Refuse, Request
from assistant.routing.door import DoorError
from assistant.texts import texts


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
    basis: Basis = field(default_factory=Basis)
    """What it rests on, as far as that is known by now."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The beginning of an answer of the local model, by which it is judged; the rest is made when it is taken."""

    pieces: AsyncGenerator[str]
    """All of it."""
    confidence: float


class Answerer:
    """Answers, and remembers what was said for the questions that follow."""

    def __init__(
        self,
        engine: AnswerEngine | None,
        prompt: Prompt,
        language: str = "en",
        outside: Outside | None = None,
        look_up: Callable[[str], Awaitable[Passage | None]] | None = None,
    ) -> None:
        """`look_up` finds a passage that is likely to answer a question, where there is local knowledge."""
        self._engine = engine
        self._look_up = look_up
        self._prompt = prompt
        self._outside = outside
        self._language = language
        self._texts = texts(language)
        self._calibration: Calibration | None = None
        self._history: list[Message] = []
        self._sent: Message | None = None
        self._heard: list[str] = []
        self._spared = False
        self._sparing: asyncio.Future[None] | None = None

    def attach(self, engine: AnswerEngine, calibration: Calibration | None = None) -> None:
        """A language model has finished loading behind the first turns; what its answers are worth, if measured."""
        self._engine, self._calibration = engine, calibration
        if self._spared:  # it was loaded while the device was hot
            self._sparing = asyncio.ensure_future(engine.spare(on=True))

    async def spare(self, *, on: bool) -> None:
        """Answer in one sentence with less of the processor (the device is hot, or its supply weak), or as usual."""
        self._spared = on
        if self._engine is not None:
            await self._engine.spare(on=on)

    def anticipate(self, words: str) -> None:
        """The words of a question so far, while they are being spoken; "" when listening begins.

        What two readings in a row agree on is read by the language model already. Returns at once.
        """
        heard, before = words.split(), self._heard
        self._heard = heard
        stable = [new for new, old in takewhile(lambda pair: pair[0] == pair[1], zip(heard, before, strict=False))]
        if self._engine is not None and (stable or not words):
            self._engine.anticipate(self._prompt.messages(self._history, " ".join(stable), whole=False))

    async def answer(self, question: str) -> Answer:
        """Decide where the answer to `question` comes from; nothing is generated until its pieces are taken."""
        basis = Basis(await self._look_up(question) if self._look_up is not None else None)
        if self._outside is None:
            return self._local(question, "", basis)
        calm = unhurried(question) if self._outside.settings.batch else None
        request = Request(calm or question, later=calm is not None)
        draft: Draft | None = None
        if self._engine is not None and await self._outside.might_leave(request):
            draft = await self._draft(self._engine, question, basis)
        known = SOURCED if basis.passage is not None and self._engine is None else 0.0  # then the passage is the answer
        considered = await self._outside.consider(request, local_confidence=draft.confidence if draft else known)
        decision = considered.decision
        if draft is not None:
            if isinstance(decision, Local):
                return Answer(draft.pieces, "local", decision.reason, by_model=True, basis=basis)
            await draft.pieces.aclose()
        if calm and isinstance(decision, Escalate):
            return Answer(self._left(considered), "cloud", "no hurry: it leaves with others")
        match decision:
            case Escalate():
                pieces = self._from_outside(considered, question, basis)
                return Answer(pieces, "cloud", decision.reason, by_model=True, basis=basis)
            case Ask():
                return Answer(_said(decision.question), "refused", decision.reason, asks_consent=True)
            case Refuse() if basis.passage is None:
                return Answer(_said(self._texts["stays_here"]), "refused", decision.reason, "refused")
        return self._local(question, decision.reason, basis)

    def consent(self, *, given: bool) -> None:
        """Store the answer to the question about leaving. Blocking."""
        if self._outside is not None:
            self._outside.consent(given=given)

    def _local(self, question: str, why: str, basis: Basis) -> Answer:
        if self._engine is None and basis.passage is not None:
            return Answer(read_out(basis, self._language), "local", why or "local knowledge", basis=basis)
        if self._engine is None:
            reason = "no language model is installed" + (f"; outside: {why}" if why else "")
            nothing = self._look_up is not None
            said = texts(self._language, "knowledge")["nothing"] if nothing else self._texts["no_model"]
            return Answer(_said(said), "refused", reason, "failed")
        pieces = self._made(self._engine, question, Evidence(), basis)
        return Answer(pieces, "local", why or "the local language model", by_model=True, basis=basis)

    def _made(self, engine: AnswerEngine, question: str, evidence: Evidence, basis: Basis) -> AsyncGenerator[str]:
        """The local model's answer, with its source where it rests on one."""
        given = for_prompt(basis.passage, self._language) if basis.passage is not None else ""
        messages = self._prompt.messages(self._history, question, passage=given)
        self._sent = messages[-1]
        pieces = self._short(engine, messages, question, evidence)
        return pieces if basis.passage is None else attributed(pieces, question, basis, self._language)

    def _short(
        self, engine: AnswerEngine, messages: list[Message], question: str, evidence: Evidence
    ) -> AsyncGenerator[str]:
        """A short answer, unless more was asked for."""
        if self._spared:
            return brief(engine.answer(messages, max_tokens=SHORT_TOKENS // 2, evidence=evidence), 1)
        if asks_for_more(question, self._language):
            return engine.answer(messages, max_tokens=LONG_TOKENS, evidence=evidence)
        return brief(engine.answer(messages, max_tokens=SHORT_TOKENS, evidence=evidence))

    async def _draft(self, engine: AnswerEngine, question: str, basis: Basis) -> Draft:
        """Let the local model say its first sentence to itself, and judge it. A failure is no confidence at all."""
        evidence = Evidence()
        pieces = self._made(engine, question, evidence, basis)
        failure: AssistantError | None = None
        try:
            async for piece in pieces:
                evidence.text += piece
                if end_of(evidence.text, 1) is not None:
                    break
        except AssistantError as error:
            failure = error
        evidence.sourced = basis.rests
        if failure is None and basis.passage is None and self._calibration is not None and self._calibration.checked:
            await engine.check(evidence, end_of(evidence.text, 1) or len(evidence.text))
        found = confidence(evidence, self._calibration, self._language) if failure is None else 0.0
        return Draft(_continued(evidence.text, pieces, failure), found)

    async def _from_outside(self, considered: Considered, question: str, basis: Basis) -> AsyncGenerator[str]:
        """The answer from outside; what cannot be had there is answered here or apologised for."""
        assert self._outside is not None
        assert isinstance(considered.decision, Escalate)
        basis.rests = False  # what was drafted here is not what is said
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
                self._local(question, "", basis).pieces
                if self._engine or basis.passage
                else _said(self._texts["no_answer"])
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
        asked, self._sent = self._sent, None
        if asked is None or not asked.content.startswith(question.strip()):
            asked = Message("user", question)
        # as the model has read it: what it holds already is not read again
        self._history = self._prompt.remembered([*self._history, asked, Message("assistant", reply)])


async def _continued(begun: str, pieces: AsyncGenerator[str], failure: AssistantError | None) -> AsyncGenerator[str]:
    """An answer whose beginning was made already."""
    async with aclosing(pieces):
        if begun:
            yield begun
        if failure is not None:
            raise failure
        async for piece in pieces:
            yield piece


async def _said(text: str) -> AsyncGenerator[str]:
    yield text
