"""Device, cloud or both: seven answers from 0 to 3, what follows from them, and what would change it.

The criteria, their thresholds and how well each placement serves each answer stand in decide_criteria.toml.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, product
from typing import Any, Literal, get_args

from assistant.errors import UsageError

Placement = Literal["edge", "hybrid", "cloud"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)
"""From the most to the least at home; of equals the first wins, because what stays at home needs no promise."""

SCORES = (0, 1, 2, 3)
MOST_WEIGHT = 10.0
_MOST_MEASURE = 1e9
_DUST = 1e-9


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question."""

    key: str
    question: str
    options: tuple[str, str, str, str]
    """What the scores 0 to 3 mean."""
    measure: str
    """The figure that may be given instead of a score; "" when there is none."""
    thresholds: tuple[float, ...]
    """Falling; each one that the measure does not exceed is one more point."""
    default: int
    fits: Mapping[Placement, tuple[int, ...]]
    bars: Mapping[int, tuple[Placement, ...]]
    bar_reason: str
    absolute: bool
    """Its bars hold even where every placement is barred by something: what may not leave does not."""
    reason: str

    def score_of(self, value: float) -> int:
        """The score of a measured figure."""
        return sum(value <= threshold for threshold in self.thresholds)


@dataclass(frozen=True, slots=True)
class Change:
    """Other answers that lead to another placement."""

    answers: tuple[tuple[str, int], ...]
    """Criteria with the score that they would have to have; one pair, or two where no single one suffices."""
    placement: Placement


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the answers."""

    placement: Placement
    fit: Mapping[Placement, float]
    """How well each would serve, 0 to 3: the weighted mean over the criteria."""
    barred: Mapping[Placement, tuple[str, ...]]
    """Placements that are ruled out, with the criteria that do so."""
    decisive: tuple[str, ...]
    """Criteria without which the answer would be another; where there are none, those that speak for it most."""
    alone: bool
    """Whether each decisive criterion decides alone."""
    changes: tuple[Change, ...]
    conflict: bool
    """Every placement is ruled out by something; the answer is the one ruled out by least, and never absolutely."""


@cache
def criteria() -> dict[str, Criterion]:
    """All criteria by key, in the order they are asked."""
    text = (files("assistant.bench") / "decide_criteria.toml").read_text(encoding="utf-8")
    return {key: _criterion(key, given) for key, given in tomllib.loads(text).items()}


def _criterion(key: str, given: dict[str, Any]) -> Criterion:
    return Criterion(
        key=key,
        question=given["question"],
        options=tuple(given["options"]),
        measure=given.get("measure", ""),
        thresholds=tuple(given.get("thresholds", ())),
        default=given["default"],
        fits={placement: tuple(given["fits"][placement]) for placement in PLACEMENTS},
        bars={int(score): tuple(barred) for score, barred in given.get("bars", {}).items()},
        bar_reason=given.get("bar_reason", ""),
        absolute=given.get("absolute", False),
        reason=given["reason"],
    )


def scores_from(answers: Mapping[str, object], origin: str) -> dict[str, int]:
    """Scores from answers by criterion (0 to 3) or by measure. Raises UsageError, one line, for anything else."""
    found: dict[str, int] = {}
    measures = {each.measure: each for each in criteria().values() if each.measure}
    for name, value in answers.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if name in criteria():
            if not number or value not in SCORES:
                raise UsageError(f"{_where(origin, name)} must be 0, 1, 2 or 3 (got {value!r:.40})")
            key, score = name, int(str(value).partition(".")[0])
        elif name in measures:
            if not number or not 0 <= float(str(value)) <= _MOST_MEASURE:
                raise UsageError(f"{_where(origin, name)} must be a number from 0 to a billion (got {value!r:.40})")
            key, score = measures[name].key, measures[name].score_of(float(str(value)))
        else:
            known = ", ".join([*criteria(), *measures])
            raise UsageError(f"{origin}: no question is called {name!r:.40}; there are {known}")
        if key in found:
            raise UsageError(
                f"{_where(origin, key)} is answered twice; give the score or {criteria()[key].measure}, not both"
            )
        found[key] = score
    return found


def _where(origin: str, name: str) -> str:
    return f"--{name.replace('_', '-')}" if origin == "flags" else f"{origin}: {name}"


def weights_from(given: Mapping[str, object], origin: str) -> dict[str, float]:
    """Weights of the criteria, 1 where nothing is said. Raises UsageError, one line, for what is no weight."""
    found = dict.fromkeys(criteria(), 1.0)
    for name, value in given.items():
        if name not in found:
            raise UsageError(f"{origin}: no criterion is called {name!r:.40}; there are {', '.join(found)}")
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not 0 <= float(str(value)) <= MOST_WEIGHT:
            raise UsageError(f"{origin}: the weight of {name} must be from 0 to {MOST_WEIGHT:g} (got {value!r:.40})")
        found[name] = float(str(value))
    if sum(found.values()) <= 0:
        raise UsageError(f"{origin}: all weights are 0; at least one criterion must count")
    return found


def decide(scores: Mapping[str, int], weights: Mapping[str, float] | None = None) -> Decision:
    """The placement for `scores` (every criterion, 0 to 3). A criterion of weight 0 bars nothing."""
    used = dict.fromkeys(criteria(), 1.0) if weights is None else dict(weights)
    placement = _placement(scores, used)
    barred = _barred(scores, used)
    decisive, alone = _decisive(scores, used, placement)
    return Decision(
        placement=placement,
        fit=_fit(scores, used),
        barred={name: by for name, by in barred.items() if by},
        decisive=decisive,
        alone=alone,
        changes=tuple(_changes(scores, used, placement)),
        conflict=all(barred.values()),
    )


def _fit(scores: Mapping[str, int], weights: Mapping[str, float]) -> dict[Placement, float]:
    total = sum(weights.values())
    return {
        placement: sum(weights[key] * each.fits[placement][scores[key]] for key, each in criteria().items()) / total
        for placement in PLACEMENTS
    }


def _barred(scores: Mapping[str, int], weights: Mapping[str, float]) -> dict[Placement, tuple[str, ...]]:
    return {
        placement: tuple(
            key for key, each in criteria().items() if weights[key] > 0 and placement in each.bars.get(scores[key], ())
        )
        for placement in PLACEMENTS
    }


def _placement(scores: Mapping[str, int], weights: Mapping[str, float]) -> Placement:
    barred, fit = _barred(scores, weights), _fit(scores, weights)
    against = {name: (sum(criteria()[key].absolute for key in by), len(by)) for name, by in barred.items()}
    least = min(against.values())
    open_ones = [placement for placement in PLACEMENTS if against[placement] == least]
    best = max(fit[placement] for placement in open_ones)
    return next(placement for placement in open_ones if fit[placement] >= best - _DUST)


def _decisive(
    scores: Mapping[str, int], weights: Mapping[str, float], placement: Placement
) -> tuple[tuple[str, ...], bool]:
    without = [
        key for key in criteria() if weights[key] > 0 and _without(scores, weights, key) not in (None, placement)
    ]
    if without:
        return tuple(without), True
    fit = _fit(scores, weights)
    rival = max((other for other in PLACEMENTS if other != placement), key=lambda other: fit[other])
    lead = {
        key: weights[key] * (each.fits[placement][scores[key]] - each.fits[rival][scores[key]])
        for key, each in criteria().items()
    }
    most = max(lead.values())
    return tuple(key for key, value in lead.items() if value >= most - _DUST and value > 0), False


def _without(scores: Mapping[str, int], weights: Mapping[str, float], key: str) -> Placement | None:
    fewer = {**weights, key: 0.0}
    return _placement(scores, fewer) if sum(fewer.values()) > 0 else None


def _changes(scores: Mapping[str, int], weights: Mapping[str, float], placement: Placement) -> Iterator[Change]:
    """For each criterion the nearest score that leads elsewhere; pairs of them only where no single one does."""
    single = False
    for key in criteria():
        for _, score in sorted((abs(score - scores[key]), score) for score in SCORES):
            instead = _placement({**scores, key: score}, weights)
            if instead != placement:
                single = True
                yield Change(((key, score),), instead)
                break
    if single:
        return
    found = []
    for (one, other), (a, b) in product(combinations(criteria(), 2), product(SCORES, repeat=2)):
        instead = _placement({**scores, one: a, other: b}, weights)
        if instead != placement:
            distance = abs(a - scores[one]) + abs(b - scores[other])
            found.append((distance, Change(((one, a), (other, b)), instead)))
    nearest = min((distance for distance, _ in found), default=0)
    yield from (change for distance, change in found if distance == nearest)
