"""A report in the terminal: tables while it stands, bars while it runs."""

from types import TracebackType
from typing import Self

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from assistant.bench.report import Report


class Bars:
    """A bar for what is being measured, on standard error; nothing where that is no terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=not console.is_terminal, auto_refresh=False,
        )  # fmt: skip
        self._tasks: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, stage: str, what: str, done: int, wanted: int) -> None:
        """Draw; between two measurements, never during one (there is no refreshing thread)."""
        key = (stage, what)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{stage}: {what}", total=wanted)
        self._progress.update(self._tasks[key], completed=done, visible=done < wanted)  # type: ignore[arg-type]
        self._progress.refresh()


def show(report: Report, console: Console | None = None) -> None:
    """Print the report."""
    console = console or Console()
    made = report.machine
    name = made.get("model") or "this machine"
    console.print(f"{name}, {made.get('cores')} cores, {made.get('ram_mb')} MB", highlight=False)
    start = report.moments.get("start")
    if start is not None:
        heat = "not told" if start.temperature_c is None else f"{start.temperature_c:.0f} °C"
        console.print(f"load average {start.load_1m:.1f}, temperature {heat}", highlight=False)
    if report.partial:
        console.print(f"[bold]PARTIAL: stopped during {report.interrupted}; what follows was measured before that.[/]")
    for stage in report.stages.values():
        title = " · ".join(part for part in (stage.name, stage.engine, stage.model) if part)
        console.print(f"\n[bold]{title}[/]", highlight=False)
        if stage.skipped:
            console.print(f"  not measured: {stage.skipped}", highlight=False)
        if any(series.values for series in stage.series.values()):
            table = Table(box=SIMPLE, pad_edge=False)
            for column in ("figure", "p50", "p95", "p99", "n"):
                table.add_column(column, no_wrap=True)
            table.add_column("unit", overflow="fold")
            for name, series in stage.series.items():
                figures = series.summary()
                shown = ["–" if figures[key] is None else f"{figures[key]:g}" for key in ("p50", "p95", "p99")]
                count = str(figures["n"]) if figures["n"] == series.wanted else f"{figures['n']} of {series.wanted}"
                table.add_row(name, *shown, count, series.unit)
            console.print(table)
        for name, value in stage.values.items():
            console.print(f"  {name}: {_plain(value)}", highlight=False, markup=False)
        for name, points in stage.points.items():
            if not points:
                continue
            table = Table(box=SIMPLE, pad_edge=False, title=name, title_justify="left")
            for column in points[0]:
                table.add_column(column.replace("_", " "))
            for point in points[:: max(1, len(points) // 20)]:
                table.add_row(*(_plain(value) for value in point.values()))
            console.print(table)
        for line in stage.notes:
            console.print(f"  ({line})", highlight=False, markup=False)
    for line in report.doubts():
        console.print(f"\n[yellow]doubt:[/] {line}", highlight=False)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value) or "–"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
