"""The endless part: sound flows past the wake word, and each wake word begins a turn.

A live source (a microphone) never waits: while a reply is spoken its frames still pass the wake word, and a wake
word then silences the reply. It is over when words follow, and goes on when none do. A recording waits for each turn,
so that it can be played faster than life.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from assistant import events as ev
from assistant.audio import Samples
from assistant.audio.ring import Ring
from assistant.audio.vad import SpeechDetector
from assistant.dialogue.inbox import Inbox
from assistant.dialogue.listening import Frame
from assistant.live.barge_in import BargeIn
from assistant.nlu.dialogue import Dialogue
from assistant.observers.trace import TurnTrace
from assistant.turn import Result, Rooms, Turn
from assistant.wake import Wake, WakeEngine

logger = logging.getLogger(__name__)

PREROLL_S = 1.3
"""Sound from before a wake detection that the recogniser is given, seconds: the whole phrase. Measured (docs/wake.md):
1.2 s contains it; anything between that and 0.35 s begins inside it, and makes the recogniser hear wrong words."""

BUTTON = "button"
"""What begins a turn (and ends its listening) in place of a wake phrase."""

BUTTON_PREROLL_S = 0.4
"""Sound from before a press of the button that the recogniser is given, seconds: people begin to speak while their
finger is still on its way. Short enough that nothing of it is taken for a wake phrase (turn.WAKE_TAIL_S)."""

WAKE_ENDS_S = 0.03
"""By when the voice of a wake phrase has ended, seconds after its detection: with 107 of 111 people. A voice that is
there later says more, also when "yes" or "stop" come in the same breath (docs/turn.md)."""

ECHO_ENDS_S = 0.1
"""The same where the assistant was speaking itself: device and room go on for that long. "Stop", short as it is,
has a listener of its own."""


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
        self.frames = 0
        """Frames of sound taken so far: what a watchdog can believe."""
        self.unmuted = asyncio.Event()
        """Set while the microphone may be open. A source of sound closes its device while it is not."""
        self.unmuted.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.barge_in: BargeIn | None = None
        """What keeps the loudspeaker from getting in the way; None where nothing is heard aloud."""
        self._running: _Running | None = None
        self._held: _Running | None = None
        """A turn whose reply was silenced by a wake word, until it is known whether anything follows."""
        self._pressed = self._invited = False
        self.hearers: list[Callable[[Frame], None]] = []
        """Told of every frame that is heard. They must return at once."""

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
        self._wake.reset()
        self._detector.reset()
        self._pressed = False
        self._rooms.bus.subscribe(self._served)
        try:
            async with contextlib.aclosing(_generator(source.frames())) as frames:
                async for samples in frames:
                    await self._take(samples, source)
                    self.frames += 1
            while self._running is not None:  # the sound has ended, perhaps in mid-sentence
                self._running.inbox.put(None)
                await asyncio.wait({self._running.task})
                await self._settle(source)
        except BaseException:
            await self._interrupt()
            raise
        finally:
            self._rooms.bus.unsubscribe(self._served)

    async def _take(self, samples: Samples, source: Source) -> None:
        """Hand one frame to whoever listens."""
        if not self.unmuted.is_set():  # what the device still delivers while it closes
            await self._settle(source)
            return
        self._ring.push(samples)
        # the wake engine hears everything, so that its features have no gaps
        wake = self._wake.process(samples)
        if self.barge_in is not None:
            self.barge_in.feed(samples, self._wake.suspicion)
            if wake is not None and self.barge_in.own_wake():
                wake = None
        await self._settle(source)
        if not (self.listening or wake or self._pressed or self._invited or self.hearers):
            # nobody asks whether this is a voice: most of the day, and that would be half of what listening costs
            self._detector.skip(samples)
            return
        frame = Frame(samples, self._detector.feed(samples))
        for hearer in self.hearers:
            hearer(frame)
        if self._running is not None and self._running.hearing:
            self._running.inbox.put(frame)
            self._pressed = False
            if not source.live:
                await self._running.inbox.taken()
            return
        if self._pressed:
            self._pressed = False
            wake = Wake(BUTTON, frame.activity.position_s, 1.0)
        invited, self._invited = self._invited, False
        if wake is not None:
            await self._give_way()
            self._running = self._begin(source, wake, frame.activity.position_s)
        elif invited and self._running is None:
            self._running = self._begin(source, position_s=frame.activity.position_s)

    async def _give_way(self) -> None:
        """Somebody begins to speak: a reply that sounds is held, everything else that goes on is over."""
        running, barge_in = self._running, self.barge_in
        speaking = running is not None and not running.task.done() and barge_in is not None and barge_in.speaking
        if running is None or barge_in is None or not speaking:
            await self._interrupt()
            return
        self._drop_held()
        barge_in.hold(running.trace.turn)
        self._held, self._running = running, None

    def _served(self, event: ev.Event) -> None:
        """An observer: words followed the interruption, so the reply that was held is over."""
        words = isinstance(event, ev.IntentMatched | ev.RouteDecided | ev.ReplyClause)
        if words and self._held is not None and self.serves(event.turn):
            self._drop_held()

    def _drop_held(self) -> None:
        held, self._held = self._held, None
        if self.barge_in is not None:
            self.barge_in.settle()
        if held is not None:
            held.task.cancel()
            held.task.add_done_callback(lambda _: self._finish(held))

    def press(self) -> None:
        """The button: begin to listen; the request is over (while it listens); silence (while it thinks or speaks).

        Call it on the loop that runs the conversation.
        """
        running = self._running
        if running is None or running.task.done():
            self._pressed = self.unmuted.is_set()  # taken up with the next frame, 60 ms at most
        elif running.hearing:
            running.inbox.end(BUTTON)
        else:
            self._give_up(running)

    def invite(self) -> None:
        """Listen for the answer to a question that was asked outside a turn: its words need no wake phrase. Nothing
        happens while a turn goes on or the microphone is closed. Call it on the loop."""
        self._invited = self.unmuted.is_set() and not self.busy
        self._last, self._last_at = Dialogue(pending="confirm"), self._rooms.clock.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a turn is going on."""
        return self._running is not None and not self._running.task.done()

    @property
    def listening(self) -> bool:
        """Whether a turn still takes words."""
        return self._running is not None and self._running.hearing

    def serves(self, turn: str) -> bool:
        """Whether the turn with this id is going on."""
        return self._running is not None and self._running.trace.turn == turn

    def stop(self) -> bool:
        """End the turn that is going on, whatever it does. True when there was one."""
        self._pressed = self._invited = False
        if self._running is None or self._running.task.done():
            return False
        self._give_up(self._running)
        return True

    def mute(self, *, on: bool) -> None:
        """Close the microphone (or open it again). A turn that still listens is given up, a reply is finished."""
        if on == (not self.unmuted.is_set()):
            return
        if on:
            self._pressed = self._invited = False
            self.unmuted.clear()
            if self._running is not None and self._running.hearing:
                self._give_up(self._running)
        else:
            self._wake.reset()
            self.unmuted.set()

    def _begin(self, source: Source, wake: Wake | None = None, position_s: float = 0.0) -> _Running:
        """Start a turn: after a wake word with the sound before it, or (None) after a question of ours."""
        trace, inbox = self._trace(source.name), Inbox()
        self._idle.clear()
        self._rooms.bus.subscribe(trace.observe)
        self._tell_begun(trace)
        preroll: Samples = np.zeros(0, np.int16)
        voice_after_s = position_s
        if wake is not None and wake.phrase == BUTTON:
            preroll = self._ring.last(BUTTON_PREROLL_S)
            voice_after_s -= BUTTON_PREROLL_S
        elif wake is not None:
            preroll = self._ring.last(PREROLL_S)
            voice_after_s += WAKE_ENDS_S if self._held is None else ECHO_ENDS_S
        if wake is not None:
            self._rooms.bus.publish(
                ev.WakeDetected(
                    turn=trace.turn,
                    at=self._rooms.clock.monotonic(),
                    phrase=wake.phrase,
                    score=wake.score,
                    stream_s=position_s,
                )
            )
        else:
            self._rooms.bus.publish(ev.ListeningAgain(turn=trace.turn, at=self._rooms.clock.monotonic()))
        turn = Turn(trace.turn, self._rooms, self._dialogue(), "voice")
        return _Running(trace, inbox, asyncio.create_task(turn.listen(preroll, inbox, position_s, voice_after_s)))

    async def _settle(self, source: Source) -> None:
        """Take the result of a turn that is over; a recording waits for it, a microphone does not."""
        running = self._running
        if running is None or running.hearing or (source.live and not running.task.done()):
            return
        await asyncio.wait({running.task})
        self._running = None
        self._finish(running)
        result = running.task.result()
        if self._held is not None and self.barge_in is not None:
            # nothing was said: it was a cough, and the reply goes on where it was
            self._running, self._held = self._held, None
            self.barge_in.resume()
            return
        self._remember(result)
        if result.expects_answer and self.unmuted.is_set():
            self._running = self._begin(source, position_s=self._ring.position_s)

    def _give_up(self, running: _Running) -> None:
        """End a turn without waiting for it: no frame may ever follow."""
        self._running = None
        self._drop_held()
        running.task.cancel()
        running.task.add_done_callback(lambda _: self._finish(running))

    async def _interrupt(self) -> None:
        """End a turn that is still going, silencing its reply."""
        self._drop_held()
        running, self._running = self._running, None
        if running is None:
            return
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
        self._finish(running)

    def _finish(self, running: _Running) -> None:
        if self._running is None:
            self._idle.set()
        if running.trace.last(ev.TurnEnded) is None:  # it was given up before its first step
            at = self._rooms.clock.monotonic()
            self._rooms.bus.publish(
                ev.TurnEnded(turn=running.trace.turn, at=at, outcome="cancelled", reason="interrupted")
            )
        self._rooms.bus.unsubscribe(running.trace.observe)
        if running.inbox.dropped:
            logger.warning("%d frames were dropped: the recogniser is too slow here", running.inbox.dropped)
        self._tell_ended(running.trace)

    def _dialogue(self) -> Dialogue:
        """What was said before, and how long ago that was."""
        return replace(self._last, seconds_ago=self._rooms.clock.monotonic() - self._last_at)

    def _remember(self, result: Result) -> None:
        self._last, self._last_at = result.dialogue, self._rooms.clock.monotonic()

    def listen_for(self, wake: WakeEngine) -> None:
        """Another wake engine hears everything from the next frame on. Call it on the loop."""
        self._wake = wake
        wake.reset()

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
