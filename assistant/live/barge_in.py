"""Interrupting the assistant while it speaks or rings: it goes quiet on a suspicion, silent on the word "stop".

The wake word itself is the conversation's business; this decides how loud the assistant may be meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import numpy as np

from assistant import events as ev
from assistant.audio import FRAME_SECONDS, Samples
from assistant.errors import AssistantError
from assistant.live.own_voice import OwnSound, OwnWords
from assistant.stt.spotting import Spotted, Spotter, Verdict
from assistant.workers import Worker

logger = logging.getLogger(__name__)

SUSPICION = 0.4
"""Share of a wake threshold from which the reply is ducked. The engine's score is a mean over 150 ms, so this is
reached some 0.1 s before the detection."""

DUCK_SECONDS = 0.6
"""The reply is faint for so long after the last suspicion: the rest of a wake phrase is heard without it."""

FADING_SECONDS = 0.5
"""The score of a phrase that was just detected is no new suspicion for so long: it would duck the chime."""

CONFIRM_SECONDS = 0.8
"""A suspected "stop" silences the reply for so long at most; most are judged after 0.3 s."""

STOP_WORDS = ("stop",)

RING = "ring"
"""The turn under which a ring sounds."""

ALIKE = ("step",)
"""Words that sound like "stop" and compete with it. With this one "stop" is suspected 0.17 s after its end; with
"start" too it is later, and one in five is missed in a quiet room (docs/audio.md)."""


class Loud(Protocol):
    """What makes the sound."""

    ducked: bool

    @property
    def sounding(self) -> bool:
        """Whether something plays or waits to be played."""
        ...

    def hold(self, turn: str) -> None:
        """Silence, and keep what `turn` was saying."""
        ...

    def release(self) -> None:
        """Go on with what was held."""
        ...

    def stop(self, turn: str = "") -> None:
        """Silence, and forget it."""
        ...


class BargeIn:
    """Fed with every frame; acts on the loudspeaker, and calls `stopped` when somebody said stop."""

    def __init__(
        self,
        output: Loud,
        own: OwnSound,
        words: OwnWords,
        spotter: Spotter | None,
        worker: Worker,
    ) -> None:
        """`spotter` listens for STOP_WORDS, on `worker`'s thread; None listens for none."""
        self.output, self._own, self._words = output, own, words
        self._spotter, self._worker = spotter, worker
        self.ringing = False
        """Something rings: "stop" is listened for between the rings too."""
        self.stopped: Callable[[], None] = lambda: None
        """Called on the loop when "stop" was heard."""
        self._turn = ""
        self._held = False
        self._duck_left = self._confirm_left = self._fading_left = 0.0
        self._waiting: list[Samples] = []
        self._listening: asyncio.Task[None] | None = None
        self._fresh = True

    @property
    def speaking(self) -> bool:
        """Whether the assistant is to be heard now, or would be if it were not held."""
        return self.output.sounding or self._held

    def observe(self, event: ev.Event) -> None:
        """An observer: whose words the loudspeaker says, and that a suspicion was right."""
        if isinstance(event, ev.SpeechOut):
            self._turn = event.turn
        elif isinstance(event, ev.WakeDetected):
            self._duck_left, self._fading_left = 0.0, FADING_SECONDS

    def hold(self, turn: str) -> None:
        """Silence the reply of `turn`: somebody began to speak. Ends with `settle` or `resume`."""
        self._confirm_left, self._held = 0.0, True
        self.output.hold(turn)
        self.output.stop(RING)

    def resume(self) -> None:
        """Nobody did: the reply goes on."""
        self._confirm_left, self._held = 0.0, False
        self.output.release()

    def settle(self) -> None:
        """The reply that was held is over."""
        self._confirm_left, self._held = 0.0, False

    def own_wake(self) -> bool:
        """Whether a wake phrase that was just heard is the assistant's own."""
        return self._own.said_wake

    def feed(self, samples: Samples, suspicion: float) -> None:
        """The next frame, without echo, and what the wake engine makes of it."""
        self._duck(suspicion)
        if self._confirm_left > 0:
            self._confirm_left -= FRAME_SECONDS
            if self._confirm_left <= 0:
                self.output.release()  # it was something else: the reply goes on
        if self._spotter is None:
            return
        if not (self.output.sounding or self.ringing or self._confirm_left > 0):
            self._waiting.clear()
            self._fresh = True
            return
        self._waiting.append(samples)
        if self._listening is None or self._listening.done():
            heard, self._waiting = np.concatenate(self._waiting), []
            self._listening = asyncio.get_running_loop().create_task(self._listen(heard, fresh=self._fresh))
            self._fresh = False

    def _duck(self, suspicion: float) -> None:
        self._fading_left = max(0.0, self._fading_left - FRAME_SECONDS)
        suspected = suspicion >= SUSPICION and not self._fading_left
        if suspected and self.output.sounding and not self._own.said_wake:
            self._duck_left = DUCK_SECONDS
        elif self._duck_left > 0:
            self._duck_left -= FRAME_SECONDS
        ducked = self._duck_left > 0
        if ducked != self.output.ducked:
            self.output.ducked = ducked

    async def _listen(self, samples: Samples, *, fresh: bool) -> None:
        try:
            spotted = await self._worker.run(self._hear, samples, fresh)
        except AssistantError as error:
            logger.error("%s", error)
            self._spotter = None
            return
        if spotted is None or any(self._words.said(word) for word in STOP_WORDS):
            return  # nothing, or its own voice
        if spotted.verdict is Verdict.SAID:
            self._confirm_left = 0.0
            self.output.stop()
            self.stopped()
        elif spotted.verdict is Verdict.SUSPECTED and self._confirm_left <= 0 and not self._held:
            self._confirm_left = CONFIRM_SECONDS
            self.output.hold(self._turn)
            self.output.stop(RING)
        elif spotted.verdict is Verdict.NOT_SAID and self._confirm_left > 0:
            self._confirm_left = 0.0
            self.output.release()

    def _hear(self, samples: Samples, fresh: bool) -> Spotted | None:
        assert self._spotter is not None
        if fresh:
            self._spotter.reset()
        return self._spotter.feed(samples)
