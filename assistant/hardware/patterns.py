"""What the light shows: one clear pattern for each state, told apart by its shape alone where there is no colour."""

from dataclasses import dataclass
from itertools import pairwise

Colour = tuple[float, float, float]
"""Red, green, blue, each 0..1."""

STEP_S = 0.04
"""Time between two levels of a fade: 25 a second look smooth and cost nothing."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A brightness over time, repeated."""

    colour: Colour
    points: tuple[tuple[float, float], ...]
    """(seconds, level 0..1), from 0 to the period's end; level is held until the next point unless it fades."""
    fades: bool = False
    floor: float = 0.0
    """A coloured light never goes darker than this: its colour tells the state between two blinks."""

    @property
    def period_s(self) -> float:
        """Seconds until it begins anew; 0 for a steady light."""
        return self.points[-1][0]

    def level(self, seconds: float) -> float:
        """Brightness 0..1, `seconds` after the pattern began."""
        if not self.period_s:
            return self.points[0][1]
        moment = self._moment(seconds)
        for (start, low), (end, high) in pairwise(self.points):
            if moment < end:
                return low + (high - low) * (moment - start) / (end - start) if self.fades else low
        return self.points[-1][1]

    def next_change_s(self, seconds: float) -> float | None:
        """Seconds from then until the level is another; None for a steady light."""
        if not self.period_s:
            return None
        if self.fades:
            return STEP_S
        moment = self._moment(seconds)
        return next(end - moment for _, (end, _) in pairwise(self.points) if moment < end)

    def _moment(self, seconds: float) -> float:
        """Where in its period it is. Rounded: a timer that comes a hair early has come."""
        moment = round(seconds % self.period_s, 4)
        return 0.0 if moment >= self.period_s else moment


def _blinks(*seconds: float) -> tuple[tuple[float, float], ...]:
    """On, off, on, off … for so many seconds each."""
    points, at = [], 0.0
    for number, length in enumerate(seconds):
        points.append((at, 1.0 if number % 2 == 0 else 0.0))
        at = round(at + length, 4)
    return (*points, (at, 1.0))


WHITE, RED, GREEN, BLUE, AMBER, MAGENTA = (
    (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.5, 0.0), (1.0, 0.0, 1.0),
)  # fmt: skip

PATTERNS = {
    "leaving": Pattern(MAGENTA, _blinks(0.12, 0.12, 0.12, 0.44), floor=0.2),  # two quick flashes, again and again
    "ringing": Pattern(WHITE, _blinks(0.25, 0.25)),
    "error": Pattern(RED, _blinks(0.15, 0.15, 0.15, 0.15, 0.15, 0.45)),  # three flashes
    "listening": Pattern(BLUE, ((0.0, 1.0),)),  # steady
    "thinking": Pattern(WHITE, ((0.0, 0.15), (0.7, 1.0), (1.4, 0.15)), fades=True),  # breathes
    "speaking": Pattern(GREEN, ((0.0, 1.0), (0.15, 0.35), (0.3, 1.0)), fades=True),  # flutters
    "trouble": Pattern(RED, _blinks(0.15, 0.15, 0.15, 0.15, 0.15, 2.25), floor=0.1),  # three flashes, a pause
    "muted": Pattern(RED, _blinks(0.1, 1.9), floor=0.3),  # one wink every two seconds
    "offline": Pattern(AMBER, _blinks(0.1, 0.2, 0.1, 3.6), floor=0.15),  # two winks every four seconds
}
"""In order of precedence, the most important first."""
