"""The microphone as a source of sound that never gives up, watched, and without the assistant's own voice."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Protocol

from assistant import events as ev
from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.bounded import bounded
from assistant.audio.capture import CLOSING_SECONDS, Captured, captured
from assistant.audio.devices import LISTING, Device, ranked
from assistant.audio.played import Played, Timeline
from assistant.audio.remembered import Remembered
from assistant.audio.watch import SoundWatch, Trouble
from assistant.clock import Clock
from assistant.errors import AudioError
from assistant.live.own_voice import Canceller

logger = logging.getLogger(__name__)

RETRY_S = 1.0
"""Seconds before a microphone that went away is tried again."""

AGAIN_S = 30.0
"""Seconds after which one whose sound is no sound is opened anew: a driver that lost its device delivers zeros."""

SLOW_S = 60.0
"""How often the devices are listed anew while there is no microphone, though nothing seems to have been plugged in:
a sound service tells nobody."""


class Loudspeaker(Protocol):
    """What is asked of the loudspeaker here."""

    @property
    def played(self) -> Played:
        """What sounded when."""
        ...

    @property
    def sounding(self) -> bool:
        """Whether something plays."""
        ...


class LiveMicrophone:
    """Frames for ever: a device that goes away is told once and tried again until it, or another one, is there."""

    name = "microphone"
    live = True

    def __init__(
        self,
        device: str,
        unmuted: asyncio.Event,
        *,
        bus: ev.EventBus,
        clock: Clock,
        remembered: Remembered | None = None,
        canceller: Callable[[Device], Canceller] | None = None,
        loudspeaker: Loudspeaker | None = None,
        gather: Callable[[], int] = lambda: 1,
    ) -> None:
        """
        Args:
            device: what the wanted device is called; when set, no other one is ever listened to.
            unmuted: while it is not set the device is closed.
            canceller: makes what takes the own voice out of the sound of the device it is given.
            loudspeaker: where the own voice sounds.
            gather: how many frames may come together (captured()).
        """
        self._wanted, self._unmuted = device, unmuted
        self._bus, self._clock = bus, clock
        self._remembered = remembered or Remembered(None)
        self._canceller, self._loudspeaker, self._gather = canceller, loudspeaker, gather
        self._trouble = ""
        self._watch: SoundWatch | None = None
        self.device: Device | None = None
        """What is listened to; None while there is nothing."""

    async def frames(self) -> AsyncIterator[Samples]:
        """Frames of FRAME_SAMPLES samples, 16 kHz mono int16."""
        tries = 0
        while True:
            await self._unmuted.wait()
            failed: AudioError | None = None
            try:
                for candidate in self._candidates():
                    try:
                        async with contextlib.aclosing(self._listen(candidate)) as frames:
                            async for samples in frames:
                                tries = 0
                                yield samples
                    except AudioError as error:
                        failed = failed or error
                        if self.device is None:
                            continue  # busy or broken from the start: perhaps the next one
                    break  # it went away, was muted, or its sound was no sound
            except AudioError as error:
                failed = error
            self.device = None
            if failed is not None:
                self._tell(Trouble("gone", str(failed)))
            if not self._unmuted.is_set():
                continue
            tries += 1
            await asyncio.sleep(RETRY_S if tries > 1 else 0.0)
            await self._look_again(tries)

    def _candidates(self) -> list[Device]:
        found = ranked("microphone", self._wanted, self._remembered["microphone"])
        if self._wanted:
            # an owner who named a microphone is not listened to through another one
            found = [device for device in found if device.is_called(self._wanted)]
        if not found:
            if self._wanted:
                raise AudioError(
                    f"microphone: '{self._wanted}' is not connected; plug it in (setting audio.microphone)"
                )
            raise AudioError("microphone: no device is connected; plug one in")
        return found

    async def _listen(self, device: Device) -> AsyncGenerator[Samples]:
        """The frames of one device, until it is muted or must be opened anew. Raises AudioError when it goes away."""
        if self._watch is None or self._watch.name != device.label:
            self._watch = SoundWatch(device.label)
        # the same device opened anew is not well because it is new
        watch, timeline = self._watch, Timeline(SAMPLE_RATE)
        clean = self._canceller(device) if self._canceller is not None else None
        worse_since: float | None = None
        # closing the generator closes the device
        async with contextlib.aclosing(captured(device, self._gather)) as frames:
            async for frame in frames:
                if self.device is None:
                    self.device = device
                    self._remembered.keep("microphone", device)
                now = self._clock.monotonic()
                trouble = watch.feed(frame.samples, now)
                self._tell(trouble)
                yield frame.samples if clean is None else clean.clean(frame.samples, self._reference(frame, timeline))
                if not self._unmuted.is_set():
                    return
                deaf = trouble is not None and trouble.kind in {"zeros", "stuck"}
                worse_since = (worse_since or now) if deaf else None
                if worse_since is not None and now - worse_since > AGAIN_S:
                    return

    def _reference(self, frame: Captured, timeline: Timeline) -> Samples | None:
        timeline.note(*frame.heard)
        return None if self._loudspeaker is None else self._loudspeaker.played.frame(timeline, frame.position)

    async def _look_again(self, tries: int) -> None:
        """List the devices anew where that may help, but not into a reply."""
        speaking = self._loudspeaker is not None and self._loudspeaker.sounding
        if speaking or not (LISTING.look() or tries % round(SLOW_S / RETRY_S) == 5):
            return
        with contextlib.suppress(AudioError):
            await bounded(LISTING.rescan, 2 * CLOSING_SECONDS, "all")

    def _tell(self, trouble: Trouble | None) -> None:
        """Say a trouble once, and once that it is over."""
        kind = trouble.kind if trouble is not None else ""
        if kind == self._trouble:
            return
        self._trouble = kind
        if trouble is not None:
            logger.error("%s", trouble.sentence)
        else:
            logger.warning("the microphone is well again")
        sentence = trouble.sentence if trouble is not None else ""
        self._bus.publish(ev.SoundTrouble(turn="", at=self._clock.monotonic(), kind=kind, sentence=sentence))
