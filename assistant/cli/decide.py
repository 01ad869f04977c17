"""`assistant decide`: device, cloud or both, from seven answers."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from assistant.bench import cost_presets
from assistant.bench.cost import compute
from assistant.bench.cost_inputs import Layers, read_toml
from assistant.bench.decide import Change, Decision, criteria, scores_from, weights_from
from assistant.bench.decide import decide as place
from assistant.cli import json_option
from assistant.errors import UsageError

_NAMES = {"edge": "on the device", "hybrid": "on the device, with the cloud for the rest", "cloud": "in the cloud"}


def _answer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--KEY for a score and, where there is one, --MEASURE for the figure behind it."""
    for each in reversed(criteria().values()):
        if each.measure:
            help_text = f"{each.question} As a figure: up to {', '.join(f'{t:g}' for t in each.thresholds)}."
            command = click.option(f"--{each.measure.replace('_', '-')}", each.measure, type=float, help=help_text)(
                command
            )
        meaning = "; ".join(f"{score} {option}" for score, option in enumerate(each.options))
        option = click.option(f"--{each.key.replace('_', '-')}", each.key, type=int, help=f"{each.question} {meaning}.")
        command = option(command)
    return command


@click.command()
@click.option("--file", "path", type=click.Path(path_type=Path), help="Answers (TOML): tables [answers] and [weights].")
@_answer_options
@click.option("--weight", "weights", multiple=True, metavar="KEY=NUMBER", help="How much a question counts (1).")
@click.option("--cost-file", type=click.Path(path_type=Path), help="Answer the cost from inputs for assistant cost.")
@click.option("--cost-preset", help=f"The same from a preset: {', '.join(cost_presets.names())}.")
@click.option("--defaults", is_flag=True, help="Take the default for every question that is not answered; ask nothing.")
@json_option
def decide(
    *,
    path: Path | None,
    weights: tuple[str, ...],
    cost_file: Path | None,
    cost_preset: str | None,
    defaults: bool,
    as_json: bool,
    **flags: float | None,
) -> int:
    """Device, cloud or both? Asks what is not answered by a file or flags; questions go to standard error."""
    scores, weighted = _from_file(path)
    if cost_file is not None or cost_preset is not None:
        scores |= scores_from({"cost_ratio": _cost_ratio(cost_file, cost_preset)}, "assistant cost")
    scores |= scores_from({name: value for name, value in flags.items() if value is not None}, "flags")
    weighted |= dict(_weight(given) for given in weights)
    used = weights_from(weighted, "--weight" if weights else str(path))
    origin = dict.fromkeys(scores, "given")
    for key, each in criteria().items():
        if key not in scores:
            scores[key] = each.default if defaults else _ask(key)
            origin[key] = "default" if defaults else "answered"
    decision = place(scores, used)
    if as_json:
        click.echo(json.dumps(_as_json(decision, scores, used, origin), ensure_ascii=False, indent=1))
    else:
        _print(decision, scores, used, origin)
    return 0


def _from_file(path: Path | None) -> tuple[dict[str, int], dict[str, object]]:
    if path is None:
        return {}, {}
    given = read_toml(path)
    for key in given:
        if key not in ("answers", "weights"):
            raise UsageError(f"{path}: unknown table {key!r:.40}; there are [answers] and [weights]")
    tables = [given.get(key, {}) for key in ("answers", "weights")]
    if not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: answers and weights must be tables, for example [answers]")
    weights = dict(tables[1])
    weights_from(weights, str(path))
    return scores_from(tables[0], str(path)), weights


def _weight(given: str) -> tuple[str, object]:
    key, _, number = given.partition("=")
    try:
        return key.strip().replace("-", "_"), float(number)
    except ValueError as error:
        raise UsageError(f"--weight: expected KEY=NUMBER, for example latency=2 (got {given[:40]!r})") from error


