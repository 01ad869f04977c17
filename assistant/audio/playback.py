"""The loudspeaker through PortAudio.

The callback runs on a real-time thread: it copies and nothing else.
"""

import asyncio
import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import soxr

from assistant.audio import Samples
from assistant.audio.bounded import bounded
from assistant.audio.capture import CLOSING_SECONDS, STALL_SECONDS
from assistant.audio.devices import LISTING, Device, OpenStream, find, portaudio, ranked, reason
from assistant.audio.noise import to_pcm
from assistant.audio.played import Played
from assistant.audio.remembered import Remembered
from assistant.audio.waiting import Piece, Queue
from assistant.errors import AudioError

logger = logging.getLogger(__name__)

BLOCK_SECONDS = 0.02
"""Length of a playback block: what may still sound after `stop` (plus what the device itself holds)."""

LATENCY_SECONDS = 0.08
"""How much a device is asked to hold. More is safer against gaps and delays `stop`, which must be silent in 0.15 s. A
silent stream on a sound server costs 0.7 % of a core so, and 1.1 % with 60 ms (docs/audio.md)."""

DUCKED = 0.1
"""Amplitude factor while somebody may be saying the wake word: −20 dB, faint but not gone."""

FADE_SECONDS = 0.005
"""Length of a change of loudness: shorter ones click."""

LOOK_SECONDS = 1.0
"""Seconds between looks at the device."""

PATIENCE_SECONDS = 6.0
"""A reply whose loudspeaker went away waits so long for it or for another; then it is dropped."""

STANDING_IN_SECONDS = 5.0
"""How often, while another device stands in and nothing sounds, the chosen one is tried again."""


GONE = "loudspeaker: it is gone and there is no other; plug one in"


