"""`assistant health`: whether this device understands and speaks, and what follows from it in a trial."""

import json
import logging
from dataclasses import asdict
from pathlib import Path

import click

from assistant.cli import Group, json_option, settings_of
from assistant.cli.update import updater_of
from assistant.composition.health import Result, check, check_as, core_runs, remembered
from assistant.texts import texts
from assistant.update.card import Card
from assistant.update.machine import replace

logger = logging.getLogger(__name__)


@click.group(cls=Group)
def health() -> None:
    """See whether this device understands and speaks."""


@health.command("check")
@click.option("--commit", is_flag=True, help="In a trial boot: keep this version when it is healthy.")
@click.option("--user", help="Try it as this user: the one whom the assistant runs as. For root.")
@json_option
@click.pass_context
def check_command(context: click.Context, commit: bool, user: str | None, as_json: bool) -> int:
    """Let a test sentence be understood and answered, without a sound.

    Exit status 1 when that fails, or when a microphone or loudspeaker that was there at the last check is gone.
    """
    settings = settings_of(context)
    file = settings.paths.data / "health.json"
    config = (context.find_root().obj or {}).get("config")
    given = ["--config", str(config.resolve())] if config else []
    result = check_as(user, given) if user else check(settings, remembered(file), core_runs)
    why = texts(settings.language, "health")[result.problem].format(why=result.why) if result.problem else ""
    if commit:
        # a version that cannot be kept is not healthy: whoever called this restarts into the old one
        updater = updater_of(settings.paths.data, settings.language)
        if result.problem:
            updater.reject(why)
        else:
            updater.keep()
    if not user and (not result.problem or not commit):
        _remember(file, result)
    if as_json:
        click.echo(json.dumps(asdict(result), ensure_ascii=False))
    else:
        click.echo(f"not healthy: {why}" if why else f"healthy: heard “{result.heard}”, said “{result.reply}”")
    return 1 if result.problem else 0


def _remember(file: Path, result: Result) -> None:
    """For the next check; a full disk only costs that comparison."""
    data = Card(mode=0o640, as_owner_of=file.parent)
    try:
        replace(data, file, json.dumps(asdict(result), ensure_ascii=False).encode())
    except OSError as error:
        logger.warning("%s: cannot be written (%s)", file, error.strerror)
