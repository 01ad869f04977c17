"""What a measurement leaves behind: values in a row, their percentiles, and what they were taken under."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

LEAST_REPEATS = 50
"""Repeats by default: below it the 95th and 99th percentile are one or two single values."""

WARMUP = 3
"""Calls before the first one that counts: caches fill, libraries look up what they need at first use."""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of `values` lie, between neighbours in proportion. Raises ValueError."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(slots=True)
class Series:
    """One figure, measured again and again."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)
    wanted: int = 0
    """Repeats that were asked for; fewer values mean that the run was interrupted."""

    def add(self, value: float) -> None:
        """One more measurement."""
        self.values.append(value)

    @property
    def p50(self) -> float:
        """The median. Raises ValueError when nothing was measured."""
        return percentile(self.values, 0.5)

    def summary(self) -> dict[str, Any]:
        """Unit, number and percentiles, as JSON; the percentiles are None when nothing was measured."""
        measured = self.values
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "min": 0.0, "max": 1.0}
        figures = {name: _short(percentile(measured, share)) if measured else None for name, share in shares.items()}
        mean = _short(sum(measured) / len(measured)) if measured else None
        return {"unit": self.unit, "n": len(measured), "wanted": self.wanted, **figures, "mean": mean}


def _short(value: float) -> float:
    """Four significant digits: more would pretend a precision that no such measurement has."""
    return float(f"{value:.4g}")


@dataclass(slots=True)
class Stage:
    """Everything measured of one stage."""

    name: str
    engine: str = ""
    model: str = ""
    notes: list[str] = field(default_factory=list)
    """What a reader must know to judge the figures."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What was measured with: threads, lengths, sizes."""
    series: dict[str, Series] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    """Single results computed from the series (ratios, rates); also at the top of the JSON."""
    points: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Courses over time or over a setting, for plots."""
    skipped: str = ""
    """Why nothing was measured; "" when something was."""

    def begin(self, name: str, unit: str, wanted: int) -> Series:
        """A new series, in the report from its first value on, so that an interrupted run keeps what it has."""
        self.series[name] = Series(name, unit, wanted=wanted)
        return self.series[name]

    def ratio(self, name: str, above: str, below: str) -> None:
        """Note the ratio of two medians; left out when one of them is missing or zero."""
        first, second = self.series.get(above), self.series.get(below)
        if first and second and first.values and second.values and second.p50:
            self.values[name] = round(first.p50 / second.p50, 4)

    def as_json(self) -> dict[str, Any]:
        return {
            "engine": self.engine,
            "model": self.model,
            **({"skipped": self.skipped} if self.skipped else {}),
            "facts": self.facts,
            "figures": {name: series.summary() for name, series in self.series.items()},
            "values": self.values,
            **({"points": self.points} if self.points else {}),
            "notes": self.notes,
        }


class Progress(Protocol):
    """Told how far a measurement is; it may draw, never slow it down."""

    def advance(self, stage: str, what: str, done: int, wanted: int) -> None: ...


class Unseen:
    """Draws nothing."""

    def advance(self, stage: str, what: str, done: int, wanted: int) -> None:
        """Nothing to see."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are measured, and who watches."""

    repeats: int = LEAST_REPEATS
    warmup: int = WARMUP
    progress: Progress = field(default_factory=Unseen)

    def rounds(self, stage: Stage, what: str, repeats: int | None = None, warmup: int | None = None) -> Iterator[bool]:
        """One step a round; True for the rounds that count, False for the warm-up before them."""
        for _ in range(self.warmup if warmup is None else warmup):
            yield False
        wanted = repeats or self.repeats
        for done in range(wanted):
            self.progress.advance(stage.name, what, done, wanted)
            yield True
        self.progress.advance(stage.name, what, wanted, wanted)

    def times(
        self,
        stage: Stage,
        series: Series,
        work: Callable[[], object],
        clock: Callable[[], float],
        *,
        scale: float = 1.0,
        warmup: int | None = None,
    ) -> None:
        """Fill `series` with what `work` takes on `clock` (seconds), times `scale`; `series.wanted` times."""
        for counts in self.rounds(stage, series.name, series.wanted, warmup):
            began = clock()
            work()
            if counts:
                series.add((clock() - began) * scale)
