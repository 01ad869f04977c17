"""A kitchen in memory: loudspeaker, room and microphone in a loop, frame by frame, so that ducking and holding count.

The room is simulated; what listens is real: the echo canceller, the wake engine, the guards, the stop listeners.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import soxr

from assistant import events as ev
from assistant.audio import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE, Samples
from assistant.audio.echo import EchoCanceller, SpeexEchoCanceller
from assistant.audio.noise import quiet, to_pcm
from assistant.audio.playback import DUCKED
from assistant.audio.played import LEAD_SECONDS
from assistant.clock import ManualClock
from assistant.live.barge_in import BargeIn
from assistant.live.own_voice import OwnSound, OwnWords
from assistant.stt.spotting import Spotter
from assistant.tts import Voice
from assistant.wake import Wake
from assistant.wake.micro import MicroWakeEngine
from assistant.workers import InlineWorker
from scripts.live_proofs.room import Room

LATENCY_FRAMES = 3
"""A device holds 60 ms: what was handed over sounds all the same after a stop."""

PAUSE_FRAMES = 25
"""Half a second between replies."""

VOLUME = 0.7
"""The shipped loudness."""

REPLIES = (
    "The kitchen light is on.",
    "You can say okay nabu at any time, also while I am speaking.",
    "Your timer for the pasta has seven minutes and thirty seconds left.",
    "Say stop, and I stop at once. Stop also ends an alarm that rings.",
    "It is half past seven in the evening, and there are two alarms set for tomorrow morning.",
    "Try this: okay nabu, turn on the kitchen light. Or: okay nabu, set a timer for ten minutes.",
    "Bread rises because yeast eats sugar and gives off gas, which stretches the dough until the oven sets it.",
    "Turn off the living room lamp, add milk to my shopping list, cancel the alarm.",
    "I added milk, eggs and butter to the shopping list. There are now nine things on it.",
    "Alexa, hey jarvis and hey mycroft are other words that I can listen for.",
    "The sun sets at a quarter past eight today, and it will be light until about nine o'clock.",
    "Okay nabu. Okay nabu, what time is it? Okay nabu, stop.",
)
"""Replies of many kinds; a third hold a wake phrase, "stop" or commands."""


def spoken(voice: Voice, texts: Sequence[str]) -> list[tuple[str, Samples]]:
    """Each text and its sound at 16 kHz."""
    found = []
    for text in texts:
        chunks = [
            soxr.resample(chunk.samples / np.float32(32768), chunk.sample_rate, SAMPLE_RATE)
            for chunk in voice.synthesize(text)
        ]
        found.append((text, to_pcm(np.concatenate(chunks))))
    return found


class SimulatedLoudspeaker:
    """A loudspeaker as barge-in sees it; `step` gives what sounds in the next frame."""

    def __init__(self) -> None:
        self.ducked = False
        self._queue: deque[Samples] = deque()
        self._held: deque[Samples] = deque()
        self._device: deque[Samples] = deque(np.zeros((LATENCY_FRAMES, FRAME_SAMPLES), np.int16))

    @property
    def sounding(self) -> bool:
        """Whether something plays."""
        return bool(self._queue)

    @property
    def over(self) -> bool:
        """Whether nothing more is to be heard: nothing waits, nothing is held, nothing is in the device."""
        return not (self._queue or self._held or any(frame.any() for frame in self._device))

    @property
    def left_s(self) -> float:
        """Seconds that wait to be played."""
        return len(self._queue) * FRAME_SECONDS

    def play(self, samples: Samples) -> None:
        """Append a reply."""
        padded = np.concatenate((samples, np.zeros(-samples.size % FRAME_SAMPLES, np.int16)))
        self._queue.extend(padded.reshape(-1, FRAME_SAMPLES))

    def hold(self, turn: str) -> None:  # noqa: ARG002 - the loudspeaker's signature
        """Silence; keep it."""
        self._held.extend(self._queue)
        self._queue.clear()

    def release(self) -> None:
        """Go on."""
        self._queue.extendleft(reversed(self._held))
        self._held.clear()

    def stop(self, turn: str = "") -> None:
        """Silence; forget it."""
        if turn != "ring":
            self._queue.clear()
            self._held.clear()

    def step(self) -> Samples:
        """The next frame that sounds."""
        frame = self._queue.popleft() if self._queue else np.zeros(FRAME_SAMPLES, np.int16)
        self._device.append((frame * (VOLUME * (DUCKED if self.ducked else 1.0))).astype(np.int16))
        return self._device.popleft()


@dataclass
class Heard:
    """What the assistant made of the sound."""

    wakes: list[float] = field(default_factory=list)
    """Seconds at which a wake phrase was taken for a person's."""
    own_wakes: list[float] = field(default_factory=list)
    """Those that were recognised as the assistant's own."""
    stops: list[float] = field(default_factory=list)
    """Seconds at which "stop" was obeyed."""
    silent: list[float] = field(default_factory=list)
    """Seconds at which the loudspeaker fell silent."""
    seconds: float = 0.0


