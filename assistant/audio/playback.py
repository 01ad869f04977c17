"""The loudspeaker through PortAudio.

The callback runs on a real-time thread: it copies and nothing else.
"""

import asyncio
import threading
from collections import deque
from types import ModuleType
from typing import Protocol

import numpy as np
import soxr

from assistant.audio import Samples
from assistant.audio.capture import microphone
from assistant.audio.devices import Device, devices, find, portaudio, reason
from assistant.audio.noise import to_pcm
from assistant.errors import AudioError

__all__ = ["Chunk", "Device", "Loudspeaker", "devices", "find", "microphone"]

BLOCK_SECONDS = 0.02
"""Length of a playback block: what may still sound after `stop` (plus what the device itself holds)."""


class Chunk(Protocol):
    """Sound to play; what a voice makes."""

    @property
    def samples(self) -> Samples: ...
    @property
    def sample_rate(self) -> int: ...


class Loudspeaker:
    """The output device whose name contains `device`. Stays open: between replies it plays silence, so that no
    first syllable is swallowed while a device wakes up. `play` and `stop` may be called from any thread.
    """

    def __init__(self, device: str = "", *, volume: float = 1.0, sample_rate: int = 22_050) -> None:
        """Open it at `sample_rate` Hz (a voice's own; any chunk's rate is converted), or at the device's own rate
        where it cannot. `volume` is 0..1. Raises AudioError when there is no such device or it is busy.
        """
        sd = portaudio()
        chosen = find(device, "loudspeaker")
        self.volume = volume
        """Amplitude factor, 0..1; changes take effect with the next block, so that ducking is immediate."""
        self._latency = 0
        """Samples between handing them over and hearing them, as the device states it."""
        self._lock = threading.Lock()
        self._queue: deque[Samples] = deque()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._pending = 0
        self._rate = _output_rate(sd, chosen, sample_rate)
        try:
            self._stream = sd.OutputStream(
                device=chosen.index,
                samplerate=self._rate,
                channels=1,
                dtype="int16",
                blocksize=round(self._rate * BLOCK_SECONDS),
                callback=self._fill,
            )
            self._stream.start()
            self._latency = round(self._stream.latency * self._rate)
        except sd.PortAudioError as error:
            raise AudioError(f"loudspeaker '{chosen.name}': {reason(error)}; is another program using it?") from error

    @property
    def sample_rate(self) -> int:
        """Hz that the device runs at."""
        return self._rate

    def play(self, chunk: Chunk) -> None:
        samples = _converted(chunk, self._rate)
        with self._lock:
            if samples.size:
                self._queue.append(samples)
                self._pending = self._latency

    async def drain(self) -> None:
        done = asyncio.Event()
        with self._lock:
            if not self._queue and not self._pending:
                return
            self._waiters.append((asyncio.get_running_loop(), done))
        await done.wait()

    def stop(self) -> None:
        with self._lock:
            self._queue.clear()
            self._pending = 0
            self._wake()

    def close(self) -> None:
        self.stop()
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _wake(self) -> None:
        for loop, done in self._waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)
        self._waiters.clear()

    def _fill(self, outdata: Samples, frames: int, _time: object, _status: object) -> None:
        filled = 0
        with self._lock:
            while self._queue and filled < frames:
                head = self._queue[0]
                part = head[: frames - filled]
                outdata[filled : filled + part.size, 0] = part * self.volume
                filled += part.size
                if part.size == head.size:
                    self._queue.popleft()
                else:
                    self._queue[0] = head[part.size :]
            if not self._queue:
                # the last samples sound only after the device's own delay
                self._pending = max(0, self._pending - (frames - filled))
                if not self._pending:
                    self._wake()
        outdata[filled:] = 0


def _output_rate(sd: ModuleType, device: Device, wanted: int) -> int:
    try:
        sd.check_output_settings(device=device.index, channels=1, dtype="int16", samplerate=wanted)
    except sd.PortAudioError:
        return device.rate
    return wanted


def _converted(chunk: Chunk, rate: int) -> Samples:
    if chunk.sample_rate == rate or not chunk.samples.size:
        return chunk.samples
    floats = chunk.samples / np.float32(32768)
    return to_pcm(soxr.resample(floats.astype(np.float32), chunk.sample_rate, rate, quality="HQ"))
