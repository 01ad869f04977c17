"""The endless part: sound flows past the wake word, and each wake word begins a turn.

A live source (a microphone) never waits: while a reply is spoken its frames still pass the wake word, and a wake
word then ends the reply. A recording waits for each turn, so that it can be played faster than life.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from assistant import events as ev
from assistant.audio import Samples
from assistant.audio.ring import Ring
from assistant.audio.vad import SpeechDetector
from assistant.nlu.dialogue import Dialogue
from assistant.trace import TurnTrace
from assistant.turn import Frame, Result, Rooms, Turn
from assistant.wake import Wake, WakeEngine

logger = logging.getLogger(__name__)

PREROLL_S = 1.3
"""Sound from before a wake detection that the recogniser is given, seconds: the whole phrase. Measured (docs/wake.md):
1.2 s contains it; anything between that and 0.35 s begins inside it, and makes the recogniser hear wrong words."""

WAITING_FRAMES = 400
"""Frames (20 ms) of a live source that may wait for a slow recogniser: 8 s, the longest request."""


class Source(Protocol):
    """Where sound comes from."""

    @property
    def name(self) -> str:
        """What to call it: a file's name or "microphone"."""
        ...

    @property
    def live(self) -> bool:
        """Whether it goes on while nobody takes its frames."""
        ...

    def frames(self) -> AsyncIterator[Samples]:
        """Frames of FRAME_SAMPLES samples, 16 kHz mono int16."""
        ...


class TurnObserver(Protocol):
    """Told of every turn: it may look, never change the flow."""

    def begun(self, trace: TurnTrace) -> None: ...

    def ended(self, trace: TurnTrace) -> None: ...


