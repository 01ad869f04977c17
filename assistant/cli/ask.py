"""`assistant ask`: the same turn without sound."""

import asyncio
from pathlib import Path

import click

from assistant.appliance import open_appliance
from assistant.cli import home_option, json_option, settings_of
from assistant.cli.show import Printer
from assistant.errors import UsageError
from assistant.observers.recorder import ReplyRecorder


@click.command()
@click.argument("text")
@json_option
@home_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Leave the spoken reply here as WAV.")
@click.pass_context
def ask(context: click.Context, text: str, as_json: bool, home: Path | None, out: Path | None) -> int:
    """Ask TEXT as if it had been spoken, and print the turn.

    What it sets is kept, and rings when the assistant runs.
    """
    if not text.strip():
        raise UsageError('ask needs some words, for example: assistant ask "what time is it"')
    printer = Printer(as_json=as_json)
    observers = (ReplyRecorder(out), printer) if out else (printer,)

    async def job() -> None:
        settings = settings_of(context, home)
        async with open_appliance(settings, observers=observers, hearing=False) as appliance:
            await appliance.ready()
            await appliance.conversation.read(text)

    asyncio.run(job())
    return printer.status
