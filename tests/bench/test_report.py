"""Reports, the machine behind them, tables and plots."""

import io
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from assistant.bench.figures import Stage
from assistant.bench.machine import Moment, clock_mhz, doubts, machine, moment, watts
from assistant.bench.plots import bars, curves, html, write_png
from assistant.bench.report import Report, write
from assistant.bench.table import show
from assistant.errors import AssistantError

CALM = Moment(0.2, 48.0, 2400, (), (), 1200, 4.1)


def filled(stage: Stage) -> None:
    series = stage.begin("first_ms", "ms", 3)
    for value in (1.0, 2.0, 3.0):
        series.add(value)
    stage.values["first_ratio"] = 0.5
    stage.points["course"] = [{"t_s": 0, "tok_s": 5.0, "flag": None}, {"t_s": 10, "tok_s": 4.0, "flag": None}]


def broken(stage: Stage) -> None:
    raise AssistantError("no such thing; get one")


def stopped(stage: Stage) -> None:
    stage.begin("long_ms", "ms", 50).add(1.0)
    raise KeyboardInterrupt


@pytest.fixture
def report() -> Report:
    return Report("assistant bench", machine={"model": "A <board>", "cores": 4, "ram_mb": 8000}, look=lambda: CALM)


def test_a_report_holds_figures_machine_and_conditions(report):
    report.run(Stage("one"), filled)
    found = json.loads(report.text())
    assert found["first_ratio"] == 0.5  # single results stand at the top
    assert found["partial"] is False
    assert found["stages"]["one"]["figures"]["first_ms"]["p50"] == 2
    assert found["conditions"]["start"]["temperature_c"] == 48
    assert found["conditions"]["one"]["load_1m"] == 0.2


def test_a_stage_that_cannot_be_measured_does_not_end_the_run(report):
    report.run(Stage("two"), broken)
    report.run(Stage("one"), filled)
    assert report.failed == ["two: no such thing; get one"]
    assert report.measured
    assert json.loads(report.text())["stages"]["two"]["skipped"] == "no such thing; get one"


def test_an_interrupted_run_keeps_what_it_has_and_says_so(report):
    report.run(Stage("one"), filled)
    with pytest.raises(KeyboardInterrupt):
        report.run(Stage("three"), stopped)
    found = json.loads(report.text())
    assert (found["partial"], found["interrupted_in"]) == (True, "three")
    assert found["stages"]["three"]["figures"]["long_ms"]["n"] == 1
    assert found["stages"]["one"]["figures"]["first_ms"]["n"] == 3
    assert "Partial: stopped during three" in html(report)
    out = io.StringIO()
    show(report, Console(file=out, width=120))
    assert "PARTIAL: stopped during three" in out.getvalue()
    assert "1 of 50" in out.getvalue()


def test_the_page_and_its_plots_are_well_formed(report):
    report.run(Stage("one"), filled)
    report.run(Stage("two"), broken)
    page = html(report)
    assert "A &lt;board&gt;" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing is loaded from anywhere
    stage = report.stages["one"]
    drawn = [bars(list(stage.series.values())), *curves(stage.points["course"])]
    assert len(drawn) == 2  # the column without numbers has no curve
    for picture in drawn:
        assert picture in page
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_report_that_cannot_be_written_names_the_file(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(AssistantError, match=r"taken/bench\.json: cannot be written"):
        write(tmp_path / "taken" / "bench.json", "{}")


def test_without_matplotlib_there_is_one_plain_line(report, tmp_path, monkeypatch):
    report.run(Stage("one"), filled)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(AssistantError, match="PNG plots need matplotlib, which is not installed"):
        write_png(report, tmp_path)


def test_what_may_have_distorted_figures_is_said():
    hot = Moment(3.1, 84.0, 1500, ("throttled",), ("throttled",), 4000, 9.0)
    assert doubts([CALM], 4) == []
    assert len(doubts([CALM, hot], 4)) == 2
    assert "throttled" in doubts([CALM, hot], 4)[1]
    earlier = Moment(0.2, 48.0, 2400, (), ("under-voltage",), 1200, 4.1)
    assert "earlier since its start: under-voltage" in doubts([earlier], 4)[0]


def test_power_is_the_sum_over_the_rails_that_have_both():
    answer = """   3V7_WL_SW_A current(0)=0.10000000A
   VDD_CORE_A current(7)=2.00000000A
   3V7_WL_SW_V volt(8)=3.70000000V
   VDD_CORE_V volt(15)=0.90000000V
     BATT_V volt(25)=3.00000000V
"""
    assert watts(answer) == pytest.approx(0.1 * 3.7 + 2.0 * 0.9)
    assert watts("") is None
    assert watts('error=1 error_msg="Command not registered"') is None


def test_the_fastest_core_tells_the_clock(tmp_path):
    for core, khz in (("cpu0", "1500000"), ("cpu1", "2400000"), ("cpu2", "noise")):
        path = tmp_path / "sys/devices/system/cpu" / core / "cpufreq"
        path.mkdir(parents=True)
        (path / "scaling_cur_freq").write_text(khz)
    assert clock_mhz(tmp_path) == 2400
    assert clock_mhz(tmp_path / "nowhere") is None


def test_this_machine_is_described():
    found = machine()
    assert found["cores"] >= 1
    assert found["versions"]["llama-cpp-python"]
    assert found["openmp_spin_count"]
    assert moment().load_1m >= 0


def test_plots_as_pictures_where_matplotlib_is_installed(report, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is optional and not installed")
    report.run(Stage("one"), filled)
    report.run(Stage("two"), broken)
    (picture,) = write_png(report, tmp_path)
    assert picture.name == "one.png"
    assert picture.read_bytes()[:4] == b"\x89PNG"