def _cost_ratio(path: Path | None, preset: str | None) -> float:
    """Cost a month of devices over that of the cloud."""
    layers = Layers()
    if preset is not None:
        layers.add(cost_presets.values(preset), f"preset {preset}")
    if path is not None:
        layers.add(read_toml(path), str(path))
    costs = compute(layers.inputs())
    if costs.cloud.per_month <= 0:
        raise UsageError("the cloud costs nothing by these inputs; answer the question of cost with --cost")
    return min(costs.edge.per_month / costs.cloud.per_month, 1e9)


def _ask(key: str) -> int:
    each = criteria()[key]
    click.echo(f"\n{each.question}", err=True)
    for score, option in enumerate(each.options):
        click.echo(f"  {score}  {option}", err=True)
    try:
        answer: int = click.prompt("0 to 3", type=click.IntRange(0, 3), default=each.default, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo(err=True)
        raise UsageError(f"no answer for {key}; answer every question, give --file, or take the --defaults") from None
    return answer


def _as_json(
    decision: Decision, scores: Mapping[str, int], weights: Mapping[str, float], origin: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "decision": decision.placement,
        "conflict": decision.conflict,
        "fit": {placement: round(value, 4) for placement, value in decision.fit.items()},
        "ruled_out": {placement: list(by) for placement, by in decision.barred.items()},
        "reasons": _reasons(decision, scores, weights),
        "decisive": list(decision.decisive),
        "decisive_alone": decision.alone,
        "what_would_change_it": [
            {"decision": change.placement, "answers": dict(change.answers), "in_words": _change_words(change, scores)}
            for change in decision.changes
        ],
        "answers": {
            key: {
                "score": scores[key],
                "meaning": each.options[scores[key]],
                "weight": weights[key],
                "from": origin[key],
            }
            for key, each in criteria().items()
        },
    }


def _reasons(decision: Decision, scores: Mapping[str, int], weights: Mapping[str, float]) -> list[str]:
    """Why this one: what rules the others out, then the criteria that this placement serves best of those left."""
    said = []
    for placement, by in decision.barred.items():
        for key in by:
            each = criteria()[key]
            said.append(f"not {_NAMES[placement]}: {each.bar_reason} ({key}: {each.options[scores[key]]})")
    for key, each in criteria().items():
        fits = {placement: row[scores[key]] for placement, row in each.fits.items()}
        mine = fits.pop(decision.placement)
        if weights[key] > 0 and mine > min(fits.values()) and mine == max(mine, *fits.values()):
            said.append(f"{key} ({each.options[scores[key]]}): {each.reason}")
    return said


def _change_words(change: Change, scores: Mapping[str, int]) -> str:
    asked = " and ".join(
        f"{key} were “{criteria()[key].options[score]}” instead of “{criteria()[key].options[scores[key]]}”"
        for key, score in change.answers
        if score != scores[key]
    )
    return f"if {asked}: {_NAMES[change.placement]}"


def _print(
    decision: Decision, scores: Mapping[str, int], weights: Mapping[str, float], origin: Mapping[str, str]
) -> None:
    console = Console()
    shown = Table("question", "score", "meaning", "weight", "", box=SIMPLE)
    for key, each in criteria().items():
        shown.add_row(key, str(scores[key]), each.options[scores[key]], f"{weights[key]:g}", origin[key])
    console.print(shown)
    lines = [f"Run it {_NAMES[decision.placement]} ({decision.placement})."]
    if decision.conflict:
        mine = ", ".join(decision.barred[decision.placement])
        lines.append(
            f"Every placement is ruled out by an answer; this one by the fewest ({mine}): change it, or the machine."
        )
    lines += ["How well each serves, 0 to 3:"]
    for placement, value in decision.fit.items():
        out = f", ruled out by {', '.join(decision.barred[placement])}" if placement in decision.barred else ""
        lines.append(f"  {placement:<7}{value:.2f}{out}")
    lines += ["Why:", *(f"  {line}" for line in _reasons(decision, scores, weights))]
    role = "Decisive (without it the answer were another)" if decision.alone else "No single answer decides; most weigh"
    lines.append(f"{role}: {', '.join(decision.decisive) or 'none'}")
    lines.append("What would change it:" if decision.changes else "No one or two other answers would change it.")
    lines += [f"  {_change_words(change, scores)}" for change in decision.changes]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