class Kitchen:
    """The loop. Feed it near speech frame by frame; replies are kept coming."""

    def __init__(
        self,
        room: Room,
        replies: list[tuple[str, Samples]],
        spotter: Spotter | None,
        *,
        phrases: tuple[str, ...] = ("okay nabu",),
        canceller: EchoCanceller | None = None,
        guarded: bool = True,
        cancelling: bool = True,
        seed: int = 0,
    ) -> None:
        self.clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
        self.loudspeaker = SimulatedLoudspeaker()
        self.heard = Heard()
        self._engine = MicroWakeEngine(phrases)
        cleaner = (canceller or SpeexEchoCanceller()) if cancelling else None
        self._own = OwnSound(cleaner, MicroWakeEngine(phrases) if guarded else None)
        self._words = OwnWords(self.clock)
        self._barge_in = BargeIn(self.loudspeaker, self._own, self._words, spotter, InlineWorker())
        self._barge_in.stopped = self._stopped
        self._replies, self._next = replies, seed % max(1, len(replies))
        response = room.response() * 10 ** (room.gain_db / 20)
        self._distortion = room.distortion
        self._size = 1 << int(np.ceil(np.log2(response.size + FRAME_SAMPLES)))
        self._shape = np.fft.rfft(response, self._size)
        self._tail = np.zeros(self._size)
        self._noise, self._position = quiet(60.0, seed=seed), 0
        lead = round(LEAD_SECONDS * SAMPLE_RATE) // FRAME_SAMPLES
        # the reference arrives ahead of the sound, as the real one does
        self._ahead: deque[Samples] = deque(np.zeros((lead, FRAME_SAMPLES), np.int16))
        self._was_loud = False
        self._paused = PAUSE_FRAMES
        self.replying = True
        """Whether another reply is begun when one is over."""
        self.cleaned: Samples = np.zeros(FRAME_SAMPLES, np.int16)
        """What is heard of the newest frame."""

    async def step(self, near: np.ndarray | None = None) -> None:
        """The next 20 ms; `near`: what a person says into the microphone, in [-1, 1]."""
        self._paused = 0 if not self.loudspeaker.over else self._paused + 1
        if self.replying and self._replies and self._paused > PAUSE_FRAMES:
            text, samples = self._replies[self._next % len(self._replies)]
            self._next += 1
            self.loudspeaker.play(samples)
            self._words.observe(ev.SpeechOver(turn="", at=self.clock.monotonic()))
            self._words.observe(
                ev.SpeechOut(turn="", at=self.clock.monotonic(), samples=samples, sample_rate=SAMPLE_RATE, text=text)
            )
        reference = self.loudspeaker.step()
        self._ahead.append(reference)
        sounding = self._ahead.popleft()
        heard = self._echo(sounding) + self._noise[self._position : self._position + FRAME_SAMPLES] / 32768
        self._position = (self._position + FRAME_SAMPLES) % (self._noise.size - FRAME_SAMPLES)
        self.cleaned = self._own.clean(to_pcm(heard if near is None else heard + near), reference)
        wake: Wake | None = self._engine.process(self.cleaned)
        self._barge_in.feed(self.cleaned, self._engine.suspicion)
        now = self.clock.monotonic()
        if wake is not None:
            (self.heard.own_wakes if self._barge_in.own_wake() else self.heard.wakes).append(now)
        loud = bool(sounding.any())
        if self._was_loud and not loud:
            self.heard.silent.append(now)
        self._was_loud = loud
        self.clock.advance(FRAME_SECONDS)
        self.heard.seconds = now
        await asyncio.sleep(0)

    def _stopped(self) -> None:
        self.heard.stops.append(self.clock.monotonic())
        self._words.observe(ev.SpeechOver(turn="", at=self.clock.monotonic()))

    def _echo(self, frame: Samples) -> np.ndarray:
        driven = frame / 32768
        driven = (1 - self._distortion) * driven + self._distortion * np.tanh(3 * driven) / 3
        if frame.any():
            self._tail += np.fft.irfft(np.fft.rfft(driven, self._size) * self._shape, self._size)
        echo = self._tail[:FRAME_SAMPLES].copy()
        self._tail = np.concatenate((self._tail[FRAME_SAMPLES:], np.zeros(FRAME_SAMPLES)))
        return echo
