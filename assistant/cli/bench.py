"""`assistant bench`: measure this machine with the real engines."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from assistant.bench import plots
from assistant.bench.figures import LEAST_REPEATS, WARMUP, Effort, Stage
from assistant.bench.jobs import STAGES, Jobs, Wanted
from assistant.bench.report import Report, write
from assistant.bench.table import Bars, show
from assistant.cli import Group, home_option, json_option, settings_of
from assistant.config import Settings
from assistant.errors import AssistantError, UsageError


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the group and every stage accept."""
    file = click.Path(path_type=Path)
    for option in reversed(
        (
            click.option(
                "--repeats", type=click.IntRange(1, 100_000), help=f"Measurements a figure [{LEAST_REPEATS}]."
            ),
            click.option(
                "--warmup", type=click.IntRange(0, 1000), help=f"Calls before the first that counts [{WARMUP}]."
            ),
            json_option,
            home_option,
            click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Leave JSON and HTML here."),
            click.option("--png", is_flag=True, help="Leave PNG plots in --out too (needs matplotlib)."),
            click.option("--clips", type=file, help="Own recordings instead of the bundled ones; a wake phrase first."),
            click.option("--model", type=file, help="Language model file [the one that answers here]."),
            click.option("--like", help="A stand-in of this shape instead: qwen2.5-0.5b, qwen2.5-1.5b, llama-3.2-1b."),
            click.option("--type", "kind", help="The stand-in's quantisation [Q4_K_M]."),
            click.option("--threads", type=click.IntRange(1, 64), help="Language model threads [as configured]."),
            click.option(
                "--choose", is_flag=True, help="Measure every backend and store the choice with its evidence."
            ),
            click.option("--sustained", metavar="TIME", help="Answer without a break for 90s, 30m, 1h."),
            click.option("--concurrency", metavar="N,N…", help="Answer several at once."),
            click.option("--cloud", metavar="URL", help="Ask an OpenAI-compatible endpoint the same."),
            click.option("--rtt", metavar="MS,MS…", help="Round trips to add on the way there [0,40,100,200]."),
            click.option("--cloud-model", help="The model's name at the endpoint."),
            click.option("--cloud-token-file", type=file, help="File with the bearer token."),
        )
    ):
        command = option(command)
    return command


@click.group(cls=Group, invoke_without_command=True)
@options
@click.pass_context
def bench(context: click.Context, /, **given: Any) -> int | None:  # noqa: ANN401 - click's values, typed in Wanted
    """Measure this machine: every stage, or the one named. Nothing that is measured leaves the device.

    Ctrl-C ends a run; what was measured so far is shown and written, marked as partial.
    """
    context.obj = {**(context.obj or {}), "bench": given}
    return None if context.invoked_subcommand else run(context, None, given)


def run(context: click.Context, only: str | None, given: dict[str, Any]) -> int:
    """Measure, show, write. The exit status: 130 when interrupted, 1 when what was asked for could not be measured."""
    before = (context.obj or {}).get("bench") or {}
    merged = {f.name: given.get(f.name) or before.get(f.name) for f in fields(Wanted)}
    for name in ("warmup",):
        merged[name] = given[name] if given.get(name) is not None else before.get(name)
    wanted = Wanted(**merged)
    if wanted.png:
        _check_png(wanted)
    settings = settings_of(context, wanted.home)
    report = Report("assistant " + " ".join(sys.argv[1:]))
    with Bars() as bars:
        effort = Effort(
            wanted.repeats or LEAST_REPEATS, WARMUP if wanted.warmup is None else wanted.warmup, bars
        )  # fmt: skip
        report.settings = {"repeats": effort.repeats, "warmup": effort.warmup}
        jobs = plan(wanted, settings, effort, only)
        try:
            for name, measure in jobs:
                report.run(Stage(name), measure)
        except KeyboardInterrupt:
            click.echo(f"assistant: stopped during {report.interrupted}; what follows is partial", err=True)
    if len(jobs) == 1 and report.failed and not report.measured and not wanted.as_json:
        raise AssistantError(report.failed[0])
    if wanted.as_json:
        click.echo(report.text(), nl=False)
    else:
        show(report)
    for path in leave(report, wanted):
        click.echo(f"written: {path}", err=True)
    if report.partial:
        return 130
    if report.failed and len(jobs) == 1:
        click.echo(f"assistant: {report.failed[0]}", err=True)
        return 1
    return 0


