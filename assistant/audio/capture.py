"""The microphone: PortAudio's blocks become frames of 16 kHz mono. The callback copies and nothing else."""

import asyncio
import contextlib
import functools
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.bounded import bounded
from assistant.audio.devices import LISTING, Device, OpenStream, find, portaudio, reason
from assistant.audio.noise import to_pcm
from assistant.errors import AudioError

BLOCK_SECONDS = 0.02
"""Length of a captured block, one frame."""

LATENCY_SECONDS = 0.1
"""How much a device may hold until it is asked: five blocks may wait while another thread holds the interpreter. A
sound server then delivers blocks in pairs, at half of the cost and some 10 ms later (docs/audio.md)."""

BACKLOG_BLOCKS = 250
"""Captured blocks that wait when nobody takes them: 5 s. Beyond, the oldest are dropped."""

STALL_SECONDS = 2.0
"""Without a block for so long a microphone counts as gone."""

CLOSING_SECONDS = 2.0
"""A stream that does not close within this is left behind: some drivers hang on a device that was pulled out."""


@dataclass(frozen=True, slots=True)
class Captured:
    """One frame from a microphone."""

    samples: Samples
    """Shape (FRAME_SAMPLES,), 16 kHz mono."""
    position: int
    """16 kHz samples of this stream before the frame."""
    heard: tuple[int, float]
    """A position of this stream (16 kHz samples) and the time on the device's clock at which it was heard: that of
    the newest block."""


async def microphone(device: str = "") -> AsyncGenerator[Samples]:
    """Frames of FRAME_SAMPLES from the input device that is called `device`, for as long as it is iterated.

    Raises AudioError when there is no such device, when it is busy, and when it stops delivering sound.
    """
    async with aclosing(captured(find(device, "microphone"))) as frames:
        async for frame in frames:
            yield frame.samples


async def captured(chosen: Device, gather: Callable[[], int] = lambda: 1) -> AsyncGenerator[Captured]:
    """Frames from `chosen` with the times at which they were heard. Raises AudioError as `microphone` does.

    `gather`, asked on the device's thread, is how many blocks may wait before the loop is woken for them.
    """
    sd = portaudio()
    loop = asyncio.get_running_loop()
    waiting: deque[tuple[npt.NDArray[Any], float]] = deque(maxlen=BACKLOG_BLOCKS)
    arrived = asyncio.Event()

    ended = False
    blocks = 0
    timer: asyncio.TimerHandle | None = None

    def end() -> None:  # the device went away, or the list of devices is made anew
        nonlocal ended
        ended = True
        arrived.set()

    def look(seen: int) -> None:  # one timer every two seconds, where a timeout on each wait would cost a task a block
        nonlocal timer
        if blocks == seen:
            end()
        else:
            timer = loop.call_later(STALL_SECONDS, look, blocks)

    def capture(indata: npt.NDArray[Any], _frames: int, time: Any, _status: object) -> None:  # noqa: ANN401 - cffi's
        nonlocal blocks
        blocks += 1
        waiting.append((indata.copy(), time.inputBufferAdcTime))
        # the loop may be closing while the device still delivers
        if len(waiting) >= gather() and not loop.is_closed():
            loop.call_soon_threadsafe(arrived.set)

    def finished() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)

    opening = functools.partial(_open, sd, chosen, capture, finished)
    stream, rate = await bounded(opening, CLOSING_SECONDS * 2, chosen.name, lambda opened: opened[0].close())
    framer = Framer(rate)
    position, taken = 0, 0
    timer = loop.call_later(STALL_SECONDS, look, 0)
    try:
        while True:
            arrived.clear()
            while waiting:
                block, at = waiting.popleft()
                heard = (round(taken * SAMPLE_RATE / rate), at)
                taken += len(block)
                for samples in framer.feed(block):
                    yield Captured(samples, position, heard)
                    position += FRAME_SAMPLES
            await arrived.wait()
            if ended:
                raise AudioError(f"microphone '{chosen.name}': delivers no sound any more; check its plug")
    finally:
        if timer is not None:
            timer.cancel()
        with contextlib.suppress(AudioError):
            await bounded(stream.close, CLOSING_SECONDS, chosen.name)


def _open(
    sd: ModuleType, chosen: Device, capture: Callable[..., None], finished: Callable[[], None]
) -> tuple[OpenStream, int]:
    with LISTING.alone():
        rate, channels = _input_format(sd, chosen)
        try:
            stream = sd.InputStream(
                device=chosen.index,
                samplerate=rate,
                channels=channels,
                dtype="int16",
                blocksize=round(rate * BLOCK_SECONDS),
                latency=LATENCY_SECONDS,
                callback=capture,
                finished_callback=finished,
            )
            stream.start()
        except sd.PortAudioError as error:
            raise AudioError(f"microphone '{chosen.name}': {reason(error)}; is another program using it?") from error
        return OpenStream(stream, finished), rate


class Framer:
    """Device blocks, shape (n, channels) of int16 or floats at `rate`, into 16 kHz mono frames of FRAME_SAMPLES."""

    def __init__(self, rate: int) -> None:
        self._resampler = (
            soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ") if rate != SAMPLE_RATE else None
        )
        self._rest: Samples = np.zeros(0, np.int16)

    def feed(self, block: npt.NDArray[Any]) -> list[Samples]:
        """The frames that are complete now. NaN becomes silence, what lies beyond full scale is clipped."""
        if block.shape[1] == 1 and self._resampler is None and block.dtype == np.int16:
            mono: Samples = block[:, 0]
        else:
            mixed = _mono(block)
            mono = to_pcm(self._resampler.resample_chunk(mixed) if self._resampler is not None else mixed)
        joined = np.concatenate((self._rest, mono))
        whole = joined.size - joined.size % FRAME_SAMPLES
        self._rest = joined[whole:]
        return [joined[start : start + FRAME_SAMPLES] for start in range(0, whole, FRAME_SAMPLES)]


def _mono(block: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """One channel in [-1, 1]. A pair is averaged; of an array of microphones the first that is not silent is taken,
    because microphones apart from each other cancel parts of a voice when they are added."""
    if block.dtype == np.int16:
        floats = block / np.float32(32768)
    else:
        # before the resampler, whose filter would spread a single NaN over everything after it
        floats = np.clip(np.nan_to_num(block.astype(np.float32), nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    if block.shape[1] <= 2:
        return np.asarray(floats.mean(axis=1, dtype=np.float32))
    return np.asarray(floats[:, int(np.argmax(np.any(floats, axis=0)))])


def _input_format(sd: ModuleType, device: Device) -> tuple[int, int]:
    """Rate and channels to capture with: what is wanted, or else what the device offers by itself."""
    for rate, channels in ((SAMPLE_RATE, 1), (device.rate, 1), (device.rate, min(2, device.inputs))):
        try:
            sd.check_input_settings(device=device.index, channels=channels, dtype="int16", samplerate=rate)
        except sd.PortAudioError:
            continue
        return rate, channels
    return device.rate, device.inputs
