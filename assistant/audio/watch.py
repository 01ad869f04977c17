"""Is this still sound? A microphone can go on delivering and yet be deaf: zeros, a stuck value, overload, a clock
that runs away."""

from dataclasses import dataclass

import numpy as np

from assistant.audio import FRAME_SECONDS, Samples

ZEROS_SECONDS = 5.0
"""Digital silence for so long is no room: a switch on the microphone, or a driver that lost its device."""

STUCK_SECONDS = 2.0
"""The same value other than zero for so long: the converter stands still."""

CLIPPED_SHARE = 0.05
"""Share of samples at full scale over CLIPPED_SECONDS from which words are lost."""

CLIPPED_SECONDS = 10.0

DRIFT = 0.002
"""Relative difference between a device's rate and the clock, over DRIFT_SECONDS, that no crystal has: 2000 ppm. The
device runs at another rate than it says."""

DRIFT_SECONDS = 60.0

GAP_SECONDS = 1.0
"""A pause in the deliveries that long says nothing about the rate: it is measured anew."""

_FULL_SCALE = 32_700


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the sound that comes in."""

    kind: str
    """"zeros", "stuck", "clipping" or "drift"; "gone" for a device that delivers nothing."""
    sentence: str
    """For a person: what is wrong and what to do."""


class SoundWatch:
    """Looks at every frame. `trouble` is what is wrong now, None when all is well."""

    def __init__(self, name: str) -> None:
        """`name`: what to call the microphone."""
        self.name = name
        self.trouble: Trouble | None = None
        self._zeros = self._stuck = 0.0
        self._clipped = 0.0
        self._began: float | None = None
        self._last_at = 0.0
        self._frames = 0
        self.drift = 0.0
        """The device's rate relative to the clock, minus 1, over the last whole minute; 0 before."""

    def feed(self, samples: Samples, at: float) -> Trouble | None:
        """The next frame, shape (FRAME_SAMPLES,), delivered at `at` seconds (monotonic)."""
        lowest, highest = int(samples.min()), int(samples.max())
        self._zeros = self._zeros + FRAME_SECONDS if lowest == highest == 0 else 0.0
        self._stuck = self._stuck + FRAME_SECONDS if lowest == highest != 0 else 0.0
        share = 0.0
        if highest >= _FULL_SCALE or lowest <= -_FULL_SCALE:
            share = float(np.mean(np.abs(samples.astype(np.int32)) >= _FULL_SCALE))
        self._clipped += (share - self._clipped) * FRAME_SECONDS / CLIPPED_SECONDS
        self._measure_drift(at)
        self.trouble = self._judge()
        return self.trouble

    def _measure_drift(self, at: float) -> None:
        if self._began is None or at - self._last_at > GAP_SECONDS:
            self._began, self._frames = at, 0
        self._last_at = at
        self._frames += 1
        passed = at - self._began
        if passed >= DRIFT_SECONDS:
            self.drift = self._frames * FRAME_SECONDS / passed - 1.0
            self._began, self._frames = at, 0

    def _judge(self) -> Trouble | None:
        name = self.name
        if self._zeros >= ZEROS_SECONDS:
            return Trouble("zeros", f"microphone '{name}': sends digital silence; is it switched off or muted?")
        if self._stuck >= STUCK_SECONDS:
            return Trouble("stuck", f"microphone '{name}': sends the same value for ever; unplug it and plug it in")
        if self._clipped > CLIPPED_SHARE:
            return Trouble("clipping", f"microphone '{name}': is overloaded; turn its gain down")
        if abs(self.drift) > DRIFT:
            return Trouble(
                "drift", f"microphone '{name}': runs {self.drift:+.1%} off its rate; choose another rate or port"
            )
        return None
