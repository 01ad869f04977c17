"""`assistant calibrate`: sets the wake word's sensitivity for this microphone in this room."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import click
import numpy as np

from assistant.artifacts.selection import select
from assistant.audio import FRAME_SECONDS, Samples
from assistant.audio.capture import microphone
from assistant.audio.files import read
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.cli import json_option, settings_of
from assistant.clock import SystemClock
from assistant.composition.chosen import as_chosen
from assistant.config import Settings
from assistant.errors import UsageError
from assistant.live.calibration import (
    Calibrated,
    calibration_file,
    choose,
    listen,
    shipped_threshold,
    store,
    utterances,
)  # fmt: skip
from assistant.wake.micro import MicroWakeEngine

STEPS = (
    ("quiet", 60.0, "First the room as it is when nobody speaks. Leave it quiet for a minute."),
    ("talk", 120.0, "Now talk with somebody, or read aloud, for two minutes. Don't say the wake phrase."),
    ("tv", 120.0, "Now television or radio at its usual loudness, for two minutes. Nobody says the wake phrase."),
)
"""What is recorded without the phrase: name, seconds, what a person is asked for."""

TIMES, ONCE_S = 10, 4.0
"""How often the phrase is asked for, and seconds to say it in."""

Frames = Callable[[str], AsyncGenerator[Samples]]
file_option = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--quiet", "files", multiple=True, type=file_option, help="A recording of the quiet room.")
@click.option("--talk", "files", multiple=True, type=file_option, help="A recording of people talking.")
@click.option("--tv", "files", multiple=True, type=file_option, help="A recording of television or radio.")
@click.option(
    "--wake", "spoken", multiple=True, type=file_option, help="A recording of the wake phrase, several times."
)
@click.option("--times", type=click.IntRange(1, 10_000), help="How often --wake says it [counted by its pauses].")
@click.option("--phrase", help="Which wake phrase [the first of the settings].")
@click.option("--keep/--no-keep", default=True, help="Store the threshold for this microphone.")
@json_option
@click.pass_context
def calibrate(
    context: click.Context,
    files: tuple[Path, ...],
    spoken: tuple[Path, ...],
    times: int | None,
    phrase: str | None,
    *,
    keep: bool,
    as_json: bool,
) -> int:
    """Set the wake sensitivity from minutes recorded here, and say what it will cost.

    Without files it guides you through a recording: quiet, talk, television, then the phrase ten times. Nothing that
    is recorded is kept.
    """
    settings = as_chosen(settings_of(context))
    if settings.wake.openwakeword is not None:
        raise UsageError("calibrate: own wake models have no shipped threshold to begin from; set wake.threshold")
    if bool(files) != bool(spoken):
        raise UsageError("calibrate: give --wake and at least one of --quiet, --talk, --tv; or none, to record now")
    wanted = phrase or settings.wake.phrases[0]
    engine = MicroWakeEngine((wanted,))
    wanted = engine.phrases[0]
    if spoken:
        without, said = [read(file) for file in files], [read(file) for file in spoken]
    else:
        without, said = asyncio.run(record(settings, wanted, microphone))
        times = TIMES
    if times is None:
        detector = SpeechDetector(SileroVad(select(settings).vad.require()))
        times = sum(utterances(detector, sound) for sound in said)
    result = choose(
        wanted,
        shipped_threshold(wanted),
        [listen(engine, sound)[wanted] for sound in without],
        [listen(engine, sound)[wanted] for sound in said],
        times,
    )
    show(result, as_json=as_json)
    if keep:
        file = calibration_file(settings.paths.data)
        store(file, settings.audio.microphone, [result], SystemClock().now())
        click.echo(f"stored in {file}; it counts from the next start", err=as_json)
        if settings.wake.threshold is not None:
            click.echo("but wake.threshold in the settings stands above it: remove it there", err=True)
    return 0


async def record(settings: Settings, phrase: str, frames: Frames) -> tuple[list[Samples], list[Samples]]:
    """Guide a person through the recordings: sound without the phrase, and the phrase TIMES times."""
    async with aclosing(frames(settings.audio.microphone)) as sound:
        without = []
        for _, seconds, request in STEPS:
            click.echo(request, err=True)
            await asyncio.to_thread(click.pause, "Press a key when you are ready …", err=True)
            without.append(await _take(sound, seconds))
        click.echo(f"Now “{phrase}”, {TIMES} times, from where you usually are, in your usual voice.", err=True)
        await asyncio.to_thread(click.pause, "Press a key when you are ready …", err=True)
        said = []
        for number in range(1, TIMES + 1):
            click.echo(f"  {number} of {TIMES}: say it now", err=True)
            said.append(await _take(sound, ONCE_S))
    return without, [np.concatenate(said)]


async def _take(sound: AsyncGenerator[Samples], seconds: float) -> Samples:
    return np.concatenate([await anext(sound) for _ in range(round(seconds / FRAME_SECONDS))])


def show(result: Calibrated, *, as_json: bool) -> None:
    """Print what was found."""
    if not as_json:
        for line in result.lines():
            click.echo(line)
        return
    rate, share = result.false_per_hour, result.missed_share
    shown = {
        "phrase": result.phrase, "threshold": result.threshold, "shipped": result.shipped,
        "said": result.said, "missed": result.missed, "missed_share": round(share[0], 4),
        "missed_share_95": [round(share[1], 4), round(share[2], 4)],
        "false_accepts": result.false_accepts, "hours": round(result.hours, 4),
        "false_per_hour": round(rate[0], 3), "false_per_hour_95": [round(rate[1], 3), round(rate[2], 3)],
    }  # fmt: skip
    click.echo(json.dumps(shown))