class Inbox:
    """The frames of one turn, handed over one by one."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Frame | None] = asyncio.Queue(WAITING_FRAMES)
        self._working = False
        self.closed = asyncio.Event()
        self.dropped = 0

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> Frame:
        if self._working:
            self._queue.task_done()
        frame = await self._queue.get()
        self._working = True
        if frame is None:
            raise StopAsyncIteration
        return frame

    async def aclose(self) -> None:
        """The turn takes no more frames, whether it took any or not."""
        self.closed.set()

    def put(self, frame: Frame | None) -> None:
        """Hand over a frame (None: the sound has ended); a frame too many is dropped and counted."""
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped += 1

    async def taken(self) -> None:
        """Return when everything was worked on, or nobody reads any more."""
        waits = {asyncio.ensure_future(self._queue.join()), asyncio.ensure_future(self.closed.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


@dataclass(slots=True)
class _Running:
    trace: TurnTrace
    inbox: Inbox
    task: asyncio.Task[Result]

    @property
    def hearing(self) -> bool:
        return not self.inbox.closed.is_set() and not self.task.done()


class Conversation:
    """Runs turns over a source of sound, or over typed text."""

    def __init__(
        self, rooms: Rooms, wake: WakeEngine, detector: SpeechDetector, observers: tuple[TurnObserver, ...] = ()
    ) -> None:
        self._rooms = rooms
        self._wake = wake
        self._detector = detector
        self._observers = observers
        self._ring = Ring(PREROLL_S)
        self._last = Dialogue()
        self._last_at = 0.0
        self._numbers = itertools.count(1)
        self.turns = 0
        """Turns begun so far."""
        self._idle = asyncio.Event()
        self._idle.set()

    async def read(self, text: str) -> TurnTrace:
        """Serve one typed request."""
        trace = self._trace("typed")
        self._rooms.bus.subscribe(trace.observe)
        self._tell_begun(trace)
        try:
            self._remember(await Turn(trace.turn, self._rooms, self._dialogue(), "typed").read(text))
        finally:
            self._rooms.bus.unsubscribe(trace.observe)
            self._tell_ended(trace)
        return trace

    async def run(self, source: Source) -> None:
        """Serve every request in `source` until it ends."""
        running: _Running | None = None
        self._wake.reset()
        self._detector.reset()
        try:
            async with contextlib.aclosing(_generator(source.frames())) as frames:
                async for samples in frames:
                    self._ring.push(samples)
                    frame = Frame(samples, self._detector.feed(samples))
                    # the wake engine hears everything, so that its features have no gaps
                    wake = self._wake.process(samples)
                    running = await self._settle(running, source)
                    if running is not None and running.hearing:
                        running.inbox.put(frame)
                        if source.live:
                            continue
                        await running.inbox.taken()
                        continue
                    if wake is not None:
                        await self._interrupt(running)
                        running = self._begin(source, wake, frame.activity.position_s)
            while running is not None:  # the sound has ended, perhaps in mid-sentence
                running.inbox.put(None)
                await asyncio.wait({running.task})
                running = await self._settle(running, source)
        except BaseException:
            await self._interrupt(running)
            raise

    def _begin(self, source: Source, wake: Wake | None = None, position_s: float = 0.0) -> _Running:
        """Start a turn: after a wake word with the sound before it, or (None) after a question of ours."""
        trace, inbox = self._trace(source.name), Inbox()
        self._idle.clear()
        self._rooms.bus.subscribe(trace.observe)
        self._tell_begun(trace)
        preroll: Samples = np.zeros(0, np.int16)
        if wake is not None:
            preroll = self._ring.last(PREROLL_S)
            self._rooms.bus.publish(
                ev.WakeDetected(
                    turn=trace.turn,
                    at=self._rooms.clock.monotonic(),
                    phrase=wake.phrase,
                    score=wake.score,
                    stream_s=position_s,
                )
            )
        turn = Turn(trace.turn, self._rooms, self._dialogue(), "voice")
        return _Running(trace, inbox, asyncio.create_task(turn.listen(preroll, inbox, position_s)))

    async def _settle(self, running: _Running | None, source: Source) -> _Running | None:
        """Take the result of a turn that is over; a recording waits for it, a microphone does not."""
        if running is None or running.hearing or (source.live and not running.task.done()):
            return running
        result = await running.task
        self._finish(running)
        self._remember(result)
        return self._begin(source, position_s=self._ring.position_s) if result.expects_answer else None

    async def _interrupt(self, running: _Running | None) -> None:
        """End a turn that is still going, silencing its reply."""
        if running is None:
            return
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
        self._finish(running)

    def _finish(self, running: _Running) -> None:
        self._idle.set()
        self._rooms.bus.unsubscribe(running.trace.observe)
        if running.inbox.dropped:
            logger.warning("%d frames were dropped: the recogniser is too slow here", running.inbox.dropped)
        self._tell_ended(running.trace)

    def _dialogue(self) -> Dialogue:
        """What was said before, and how long ago that was."""
        return replace(self._last, seconds_ago=self._rooms.clock.monotonic() - self._last_at)

    def _remember(self, result: Result) -> None:
        self._last, self._last_at = result.dialogue, self._rooms.clock.monotonic()

    def forget(self) -> None:
        """What was said before no longer counts: the next words stand alone."""
        self._last = Dialogue()

    async def quiet(self) -> None:
        """Return when no turn is going on: an announcement does not talk over one."""
        await self._idle.wait()

    def unheard(self, source: str) -> None:
        """Record that a whole recording held no wake phrase."""
        trace = self._trace(source)
        trace.observe(ev.TurnEnded(turn=trace.turn, at=self._rooms.clock.monotonic(), outcome="unheard"))
        self._tell_ended(trace)

    def _trace(self, source: str) -> TurnTrace:
        self.turns += 1
        return TurnTrace(turn=f"{next(self._numbers):04d}", source=source)

    def _tell_begun(self, trace: TurnTrace) -> None:
        for observer in self._observers:
            observer.begun(trace)

    def _tell_ended(self, trace: TurnTrace) -> None:
        for observer in self._observers:
            observer.ended(trace)


async def _generator(frames: AsyncIterator[Samples]) -> AsyncGenerator[Samples]:
    async for samples in frames:
        yield samples
