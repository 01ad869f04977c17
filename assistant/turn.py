"""One turn: hear, understand, do or answer, say. A straight line with a deadline on every stage.

Every way out is a sound or a printed sentence: a stage that fails says so in plain words, and the turn ends
with exactly one `TurnEnded`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import astuple, dataclass, field, replace
from typing import Any, TypeVar

from assistant import events as ev
from assistant.audio import Samples
from assistant.clock import Clock
from assistant.dialogue.answering import Answer, Answerer
from assistant.dialogue.interpreting import CLEAR, Heard, Interpreter
from assistant.dialogue.listening import Frames, Listening
from assistant.dialogue.speaking import Speaker, once
from assistant.errors import AssistantError
from assistant.nlu import Intent
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.intent import json_slots
from assistant.skills import Reply, TurnContext
from assistant.skills.registry import Skills
from assistant.stt import Recognizer
from assistant.stt.endpoint import Endpointer
from assistant.texts import texts
from assistant.workers import Worker

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds a stage may take on the clock before the turn gives up on it in words."""

    recognise: float = 5.0
    """After the end of speech. Vosk's final result takes well under a second for the longest request."""
    understand: float = 2.0
    act: float = 5.0
    """A home hub answers within 3 s or not at all; the store within milliseconds."""

    @classmethod
    def times(cls, patience: float) -> "Deadlines":
        """Those of a machine that may take `patience` times as long (config.Limits)."""
        return cls(*(patience * each for each in astuple(cls())))


@dataclass(slots=True)
class Rooms:
    """What a turn passes through. Everything here outlives the turn."""

    recognizer: Recognizer
    hearing: Worker
    interpreter: Interpreter
    thinking: Worker
    skills: Skills
    acting: Worker
    answerer: Answerer
    speaker: Speaker
    endpointer: Endpointer
    bus: ev.EventBus
    clock: Clock
    language: str = "en"
    deadlines: Deadlines = field(default_factory=Deadlines)
    partials: list[Callable[[str], None]] = field(default_factory=list)
    """Told of the words so far (without the wake phrase) whenever they change, for whoever can prepare something while
    they are spoken. They must return at once, and nothing may be done yet: the words may still change."""
    echoes: Callable[[str, float], bool] = field(default=lambda _words, _since: False)
    """Whether words that were heard since a time (monotonic) are those that the assistant itself said meanwhile."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a turn ended, for whoever started it."""

    outcome: str
    dialogue: Dialogue
    """The conversation as the next turn finds it."""
    expects_answer: bool = False
    """The reply asked something: the next words need no wake phrase."""


