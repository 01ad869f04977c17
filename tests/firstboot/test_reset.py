"""Back to the factory's state, by a button of gpiozero's own mock."""

from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from assistant.firstboot import reset as module
from assistant.firstboot.reset import held, reset, under_way


class Closed(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin whose contact is closed before anybody looks: gpiozero's own starts as its resistor pulls."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self.drive_low()


def test_a_button_that_is_held_long_enough():
    waited: list[float] = []
    assert held(23, MockFactory(pin_class=Closed), waited.append)
    assert sum(waited) == pytest.approx(6.0)


def test_a_button_that_is_up_costs_no_time():
    waited: list[float] = []
    assert not held(23, MockFactory(), waited.append)
    assert waited == []


def test_a_button_that_is_let_go_in_time():
    factory, waited = MockFactory(pin_class=Closed), []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 50:
            factory.pin(23).drive_high()

    assert not held(23, factory, wait)
    assert len(waited) == 50


def filled(tmp_path: Path) -> tuple[Path, Path]:
    data, wifi = tmp_path / "data", tmp_path / "wifi"
    for path in (data / "assistant.db", data / "secrets/hub-token", data / "models/voice/a.onnx", wifi / "Home.psk"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return data, wifi


def left(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_everything_goes_but_the_models(tmp_path):
    data, wifi = filled(tmp_path)
    (data / "elsewhere").symlink_to(tmp_path)
    reset(data, (wifi, tmp_path / "never-there"))
    assert (left(data), left(wifi)) == (["models/voice/a.onnx"], [])
    assert not under_way(data)
    assert tmp_path.exists()


def test_a_reset_that_is_cut_off_goes_on(tmp_path, monkeypatch):
    data, wifi = filled(tmp_path)

    class PowerCut(BaseException):
        pass

    def cut(_directory: Path, _kept: tuple[str, ...]) -> None:
        raise PowerCut

    with monkeypatch.context() as broken:
        broken.setattr(module, "_empty", cut)
        with pytest.raises(PowerCut):
            reset(data, (wifi,))
    assert under_way(data)
    reset(data, (wifi,))
    assert left(data) == ["models/voice/a.onnx"]
    assert not under_way(data)