def leave(report: Report, wanted: Wanted) -> list[Path]:
    """Write what --out asks for."""
    if wanted.out is None:
        return []
    written = [
        write(wanted.out / "bench.json", report.text()),
        write(wanted.out / "bench.html", plots.html(report)),
    ]
    return written + (plots.write_png(report, wanted.out) if wanted.png else [])


def _check_png(wanted: Wanted) -> None:
    if wanted.out is None:
        raise UsageError("--png needs --out DIR")
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            "--png needs matplotlib, which is not installed; --out alone leaves the same plots as HTML, or run: "
            ".venv/bin/pip install matplotlib"
        )


def plan(
    wanted: Wanted, settings: Settings, effort: Effort, only: str | None
) -> list[tuple[str, Callable[[Stage], None]]]:
    """What is measured, in order. Raises UsageError for values that make no sense, before anything runs."""
    from assistant.bench import cloud, concurrency, sustained  # noqa: PLC0415 - large libraries, not for --help

    seconds = sustained.seconds_of(wanted.sustained) if wanted.sustained else None
    counts = concurrency.counts_of(wanted.concurrency) if wanted.concurrency else None
    rtts = cloud.distances(wanted.rtt or "0,40,100,200")
    where = cloud.endpoint(wanted.cloud, wanted.cloud_model or "", wanted.cloud_token_file) if wanted.cloud else None
    if wanted.rtt and not wanted.cloud:
        raise UsageError("--rtt needs --cloud URL")
    if wanted.model and wanted.like:
        raise UsageError("give --model or --like, not both")
    if wanted.kind and not wanted.like:
        raise UsageError("--type needs --like NAME")
    if wanted.like and (only, wanted.like) != ("embeddings", "minilm-l6"):
        from assistant.bench import quantise, standin  # noqa: PLC0415

        standin.shape_of(wanted.like)
        quantise.known_kind(wanted.kind or "Q4_K_M")
    if wanted.clips is not None:
        from assistant.bench.sound import recordings  # noqa: PLC0415

        recordings(wanted.clips)
    jobs = Jobs(wanted, settings, effort, lambda line: click.echo(line, err=True))
    extras: list[tuple[str, Callable[[Stage], None]]] = []
    if wanted.choose:
        extras.append(("choose", jobs.choose))
    if seconds is not None:
        extras.append(("sustained", lambda stage: jobs.sustained(stage, seconds)))
    if counts is not None:
        extras.append(("concurrency", lambda stage: jobs.concurrency(stage, counts)))
    if where is not None:
        extras.append(("cloud", lambda stage: jobs.cloud(stage, where, rtts)))
    if extras:
        return extras
    return [(name, getattr(jobs, name.replace("-", "_"))) for name in STAGES if only in {None, name}]


def _stage_command(name: str, text: str) -> click.Command:
    @click.command(name=name, help=text)
    @options
    @click.pass_context
    def command(context: click.Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values, typed in Wanted
        return run(context, name, given)

    return command


for _name, _text in STAGES.items():
    bench.add_command(_stage_command(_name, _text))


@bench.command(name="make-model")
@click.option("--like", required=True, help="qwen2.5-0.5b, qwen2.5-1.5b or llama-3.2-1b.")
@click.option("--type", "kind", default="Q4_K_M", show_default=True, help="Quantisation; F16 for none.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
def make_model(like: str, kind: str, out: Path) -> int:
    """Write a stand-in language model: exactly that shape, random weights. As fast as the real one; talks nonsense."""
    from assistant.bench.quantise import known_kind  # noqa: PLC0415
    from assistant.bench.standin import make_standin, parameters, shape_of  # noqa: PLC0415

    shape = shape_of(like)
    make_standin(shape, known_kind(kind), out, tell=lambda line: click.echo(f"{line} …", err=True))
    size = out.stat().st_size / 1e6
    click.echo(f"{out}: stand-in of {shape.name}, {parameters(shape) / 1e6:.0f} million random weights, {size:.1f} MB")
    return 0