class StageError(AssistantError):
    """A stage broke or was too slow. The message is what the person is told; `reason` is for the trace."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Turn:
    """One request from its first sound (or its text) to the last sample of the reply."""

    def __init__(self, turn: str, rooms: Rooms, dialogue: Dialogue, source: str) -> None:
        self.id = turn
        self._rooms = rooms
        self._dialogue = dialogue
        self._source = source
        self._asked: Reply | None = None

    async def listen(self, preroll: Samples, frames: Frames, begins_s: float, voice_after_s: float = 0.0) -> Result:
        """Serve a spoken request.

        `preroll` is the sound just before stream position `begins_s` (the wake detection), `frames` what follows.
        Nothing was asked for when there is no voice after `voice_after_s`.
        """
        return await self._guarded(self._spoken(preroll, frames, begins_s, voice_after_s))

    async def read(self, text: str) -> Result:
        """Serve a typed request."""
        return await self._guarded(self._typed(text))

    # -- the line ------------------------------------------------------------------------------------------

    async def _spoken(self, preroll: Samples, frames: Frames, begins_s: float, voice_after_s: float) -> str:
        begun = self._rooms.clock.monotonic()
        listening = Listening(self._rooms, self._dialogue, self._stage, self._publish)
        async with aclosing(frames):
            transcription = await listening.hear(preroll, frames, begins_s, voice_after_s)
        if transcription is None:
            self._dialogue = replace(self._dialogue, begun="")
            return "nothing"
        rooms, chosen = self._rooms, transcription.chosen
        self._publish(
            ev.Transcript,
            text=rooms.interpreter.said(chosen.text),
            confidence=chosen.confidence,
            source=chosen.source,
            reason=transcription.reason,
        )
        if rooms.echoes(chosen.text, begun):
            return "nothing"
        heard = await self._joined(await listening.understand(transcription))
        if not heard.text:
            return "nothing"
        if heard.source == "matched":
            self._publish(
                ev.Transcript, text=heard.text, confidence=heard.confidence, source="matched", reason=heard.reason
            )
        clearly_begun = heard.confidence >= CLEAR and not heard.understood and not self._dialogue.begun
        if listening.unfinished and clearly_begun:
            return await self._go_on(heard)
        return await self._serve(heard)

    async def _joined(self, heard: Heard) -> Heard:
        """The words behind those that were begun before "go on", where they make a request together."""
        begun = self._dialogue.begun
        if not begun or not heard.text:
            return heard
        read = self._rooms.interpreter.read
        together = await self._stage(
            "understand", self._rooms.thinking, lambda: read(f"{begun} {heard.text}", self._dialogue)
        )
        if not together.understood:
            return heard
        return replace(together, source=heard.source, confidence=heard.confidence)

    async def _go_on(self, heard: Heard) -> str:
        """Somebody stopped in mid-sentence: what was begun is kept, and the rest needs no wake phrase."""
        self._asked = Reply(texts(self._rooms.language)["go_on"], expects_answer=True)
        self._dialogue = Dialogue(begun=heard.text)
        await self._say(once(self._asked.text))
        return "nothing"

    async def _typed(self, text: str) -> str:
        self._publish(ev.Transcript, text=text, confidence=1.0, source="typed")
        interpreter = self._rooms.interpreter
        heard = await self._stage("understand", self._rooms.thinking, lambda: interpreter.read(text, self._dialogue))
        return await self._serve(heard)

    async def _serve(self, heard: Heard) -> str:
        """Answer every request in the words; one that was not done decides the outcome."""
        outcome, replies = "done", list[str]()
        for intent in heard.intents:
            self._publish(
                ev.IntentMatched,
                tier=intent.tier,
                intent=intent.name,
                kind=intent.kind.value,
                slots=json_slots(intent),
                confidence=intent.confidence,
                sentence=intent.sentence,
            )
            result, words = await (self._act(intent, heard) if intent.name else self._answer(heard))
            replies.append(words)
            outcome = result if outcome == "done" else outcome
        said = " ".join(replies)
        self._dialogue = Dialogue(heard.intents, pending=self._asked.asks if self._asked else "", last_reply=said)
        self._rooms.answerer.remember(heard.text, said)
        return outcome

    async def _act(self, intent: Intent, heard: Heard) -> tuple[str, str]:
        self._publish(ev.RouteDecided, where="command", reason=f"{intent.tier}: {intent.sentence or intent.name}")
        context = TurnContext(turn=self.id, heard=heard.text, source=self._source)
        reply = await self._stage("act", self._rooms.acting, lambda: self._rooms.skills.handle(intent, context))
        self._asked = reply if reply.expects_answer else None
        return reply.outcome, await self._say(once(reply.text))

    async def _answer(self, heard: Heard) -> tuple[str, str]:
        """A question that no skill serves."""
        answer = await self._rooms.answerer.answer(heard.text)
        if answer.where == "refused" and answer.outcome == "failed" and heard.confidence < CLEAR:
            # nobody can answer it, and it may not even have been a question
            await answer.pieces.aclose()
            self._publish(ev.RouteDecided, where="refused", reason=f"heard with confidence {heard.confidence:.2f}")
            return "failed", await self._say(once(texts(self._rooms.language)["not_caught"]))
        self._publish(ev.RouteDecided, where=answer.where, reason=answer.reason)
        if answer.asks_consent:
            self._asked = await self._stage("act", self._rooms.acting, self._consent_question)
        return answer.outcome, await self._say(self._watched(answer))

    def _consent_question(self) -> Reply:
        """The question whether anything may leave is answered by yes or no, like any skill's question."""
        answerer, words = self._rooms.answerer, texts(self._rooms.language)

        def agreed() -> Reply:
            answerer.consent(given=True)
            return Reply(words["consent_given"])

        def refused() -> Reply:
            answerer.consent(given=False)
            return Reply(words["consent_refused"])

        return self._rooms.skills.ask("", agreed, refused)

    async def _watched(self, answer: Answer) -> AsyncGenerator[str]:
        """The answer's pieces; the first one of a model's is an event, and so is the source that it names."""
        first, named = answer.by_model, False
        async with aclosing(answer.pieces) as pieces:
            async for piece in pieces:
                if first:
                    self._publish(ev.ModelToken)
                first = False
                if answer.basis.rests and answer.basis.passage is not None and not named:
                    found, named = answer.basis.passage, True
                    place = found.source.place
                    self._publish(
                        ev.SourceNamed,
                        source=found.source.name,
                        title=found.source.title,
                        place=place,
                        score=found.score,
                    )
                yield piece

    # -- around the line -----------------------------------------------------------------------------------

    async def _guarded(self, line: Awaitable[str]) -> Result:
        outcome, reason = "failed", ""
        try:
            outcome = await line
        except asyncio.CancelledError:
            self._publish(ev.TurnEnded, outcome="cancelled", reason="interrupted")
            raise
        except AssistantError as error:
            reason = error.reason if isinstance(error, StageError) else str(error)
            await self._apologise(str(error))
        except Exception as error:  # the last net: a defect of ours must still end in words
            logger.exception("turn %s failed", self.id)
            reason = f"{type(error).__name__}: {error}"
            await self._apologise(texts(self._rooms.language)["broken"])
        self._publish(ev.TurnEnded, outcome=outcome, reason=reason)
        return Result(outcome=outcome, dialogue=self._dialogue, expects_answer=self._asked is not None)

    async def _apologise(self, text: str) -> None:
        """Say why it did not work. When even the voice is broken, the words are in the trace all the same."""
        try:
            await self._say(once(text))
        except AssistantError as error:
            logger.error("the voice failed: %s", error)

    async def _say(self, pieces: AsyncIterator[str]) -> str:
        return await self._rooms.speaker.say(self.id, pieces)

    async def _stage(self, stage: str, worker: Worker, call: Callable[[], T]) -> T:
        """The result of an engine's blocking call within the stage's deadline; its failure becomes a sentence."""
        seconds: float = getattr(self._rooms.deadlines, stage)
        sentences = texts(self._rooms.language)
        try:
            async with asyncio.timeout(seconds):
                return await worker.run(call)
        except AssistantError:
            raise
        except TimeoutError as error:
            raise StageError(sentences[f"{stage}_slow"], f"{stage} took longer than {seconds:g} s") from error
        except Exception as error:
            logger.exception("%s failed", stage)
            raise StageError(sentences[f"{stage}_failed"], f"{stage} failed: {error}") from error

    def _publish(self, happened: type[ev.Event], /, **fields: Any) -> None:  # noqa: ANN401 - the event's own fields
        self._rooms.bus.publish(happened(turn=self.id, at=self._rooms.clock.monotonic(), **fields))
