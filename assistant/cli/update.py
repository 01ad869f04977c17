"""`assistant update`: updates from a file, for a device that was flashed with the image."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from assistant.cli import Group, settings_of
from assistant.errors import AssistantError, UsageError
from assistant.live.notices import Notices
from assistant.update import Bundle, Installed, Tryboot, Updater
from assistant.update import bundle as bundles
from assistant.update.card import Card, Systemd
from assistant.update.journal import Journal
from assistant.update.updater import Phase

SYSTEM = Path("/usr/lib/assistant")


def installed(system: Path = SYSTEM) -> Installed:
    """What this image says of itself. Raises AssistantError where there is none."""
    path = system / "image.json"
    try:
        values = json.loads(path.read_bytes())
        return Installed(str(values["version"]), str(values["variant"]), str(values["target"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AssistantError(
            f"{path}: cannot be used; updates by file need a card with the image (docs/image.md)"
        ) from error


def updater_of(data: Path, language: str, system: Path = SYSTEM) -> Updater:
    """This machine's updater. Raises AssistantError on a machine without the image."""
    card, notices = Card(), Notices(data)
    return Updater(
        card,
        Tryboot(card, Systemd()),
        Journal(card, data / "update" / "journal.json"),
        installed(system),
        tell=lambda text: notices.leave("update", text),
        language=language,
    )


@click.group(cls=Group)
def update() -> None:
    """Update this device from a signed file, or make such a file."""


@update.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--allow-older", is_flag=True, help="Take a version that is older than the running one.")
@click.pass_context
def apply(context: click.Context, file: Path, allow_older: bool) -> None:
    """Check FILE, write it beside the running system, and restart into it for a trial.

    The new version stays when it hears and speaks; else the old one comes back by itself and says why.
    """
    settings = settings_of(context)
    updater = updater_of(settings.paths.data, settings.language)
    try:
        with _alone(settings.paths.data / "update"), file.open("rb") as source:
            bundle = Bundle(file, source, bundles.public_keys(SYSTEM / "update-keys"))
            click.echo(f"Version {bundle.manifest.version}, signed by a key this device trusts.")
            updater.apply(bundle, older=allow_older, progress=_Shown())
    except OSError as error:
        raise AssistantError(f"{file}: cannot be read ({error.strerror}); is the stick plugged in?") from error
    click.echo("Written and read back. Restarting into it; it says what became of it.")


@update.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keys", type=click.Path(path_type=Path), default=SYSTEM / "update-keys", show_default=True)
def verify(file: Path, keys: Path) -> None:
    """Check FILE's signature and content, and change nothing."""
    try:
        with file.open("rb") as source:
            bundle = Bundle(file, source, bundles.public_keys(keys))
            bundle.verify()
    except OSError as error:
        raise AssistantError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    manifest = bundle.manifest
    click.echo(f"{file}: version {manifest.version} for {manifest.target} ({manifest.variant}), complete and signed")


@update.command()
@click.option("--boot", type=click.Path(path_type=Path), required=True, help="Image of a boot partition (FAT).")
@click.option("--system", type=click.Path(path_type=Path), required=True, help="Image of a system partition (EROFS).")
@click.option("--identity", type=click.Path(path_type=Path), required=True, help="The image's image.json.")
@click.option(
    "--key", "keys", type=click.Path(path_type=Path), required=True, multiple=True, help="Key to sign with (PEM)."
)
@click.argument("out", type=click.Path(path_type=Path))
def make(boot: Path, system: Path, identity: Path, keys: tuple[Path, ...], out: Path) -> None:
    """Make and sign the update file OUT from the partitions' images of a release."""
    try:
        values = json.loads(identity.read_bytes())
        named = {key: str(values[key]) for key in ("version", "variant", "target")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{identity}: is not an image.json with version, variant and target") from error
    try:
        made = bundles.make(
            out, {"boot": boot, "system": system}, **named, keys=[bundles.private_key(path) for path in keys]
        )
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{out}: version {made.version} for {made.target} ({made.variant}), {out.stat().st_size} bytes")


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One update at a time. Raises AssistantError when another is under way."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise AssistantError(
            f"{directory}: cannot be used ({error.strerror}); make room there, or run it as root"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AssistantError("update: another one is being written already; wait for its restart") from error
        yield
    finally:
        os.close(descriptor)


class _Shown:
    """Prints each phase, ten steps each."""

    def __init__(self) -> None:
        self._last: tuple[Phase, int] | None = None

    def __call__(self, phase: Phase, done: int, total: int) -> None:
        step = (phase, done * 10 // total)
        if step != self._last:
            self._last = step
            click.echo(f"{phase}: {step[1] * 10} %")
