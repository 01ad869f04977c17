"""The result as a picture: one HTML file with inline SVG, or PNG where matplotlib is installed."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.bench import svg
from assistant.bench.cost import Costs, compute, gpu_hours
from assistant.bench.cost_inputs import Inputs
from assistant.errors import AssistantError, UsageError
from assistant.files import write_whole

_COLOURS = {"edge": "#1b7837", "hybrid": "#b35806", "cloud": "#2166ac"}
_NAMES = {"edge": "devices", "hybrid": "devices, the rest to the cloud", "cloud": "cloud"}
_POINTS = 240
"""Points a curve; steps of devices are drawn where they are to within 1/240 of the axis."""
_WIDTH, _HEIGHT, _TOP = 760, 360, 34
"""Pixels: the drawing, one chart of it, and the room above the curves."""


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
            write_whole(path, page(inputs, title) if kind == ".html" else drawing(charts(inputs)))
    except OSError as error:
        raise AssistantError(f"{path}: cannot be written ({error.strerror}); choose another --plot") from error
    return path


def page(inputs: Inputs, title: str) -> str:
    """A self-contained HTML page; it loads nothing."""
    safe = html.escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{safe}</title>\n'
        "<style>body{font:15px system-ui,sans-serif;max-width:800px;margin:2em auto;padding:0 1em}</style>\n"
        f"<h1>{safe}</h1>\n{drawing(charts(inputs))}\n</html>\n"
    )


def drawing(drawn: Sequence[Chart]) -> str:
    """The charts below each other, as SVG."""
    body = "".join(svg.moved(row * _HEIGHT, _chart(chart)) for row, chart in enumerate(drawn))
    return svg.picture(_WIDTH, _HEIGHT * len(drawn), body)


def _chart(chart: Chart) -> str:
    points = [point for curve in chart.curves.values() for point in curve]
    axes = svg.Axes(
        left=80, top=_TOP, right=_WIDTH - 20, bottom=_HEIGHT - 52,
        most_x=max(x for x, _ in points) or 1.0, most_y=max(y for _, y in points) or 1.0,
    )  # fmt: skip
    parts = [axes.grid(chart.title, chart.x_label, chart.y_label)]
    if chart.mark is not None and chart.mark <= axes.most_x:
        at = axes.x(chart.mark)
        parts.append(svg.line(at, axes.top, at, axes.bottom, "#777", stroke_dasharray="4 4"))
        parts.append(svg.text(at + 4, axes.bottom - 6, chart.mark_label, fill="#555"))
    for row, (side, curve) in enumerate(chart.curves.items()):
        parts.append(axes.curve(curve, _COLOURS[side]))
        parts.append(svg.text(axes.left + 12, axes.top + 16 + 16 * row, f"— {_NAMES[side]}", fill=_COLOURS[side]))
    return "".join(parts)


def _png(drawn: Sequence[Chart], path: Path, title: str) -> None:
    # an optional package, imported by name so that types can be checked with and without it
    canvas: Any = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    make: Any = import_module("matplotlib.figure").Figure
    figure = make(figsize=(8, 4 * len(drawn)), layout="constrained")
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
