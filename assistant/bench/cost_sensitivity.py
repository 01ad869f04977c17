"""How much the answer hangs on each input, and at which value of an input the cheapest way changes."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from assistant.bench.cost import cloud_side, compute, edge_side
from assistant.bench.cost_inputs import Inputs, known_keys, tidy

FACTORS = (0.5, 0.8, 1.25, 2.0)
"""What each input is multiplied by, one at a time."""

_REACH = 1000.0
"""A tipping point is looked for from a thousandth to a thousand times the stated value."""
_STEPS = 60
"""Steps of the search on a logarithmic scale, a factor of 1.12 each; then it is bisected."""

_NOT_VARIED = {"edge.count", "load.hours_per_month"}
"""A whole number of sites, and the length of a month."""


@dataclass(frozen=True, slots=True)
class Row:
    """One input, changed alone."""

    key: str
    factor: float
    value: float
    edge: float
    """Money a month, like the next two."""
    cloud: float
    hybrid: float
    cheaper: str
    """ "edge" or "cloud", of these two; "edge" when equal."""

    def as_json(self) -> dict[str, Any]:
        return {name: tidy(v) if isinstance(v, float) else v for name, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Tipping:
    """An input and the value at which device and cloud change places."""

    key: str
    stated: float
    at: float
    then: str
    """Which of "edge" and "cloud" is cheaper beyond it."""

    def as_json(self) -> dict[str, Any]:
        return {name: tidy(v) if isinstance(v, float) else v for name, v in asdict(self).items()}


def varied(inputs: Inputs) -> dict[str, float]:
    """The inputs that can be varied, dotted, with their values: numbers that were given and are not zero."""
    found = {}
    for section, name, _ in known_keys():
        value = getattr(getattr(inputs, section), name)
        if isinstance(value, float) and value != 0 and f"{section}.{name}" not in _NOT_VARIED:
            found[f"{section}.{name}"] = value
    return found


def table(inputs: Inputs) -> list[Row]:
    """Each varied input at each factor."""
    rows = []
    for key, value in varied(inputs).items():
        for factor in FACTORS:
            changed = _within(key, value * factor)
            costs = compute(_with(inputs, key, changed))
            edge, cloud = costs.edge.per_month, costs.cloud.per_month
            cheaper = "edge" if edge <= cloud else "cloud"
            rows.append(Row(key, factor, changed, edge, cloud, costs.hybrid.per_month, cheaper))
    return rows


def tipping_points(inputs: Inputs) -> list[Tipping]:
    """For each input the nearest value at which the cheaper of device and cloud changes, nearest (by ratio) first."""
    found = [
        tip for key, value in varied(inputs).items() if key != "hybrid.share" and (tip := _tip(inputs, key, value))
    ]
    return sorted(found, key=lambda tip: abs(math.log(tip.at / tip.stated)))


def _tip(inputs: Inputs, key: str, value: float) -> Tipping | None:
    def edge_wins(exponent: float) -> bool:
        there = _with(inputs, key, _within(key, value * _REACH**exponent))
        return edge_side(there).per_month <= cloud_side(there).per_month

    now = edge_wins(0.0)
    for step in range(1, _STEPS + 1):
        for sign in (1, -1):
            if edge_wins(sign * step / _STEPS) != now:
                same, other = sign * (step - 1) / _STEPS, sign * step / _STEPS
                for _ in range(45):
                    middle = (same + other) / 2
                    same, other = (middle, other) if edge_wins(middle) == now else (same, middle)
                return Tipping(key, value, _within(key, value * _REACH**other), "cloud" if now else "edge")
    return None


def _within(key: str, value: float) -> float:
    """Shares end at 1, factors of the peak begin at 1."""
    if key == "hybrid.share":
        return min(1.0, value)
    return max(1.0, value) if key == "load.peak_factor" else value


def _with(inputs: Inputs, key: str, value: float) -> Inputs:
    section, _, name = key.partition(".")
    return inputs.model_copy(update={section: getattr(inputs, section).model_copy(update={name: value})})
