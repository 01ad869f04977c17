"""`assistant hear`: sound files as the microphone."""

import asyncio
from pathlib import Path

import click

from assistant.appliance import open_appliance
from assistant.cli import home_option, json_option, settings_of
from assistant.cli.show import Printer
from assistant.errors import AssistantError
from assistant.observers.recorder import ReplyRecorder
from assistant.sources import Recording


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@home_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Leave spoken replies here as WAV.")
@click.pass_context
def hear(context: click.Context, files: tuple[Path, ...], as_json: bool, home: Path | None, out: Path | None) -> int:
    """Hear FILES (WAV, FLAC, MP3, OGG) as if they came from the microphone: wake word first, then the request.

    One turn a wake word; a file without one is an "unheard" turn. What they set is kept, and rings when the assistant
    runs. Exit status 1 when any turn was not done.
    """
    printer = Printer(as_json=as_json)
    observers = (ReplyRecorder(out), printer) if out else (printer,)
    failed = 0

    async def job() -> None:
        nonlocal failed
        async with open_appliance(settings_of(context, home), observers=observers) as appliance:
            await appliance.ready()
            for path in files:
                before = appliance.conversation.turns
                try:
                    await appliance.conversation.run(Recording(path))
                except AssistantError as error:
                    failed += 1
                    click.echo(f"assistant: {error}", err=True)
                    continue
                if appliance.conversation.turns == before:
                    appliance.conversation.unheard(str(path))
                    phrases = " or ".join(f"“{phrase}”" for phrase in appliance.settings.wake.phrases)
                    click.echo(
                        f"assistant: {path}: no wake phrase in it; begin with {phrases}, "
                        "or use 'assistant listen' for speech to text alone",
                        err=True,
                    )

    asyncio.run(job())
    return 1 if failed else printer.status
