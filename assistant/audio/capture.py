"""The microphone: PortAudio's blocks become frames of 16 kHz mono. The callback copies and nothing else."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from types import ModuleType

import numpy as np
import soxr

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.devices import Device, find, portaudio, reason
from assistant.audio.noise import to_pcm
from assistant.errors import AudioError

BLOCK_SECONDS = 0.02
"""Length of a captured block, one frame."""

BACKLOG_BLOCKS = 250
"""Captured blocks that wait when nobody takes them: 5 s. Beyond, the oldest are dropped."""

STALL_SECONDS = 2.0
"""Without a block for so long a microphone counts as gone."""


async def microphone(device: str = "") -> AsyncGenerator[Samples]:
    """Frames of FRAME_SAMPLES from the input device whose name contains `device`, for as long as it is iterated.

    Raises AudioError when there is no such device, when it is busy, and when it stops delivering sound.
    """
    sd = portaudio()
    chosen = find(device, "microphone")
    rate, channels = _input_format(sd, chosen)
    loop = asyncio.get_running_loop()
    waiting: deque[Samples] = deque(maxlen=BACKLOG_BLOCKS)
    arrived = asyncio.Event()

    def arrive(block: Samples) -> None:
        waiting.append(block)
        arrived.set()

    def capture(indata: Samples, _frames: int, _time: object, _status: object) -> None:
        # the loop may be closing while the device still delivers
        if not loop.is_closed():
            loop.call_soon_threadsafe(arrive, indata.copy())

    framer = _Framer(rate)
    try:
        stream = sd.InputStream(
            device=chosen.index,
            samplerate=rate,
            channels=channels,
            dtype="int16",
            blocksize=round(rate * BLOCK_SECONDS),
            callback=capture,
        )
        stream.start()
    except sd.PortAudioError as error:
        raise AudioError(f"microphone '{chosen.name}': {reason(error)}; is another program using it?") from error
    try:
        while True:
            arrived.clear()
            while waiting:
                for frame in framer.feed(waiting.popleft()):
                    yield frame
            try:
                await asyncio.wait_for(arrived.wait(), STALL_SECONDS)
            except TimeoutError:
                raise AudioError(f"microphone '{chosen.name}': delivers no sound any more; check its plug") from None
    finally:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)


class _Framer:
    """Device blocks, shape (n, channels) at `rate`, into 16 kHz mono frames of FRAME_SAMPLES."""

    def __init__(self, rate: int) -> None:
        self._resampler = (
            soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ") if rate != SAMPLE_RATE else None
        )
        self._rest: Samples = np.zeros(0, np.int16)

    def feed(self, block: Samples) -> list[Samples]:
        if block.shape[1] == 1 and self._resampler is None:
            mono = block[:, 0]
        else:
            mixed = (block / np.float32(32768)).mean(axis=1, dtype=np.float32)
            mono = to_pcm(self._resampler.resample_chunk(mixed) if self._resampler is not None else mixed)
        joined = np.concatenate((self._rest, mono))
        whole = joined.size - joined.size % FRAME_SAMPLES
        self._rest = joined[whole:]
        return [joined[start : start + FRAME_SAMPLES] for start in range(0, whole, FRAME_SAMPLES)]


def _input_format(sd: ModuleType, device: Device) -> tuple[int, int]:
    """Rate and channels to capture with: what is wanted, or else what the device offers by itself."""
    for rate, channels in ((SAMPLE_RATE, 1), (device.rate, 1), (device.rate, min(2, device.inputs))):
        try:
            sd.check_input_settings(device=device.index, channels=channels, dtype="int16", samplerate=rate)
        except sd.PortAudioError:
            continue
        return rate, channels
    return device.rate, device.inputs
