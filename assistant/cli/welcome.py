"""`assistant welcome`: the spoken welcome of the first start, once more."""

import click

from assistant.cli import settings_of
from assistant.errors import AssistantError
from assistant.live.welcome import REQUEST
from assistant.service.lock import AlreadyRunning, only_instance


@click.command()
@click.pass_context
def welcome(context: click.Context) -> None:
    """Have the spoken welcome played again: microphone, loudness, wake sensitivity.

    By the assistant that runs, within seconds; where none runs, at its next start.
    """
    data = settings_of(context).paths.data
    try:
        data.mkdir(parents=True, exist_ok=True)
        (data / REQUEST).touch()
    except OSError as error:
        raise AssistantError(f"{data / REQUEST}: cannot be written ({error.strerror}); check paths.data") from error
    try:
        with only_instance(data):
            click.echo("It begins when the assistant is started: assistant run")
    except AlreadyRunning:
        click.echo("It begins in a moment.")
