"""Answers from the local model as an asynchronous stream: its own thread, a deadline, cancelled within one token.

Importing this module also prepares the process for the model's library, see `prepare_threads`.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from assistant.clock import Clock
from assistant.errors import AssistantError, ModelError
from assistant.llm import LanguageModel, Message
from assistant.texts import texts
from assistant.workers import ThreadWorker, Worker, ahead

QUEUE = 64
"""Pieces that may wait to be spoken; then the model rests. An answer has at most 96 tokens, so it can nearly finish
while its first clause is spoken."""

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
        self._texts = texts(language)
        self._closing: set[asyncio.Future[None]] = set()

    @property
    def name(self) -> str:
        """What is running, "" when no model is."""
        return self._model.name if self._model else ""

    async def answer(self, messages: Sequence[Message], *, max_tokens: int = 96) -> AsyncGenerator[str]:
        """The answer's text as it is generated. Closing it, or cancelling its reader, stops the model.

        Raises DeadlineExceeded, ModelError without a model, AssistantError when the model fails.
        """
        if self._model is None:
            raise ModelError(self._texts["no_model"])
        async with aclosing(ahead(self._pieces(self._model, messages, max_tokens), QUEUE)) as pieces:
            async for piece in pieces:
                yield piece

    async def _pieces(self, model: LanguageModel, messages: Sequence[Message], max_tokens: int) -> AsyncIterator[str]:
        # making the iterator runs nothing of the model yet, so it may happen here; its steps run on the worker
        iterator: Iterator[str] = iter(model.stream(messages, max_tokens=max_tokens))
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
                task = asyncio.ensure_future(self._worker.run(close))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

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
        self._worker.close()
