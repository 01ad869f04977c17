"""A report as one HTML file with its plots inside, and as PNG where matplotlib is installed."""

import importlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from assistant.bench import svg
from assistant.bench.figures import Series, Stage, percentile
from assistant.bench.report import Report
from assistant.errors import AssistantError

WIDTH, BAR, LEFT, RIGHT = 720, 20, 250, 110
"""Pixels: the plot, one bar, room for names on the left and numbers on the right."""

HEIGHT = 280
"""Pixels of a plot over time."""

BLUE = "#4478aa"

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse}td,th{padding:.15rem .7rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child,td:last-child,th:last-child{text-align:left}svg{max-width:100%;height:auto}
.doubt{background:#fff3cd;padding:.4rem .8rem}.partial{background:#f8d7da;padding:.4rem .8rem}"""


def html(report: Report) -> str:
    """The whole page; it needs nothing from anywhere else."""
    made = report.machine
    parts = [
        f"<h1>Measured: {escape(str(made.get('model') or 'this machine'))}</h1>",
        (
            f"<p><code>{escape(report.command)}</code>, {report.started:%Y-%m-%d %H:%M} UTC, "
            f"{made.get('cores')} cores, {made.get('ram_mb')} MB, Python {escape(str(made.get('python')))}.</p>"
        ),
    ]
    if report.partial:
        parts.append(f"<p class=partial>Partial: stopped during {escape(report.interrupted)}.</p>")
    parts += [f"<p class=doubt>{escape(line)}</p>" for line in report.doubts()]
    for stage in report.stages.values():
        parts += _stage(stage)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Measured</title><style>{_STYLE}</style>"
        f"{''.join(parts)}</html>\n"
    )


def _stage(stage: Stage) -> list[str]:
    title = " · ".join(part for part in (stage.name, stage.engine, stage.model) if part)
    parts = [f"<h2>{escape(title)}</h2>"]
    if stage.skipped:
        parts.append(f"<p>Not measured: {escape(stage.skipped)}</p>")
    groups: dict[str, list[Series]] = {}
    for series in stage.series.values():
        if series.values:
            groups.setdefault(series.unit, []).append(series)
    for unit, members in groups.items():
        parts += [f"<h3>{escape(unit)}</h3>", bars(members)]
    if stage.series:
        rows = []
        for name, series in stage.series.items():
            summary = series.summary()
            cells = "".join(f"<td>{'–' if summary[k] is None else summary[k]}</td>" for k in ("p50", "p95", "p99", "n"))
            rows.append(f"<tr><td>{escape(name)}</td>{cells}<td>{escape(series.unit)}</td></tr>")
        head = "<tr><th>figure</th><th>p50</th><th>p95</th><th>p99</th><th>n</th><th>unit</th></tr>"
        parts.append(f"<table>{head}{''.join(rows)}</table>")
    for name, points in stage.points.items():
        parts += [f"<h3>{escape(name)}</h3>", *curves(points)]
    parts += [f"<p>{escape(name)}: {escape(str(value))}</p>" for name, value in stage.values.items()]
    parts += [f"<p><small>{escape(line)}</small></p>" for line in stage.notes]
    return parts


def bars(members: Sequence[Series]) -> str:
    """Series of one unit as an SVG: the bar is the median, the line ends at the 95th percentile."""
    most = max(percentile(series.values, 0.95) for series in members) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / most
    rows = []
    for row, series in enumerate(members):
        y = row * (BAR + 8) + 4
        middle, high = series.p50, percentile(series.values, 0.95)
        to_middle, to_high = LEFT + middle * scale, LEFT + high * scale
        rows += [
            svg.text(LEFT - 8, y + 15, series.name, "end"),
            svg.box(LEFT, y, middle * scale, BAR, BLUE),
            svg.line(to_middle, y + BAR / 2, to_high, y + BAR / 2, "#aa4444", stroke_width=3),
            svg.text(to_high + 6, y + 15, f"{middle:.4g} / {high:.4g}"),
        ]
    return svg.picture(WIDTH, len(members) * (BAR + 8) + 8, "".join(rows), "medians and 95th percentiles")


def columns(points: Sequence[dict[str, Any]]) -> tuple[str, dict[str, list[tuple[float, float]]]]:
    """The first column's name, and every other numeric column as (x, y); rows without a number are left out."""
    if not points:
        return "", {}
    across, *others = points[0]
    found: dict[str, list[tuple[float, float]]] = {}
    for name in others:
        pairs = [
            (float(point[across]), float(point[name]))
            for point in points
            if isinstance(point.get(across), int | float) and isinstance(point.get(name), int | float)
        ]
        if len(pairs) > 1:
            found[name] = pairs
    return across, found


def curves(points: Sequence[dict[str, Any]]) -> list[str]:
    """One SVG for each numeric column, over the first column."""
    across, found = columns(points)
    return [_curve(across, name, pairs) for name, pairs in found.items()]


def _curve(across: str, name: str, pairs: list[tuple[float, float]]) -> str:
    axes = svg.Axes(
        left=80, top=34, right=WIDTH - 20, bottom=HEIGHT - 52,
        least_x=min(x for x, _ in pairs), most_x=max(x for x, _ in pairs),
        least_y=min(0.0, *(y for _, y in pairs)), most_y=max(1e-9, *(y for _, y in pairs)) * 1.1,
    )  # fmt: skip
    drawn = axes.grid(name, across, "") + axes.curve(pairs, BLUE)
    return svg.picture(WIDTH, HEIGHT, drawn, f"{name} over {across}")


def write_png(report: Report, directory: Path) -> list[Path]:
    """One PNG a stage. Raises AssistantError when matplotlib is not installed or the place cannot be written."""
    try:
        importlib.import_module("matplotlib").use("Agg")
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        raise AssistantError(
            "PNG plots need matplotlib, which is not installed; the HTML report has the same plots, or run: "
            ".venv/bin/pip install matplotlib"
        ) from error
    written: list[Path] = []
    for stage in report.stages.values():
        members = [series for series in stage.series.values() if series.values]
        over = [(name, *columns(points)) for name, points in stage.points.items()]
        count = len(members) + sum(len(found) for _, _, found in over)
        if not count:
            continue
        figure, axes = pyplot.subplots(count, 1, figsize=(8, 1.2 * count + 1), squeeze=False)
        rows = iter(axes[:, 0])
        for series in members:
            axis = next(rows)
            axis.hist(series.values, bins=min(30, max(5, len(series.values) // 2)))
            axis.set_title(f"{series.name} ({series.unit})", fontsize=8)
        for _, across, found in over:
            for column, pairs in found.items():
                axis = next(rows)
                axis.plot([x for x, _ in pairs], [y for _, y in pairs])
                axis.set_title(f"{column} over {across}", fontsize=8)
        figure.tight_layout()
        path = directory / f"{stage.name}.png"
        try:
            figure.savefig(path)
        except OSError as error:
            raise AssistantError(f"{path}: cannot be written ({error.strerror}); choose another --out") from error
        finally:
            pyplot.close(figure)
        written.append(path)
    return written
