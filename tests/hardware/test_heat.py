"""Heat and power, read from a made-up machine and judged over time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.clock import ManualClock
from assistant.hardware.heat import LOOK_S, STEADY_S, Easing, Strain, watch
from assistant.hardware.probe import PowerReport, read_power
from assistant.workers import InlineWorker
from tests.virtual_time import LoopClock, run


class Machine:
    """The files of a Raspberry Pi that tell heat and power."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.heat(50)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def heat(self, degrees: float) -> None:
        self.write("sys/class/thermal/thermal_zone0/temp", f"{round(degrees * 1000)}\n")

    def flags(self, bits: int) -> None:
        self.write("sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", f"{bits:x}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def easing(hot_c: float = 75.0) -> tuple[Easing, ManualClock]:
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    return Easing(clock, hot_c), clock


def test_the_kernel_s_own_flags_need_no_tool(machine: Machine) -> None:
    machine.flags(0x50005)
    report = read_power(machine.root)
    assert (report.source, report.temperature_c) == ("firmware", 50.0)
    assert report.now == report.since_start == ("under-voltage", "throttled")


def test_flags_that_make_no_sense_are_none(machine: Machine) -> None:
    machine.write("sys/devices/platform/soc/soc:firmware/get_throttled", "what?\n")
    assert read_power(machine.root) == PowerReport(50.0, "")


def test_answers_are_spared_before_the_firmware_acts_and_until_it_has_cooled_down(machine: Machine) -> None:
    judge, _ = easing()
    seen = []
    for degrees in (60, 74.9, 75, 79, 72, 70.1, 69.9, 74.9, 75.1):
        machine.heat(degrees)
        seen.append(judge.judge(read_power(machine.root)).eased)
    assert seen == [False, False, True, True, True, True, False, False, True]


def test_a_burst_of_under_voltage_counts_for_a_while(machine: Machine) -> None:
    judge, clock = easing()
    machine.flags(0x10001)
    assert judge.judge(read_power(machine.root)).weak_supply
    machine.flags(0x10000)
    clock.advance(STEADY_S - 1)
    assert judge.judge(read_power(machine.root)).weak_supply
    clock.advance(2)
    assert judge.judge(read_power(machine.root)) == Strain(50.0)


def test_a_slowed_processor_is_known_only_while_it_is_slow(machine: Machine) -> None:
    judge, _ = easing()
    machine.flags(0x40004)
    assert judge.judge(read_power(machine.root)) == Strain(50.0, slowed=True)
    machine.flags(0x40000)
    assert not judge.judge(read_power(machine.root)).eased


def test_a_sensor_that_stops_telling_changes_nothing(machine: Machine) -> None:
    judge, _ = easing()
    machine.heat(78)
    judge.judge(read_power(machine.root))
    machine.write("sys/class/thermal/thermal_zone0/temp", "")
    assert judge.judge(read_power(machine.root)) == Strain(None, hot=True)


def test_a_machine_that_tells_nothing_is_never_spared(tmp_path: Path) -> None:
    judge, _ = easing()
    assert judge.judge(read_power(tmp_path)) == Strain()


def test_the_model_is_told_once_each_way() -> None:
    told: list[tuple[float, bool]] = []

    async def job() -> None:
        loop = asyncio.get_running_loop()

        def read() -> PowerReport:
            return PowerReport(80.0 if 25 <= loop.time() < 65 else 50.0, "firmware")

        async def ease(strain: Strain) -> None:
            told.append((loop.time(), strain.eased))

        watching = asyncio.create_task(watch(read, Easing(LoopClock()), ease, worker=InlineWorker()))
        await asyncio.sleep(200)
        watching.cancel()

    run(job())
    assert told == [(3 * LOOK_S, True), (7 * LOOK_S, False)]
