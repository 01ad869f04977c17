"""`assistant audit`: what left this house, and whether the book about it is whole."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli import Group, json_option, settings_of
from assistant.errors import AssistantError, UsageError

if TYPE_CHECKING:
    from assistant.routing.ledger import Ledger


@click.group(cls=Group)
def audit() -> None:
    """The ledger of everything that left this device, or was kept from leaving."""


def _book(context: click.Context) -> "Ledger":
    from assistant.clock import SystemClock  # noqa: PLC0415
    from assistant.egress.settings import door_settings  # noqa: PLC0415
    from assistant.routing.ledger import Ledger  # noqa: PLC0415

    directory = door_settings(settings_of(context)).data
    if not (directory / "ledger.db").is_file():
        raise AssistantError(
            f"{directory / 'ledger.db'}: no ledger yet; one begins with the first question that could leave"
        )
    return Ledger(directory, SystemClock())


@audit.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> int:
    """List the entries, like a bank statement."""
    from assistant.routing.audit import statement  # noqa: PLC0415

    entries = _book(context).entries()
    if as_json:
        for e in entries:
            click.echo(json.dumps({"seq": e.seq, "kind": e.kind, "at": e.at.isoformat() if e.at else None, **e.facts}))
    else:
        for line in statement(entries):
            click.echo(line)
    return 0


@audit.command()
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The ledger's seed, where it was moved off the device.",
)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A checkpoint kept elsewhere (audit export writes one).",
)
@click.pass_context
def verify(context: click.Context, seed: Path | None, checkpoint: Path | None) -> int:
    """Check the book: any edit, reorder, deletion or truncation is found. Status 1 when there is one."""
    from assistant.routing import audit as room  # noqa: PLC0415

    book = _book(context)
    seed_file = seed or book.directory / "ledger.seed"
    secret = seed_file.read_bytes() if seed_file.is_file() else None
    kept = None
    if checkpoint is not None:
        try:
            kept = json.loads(checkpoint.read_text(encoding="utf-8"))
            kept = kept.get("checkpoint", kept)
        except (OSError, ValueError, AttributeError) as error:
            raise UsageError(
                f"{checkpoint}: is no checkpoint; give a file written by: assistant audit export"
            ) from error
    verdict = room.verify(book.path, public_key=book.public_key, seed=secret, kept=kept)
    for problem in verdict.problems:
        click.echo(f"problem: {problem}")
    how = (
        "every entry checked"
        if verdict.chain_checked
        else "checkpoints and contents checked; give --seed to check every entry"
    )
    click.echo(f"{verdict.entries} entries, {'whole' if verdict.sound else 'NOT whole'} ({how})")
    return 0 if verdict.sound else 1


@audit.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the JSON file."
)
@click.pass_context
def export(context: click.Context, out: Path) -> int:
    """Write everything the ledger knows, and a signed checkpoint to keep elsewhere."""
    from assistant.routing.consent import read_consent  # noqa: PLC0415

    book = _book(context)
    consent = read_consent(book.directory)
    entries = [
        {"seq": e.seq, "kind": e.kind, "at": e.at.isoformat() if e.at else None, **e.facts} for e in book.entries()
    ]
    bundle = {
        "checkpoint": book.checkpoint(),
        "consent": {"given": consent.given, "at": consent.at, "wording": consent.wording, "person": consent.person}
        if consent
        else None,
        "entries": entries,
    }
    try:
        out.write_text(json.dumps(bundle, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); choose another --out") from error
    click.echo(f"{len(entries)} entries written to {out}; keep its checkpoint off this device")
    return 0


@audit.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def erase(context: click.Context, yes: bool) -> int:
    """Remove what the entries say (and kept answers); the chain of fingerprints stays and still verifies."""
    from assistant.clock import SystemClock  # noqa: PLC0415
    from assistant.egress.purse import forget_answers  # noqa: PLC0415

    book = _book(context)
    if not yes and not click.confirm("Remove the content of every entry? This cannot be undone."):
        return 1
    count = book.erase()
    forget_answers(book.directory, SystemClock())
    click.echo(f"{count} entries emptied; the chain stays verifiable")
    return 0
