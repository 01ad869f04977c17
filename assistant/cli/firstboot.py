"""`assistant firstboot`: what the device does before it starts to listen. Called by its units (docs/image.md)."""

import logging
import time
from pathlib import Path

import click

from assistant import __version__
from assistant.artifacts.selection import select
from assistant.cli import Group
from assistant.cli.update import installed, updater_of
from assistant.config import Hardware, Settings, load_settings
from assistant.egress.settings import door_settings
from assistant.errors import AssistantError
from assistant.firstboot.apply import Applier, Places
from assistant.firstboot.reset import SET_UP, held, reset, under_way
from assistant.hardware.gpio import header_chip, pin_factory
from assistant.live.notices import Notices
from assistant.texts import texts
from assistant.update.card import Card

logger = logging.getLogger(__name__)

STATE = Path("/run")
DAMAGE = ("lost", "emptied", "repaired")
"""What the start can have found of the data partition: it left an empty file `assistant-data-DAMAGE` then."""
LANGUAGE = "en"
"""What is spoken before any settings are read."""

ELSEWHERE = "this is for a flashed card (docs/firstboot.md)"


@click.group(cls=Group)
def firstboot() -> None:
    """What this device does at each start, before it listens: settings from the card, reset by the button."""


@firstboot.command()
@click.option("--card", type=click.Path(path_type=Path), default=Places().card, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=Places().data, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), default=Places().cache, show_default=True)
@click.option("--wifi", type=click.Path(path_type=Path), default=Places().wifi, show_default=True)
@click.option("--state", type=click.Path(path_type=Path), default=STATE, show_default=True)
def apply(card: Path, data: Path, cache: Path, wifi: Path, state: Path) -> int:
    """Take over the card's assistant.toml when it has changed, and tell what became of the data and of an update.

    Mistakes are written beside the file and spoken at the start; exit status 1 when the settings could not be kept.
    """
    if not card.parent.is_dir() and not data.is_dir():
        raise AssistantError(f"{card.parent}, {data}: are not there; {ELSEWHERE}, or name them (--card, --data)")
    notices, said = Notices(data), texts(LANGUAGE, "firstboot")

    def tell(name: str, text: str) -> bool:
        try:
            notices.leave(name, text)
        except AssistantError as error:  # no room even for that: the card's own file still says it
            click.echo(f"assistant: {error}", err=True)
            return False
        return True

    for damage in DAMAGE:
        if (state / f"assistant-data-{damage}").exists() and tell("data", said[f"data_{damage}"]):
            (data / SET_UP).touch()  # only now: after a power cut it is told at the next start
    _what_became_of_an_update(data)
    applier = Applier(
        Card(),
        Card(mode=0o600, as_owner_of=data),
        Card(mode=0o600),
        tell=lambda text: tell("settings", text),
        places=Places(card, data, cache, wifi),
        usable=_unusable,
        version=_version(),
    )
    try:
        problems = applier.apply()
    except AssistantError:
        tell("settings", said["not_kept"])
        raise
    for problem in problems:
        click.echo(problem)
    return 0


def _what_became_of_an_update(data: Path) -> None:
    try:
        if told := updater_of(data, LANGUAGE).settle():
            click.echo(told)
    except AssistantError as error:  # a machine without slots has no updates
        logger.info("%s", error)


def _version() -> str:
    """With the build where an image tells it: settings that a newer build wrote are no good to an older one."""
    try:
        return installed().version
    except AssistantError:
        return __version__


def _unusable(settings: Settings) -> str:
    """Why models or addresses that these settings name cannot be used."""
    door_settings(settings)
    return next((choice.problem for choice in select(settings) if choice.problem), "")


@firstboot.command("reset")
@click.option("--if-button-held", is_flag=True, help="Only when the button is down and stays down for six seconds.")
@click.option("--yes", is_flag=True, help="Without being asked.")
@click.option("--data", type=click.Path(path_type=Path), default=Places().data, show_default=True)
@click.option("--cache", type=click.Path(path_type=Path), default=Places().cache, show_default=True)
@click.option("--wifi", type=click.Path(path_type=Path), default=Places().wifi, show_default=True)
def reset_command(if_button_held: bool, yes: bool, data: Path, cache: Path, wifi: Path) -> None:
    """Forget everything this device has learnt: settings, passwords, timers, lists. Models and both systems stay."""
    if not under_way(data):
        if if_button_held:
            if not _button_held():
                return
        elif not data.is_dir():
            raise AssistantError(
                f"{data}: is not there; {ELSEWHERE}. What is kept here lies where `assistant doctor` says (disk)"
            )
        elif not yes:
            click.confirm("Forget everything this device has learnt?", abort=True)
    reset(data, (cache, wifi))
    Notices(data).leave("reset", texts(LANGUAGE, "firstboot")["reset"])
    click.echo("Everything was forgotten; the models are still here.")


def _button_held() -> bool:
    try:
        hardware = load_settings().hardware
    except AssistantError:  # a reset must work above all when the settings are broken
        hardware = Hardware()
    factory = pin_factory(header_chip())
    if factory is None or not hardware.button_pin:
        return False
    try:
        return held(hardware.button_pin, factory, time.sleep)
    finally:
        factory.close()
