"""The machine itself: what it is, its heat and power supply, and the neural accelerator."""

from collections.abc import Iterator
from pathlib import Path

from assistant.doctor.check import Check, State
from assistant.hardware.probe import NpuReport, NpuState, PowerReport, probe

HOT_C = 75.0
"""Degrees Celsius from which answers are kept short (hardware.hot_c); a Raspberry Pi 5 slows itself down from 80 on."""


def checks(root: Path = Path("/")) -> Iterator[Check]:
    """Every check of this file. `root`: where /proc, /sys and /dev are."""
    found = probe(root)
    yield Check("machine", "ok", f"{found.model or 'unknown'}, {found.cores} cores")
    yield power(found.power)
    yield accelerator(found.npu)


def power(report: PowerReport) -> Check:
    """Heat and the power supply: both make a Pi slow, and a slow Pi loses sound."""
    heat = "" if report.temperature_c is None else f"{report.temperature_c:.0f} °C"
    seen = report.now or report.since_start
    if seen:
        when = "now" if report.now else "since the start"
        supply = "under-voltage" in seen
        remedy = "use the official 27 W supply" if supply else "fit the Active Cooler and keep its vents free"
        detail = f"{', '.join(seen)} ({when})" + (f", {heat}" if heat else "")
        return Check("heat and power", "warn", detail, remedy)
    if report.temperature_c is not None and report.temperature_c >= HOT_C:
        detail = f"{heat}: the language model is spared and answers are short until it has cooled down"
        return Check("heat and power", "warn", detail, "fit the Active Cooler and keep its vents free")
    if not heat and not report.source:
        return Check("heat and power", "absent", "this machine tells neither")
    return Check("heat and power", "ok", heat or "no under-voltage")


def accelerator(report: NpuReport) -> Check:
    """The accelerator is optional; one that is plugged in but does not work is worth a warning."""
    states: dict[NpuState, State] = {"ready": "ok", "absent": "absent"}
    return Check("accelerator", states.get(report.state, "warn"), report.detail, report.remedy)
