"""Answers from the local model as an asynchronous stream: its own thread, a deadline, cancelled within one token.

Importing this module also prepares the process for the model's library, see `prepare_threads`.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from assistant.clock import Clock
from assistant.errors import AssistantError, ModelError
from assistant.llm import ChecksItself, LanguageModel, Message, ReadsAhead, Spares
from assistant.llm.confidence import Evidence
from assistant.texts import texts
from assistant.workers import Tasks, ThreadWorker, Worker, ahead

QUEUE = 64
"""Pieces that may wait to be spoken; then the model rests. An answer has at most 96 tokens, so it can nearly finish
while its first clause is spoken."""

CHECK_S = 1.5
"""Seconds that the model may take to judge its own answer: somebody waits. Some 25 tokens are read, as for a short
question; a machine that cannot do that in time is not asked again."""

SPIN_COUNT = "1000"
"""How often an idle OpenMP thread looks for work before it sleeps. With the default (spinning for milliseconds)
decoding became several times slower as soon as anything else wanted a core; this kept full speed (docs/speech.md)."""

_DONE: Any = object()


def prepare_threads() -> None:
    """Tell OpenMP not to spin. Works only before the first library that uses it is loaded, so it runs on import."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)


prepare_threads()


class DeadlineExceeded(AssistantError):  # noqa: N818 - it names what happened, and the turn's rules call it so
    """The model did not answer in time. The message is a sentence that can be spoken."""


class AnswerEngine:
    """Runs one model for the core. Answers follow one another; a new one waits until the last is out of the way."""

    def __init__(
        self,
        model: LanguageModel | None,
        clock: Clock,
        deadline_s: float = 12.0,
        *,
        worker: Worker | None = None,
        language: str = "en",
    ) -> None:
        """`deadline_s`: seconds until the first piece, and between two pieces, at most.

        `worker` runs the model's calls; a thread of its own when not given.
        """
        self._model = model
        self._clock = clock
        self._deadline_s = deadline_s
        self._worker = worker or ThreadWorker("llm")
        self._language = language
        self._texts = texts(language)
        self._closing = Tasks()
        self._reading: asyncio.Task[None] | None = None
        self._read: Sequence[Message] = ()
        self._wanted: Sequence[Message] | None = None
        self._ahead: Any = None
        self._too_slow = False

    @property
    def name(self) -> str:
        """What is running, "" when no model is."""
        return self._model.name if self._model else ""

    async def answer(
        self, messages: Sequence[Message], *, max_tokens: int = 96, evidence: Evidence | None = None
    ) -> AsyncGenerator[str]:
        """The answer's text as it is generated. Closing it, or cancelling its reader, stops the model.

        `evidence` gets the probabilities of the words as they are chosen, from a model that tells them. Raises
        DeadlineExceeded, ModelError without a model, AssistantError when the model fails or says nothing at all.
        """
        if self._model is None:
            raise ModelError(self._texts["no_model"])
        self._make_way(messages)
        made = self._pieces(self._model, messages, max_tokens, evidence or Evidence())
        said = False
        async with aclosing(ahead(made, QUEUE)) as pieces:
            async for piece in pieces:
                said = said or not piece.isspace()
                yield piece
        if not said:
            raise AssistantError(self._texts["model_silent"])

    async def check(self, evidence: Evidence, letters: int) -> None:
        """Ask the model what it thinks of the first `letters` letters of the answer that `evidence` is of.

        `evidence.check` stays None where the model cannot be asked, has no opinion, or takes longer than CHECK_S; then
        it is not asked again while the program runs. The answer goes on afterwards as if nothing had been asked.
        """
        reply, words = evidence.reply, texts(self._language, "answering")
        if self._too_slow or not isinstance(reply, ChecksItself):
            return
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(CHECK_S):
                call = reply.check
                evidence.check = await self._worker.run(call, letters, words["check"], words["yes"], words["no"])
        except TimeoutError:
            reply.stop_check()
            self._too_slow = True
        except AssistantError:
            evidence.check = None  # the answer itself will say it
        except asyncio.CancelledError:
            reply.stop_check()
            raise
        self._too_slow = self._too_slow or self._clock.monotonic() - began > CHECK_S

    async def spare(self, *, on: bool) -> None:
        """Let the model use less of the processor, where it can; what it is doing now is finished as it began."""
        model: object = self._model
        if isinstance(model, Spares):
            await self._worker.run(lambda: model.spare(on=on))

    def anticipate(self, messages: Sequence[Message]) -> None:
        """Let the model read what a prompt will begin with, while its last message is still being spoken.

        Returns at once. What came before and no longer fits is given up; a question always goes first. Models that
        cannot read ahead are left alone.
        """
        model: object = self._model
        if not isinstance(model, ReadsAhead):
            return
        if self._reading is not None and not self._reading.done():
            if not begins(self._read, messages):
                self._ahead.cancel()
            self._wanted = messages
            return
        self._wanted = messages
        self._reading = asyncio.ensure_future(self._read_ahead(model))

    async def _read_ahead(self, model: ReadsAhead) -> None:
        while (messages := self._wanted) is not None:
            self._wanted, self._read = None, messages
            self._ahead = model.ahead(messages)
            with contextlib.suppress(AssistantError):  # the question itself will say it
                await self._worker.run(next, self._ahead, None)

    def _make_way(self, messages: Sequence[Message]) -> None:
        """A question has come: nothing more is read ahead, and what is being read goes on only as its beginning."""
        self._wanted = None
        if self._reading is not None and not self._reading.done() and not begins(self._read, messages):
            self._ahead.cancel()

    async def _pieces(
        self, model: LanguageModel, messages: Sequence[Message], max_tokens: int, evidence: Evidence
    ) -> AsyncIterator[str]:
        # making the iterator runs nothing of the model yet, so it may happen here; its steps run on the worker
        iterator: Iterator[str] = iter(model.stream(messages, max_tokens=max_tokens))
        evidence.probabilities = getattr(iterator, "probabilities", ())
        evidence.reply = iterator
        try:
            while (piece := await self._step(iterator)) is not _DONE:
                yield piece
        finally:
            # a step may be running: tell it to stop now, and close behind it on the model's own thread
            cancel = getattr(iterator, "cancel", None)
            if cancel is not None:
                cancel()
            close = getattr(iterator, "close", None)
            if close is not None:
                # not awaited: whoever interrupts wants silence now
                self._closing.start(self._worker.run(close))

    async def _step(self, iterator: Iterator[str]) -> Any:  # noqa: ANN401 - a piece or the mark of the end
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._deadline_s):
                piece = await self._worker.run(lambda: next(iterator, _DONE))
        except TimeoutError as error:
            raise DeadlineExceeded(self._texts["model_slow"]) from error
        if self._clock.monotonic() - began > self._deadline_s:
            raise DeadlineExceeded(self._texts["model_slow"])
        return piece

    def close(self) -> None:
        """No more answers."""
        self._wanted = None
        if self._ahead is not None:
            self._ahead.cancel()
        self._worker.close()


def begins(one: Sequence[Message], whole: Sequence[Message]) -> bool:
    """Whether `one`, if its last message goes on, can become `whole`."""
    return (
        len(one) == len(whole) > 0
        and list(one[:-1]) == list(whole[:-1])
        and one[-1].role == whole[-1].role
        and whole[-1].content.startswith(one[-1].content)
    )
