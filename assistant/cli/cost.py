"""`assistant cost`: devices against a cloud service, per request, per month, and where they break even."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from assistant.bench import cost_measured, cost_plot, cost_presets
from assistant.bench.cost import Costs, compute
from assistant.bench.cost_inputs import Inputs, Layers, as_toml, known_keys, read_toml
from assistant.bench.cost_sensitivity import FACTORS, Row, table, tipping_points
from assistant.cli import json_option, settings_of
from assistant.errors import UsageError


def _input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One flag for every input, --SECTION-FIELD, described by the input's own words."""
    for section, name, info in reversed(list(known_keys())):
        flag = f"--{section}-{name.replace('_', '-')}"
        kind = click.INT if info.annotation is int else click.FLOAT
        command = click.option(flag, f"{section}__{name}", type=kind, help=info.description)(command)
    return command


@click.command()
@click.option("--preset", help=f"Begin from a published example: {', '.join(cost_presets.names())}.")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Inputs (TOML); they replace the preset's.")
@click.option("--measured", is_flag=True, help="Take load, share and price of a call from this appliance's use.")
@click.option(
    "--ledger", type=click.Path(path_type=Path), help="The same from a ledger alone: questions that could leave."
)
@click.option("--turns", type=click.Path(path_type=Path), help="The share from turns as run --json prints them.")
@_input_options
@click.option("--currency", help="Sign or code that amounts are printed with.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw to FILE.html, .svg or .png.")
@click.option("--toml", "print_toml", is_flag=True, help="Print the inputs as a file for --file, and nothing else.")
@json_option
@click.pass_context
def cost(
    context: click.Context,
    /,
    *,
    preset: str | None,
    path: Path | None,
    measured: bool,
    ledger: Path | None,
    turns: Path | None,
    currency: str | None,
    plot: Path | None,
    print_toml: bool,
    as_json: bool,
    **flags: float | None,
) -> int:
    """What devices cost against a cloud service. Later inputs win: preset, file, measured traffic, flags."""
    layers, traffic = Layers(), None
    if preset is not None:
        layers.add(cost_presets.values(preset), f"preset {preset}")
    if path is not None:
        layers.add(read_toml(path), str(path))
    if sum((measured, ledger is not None, turns is not None)) > 1:
        raise UsageError("give only one of --measured, --ledger and --turns")
    if measured:
        traffic = cost_measured.from_device(settings_of(context).paths.data)
    elif ledger is not None:
        traffic = cost_measured.from_ledger(ledger)
    elif turns is not None:
        traffic = cost_measured.from_turns(turns)
    if traffic is not None:
        layers.add(traffic.inputs(), "measured")
    _add_flags(layers, flags, currency)
    if not layers.values:
        raise UsageError(f"nothing to calculate with; give --file, flags, or --preset {'|'.join(cost_presets.names())}")
    inputs = layers.inputs()
    if print_toml:
        click.echo(as_toml(inputs), nl=False)
        return 0
    costs, rows = compute(inputs), table(inputs)
    drawn = cost_plot.write(inputs, plot, _title(preset)) if plot is not None else None
    figures = cost_presets.figures(preset) if preset is not None else ()
    if as_json:
        result = {
            **costs.as_json(),
            "inputs": {**inputs.model_dump(exclude_none=True), "origins": layers.origins},
            "measured": None if traffic is None else traffic.as_json(),
            "published": [figure.as_json() for figure in figures],
            "tipping_points": [tip.as_json() for tip in tipping_points(inputs)],
            "sensitivity": [row.as_json() for row in rows],
            "plot": None if drawn is None else str(drawn),
        }
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
        return 0
    _print(inputs, layers.origins, costs, rows)
    _print_published(figures)
    if traffic is not None:
        _line(Console(), f"\nMeasured: {_measured(traffic, inputs)}")
    if drawn is not None:
        click.echo(f"plot: {drawn}")
    return 0


def _add_flags(layers: Layers, flags: dict[str, float | None], currency: str | None) -> None:
    """All flags as one layer, so that two ways of billing among them are noticed; each is its own origin."""
    nested: dict[str, Any] = {}
    for name, value in flags.items():
        if value is not None:
            section, _, key = name.partition("__")
            nested.setdefault(section, {})[key] = value
    if currency is not None:
        nested["currency"] = currency
    layers.add(nested, "flags")
    for key, origin in layers.origins.items():
        if origin == "flags":
            layers.origins[key] = f"--{key.replace('.', '-').replace('_', '-')}"


def _title(preset: str | None) -> str:
    return f"{preset}: {cost_presets.title(preset)}" if preset else "Devices against a cloud service"


def money(value: float | None, currency: str) -> str:
    """An amount: cents from one unit on, three significant digits below."""
    if value is None:
        return "–"
    if value == 0 or abs(value) >= 1:
        return f"{currency}{value:,.2f}"
    return f"{currency}{float(f'{value:.3g}'):.12f}".rstrip("0")


