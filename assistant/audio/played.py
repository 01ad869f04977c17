"""What the loudspeaker played, by the moment at which it sounded: the echo canceller's reference.

The playback callback notes each block with the time at which the device says it will sound; the microphone's side
asks for the frame that sounded when its own frame was captured.
"""

from collections import deque

import numpy as np
import soxr

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.noise import to_pcm

LEAD_SECONDS = 0.04
"""The reference is given this much too early: devices state their delay to within some ten milliseconds, and an
echo filter can wait for an echo but not foresee one."""

LINGER_SECONDS = 0.6
"""Silence after which nothing of what was played can still be heard: reverberation plus what a device holds."""

KEPT_SECONDS = 4.0
"""Played sound that is remembered. Devices hold at most some hundreds of milliseconds."""

JUMP_SECONDS = 0.05
"""A moment this far from the expected is a gap in the stream, not jitter."""

STEP_SECONDS = 0.02
"""Alignment is moved when it is wrong by this much and nothing sounds. Each move costs what the filter has learnt, and
a sound server's times wander by some ten milliseconds: the lead and the filter's length take up what is less."""

STEP_SOUNDING_SECONDS = 0.04
"""The same while something sounds: beyond the lead an echo would come before its reference."""


class Timeline:
    """The time at which each sample of a stream passes its device, from the jittery times of its blocks."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz, as the stream's owner counts its samples."""
        self._rate = rate
        self._origin: float | None = None
        self._odd = 0
        self._noted = 0

    def note(self, position: int, at: float) -> None:
        """Sample `position` passed the device at `at` seconds on its clock."""
        origin = at - position / self._rate
        self._noted += 1
        if self._origin is None:
            self._origin = origin
            return
        error = origin - self._origin
        self._odd = self._odd + 1 if abs(error) > JUMP_SECONDS else 0
        if self._odd >= 3:  # three blocks agree: the stream really stood still
            self._origin, self._odd, self._noted = origin, 0, 1
        elif not self._odd:
            # quick at first, then slow enough to average the jitter of a second's blocks
            self._origin += error / min(self._noted, 50)

    @property
    def known(self) -> bool:
        """Whether any block has been noted."""
        return self._origin is not None

    def at(self, position: float) -> float:
        """When sample `position` passes the device. Only once `known`."""
        return (self._origin or 0.0) + position / self._rate

    def position(self, at: float) -> float:
        """Which sample passes the device at `at`. Only once `known`."""
        return (at - (self._origin or 0.0)) * self._rate


class Played:
    """One loudspeaker's recent past. `note` may be called from the playback thread, the rest from one other."""

    def __init__(self, rate: int) -> None:
        """`rate`: Hz that the device runs at."""
        self._rate = rate
        self._blocks: deque[tuple[Samples | None, int, float]] = deque(maxlen=500)
        self._resampler = _resampler(rate)
        self._timeline = Timeline(rate)
        self._written = 0
        self._sound: Samples = np.zeros(0, np.int16)
        self._begins = 0
        self._loud_until = -1
        self._offset: int | None = None

    def note(self, block: Samples | None, count: int, at: float) -> None:
        """The device was given `block`, shape (count,), or silence (None); its first sample sounds at `at`."""
        self._blocks.append((block, count, at))

    def frame(self, heard: Timeline, position: int) -> Samples | None:
        """The frame that sounded when the microphone heard its 16 kHz samples from `position` on.

        None while nothing that was played can be in the air. Positions must not fall.
        """
        self._take()
        if not (self._timeline.known and heard.known):
            return None
        wanted = self._timeline.position(heard.at(position) + LEAD_SECONDS) * SAMPLE_RATE / self._rate
        offset = round(wanted) - position
        sounding = self._loud_until >= 0 and position + (self._offset or offset) < self._loud_until
        step = STEP_SOUNDING_SECONDS if sounding else STEP_SECONDS
        if self._offset is None or abs(offset - self._offset) > step * SAMPLE_RATE:
            self._offset = offset
        start = position + self._offset
        missing = start + FRAME_SAMPLES - (self._begins + self._sound.size)
        if sounding and missing > 0:
            # a device that holds less than it says: less of a lead, rather than holes in the reference
            self._offset -= missing
            start -= missing
        if start >= self._loud_until:
            return None
        return self._cut(start)

    def _take(self) -> None:
        while self._blocks:
            block, count, at = self._blocks.popleft()
            self._timeline.note(self._written, at)
            self._written += count
            made = self._written * SAMPLE_RATE // self._rate
            if block is None and made > self._loud_until + SAMPLE_RATE:
                # a silent floor costs nothing: the stream is taken up again where sound begins
                if self._sound.size:
                    self._sound, self._resampler = np.zeros(0, np.int16), _resampler(self._rate)
                self._begins = made
                continue
            if block is not None:
                self._loud_until = made + round(LINGER_SECONDS * SAMPLE_RATE)
            samples = np.zeros(count, np.int16) if block is None else block
            self._append(_converted(self._resampler, samples))

    def _append(self, samples: Samples) -> None:
        joined = np.concatenate((self._sound, samples))
        surplus = max(0, joined.size - round(KEPT_SECONDS * SAMPLE_RATE))
        self._sound, self._begins = joined[surplus:], self._begins + surplus

    def _cut(self, start: int) -> Samples:
        frame = np.zeros(FRAME_SAMPLES, np.int16)
        first, last = max(start, self._begins), min(start + FRAME_SAMPLES, self._begins + self._sound.size)
        if first < last:
            frame[first - start : last - start] = self._sound[first - self._begins : last - self._begins]
        return frame


def _resampler(rate: int) -> soxr.ResampleStream | None:
    # a medium quality answers sooner, and an echo's upper octave is weak
    return None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="MQ")


def _converted(resampler: soxr.ResampleStream | None, samples: Samples) -> Samples:
    if resampler is None:
        return samples
    return to_pcm(resampler.resample_chunk(samples / np.float32(32768)))
