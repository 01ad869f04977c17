"""`assistant doctor`: what works, what does not, and what to do about it."""

import json
from collections import Counter
from dataclasses import asdict

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.cli import json_option, settings_of
from assistant.composition.chosen import as_chosen
from assistant.doctor import Check, State, examine

_STYLES: dict[State, str] = {"ok": "green", "warn": "yellow", "fail": "bold red", "absent": "dim"}


@click.command()
@json_option
@click.option("--quick", is_flag=True, help="Do not load the engines; look at their files only.")
@click.pass_context
def doctor(context: click.Context, as_json: bool, quick: bool) -> int:
    """Examine this device. Exit status 1 when something does not work; warnings are no failure."""
    config = (context.find_root().obj or {}).get("config")
    found = examine(as_chosen(settings_of(context)), load=not quick, config=config)
    failed = any(check.state == "fail" for check in found)
    if as_json:
        click.echo(json.dumps({"ok": not failed, "checks": [asdict(c) for c in found]}, ensure_ascii=False, indent=1))
    else:
        _print(found)
    return 1 if failed else 0


def _print(found: list[Check]) -> None:
    table = Table("", "", "found", box=SIMPLE, show_header=False)
    for check in found:
        lines = Text(check.detail)
        if check.remedy:
            lines.append(f"\n→ {check.remedy}", style="italic")
        table.add_row(Text(check.state, style=_STYLES[check.state]), check.name, lines)
    console = Console()
    console.print(table)
    count = Counter(check.state for check in found)
    console.print(", ".join(f"{count[state]} {state}" for state in _STYLES if count[state]), highlight=False)
