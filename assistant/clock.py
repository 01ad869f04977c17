"""Time as a dependency, so that a whole conversation can run in virtual time."""

import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol


class Clock(Protocol):
    """What time it is, in the two senses that matter."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never jumps. For durations and deadlines."""
        ...

    def now(self, zone: tzinfo | None = None) -> datetime:
        """The wall clock as an aware time in `zone` (the system's zone when None). May jump."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self, zone: tzinfo | None = None) -> datetime:
        return datetime.now(UTC).astimezone(zone)


class ManualClock:
    """A clock that stands still until it is moved: for tests and for replaying a recording."""

    def __init__(self, start: datetime, monotonic: float = 0.0) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be an aware time")
        self._now = start
        self._monotonic = monotonic

    def monotonic(self) -> float:
        return self._monotonic

    def now(self, zone: tzinfo | None = None) -> datetime:
        return self._now.astimezone(zone) if zone else self._now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks."""
        if seconds < 0:
            raise ValueError("time does not run backwards; use jump() for the wall clock")
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def jump(self, to: datetime) -> None:
        """Set the wall clock alone, as NTP or a person does."""
        self._now = to