class Chunk(Protocol):
    """Sound to play; what a voice makes."""

    @property
    def samples(self) -> Samples: ...
    @property
    def sample_rate(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Line:
    """An open device."""

    device: Device
    stream: OpenStream
    rate: int
    latency: int
    """Samples that it holds."""
    played: Played


class Loudspeaker:
    """The best output device, or the one that is called `device`. Stays open: between replies it plays silence, so
    that no first syllable is swallowed while a device wakes up. Everything but `keep` may be called from any thread.
    """

    def __init__(
        self,
        device: str = "",
        *,
        volume: float = 1.0,
        sample_rate: int = 22_050,
        remembered: Remembered | None = None,
        patient: bool = False,
    ) -> None:
        """Open it at `sample_rate` Hz (a voice's own; any chunk's rate is converted), or at the device's own rate
        where it cannot. `volume` is 0..1. Raises AudioError when there is no such device or it is busy; when
        `patient`, `keep` goes on looking for one instead.
        """
        self._wanted, self._asked_rate = device, sample_rate
        self.remembered = remembered or Remembered(None)
        """Which devices served before; the microphone asks it too."""
        self.volume = volume
        """Amplitude factor, 0..1; changes take effect with the next block."""
        self.ducked = False
        """Whether it speaks softly now because somebody may be saying the wake word."""
        self.device: Device | None = None
        """What it plays on; None while there is nothing."""
        self.told: Callable[[str], None] = lambda _: None
        """Called by `keep` when there is nothing to play on any more, with a sentence that says so; and once with ""
        when there is again."""
        self._trouble = ""
        self._lock = threading.Lock()
        self._queue, self._held, self._holding = Queue(), Queue(), ""
        self._factor = volume
        self._latency = 0
        self._rate = sample_rate
        self._stream: OpenStream | None = None
        self._called_at = time.monotonic()
        self.played = Played(sample_rate)
        """What sounded when: the echo canceller's reference. Another object after another device was opened."""
        try:
            self._take(self._open(find(device, "loudspeaker")))
        except AudioError as error:
            if not patient:
                raise
            logger.error("%s", error)

    @property
    def sample_rate(self) -> int:
        """Hz that the device runs at."""
        return self._rate

    @property
    def sounding(self) -> bool:
        """Whether something plays or waits to be played."""
        return bool(self._queue.pieces or self._queue.pending)

    def play(self, chunk: Chunk, turn: str = "") -> None:
        """Append a chunk of `turn`'s."""
        samples = _converted(chunk, self._rate)
        with self._lock:
            if samples.size:
                queue = self._held if turn and turn == self._holding else self._queue
                queue.pieces.append(Piece(turn, samples))
                queue.pending = max(1, self._latency)

    async def drain(self, turn: str = "") -> None:
        """Return when everything was heard or stopped. Raises AudioError when there is no device."""
        done = asyncio.Event()
        with self._lock:
            queue = self._held if turn and turn == self._holding else self._queue
            if queue is self._queue and not queue.pieces and not queue.pending:
                return
            queue.waiters.append((turn, asyncio.get_running_loop(), done))
        await done.wait()
        if self.device is None:
            raise AudioError(GONE)

    def stop(self, turn: str = "") -> None:
        """Silence with the next block; forget what `turn` had still to say, or everything ("")."""
        with self._lock:
            for queue in (self._queue, self._held):
                queue.forget(turn)
            if turn in {"", self._holding}:
                self._holding = ""

    def hold(self, turn: str) -> None:
        """Silence `turn` with the next block, and keep what it says from here on for `release`. What others play
        sounds all the same."""
        with self._lock:
            self._holding = turn
            self._held.take(self._queue, turn)

    def release(self) -> None:
        """Go on with what was held."""
        with self._lock:
            held, self._held, turn = self._held, Queue(), self._holding
            self._holding = ""
            self._queue.take(held, turn)
            if self._queue.pieces:
                self._queue.pending = self._latency
            elif not self._queue.pending:
                self._queue.wake()

    def close(self) -> None:
        """Stop and give the device back."""
        self.stop()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    async def keep(self) -> None:
        """Follow the device for ever: open it again after it was unplugged, on another one meanwhile."""
        missing = standing_in = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            # a driver that takes no blocks is as good as gone
            lost = self._stream is None or self._stream.closed or time.monotonic() - self._called_at > STALL_SECONDS
            if lost:
                missing += LOOK_SECONDS
                if await self.reopen():
                    missing = 0.0
                    self._tell("")
                    continue
                self._tell(GONE)
                if missing >= PATIENCE_SECONDS:
                    self.stop()
            elif not self.sounding:
                standing_in += LOOK_SECONDS * (not self._preferred())
                if LISTING.look():  # something was plugged in or pulled out
                    with contextlib.suppress(AudioError):
                        await bounded(LISTING.rescan, 2 * CLOSING_SECONDS, "loudspeaker")
                    await self.reopen()
                elif standing_in >= STANDING_IN_SECONDS:  # a sound service does not tell when a device is back
                    standing_in = 0.0
                    await self.reopen()

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self.told(trouble)

    def _preferred(self) -> bool:
        """Whether it plays on the device that was asked for, or remembered."""
        if self.device is None or self._wanted:
            return self.device is not None and self.device.is_called(self._wanted)
        return self.remembered["loudspeaker"] in {"", self.device.label, self.device.usb}

    async def reopen(self) -> bool:
        """Try the best device, then the others; then list them anew. True when one plays."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            with contextlib.suppress(AudioError):
                await bounded(stream.close, CLOSING_SECONDS, "loudspeaker")
        before, self.device = self.device, None
        for attempt in (1, 2):
            with contextlib.suppress(AudioError):
                for candidate in ranked("loudspeaker", self._wanted, self.remembered["loudspeaker"]):
                    with contextlib.suppress(AudioError):
                        opening = functools.partial(self._open, candidate)
                        self._take(
                            await bounded(
                                opening, 2 * CLOSING_SECONDS, candidate.name, lambda line: line.stream.close()
                            )
                        )
                        if before is None or before.name != candidate.name:
                            logger.warning("the loudspeaker is now '%s'", candidate.name)
                        return True
                if attempt == 1 and LISTING.look():
                    await bounded(LISTING.rescan, 2 * CLOSING_SECONDS, "loudspeaker")
        if before is not None:
            logger.error("loudspeaker '%s': is gone and there is no other; plug one in", before.name)
        return False

    def _open(self, chosen: Device) -> "_Line":
        sd = portaudio()
        with LISTING.alone():
            rate, channels = _output_format(sd, chosen, self._asked_rate)
            played = Played(rate)

            def fill(outdata: Samples, frames: int, moment: Any, _status: object) -> None:  # noqa: ANN401 - cffi's
                self._fill(outdata, frames, moment.outputBufferDacTime, played)

            try:
                stream = sd.OutputStream(
                    device=chosen.index,
                    samplerate=rate,
                    channels=channels,
                    dtype="int16",
                    blocksize=round(rate * BLOCK_SECONDS),
                    latency=LATENCY_SECONDS,
                    callback=fill,
                )
                stream.start()
            except sd.PortAudioError as error:
                message = f"loudspeaker '{chosen.name}': {reason(error)}; is another program using it?"
                raise AudioError(message) from error
            return _Line(chosen, OpenStream(stream, lambda: None), rate, round(stream.latency * rate), played)

    def _take(self, line: "_Line") -> None:
        """Play on this one from now on."""
        with self._lock:
            self._recast(line.rate)
            self._rate, self._latency = line.rate, line.latency
            self.device, self.played, self._called_at = line.device, line.played, time.monotonic()
        self._stream = line.stream
        self.remembered.keep("loudspeaker", line.device)

    def _recast(self, rate: int) -> None:
        """What waits was made for the old device's rate."""
        if rate == self._rate:
            return
        for queue in (self._queue, self._held):
            for piece in queue.pieces:
                piece.samples = _resampled(piece.samples, self._rate, rate)

    def _fill(self, outdata: Samples, frames: int, sounds_at: float, played: Played) -> None:
        if played is not self.played:  # not taken yet, or given up
            outdata[:] = 0
            return
        self._called_at = time.monotonic()
        block: Samples | None = None
        filled = 0
        with self._lock:
            queue = self._queue
            if queue.pieces:
                block = np.zeros(frames, np.int16)
            while queue.pieces and filled < frames and block is not None:
                head = queue.pieces[0]
                part = head.samples[: frames - filled]
                block[filled : filled + part.size] = part
                filled += part.size
                if part.size == head.samples.size:
                    queue.pieces.popleft()
                else:
                    head.samples = head.samples[part.size :]
            if not queue.pieces:
                # the last samples sound only after the device's own delay
                queue.pending = max(0, queue.pending - (frames - filled))
                if not queue.pending:
                    queue.wake()
        if block is not None:
            block = self._loudness(block)
            outdata[:] = block[:, None]
        else:
            outdata[:] = 0
            self._factor = self._target()
        played.note(block, frames, sounds_at)

    def _target(self) -> float:
        return self.volume * (DUCKED if self.ducked else 1.0)

    def _loudness(self, block: Samples) -> Samples:
        """The block at the wanted loudness; a change is a short ramp."""
        before, self._factor = self._factor, self._target()
        if before == self._factor:
            return block if before == 1.0 else (block * np.float32(before)).astype(np.int16)
        factors = np.full(block.size, self._factor, np.float32)
        ramp = min(block.size, round(FADE_SECONDS * self._rate))
        factors[:ramp] = np.linspace(before, self._factor, ramp, dtype=np.float32)
        return (block * factors).astype(np.int16)


def _output_format(sd: ModuleType, device: Device, wanted: int) -> tuple[int, int]:
    """Rate and channels to play with: what is wanted, or else what the device offers by itself."""
    for rate, channels in ((wanted, 1), (device.rate, 1), (device.rate, min(2, device.outputs))):
        try:
            sd.check_output_settings(device=device.index, channels=channels, dtype="int16", samplerate=rate)
        except sd.PortAudioError:
            continue
        return rate, channels
    return device.rate, device.outputs


def _converted(chunk: Chunk, rate: int) -> Samples:
    if chunk.sample_rate == rate or not chunk.samples.size:
        return chunk.samples
    return _resampled(chunk.samples, chunk.sample_rate, rate)


def _resampled(samples: Samples, before: int, after: int) -> Samples:
    floats = samples / np.float32(32768)
    return to_pcm(soxr.resample(floats.astype(np.float32), before, after, quality="HQ"))
