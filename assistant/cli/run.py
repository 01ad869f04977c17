"""`assistant run`: the appliance, or a demonstration where there is no sound device."""

import asyncio
import time
from pathlib import Path

import click

from assistant import demo
from assistant.appliance import Appliance, open_appliance
from assistant.artifacts.selection import Selection
from assistant.audio.devices import find
from assistant.audio.playback import Loudspeaker
from assistant.audio.remembered import Remembered
from assistant.cli import home_option, json_option, settings_of
from assistant.cli.show import Printer
from assistant.config import Settings
from assistant.conversation import TurnObserver
from assistant.errors import AudioError
from assistant.live.device import listen
from assistant.live.serving import serve
from assistant.observers.recorder import ReplyRecorder
from assistant.service.journal import TurnLog, log_to_journal
from assistant.service.lock import only_instance
from assistant.service.notify import Notifier
from assistant.sources import Recording


@click.command()
@click.option("--demo", "demonstrate", is_flag=True, help="Play the demonstration, microphone or not.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Leave spoken replies here as WAV.")
@json_option
@home_option
@click.pass_context
def run(context: click.Context, demonstrate: bool, out: Path | None, as_json: bool, home: Path | None) -> int:
    """Listen for the wake word and serve what is said, until Ctrl-C.

    Without a microphone and a loudspeaker it plays recorded requests through the very same path instead, prints each
    turn, leaves the replies as WAV files, and ends.
    """
    settings, notifier = settings_of(context, home), Notifier()
    # a service waits for its microphone; a person who tries it out is shown what it can do
    missing = "" if demonstrate or notifier.managed else missing_sound(settings)
    if demonstrate or missing:
        if missing:
            click.echo(f"No live sound here ({missing}). Playing the demonstration instead.", err=as_json)
        return asyncio.run(demonstration(settings, out or settings.paths.replies, as_json=as_json))
    try:
        with only_instance(settings.paths.data):
            asyncio.run(live(settings, out, notifier, as_json=as_json))
    except KeyboardInterrupt:
        click.echo("Goodbye.", err=as_json)
    return 0


def missing_sound(settings: Settings) -> str:
    """Why there is no live sound here; "" when there is a microphone and a loudspeaker."""
    try:
        find(settings.audio.microphone, "microphone")
        find(settings.audio.loudspeaker, "loudspeaker")
    except AudioError as error:
        return str(error)
    return ""


async def demonstration(settings: Settings, out: Path, *, as_json: bool) -> int:
    """Play every recorded request and print its turn; 0 when each had its say."""
    recorder, printer = ReplyRecorder(out), Printer(as_json=as_json)
    begun = time.perf_counter()
    async with open_appliance(settings, observers=(recorder, printer), keep=False) as appliance:
        ready_s = time.perf_counter() - begun
        await appliance.ready()
        if not as_json:
            introduce(appliance.selection)
            click.echo(f"\nReady in {ready_s:.1f} s. What it sets is kept in memory alone.\n")
        for request in demo.requests():
            here = Path.cwd()  # as one would type it
            file = request.file.relative_to(here) if request.file.is_relative_to(here) else request.file
            await appliance.conversation.run(Recording(file))
    if not as_json:
        click.echo("\nThe replies:")
    for trace in printer.traces:
        if trace.reply_audio and not as_json:
            click.echo(f"  {trace.reply_audio}")
    # every request must have been heard and served; an honest "I can't" is an answer too
    served = [trace for trace in printer.traces if trace.outcome in {"done", "failed", "refused"}]
    return 0 if len(served) == len(demo.requests()) else 1


async def live(settings: Settings, out: Path | None, notifier: Notifier, *, as_json: bool) -> None:
    """Listen until told to stop. As a service it prints nothing: what it tells goes to the journal, without words."""
    words, quiet = settings.service.log_words, notifier.managed
    if quiet:
        log_to_journal(words=words)
    shown: TurnObserver = TurnLog(words=words) if quiet else Printer(as_json=as_json)
    observers: tuple[TurnObserver, ...] = (ReplyRecorder(out), shown) if out else (shown,)
    begun = time.perf_counter()
    loudspeaker = Loudspeaker(
        settings.audio.loudspeaker,
        volume=settings.audio.volume / 100,
        remembered=Remembered(settings.paths.data / "sound.json"),
        patient=quiet,
    )
    try:
        async with open_appliance(settings, observers=observers, output=loudspeaker, measure=True) as appliance:
            if not (as_json or quiet):
                introduce(appliance.selection)
                greet(appliance, time.perf_counter() - begun)
            await serve(appliance, listen(appliance, loudspeaker), notifier)
    finally:
        loudspeaker.close()


def greet(appliance: Appliance, ready_s: float) -> None:
    """Say that it listens, and for what."""
    phrases = " or ".join(f"“{phrase}”" for phrase in appliance.settings.wake.phrases)
    click.echo(f"\nListening after {ready_s:.1f} s. Say {phrases}, then what you want. Ctrl-C ends it.")
    if appliance.model is not None:
        click.echo("The language model goes on loading behind this; until then questions wait for it.")
    click.echo("")


def introduce(selection: Selection) -> None:
    """Which engine runs each stage, and what would improve it."""
    names = {"wake": "wake word", "vad": "voice activity", "stt": "hearing", "llm": "answers", "tts": "voice"}
    for choice in selection:
        if choice.stage not in names:
            continue
        engine = f"{choice.engine}, {choice.title}" if choice.path or choice.source == "package" else "none"
        click.echo(f"{names[choice.stage]:15} {engine}")
        for line in (choice.problem, choice.notice, f"better: {choice.improve}" if choice.improve else ""):
            if line:
                click.echo(f"{'':15}   {line}")
