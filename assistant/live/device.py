"""The assistant at a real microphone and loudspeaker, and what it says of its own accord."""

import asyncio
import contextlib
import logging
from functools import partial

import numpy as np

from assistant import events as ev
from assistant.appliance import Appliance
from assistant.audio.devices import LISTING, Device
from assistant.audio.echo import EchoCanceller, SpeexEchoCanceller, cancels_itself
from assistant.audio.playback import Loudspeaker
from assistant.audio.sound_server import follow
from assistant.composition.engines import load_wake
from assistant.dialogue.speaking import once
from assistant.errors import AssistantError, AudioError
from assistant.live.barge_in import ALIKE, RING, STOP_WORDS, BargeIn
from assistant.live.complaints import Complaints
from assistant.live.hush import Hush
from assistant.live.microphone import LiveMicrophone
from assistant.live.notices import Notices
from assistant.live.own_voice import OwnSound, OwnWords
from assistant.live.sensitivity import HereSensitivity
from assistant.live.wake_trial import WakeTrial
from assistant.live.welcome import Welcome
from assistant.skills.kit import Announcement
from assistant.stt import Recognizer
from assistant.stt.spotting import Spotter
from assistant.stt.vosk import VoskRecognizer
from assistant.texts import texts
from assistant.tts import AudioChunk
from assistant.turn import Rooms
from assistant.workers import ThreadWorker

logger = logging.getLogger(__name__)

LOOK_S = 20.0
"""Seconds between looks at what has become due when nothing is known to be: a clock that was set shows in time."""

IDLE_FRAMES = 3
"""Frames that are taken together while nobody speaks, 60 ms: woken a third as often, the engines find their memory in
the processor's caches, and listening costs 2.8 % of a core instead of 3.9 % (docs/audio.md)."""

RING_EVERY_S = 2.5
"""Seconds from one ring to the next: long enough to hear somebody say stop in between."""

CHIME_S = 0.12
"""Length of the chime after the wake word. It is played while the request is already being listened to."""


async def listen(appliance: Appliance, loudspeaker: Loudspeaker) -> None:
    """Serve the microphone until cancelled, and speak up when something is due."""
    rooms, conversation, settings = appliance.rooms, appliance.conversation, appliance.settings
    words, own = OwnWords(rooms.clock), OwnSound(None, await asyncio.to_thread(load_wake, settings))
    worker = ThreadWorker("stopping")
    barge_in = BargeIn(loudspeaker, own, words, stop_listener(rooms.recognizer), worker)
    hush = Hush(loudspeaker, rooms.skills)
    await rooms.acting.run(hush.look)
    trial = WakeTrial(rooms, conversation, lambda: load_wake(appliance.settings), own.listen_for)
    closer = HereSensitivity(appliance, own.listen_for)
    welcome = Welcome(
        rooms, conversation, lambda: appliance.settings.wake.phrases, closer, settings.paths.data,
        offered=settings.speaking.welcome,
    )  # fmt: skip
    chime = Chime(loudspeaker, hush) if settings.audio.chime else None
    complaints = Complaints(rooms.clock, texts(settings.language, "trouble"))
    observers = [words.observe, barge_in.observe, complaints.observe, hush.observe, trial.observe, welcome.observe]
    observers += [chime.observe] if chime else []

    def canceller(device: Device) -> OwnSound:
        own.become(load_canceller(settings.audio.echo, device))
        return own

    source = LiveMicrophone(
        settings.audio.microphone,
        conversation.unmuted,
        bus=rooms.bus,
        clock=rooms.clock,
        remembered=loudspeaker.remembered,
        canceller=canceller,
        loudspeaker=loudspeaker,
        gather=lambda: 1 if conversation.busy or loudspeaker.sounding or barge_in.ringing else IDLE_FRAMES,
    )
    conversation.barge_in, rooms.echoes = barge_in, words.echoes
    for observer in observers:
        rooms.bus.subscribe(observer)
    try:
        async with asyncio.TaskGroup() as group:

            def stopped() -> None:
                group.create_task(be_quiet(appliance))

            barge_in.stopped = stopped
            loudspeaker.told = partial(tell_of_loudspeaker, rooms)
            group.create_task(loudspeaker.keep())
            group.create_task(follow(LISTING.changed))
            group.create_task(announce(appliance, loudspeaker, barge_in, complaints, hush))
            group.create_task(trial.run())
            group.create_task(welcome.run())
            await conversation.run(source)
    finally:
        conversation.barge_in = None
        for observer in observers:
            rooms.bus.unsubscribe(observer)
        welcome.close()
        trial.close()
        hush.close()
        worker.close()


def load_canceller(echo: str, device: Device) -> EchoCanceller | None:
    """What takes the loudspeaker out of this microphone's sound; None where the setting or the device needs none, and,
    said in the log, where the library is missing: one can still talk to it while it is silent."""
    if echo == "off" or (echo == "auto" and cancels_itself(device.name)):
        return None
    try:
        return SpeexEchoCanceller()
    except AudioError as error:
        logger.error("%s", error)
        return None


