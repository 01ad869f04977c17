"""The command line. One command a file, imported when it is used, so that `--help` is quick.

Exit status: 0 done, 1 the turn or job failed, 2 wrong use. Errors are one line on standard error.
"""

import ast
import importlib
import logging
import os
import sys
from pathlib import Path

import click

from assistant import __version__
from assistant.config import Settings, load_settings
from assistant.errors import AssistantError, UsageError

COMMANDS = {
    "run": "assistant.cli.run:run",
    "hear": "assistant.cli.hear:hear",
    "ask": "assistant.cli.ask:ask",
    "speak": "assistant.cli.speak:speak",
    "listen": "assistant.cli.listen:listen",
    "eval": "assistant.cli.evaluate:evaluate",
    "models": "assistant.cli.models:models",
    "calibrate": "assistant.cli.calibrate:calibrate",
    "welcome": "assistant.cli.welcome:welcome",
    "doctor": "assistant.cli.doctor:doctor",
    "knowledge": "assistant.cli.knowledge:knowledge",
    "audit": "assistant.cli.audit:audit",
    "bench": "assistant.cli.bench:bench",
    "cost": "assistant.cli.cost:cost",
    "decide": "assistant.cli.decide:decide",
    "update": "assistant.cli.update:update",
    "firstboot": "assistant.cli.firstboot:firstboot",
    "health": "assistant.cli.health:health",
}


WHOLE = 1000
"""Letters that no first sentence has."""


class Group(click.Group):
    """Commands that are listed with their whole first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.sentence(ctx, name)) for name in self.list_commands(ctx)])

    def sentence(self, ctx: click.Context, name: str) -> str:
        """The first sentence of a command's help."""
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=WHOLE) if command is not None else ""


class _LazyGroup(Group):
    """Finds a command in COMMANDS and imports its module only then."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def sentence(self, ctx: click.Context, name: str) -> str:  # noqa: ARG002
        # from the source: to import them all would take seconds on a small machine
        module, _, function = COMMANDS[name].partition(":")
        source = Path(__file__).with_name(f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8")
        found = [each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef) and each.name == function]
        return click.Command(name, help=ast.get_docstring(found[0])).get_short_help_str(limit=WHOLE)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="assistant")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--home", type=click.Path(path_type=Path), help="Rooms and devices (TOML).")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens inside to standard error.")
@click.pass_context
def cli(context: click.Context, config: Path | None, home: Path | None, verbose: bool) -> None:
    """An offline voice assistant: wake word, Vosk, skills, a local language model, Piper."""
    logging.basicConfig(level=logging.INFO if verbose else logging.CRITICAL, format="%(name)s: %(message)s")
    context.obj = {"config": config, "home": home}


def settings_of(context: click.Context, home: Path | None = None) -> Settings:
    """The settings for this call; --home beside the command or before it replaces paths.home."""
    options = context.find_root().obj or {}
    settings = load_settings(options.get("config"))
    chosen = home or options.get("home")
    if chosen is None:
        return settings
    return settings.model_copy(update={"paths": settings.paths.model_copy(update={"home": chosen})})


home_option = click.option("--home", type=click.Path(path_type=Path), help="Rooms and devices (TOML).")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")


def main() -> int:
    """Run the command line; the exit status."""
    try:
        status = cli.main(prog_name="assistant", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        asked = context.command_path if context is not None else "assistant"
        click.echo(f"assistant: {error.format_message()} ({asked} --help says more)", err=True)
        return 2
    except UsageError as error:
        click.echo(f"assistant: {error}", err=True)
        return 2
    except AssistantError as error:
        click.echo(f"assistant: {error}", err=True)
        return 1
    except BrokenPipeError:
        # the reader of our output has gone; there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status if isinstance(status, int) else 0
