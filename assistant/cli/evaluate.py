"""`assistant eval`: run a manifest through the real rooms and write what they made of each row."""

from pathlib import Path

import click

from assistant.cli import Group, home_option, settings_of
from assistant.evaluation.manifest import read_manifest, write_rows

manifest_argument = click.argument("manifest", type=click.Path(path_type=Path))
out_option = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Predictions.")
field_option = click.option("--field", default="text", show_default=True, help="The field that holds the words.")
root_option = click.option("--root", type=click.Path(path_type=Path), help="Where `file` begins.")


@click.group(cls=Group, name="eval")
def evaluate() -> None:
    """Measure one room on a manifest: one JSON object a line in, one a line out."""


@evaluate.command()
@manifest_argument
@out_option
@field_option
@click.option("--without", type=click.Choice(["classifier", "llm"]), multiple=True, help="A tier to leave out.")
@home_option
@click.pass_context
def intents(
    context: click.Context, manifest: Path, out: Path, field: str, *, without: tuple[str, ...], home: Path | None
) -> int:
    """Understanding of typed requests: class, slots, confidence, tier."""
    from assistant.composition.engines import load_understanding  # noqa: PLC0415
    from assistant.nlu import evaluate as room  # noqa: PLC0415

    rows = read_manifest(manifest, "id", field)
    summary, made = room.evaluate(load_understanding(settings_of(context, home), without), rows, field)
    write_rows(out, made)
    _print(summary.lines())
    return 0


@evaluate.command()
@manifest_argument
@out_option
@root_option
@home_option
@click.option("--skills", type=click.Path(path_type=Path, file_okay=False), help="Own sentence files to understand.")
@click.option("--noise", type=click.Path(path_type=Path), help="A recording to lay under every clip.")
@click.option("--snr", default=10.0, show_default=True, help="How far the noise lies below the clip, dB.")
@click.pass_context
def speech(
    context: click.Context,
    manifest: Path,
    out: Path,
    *,
    root: Path | None,
    home: Path | None,
    skills: Path | None,
    noise: Path | None,
    snr: float,
) -> int:
    """Hearing: the words of each clip, and what was understood of them."""
    from assistant.audio.files import read  # noqa: PLC0415
    from assistant.composition.engines import load_listening  # noqa: PLC0415
    from assistant.evaluation.speech import evaluate as measure  # noqa: PLC0415

    rows = read_manifest(manifest, "file")
    settings = settings_of(context, home)
    if skills is not None:
        paths = settings.paths.model_copy(update={"skills": skills})
        settings = settings.model_copy(update={"paths": paths})
    recognizer, interpreter = load_listening(settings)
    result = measure(
        rows,
        root or manifest.parent,
        recognizer,
        interpreter,
        noise=read(noise) if noise else None,
        snr_db=snr,
    )
    write_rows(out, result.rows)
    _print(result.lines())
    return 0


@evaluate.command()
@manifest_argument
@out_option
@root_option
@click.option("--noise", type=click.Path(path_type=Path), help="A recording to lay under every clip.")
@click.option("--snr", default=10.0, show_default=True, help="How far the noise lies below the clip, dB.")
def wake(manifest: Path, out: Path, root: Path | None, noise: Path | None, snr: float) -> int:
    """Wake words: every bundled model at its shipped threshold, each clip padded with -60 dB noise."""
    from assistant.audio.files import read  # noqa: PLC0415
    from assistant.wake.evaluate import evaluate as measure  # noqa: PLC0415

    rows = read_manifest(manifest, "file")
    result = measure(rows, root or manifest.parent, noise=read(noise) if noise else None, snr_db=snr)
    write_rows(out, result.rows)
    _print(result.lines())
    return 0


@evaluate.command()
@manifest_argument
@out_option
@field_option
def routing(manifest: Path, out: Path, field: str) -> int:
    """The privacy gate: what a capturing server on this machine received for each row."""
    from assistant.routing.evaluate import evaluate as measure  # noqa: PLC0415

    rows = read_manifest(manifest, "id", field)
    result = measure(rows, field)
    write_rows(out, result.rows)
    _print(result.lines())
    return 0


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
