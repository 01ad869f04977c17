"""Keeps a failing or flooded endpoint from being asked: a circuit breaker and a rate limit."""

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from assistant.clock import Clock


class Breaker:
    """Opens after some failures in a row, lets one call try again after a while, closes when that one works."""

    def __init__(self, clock: Clock, *, failures: int, seconds: float) -> None:
        self._clock, self._most, self._seconds = clock, failures, seconds
        self._failures, self._opened_at, self._trying = 0, None, False  # type: int, float | None, bool

    @property
    def closed(self) -> bool:
        """Whether a call may be made now."""
        if self._opened_at is None:
            return True
        return not self._trying and self._clock.monotonic() - self._opened_at >= self._seconds

    def begin(self) -> None:
        """A call is being made; of those after the rest only one at a time."""
        self._trying = self._opened_at is not None

    def succeeded(self) -> None:
        """The call worked."""
        self._failures, self._opened_at, self._trying = 0, None, False

    def failed(self) -> None:
        """The call failed."""
        self._failures += 1
        self._trying = False
        if self._opened_at is not None or self._failures >= self._most:
            self._opened_at = self._clock.monotonic()

    def abandoned(self) -> None:
        """The call was taken back: neither success nor failure."""
        self._trying = False


class Rate:
    """Calls per minute and per day, by a moving window."""

    def __init__(self, *, per_minute: int, per_day: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = (RateLimitItemPerMinute(per_minute), RateLimitItemPerDay(per_day))

    @property
    def left(self) -> int:
        """Calls that may be made now."""
        return min(int(self._limiter.get_window_stats(item, "cloud").remaining) for item in self._items)

    def take(self) -> bool:
        """Count one call; False when there is none left."""
        if self.left <= 0:
            return False
        taken = [
            self._limiter.hit(item, "cloud") for item in self._items
        ]  # both windows count, whatever the first says
        return all(taken)