def _short(value: float) -> str:
    """Four significant digits, written out."""
    return f"{float(f'{value:.4g}'):,.12g}"


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print(inputs: Inputs, origins: dict[str, str], costs: Costs, rows: list[Row]) -> None:
    console, sign = Console(), inputs.currency
    given = Table("input", "value", "from", box=SIMPLE, title="Inputs", title_justify="left")
    for section, name, _ in known_keys():
        value = getattr(getattr(inputs, section), name)
        if value is not None:
            given.add_row(f"{section}.{name}", f"{value:,.10g}", origins.get(f"{section}.{name}", "default"))
    console.print(given)
    sides = {"devices": costs.edge, "cloud": costs.cloud, f"{costs.share:.0%} to the cloud": costs.hybrid}
    result = Table("", *sides, box=SIMPLE, title="Cost", title_justify="left")
    for kind in ("hardware", "power", "upkeep", "connectivity", "usage", "fixed"):
        amounts = [side.parts.get(kind, 0.0) for side in sides.values()]
        if any(amounts):
            result.add_row(f"{kind}, a month", *(money(amount, sign) if amount else "" for amount in amounts))
    for label, attribute in (("a month", "per_month"), ("a request", "per_request"), ("first year", "first_year")):
        result.add_row(label, *(money(getattr(side, attribute), sign) for side in sides.values()))
    result.add_row("devices", *(f"{side.devices:,}" for side in sides.values()))
    console.print(result)
    for line in break_even_lines(costs, sign):
        _line(console, line)
    tips = tipping_points(inputs)[:6]
    if tips:
        _line(console, "\nThe cheaper of devices and cloud changes at")
    for tip in tips:
        then = "the devices" if tip.then == "edge" else "the cloud"
        _line(console, f"  {tip.key} {_short(tip.at)} instead of {_short(tip.stated)}: then {then}")
    console.print(_spread(rows))


def _spread(rows: list[Row]) -> Table:
    """Devices' cost over the cloud's with one input changed; inputs that change neither are left out."""
    shown = Table("one input times", *(f"{factor:g}" for factor in FACTORS), box=SIMPLE, title_justify="left")
    shown.title = "Sensitivity: cost of devices over cost of cloud (under 1: the devices are cheaper)"
    for key in dict.fromkeys(row.key for row in rows):
        ratios = [f"{row.edge / row.cloud:.3g}" if row.cloud else "∞" for row in rows if row.key == key]
        if len(set(ratios)) > 1:
            shown.add_row(key, *ratios)
    return shown


def break_even_lines(costs: Costs, sign: str) -> list[str]:
    """The break-even in sentences."""
    found, lines = costs.break_even, []
    names = {"edge": "devices", "hybrid": "devices with the cloud for the rest", "cloud": "cloud"}
    lines.append(f"Cheapest at this load: {names[costs.cheapest]}.")
    load, always = found.requests_per_month, found.always_from_requests_per_month
    if found.load_factor is None:
        lines.append("Break-even: at no load; the cloud costs less however much is asked.")
    elif found.load_factor == 0:
        lines.append("Break-even: at any load; the cloud's fixed costs alone are no less than the devices'.")
    elif load is not None:
        unsure = "" if always is not None and always <= load * (1 + 1e-9) else (
            f"; more load needs more devices, and it is for good only from {always:,.0f} on" if always is not None
            else "; more load needs more devices, and then the cloud costs less again"
        )  # fmt: skip
        lines.append(f"Break-even: {load:,.0f} requests a month ({12 * load:,.0f} a year){unsure}.")
    elif found.gpu_hours_per_month is not None:
        lines.append(f"Break-even: {found.gpu_hours_per_month:,.1f} GPU hours a month.")
    if found.month is None:
        lines.append("The devices' price is not recovered within their life at this load.")
    else:
        lines.append(f"The devices' price is recovered after {found.month:,.1f} months at this load.")
    if found.escalated_share is not None:
        lines.append(
            f"Devices plus cloud cost no more than the cloud alone up to {found.escalated_share:.1%} passed on."
        )
    if found.cloud_per_request is not None:
        lines.append(f"A cloud price of {money(found.cloud_per_request, sign)} a request, all in, would be even.")
    return lines


def _print_published(figures: tuple[cost_presets.Figure, ...]) -> None:
    if not figures:
        return
    shown = Table("published example", "in print", "computed", "", box=SIMPLE, title_justify="left")
    for each in figures:
        printed = "–" if each.published is None else f"{each.published:,.{each.places}f}"
        verdict = {True: "agrees", False: "differs", None: "not published"}[each.agrees]
        exact = f"{each.computed:,.8g}"
        shown.add_row(each.what, printed, exact, f"{verdict}; {each.note}" if each.note else verdict)
    Console().print(shown)


def _measured(traffic: cost_measured.Traffic, inputs: Inputs) -> str:
    period = f" in {traffic.days:.1f} days" if traffic.days else ""
    paid = f"; {traffic.calls} calls cost {money(traffic.cost, inputs.currency)}" if traffic.calls else ""
    return f"{traffic.questions} questions{period}, {traffic.released} released{paid} ({traffic.source})"
