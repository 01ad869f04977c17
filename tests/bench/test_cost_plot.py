"""The picture: well-formed, with the curves of the calculation in it."""

import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.bench import cost_plot, cost_presets
from assistant.bench.cost import compute
from assistant.bench.cost_inputs import Inputs, Layers
from assistant.errors import AssistantError, UsageError


def preset(name: str, **changes: Any) -> Inputs:
    layers = Layers()
    layers.add(cost_presets.values(name), name)
    layers.add(changes, "test")
    return layers.inputs()


@pytest.mark.parametrize("name", cost_presets.names())
def test_every_preset_is_drawn_as_one_page_that_loads_nothing(name: str, tmp_path: Path) -> None:
    path = cost_plot.write(preset(name), tmp_path / "new" / "plot.html", f"{name} <b>&")
    text = path.read_text(encoding="utf-8")
    drawing = ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    lines = drawing.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 6
    assert "<b>" not in text
    assert "nan" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_curves_meet_at_the_break_even() -> None:
    inputs = preset("kit-200k")
    even = compute(inputs).break_even
    over_load, over_months = cost_plot.charts(inputs)
    for chart, where in ((over_load, even.requests_per_month), (over_months, even.month)):
        assert where is not None
        before = [
            (e[1] - c[1]) for e, c in zip(chart.curves["edge"], chart.curves["cloud"], strict=True) if e[0] < where
        ]
        after = [
            (e[1] - c[1]) for e, c in zip(chart.curves["edge"], chart.curves["cloud"], strict=True) if e[0] > where
        ]
        assert before
        assert all(difference > 0 for difference in before)
        assert after[0] < 0
    assert over_months.mark == even.month


def test_hardware_is_bought_anew_after_its_life() -> None:
    months = dict(cost_plot.charts(preset("kit-200k"))[1].curves["edge"])
    assert months[0.0] == pytest.approx(300)
    assert months[36.0] == pytest.approx(600 + 36 * 50 / 12)


def test_a_currency_that_looks_like_markup_stays_text() -> None:
    drawing = cost_plot.drawing(cost_plot.charts(preset("pi-2m", currency="<&>")))
    assert "&lt;&amp;&gt; a month" in drawing
    ElementTree.fromstring(drawing)


def test_a_free_cloud_and_free_devices_can_be_drawn() -> None:
    free = preset("kit-200k", edge={"price": 0.0, "upkeep_per_year": 0.0}, cloud={"price_per_request": 0.0})
    ElementTree.fromstring(cost_plot.drawing(cost_plot.charts(free)))


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.html, \.svg or \.png"):
        cost_plot.write(preset("pi-2m"), tmp_path / "plot.gif", "x")


def test_a_place_that_cannot_be_written_is_a_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AssistantError, match="cannot be written"):
        cost_plot.write(preset("pi-2m"), tmp_path / "file" / "plot.html", "x")


def test_png_without_matplotlib_is_a_plain_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_plot, "find_spec", lambda name: None)
    with pytest.raises(AssistantError, match="needs matplotlib"):
        cost_plot.write(preset("pi-2m"), tmp_path / "plot.png", "x")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # matplotlib's own, on import
def test_png_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="PNG needs matplotlib, which is optional")
    path = cost_plot.write(preset("hat-100k"), tmp_path / "plot.png", "a $ and a $")
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert "matplotlib.pyplot" not in sys.modules
