"""From words to sound: clauses are synthesised one ahead of the one that plays, and each carries its turn's id."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from assistant import events as ev
from assistant.clock import Clock
from assistant.tts import AudioChunk, Voice
from assistant.tts.clauses import ClauseSplitter
from assistant.tts.speakable import speakable
from assistant.workers import Worker, ahead

AHEAD = 2
"""Synthesised chunks that may wait to be played: the next clause is ready when one ends, and an interruption
throws little work away."""


_Sound: TypeAlias = tuple[str, AudioChunk]
"""A chunk and the clause that it says."""


class Output(Protocol):
    """Where speech goes: a loudspeaker, or nowhere."""

    def play(self, chunk: AudioChunk, turn: str = "") -> None:
        """Append a chunk of `turn` to what plays; returns at once."""
        ...

    async def drain(self, turn: str = "") -> None:
        """Return when everything that `turn` appended has been heard (or was stopped)."""
        ...

    def stop(self, turn: str = "") -> None:
        """Silence at once; what was not heard yet of `turn`, or of everything (""), is dropped."""
        ...


@dataclass(slots=True)
class Speaker:
    """Speaks a reply as its text arrives."""

    voice: Voice
    output: Output
    worker: Worker
    bus: ev.EventBus
    clock: Clock
    language: str = "en"

    async def say(self, turn: str, pieces: AsyncIterator[str]) -> str:
        """Speak the text that `pieces` yields; returns all of it once the last sample was heard.

        Raises what `pieces` raises, after the clauses that came before it were spoken; AssistantError when the
        voice fails. Cancelling it silences the loudspeaker at once.
        """
        spoken: list[str] = []
        try:
            async with aclosing(ahead(self._chunks(turn, pieces, spoken), AHEAD)) as chunks:
                async for clause, chunk in chunks:
                    self.bus.publish(
                        ev.SpeechOut(
                            turn=turn,
                            at=self.clock.monotonic(),
                            samples=chunk.samples,
                            sample_rate=chunk.sample_rate,
                            text=clause,
                        )
                    )
                    self.output.play(chunk, turn)
            await self.output.drain(turn)
        except BaseException:
            self.output.stop(turn)
            raise
        finally:
            self.bus.publish(ev.SpeechOver(turn=turn, at=self.clock.monotonic()))
        return " ".join(spoken)

    async def _chunks(self, turn: str, pieces: AsyncIterator[str], spoken: list[str]) -> AsyncGenerator[_Sound]:
        splitter = ClauseSplitter()
        failure: Exception | None = None
        try:
            async for piece in pieces:
                for clause in splitter.push(piece):
                    async with aclosing(self._clause(turn, clause, spoken)) as sounds:
                        async for sound in sounds:
                            yield sound
        except Exception as error:  # noqa: BLE001 - raised below: half a sentence alarms people more than its end
            failure = error
        for clause in splitter.flush():
            async with aclosing(self._clause(turn, clause, spoken)) as sounds:
                async for sound in sounds:
                    yield sound
        if failure is not None:
            raise failure

    async def _clause(self, turn: str, clause: str, spoken: list[str]) -> AsyncGenerator[_Sound]:
        self.bus.publish(ev.ReplyClause(turn=turn, at=self.clock.monotonic(), text=clause))
        spoken.append(clause)
        words = speakable(clause, self.language)
        async with aclosing(self.worker.iterate(lambda: self.voice.synthesize(words))) as sounds:
            async for chunk in sounds:
                yield clause, chunk


async def once(text: str) -> AsyncIterator[str]:
    """A text that is all there already, as the stream that Speaker.say takes."""
    yield text
