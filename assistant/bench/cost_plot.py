"""The result as a picture: one HTML file with inline SVG, or PNG where matplotlib is installed."""

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.bench.cost import Costs, compute, gpu_hours
from assistant.bench.cost_inputs import Inputs
from assistant.errors import AssistantError, UsageError

_COLOURS = {"edge": "#1b7837", "hybrid": "#b35806", "cloud": "#2166ac"}
_NAMES = {"edge": "devices", "hybrid": "devices, the rest to the cloud", "cloud": "cloud"}
_POINTS = 240
"""Points a curve; steps of devices are drawn where they are to within 1/240 of the axis."""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 760, 360, 80, 52, 34, 20
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over one axis."""

    title: str
    x_label: str
    y_label: str
    curves: dict[str, list[tuple[float, float]]]
    """Side ("edge", "hybrid", "cloud") to points."""
    mark: float | None
    """Where on the x axis the stated load or the break-even stands."""
    mark_label: str


def charts(inputs: Inputs) -> list[Chart]:
    """Cost a month over the load, and money spent over the months."""
    return [_over_load(inputs), _over_months(inputs)]


def _over_load(inputs: Inputs) -> Chart:
    even = compute(inputs).break_even
    unit, label = (inputs.load.monthly, "requests a month") if inputs.load.monthly else (gpu_hours(inputs), "GPU hours")
    unit = unit or 1.0
    known = [1.0, even.load_factor or 0.0, min(even.always_from_factor or 0.0, 4.0)]
    most = 1.5 * min(max(known), 20.0)
    factors = [most * step / _POINTS for step in range(_POINTS + 1)]
    reached = [(factor * unit, compute(inputs, factor)) for factor in factors]
    sides = {side: [(load, getattr(costs, side).per_month) for load, costs in reached] for side in _COLOURS}
    return Chart("Cost a month over the load", label, f"{inputs.currency} a month", sides, unit, "stated load")


def _over_months(inputs: Inputs) -> Chart:
    costs, life = compute(inputs), inputs.edge.life_months
    months = 1.5 * life
    sides = {side: _spent(costs, side, life, months) for side in _COLOURS}
    month = costs.break_even.month
    return Chart(
        "Money spent, hardware bought anew after each life", "months", inputs.currency, sides, month, "break-even"
    )


def _spent(costs: Costs, name: str, life: float, months: float) -> list[tuple[float, float]]:
    side = getattr(costs, name)
    points = []
    for step in range(_POINTS + 1):
        month = months * step / _POINTS
        bought = 1 + math.floor(month / life)
        points.append((month, side.capex * bought + side.running_per_month * month))
    return points


def write(inputs: Inputs, path: Path, title: str) -> Path:
    """Draw to `path`: .html, .svg or .png. Raises UsageError for another ending, AssistantError when it cannot be."""
    kind = path.suffix.lower()
    if kind not in (".html", ".svg", ".png"):
        raise UsageError(f"{path}: a plot is written as .html, .svg or .png; choose one of these endings")
    if kind == ".png" and find_spec("matplotlib") is None:
        raise AssistantError(f"{path}: PNG needs matplotlib, which is not installed; choose .html or pip install it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == ".png":
            _png(charts(inputs), path, title)
        else:
            path.write_text(page(inputs, title) if kind == ".html" else svg(charts(inputs)), encoding="utf-8")
    except OSError as error:
        raise AssistantError(f"{path}: cannot be written ({error.strerror}); choose another --plot") from error
    return path


def page(inputs: Inputs, title: str) -> str:
    """A self-contained HTML page; it loads nothing."""
    safe = html.escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{safe}</title>\n'
        "<style>body{font:15px system-ui,sans-serif;max-width:800px;margin:2em auto;padding:0 1em}</style>\n"
        f"<h1>{safe}</h1>\n{svg(charts(inputs))}\n</html>\n"
    )


def svg(drawn: Sequence[Chart]) -> str:
    """The charts below each other."""
    body = "".join(f'<g transform="translate(0 {i * _HEIGHT})">{_chart(c)}</g>\n' for i, c in enumerate(drawn))
    height = _HEIGHT * len(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' font-family="system-ui,sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f"{body}</svg>"
    )


def _chart(chart: Chart) -> str:
    points = [point for curve in chart.curves.values() for point in curve]
    most_x = max(x for x, _ in points) or 1.0
    most_y = max(y for _, y in points) or 1.0
    x, y = _scale(most_x, _LEFT, _WIDTH - _RIGHT), _scale(most_y, _HEIGHT - _BOTTOM, _TOP)
    parts = [f'<text x="{_LEFT}" y="20" font-size="15" font-weight="600">{html.escape(chart.title)}</text>']
    for value in ticks(most_y):
        parts.append(f'<path d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.10g}</text>')
    for value in ticks(most_x):
        where = f'x="{x(value):.1f}" y="{_HEIGHT - _BOTTOM + 16}"'
        parts.append(f'<text {where} text-anchor="middle">{value:,.10g}</text>')
    middle, floor = (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 18
    parts.append(f'<text x="{middle}" y="{floor}" text-anchor="middle">{html.escape(chart.x_label)}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="20" text-anchor="end">{html.escape(chart.y_label)}</text>')
    if chart.mark is not None and chart.mark <= most_x:
        at = x(chart.mark)
        parts.append(f'<path d="M{at:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#777" stroke-dasharray="4 4"/>')
        parts.append(f'<text x="{at + 4:.1f}" y="{_HEIGHT - _BOTTOM - 6}" fill="#555">{chart.mark_label}</text>')
    for row, (side, curve) in enumerate(chart.curves.items()):
        line = " ".join(f"{x(px):.1f},{y(py):.1f}" for px, py in curve)
        parts.append(f'<polyline fill="none" stroke-width="2" stroke="{_COLOURS[side]}" points="{line}"/>')
        legend = _TOP + 16 + 16 * row
        parts.append(f'<text x="{_LEFT + 12}" y="{legend}" fill="{_COLOURS[side]}">— {_NAMES[side]}</text>')
    return "".join(parts)


def _scale(most: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (end - start) * value / most


def ticks(most: float) -> list[float]:
    """Round values from 0 to `most`, four to ten of them."""
    rough = most / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough)
    return [step * n for n in range(math.floor(most / step * (1 + 1e-9)) + 1)]


def _png(drawn: Sequence[Chart], path: Path, title: str) -> None:
    # an optional package, imported by name so that types can be checked with and without it
    canvas: Any = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    drawing: Any = import_module("matplotlib.figure").Figure
    figure = drawing(figsize=(8, 4 * len(drawn)), layout="constrained")
    canvas(figure)
    figure.suptitle(title.replace("$", r"\$"))  # else matplotlib reads a pair of $ as a formula
    for axes, chart in zip(figure.subplots(len(drawn)), drawn, strict=True):
        for side, curve in chart.curves.items():
            axes.plot(*zip(*curve, strict=True), color=_COLOURS[side], label=_NAMES[side])
        if chart.mark is not None:
            axes.axvline(chart.mark, color="#777", linestyle="--", linewidth=1)
        axes.set_title(chart.title)
        axes.set_xlabel(chart.x_label)
        axes.set_ylabel(chart.y_label.replace("$", r"\$"))
        axes.legend()
    figure.savefig(path, dpi=120)