def stop_listener(recognizer: Recognizer) -> Spotter | None:
    """What listens for "stop"; None where the speech model takes no words at run time."""
    return recognizer.spotter(STOP_WORDS, ALIKE) if isinstance(recognizer, VoskRecognizer) else None


async def be_quiet(appliance: Appliance) -> None:
    """Somebody said stop: the turn is over, and nothing rings any more."""
    appliance.conversation.stop()
    appliance.rooms.bus.publish(ev.Silenced(turn="", at=appliance.rooms.clock.monotonic()))
    await appliance.rooms.acting.run(appliance.rooms.skills.stop_ringing)


class Chime:
    """An observer: a soft note says that the wake word was heard."""

    def __init__(self, loudspeaker: Loudspeaker, hush: Hush) -> None:
        self._loudspeaker, self._hush = loudspeaker, hush

    def observe(self, event: ev.Event) -> None:
        """Play it at once, but in the quiet hours; nothing waits for it."""
        if isinstance(event, ev.WakeDetected) and not self._hush.quiet:
            self._loudspeaker.play(chime(self._loudspeaker.sample_rate), event.turn)


def chime(rate: int) -> AudioChunk:
    """A quiet rising note."""
    time = np.arange(round(rate * CHIME_S)) / rate
    tone = np.sin(2 * np.pi * (660 + 1800 * time) * time) * np.sin(np.pi * time / CHIME_S) ** 2
    return AudioChunk(np.asarray(np.round(tone * 4000), np.int16), rate)


async def announce(
    appliance: Appliance, loudspeaker: Loudspeaker, barge_in: BargeIn, complaints: Complaints, hush: Hush
) -> None:
    """Speak timers, alarms and reminders when they are due; ring until somebody stops it. One voice says everything
    that nobody asked for, so that nothing is said into something else."""
    rooms, rang, notices = appliance.rooms, "", Notices(appliance.settings.paths.data)
    while True:
        quiet = await rooms.acting.run(hush.look)
        for name, text in [] if quiet else await rooms.acting.run(notices.pending):
            await appliance.conversation.quiet()
            with contextlib.suppress(AssistantError):  # unheard, it stays for the next start
                await rooms.speaker.say(f"notice-{name}", once(text))
                await rooms.acting.run(notices.withdraw, name)
        for due in await rooms.acting.run(rooms.skills.due):
            await appliance.conversation.quiet()
            await _announce(appliance, due)
        await complain(appliance, loudspeaker, complaints)
        ringing = await rooms.acting.run(rooms.skills.ringing)
        rings = ringing[0].id if ringing else ""
        if bool(rings) != bool(rang):
            rooms.bus.publish(ev.Ringing(turn=rings or rang, at=rooms.clock.monotonic(), on=bool(rings)))
        rang = rings
        barge_in.ringing = bool(rings)
        if rings:
            if not appliance.conversation.busy:  # it would ring into the very words that are to stop it
                loudspeaker.play(ring(loudspeaker.sample_rate), RING)
            await asyncio.sleep(RING_EVERY_S)
            continue
        next_due = await rooms.acting.run(rooms.skills.next_due)
        wait = LOOK_S if next_due is None else (next_due - rooms.clock.now()).total_seconds()
        # a timer may be set in the meantime: never sleep past the shortest one that people ask for
        await asyncio.sleep(min(LOOK_S, max(0.1, wait), 1.0))


async def complain(appliance: Appliance, loudspeaker: Loudspeaker, complaints: Complaints) -> None:
    """Say what is wrong with the microphone, outside the quiet hours and when nobody speaks."""
    rooms = appliance.rooms
    if not complaints.due or loudspeaker.device is None or await rooms.acting.run(lambda: rooms.skills.quiet):
        return
    await appliance.conversation.quiet()
    if text := complaints.due:  # unless all is well again by now
        with contextlib.suppress(AssistantError):  # unheard, it stays due
            await rooms.speaker.say("trouble", once(text))
            complaints.said()


def tell_of_loudspeaker(rooms: Rooms, sentence: str) -> None:
    """The loudspeaker is gone (`sentence` says so) or back (""): the light shows it."""
    kind, at = "gone" if sentence else "", rooms.clock.monotonic()
    rooms.bus.publish(ev.SoundTrouble(turn="", at=at, kind=kind, sentence=sentence, device="loudspeaker"))


async def _announce(appliance: Appliance, due: Announcement) -> None:
    rooms = appliance.rooms
    with contextlib.suppress(AssistantError):  # the voice is broken: it still rings, and stays unacknowledged
        # raises where there is no loudspeaker at all: what nobody heard stays unacknowledged
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
