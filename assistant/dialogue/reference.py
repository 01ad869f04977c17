"""The seam to local knowledge: what is looked up for a question, off the core's loop, and the index kept up to date."""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.config import Settings
from assistant.dialogue.brevity import brief, end_of
from assistant.knowledge import Passage
from assistant.llm.confidence import admits
from assistant.texts import texts
from assistant.workers import ThreadWorker, Worker

if TYPE_CHECKING:
    from assistant.knowledge.library import Library

logger = logging.getLogger(__name__)

PATIENCE_S = 2.0
"""Seconds until a question is answered without what the archives hold: a cold archive on a slow card is read in parts,
and the next question finds them in memory."""

OPENING_S = 15.0
"""Seconds that a question waits while the archives are still being opened: a new one is tried in another process."""

FRESH_S = 3600.0
"""Seconds between two looks at the documents."""


class Reference:
    """Opened behind the first turns, so that a start waits for no archive."""

    def __init__(self, settings: Settings, embedding: Path | None, worker: Worker | None = None) -> None:
        """`embedding`: the sentence-embedding model, where one is installed. `worker` runs the look-ups."""
        self._worker = worker or ThreadWorker("knowledge")
        self._settings, self._embedding = settings, embedding
        self._library: Library | None = None

    @staticmethod
    def wanted(settings: Settings) -> bool:
        """Whether there is anything to look up."""
        return bool(settings.knowledge.archives or settings.knowledge.documents)

    async def find(self, question: str) -> Passage | None:
        """A passage that is likely to answer the question, or None. Never raises: a question is answered without."""
        try:
            limit_s = PATIENCE_S if self._library is not None else OPENING_S
            async with asyncio.timeout(limit_s * self._settings.limits.patience):
                return await self._worker.run(self._find, question)
        except TimeoutError:
            logger.warning("looking things up takes too long; the question is answered without")
        except Exception:  # the other tiers must not feel a defect here
            logger.exception("looking something up failed")
        return None

    async def open(self) -> None:
        """Open everything before the first question; what cannot be opened is in the log. Never raises."""
        await self.find("")

    def _find(self, question: str) -> Passage | None:
        if self._library is None:
            from assistant.knowledge.library import open_library  # noqa: PLC0415 - large, for those who have archives

            self._library = open_library(self._settings, self._embedding)
        return self._library.answer(question)

    async def keep_fresh(self) -> None:
        """Bring the index up to date now and every hour, in a process that everything else goes before. Until
        cancelled, which ends it; what it did so far is kept."""
        while self._settings.knowledge.documents:
            await self._build()
            await asyncio.sleep(FRESH_S)

    async def _build(self) -> None:
        order = {
            "data": str(self._settings.paths.data),
            "documents": [str(folder) for folder in self._settings.knowledge.documents],
            "model": str(self._embedding) if self._embedding else None,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "assistant.knowledge.building", json.dumps(order),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        for line in said.decode("utf-8", "replace").splitlines()[:20]:
            logger.warning("%s", line)

    def close(self) -> None:
        """No more look-ups."""
        self._worker.close()


@dataclass(slots=True)
class Basis:
    """What an answer rests on. It is known when the first words of the answer are."""

    passage: Passage | None = None
    """What was looked up for the question."""
    rests: bool = False
    """The answer says what stands there, and names it."""


def spoken_source(passage: Passage, language: str = "en") -> str:
    """How an answer begins that rests on the passage: "Wikipedia says:"."""
    words, name = texts(language, "knowledge"), passage.source.name
    if passage.source.kind == "document":
        name = words["document"].format(name=name)
    return words["says"].format(source=name)


def for_prompt(passage: Passage, language: str = "en") -> str:
    """The passage as a language model is given it."""
    source = passage.source
    return texts(language, "knowledge")["passage"].format(
        source=source.name, title=source.title or source.name, text=passage.text
    )


async def read_out(basis: Basis, language: str = "en") -> AsyncGenerator[str]:
    """The first sentences of a passage, with its source: what can be said without a language model."""
    assert basis.passage is not None
    basis.rests = True
    async with aclosing(brief(_one(f"{spoken_source(basis.passage, language)} {basis.passage.text}"))) as pieces:
        async for piece in pieces:
            yield piece


async def _one(text: str) -> AsyncGenerator[str]:
    yield text


async def attributed(
    pieces: AsyncGenerator[str], question: str, basis: Basis, language: str = "en"
) -> AsyncGenerator[str]:
    """A model's answer, with the source named before it when its first sentence rests on the passage it was given.

    That sentence is waited for: naming a source for what does not stand there would be a lie.
    """
    assert basis.passage is not None
    from assistant.knowledge.ranking import rests_on  # noqa: PLC0415 - with what it needs, for those who have archives

    begun = ""
    async with aclosing(pieces):
        async for piece in pieces:
            begun += piece
            if end_of(begun, 1) is not None:
                break
        given = f"{basis.passage.source.title} {basis.passage.text}"
        basis.rests = not admits(begun, language) and rests_on(begun, question, given, language)
        if basis.rests:
            yield f"{spoken_source(basis.passage, language)} "
        if begun:
            yield begun
        async for piece in pieces:
            yield piece
