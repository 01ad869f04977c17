"""Heat, power supply and accelerator as the doctor words them (reading them is tested in tests/hardware)."""

from typing import get_args

import pytest

from assistant.doctor import machine
from assistant.hardware.probe import NpuReport, NpuState, PowerReport


def test_this_machine():
    found = {check.name: check for check in machine.checks()}
    assert set(found) == {"machine", "heat and power", "accelerator"}
    assert found["machine"].state == "ok"


def test_a_tree_without_anything(tmp_path):
    assert [check.state for check in machine.checks(tmp_path)] == ["ok", "absent", "absent"]


@pytest.mark.parametrize(
    ("report", "state", "remedy"),
    [
        (PowerReport(50.0, "vcgencmd"), "ok", ""),
        (PowerReport(82.0, ""), "warn", "fit the Active Cooler and keep its vents free"),
        (PowerReport(50.0, "vcgencmd", now=("under-voltage",)), "warn", "use the official 27 W supply"),
        (
            PowerReport(50.0, "vcgencmd", since_start=("throttled",)),
            "warn",
            "fit the Active Cooler and keep its vents free",
        ),
        (PowerReport(None, "hwmon"), "ok", ""),
        (PowerReport(None, ""), "absent", ""),
    ],
)
def test_heat_and_power(report, state, remedy):
    found = machine.power(report)
    assert (found.state, found.remedy) == (state, remedy)


def test_the_accelerator():
    states = {state: machine.accelerator(NpuReport(state, "seen", "do")).state for state in get_args(NpuState)}
    assert states == {
        "absent": "absent",
        "pci-without-driver": "warn",
        "driver-without-firmware": "warn",
        "no-access": "warn",
        "version-mismatch": "warn",
        "ready": "ok",
    }
