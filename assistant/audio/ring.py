"""The last seconds of a stream, kept so that nothing said just before a wake word's detection is lost."""

import numpy as np

from assistant.audio import SAMPLE_RATE, Samples


class Ring:
    """A fixed-size memory of the newest sound. Not thread-safe."""

    def __init__(self, seconds: float) -> None:
        """Keep `seconds` (> 0) of sound."""
        size = round(seconds * SAMPLE_RATE)
        if size < 1:
            raise ValueError(f"a ring must hold at least one sample, not {seconds} s")
        self._buffer: Samples = np.zeros(size, np.int16)
        self._total = 0

    @property
    def position_s(self) -> float:
        """Seconds pushed since the start: the stream position just after the newest sample."""
        return self._total / SAMPLE_RATE

    def push(self, samples: Samples) -> None:
        """Append samples, shape (n,), any n; what is older than the ring's length is forgotten."""
        size = self._buffer.size
        kept = samples[-size:]
        start = (self._total + samples.size - kept.size) % size
        first = min(kept.size, size - start)
        self._buffer[start : start + first] = kept[:first]
        self._buffer[: kept.size - first] = kept[first:]
        self._total += samples.size

    def last(self, seconds: float) -> Samples:
        """A copy of the newest `seconds`, or of all there is when that is less."""
        count = max(0, min(round(seconds * SAMPLE_RATE), self._total, self._buffer.size))
        start = (self._total - count) % self._buffer.size
        first = min(count, self._buffer.size - start)
        return np.concatenate((self._buffer[start : start + first], self._buffer[: count - first]))

    def since(self, position_s: float) -> Samples:
        """A copy of everything from stream position `position_s` on, as far as it is still held."""
        return self.last(max(0.0, (self._total - round(position_s * SAMPLE_RATE)) / SAMPLE_RATE))
