"""The assistant at a real microphone and loudspeaker, and what it says of its own accord."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import numpy as np

from assistant import events as ev
from assistant.appliance import Appliance
from assistant.audio import Samples
from assistant.audio.capture import microphone
from assistant.audio.playback import Loudspeaker
from assistant.errors import AssistantError, AudioError
from assistant.skills.kit import Announcement
from assistant.speaking import once
from assistant.tts import AudioChunk

logger = logging.getLogger(__name__)

LOOK_S = 20.0
"""Seconds between looks at what has become due when nothing is known to be: a clock that was set shows in time."""

RING_EVERY_S = 2.5
"""Seconds from one ring to the next: long enough to hear somebody say stop in between."""

RETRY_S = 3.0
"""Seconds before a microphone that went away is tried again."""


class LiveMicrophone:
    """The microphone as a source that never waits and never gives up."""

    name = "microphone"
    live = True

    def __init__(self, device: str, unmuted: asyncio.Event) -> None:
        """`unmuted`: while it is not set the device is closed."""
        self._device = device
        self._unmuted = unmuted

    async def frames(self) -> AsyncIterator[Samples]:
        """Frames for ever. A device that goes away is said once and tried again until it is back."""
        complained = False
        while True:
            await self._unmuted.wait()
            try:
                # closing the generator closes the device
                async with contextlib.aclosing(microphone(self._device)) as frames:
                    async for samples in frames:
                        if complained:
                            logger.warning("the microphone is back")
                        complained = False
                        yield samples
                        if not self._unmuted.is_set():
                            break
                if not self._unmuted.is_set():
                    continue
            except AudioError as error:
                if not complained:
                    logger.error("%s; trying again every %g s", error, RETRY_S)
                complained = True
            await asyncio.sleep(RETRY_S)


async def listen(appliance: Appliance, loudspeaker: Loudspeaker) -> None:
    """Serve the microphone until cancelled, and speak up when something is due."""
    source = LiveMicrophone(appliance.settings.audio.microphone, appliance.conversation.unmuted)
    async with asyncio.TaskGroup() as group:
        group.create_task(announce(appliance, loudspeaker))
        await appliance.conversation.run(source)


async def announce(appliance: Appliance, loudspeaker: Loudspeaker) -> None:
    """Speak timers, alarms and reminders when they are due; ring until somebody stops it."""
    rooms, rang = appliance.rooms, ""
    while True:
        for due in await rooms.acting.run(rooms.skills.due):
            await appliance.conversation.quiet()
            await _announce(appliance, due)
        ringing = await rooms.acting.run(rooms.skills.ringing)
        rings = ringing[0].id if ringing else ""
        if bool(rings) != bool(rang):
            rooms.bus.publish(ev.Ringing(turn=rings or rang, at=rooms.clock.monotonic(), on=bool(rings)))
        rang = rings
        if rings:
            loudspeaker.play(ring(loudspeaker.sample_rate))
            await asyncio.sleep(RING_EVERY_S)
            continue
        next_due = await rooms.acting.run(rooms.skills.next_due)
        wait = LOOK_S if next_due is None else (next_due - rooms.clock.now()).total_seconds()
        # a timer may be set in the meantime: never sleep past the shortest one that people ask for
        await asyncio.sleep(min(LOOK_S, max(0.1, wait), 1.0))


async def _announce(appliance: Appliance, due: Announcement) -> None:
    rooms = appliance.rooms
    with contextlib.suppress(AssistantError):  # the voice is broken: it still rings, and stays unacknowledged
        await rooms.speaker.say(due.id, once(due.text))
        if not due.rings:
            await rooms.acting.run(lambda: rooms.skills.acknowledge(due.id))


def ring(rate: int) -> AudioChunk:
    """Two bright notes with a soft end, 0.9 s."""
    pieces = []
    for pitch in (880.0, 1174.7):  # A5 and D6: heard over a kitchen, not shrill
        time = np.arange(round(rate * 0.45)) / rate
        tone = np.sin(2 * np.pi * pitch * time) + 0.3 * np.sin(4 * np.pi * pitch * time)
        pieces.append(tone * np.minimum(1.0, time / 0.01) * np.exp(-time * 6))
    sound = np.concatenate(pieces)
    return AudioChunk(np.asarray(np.round(sound / np.abs(sound).max() * 12000), np.int16), rate)
