"""Sound devices, pins and the home, on fake device trees; the sound library answers for itself where it can."""

import importlib.util
import os
from pathlib import Path

import pytest

from assistant.audio.devices import Device
from assistant.config import Hardware, Paths, Settings
from assistant.doctor import devices
from assistant.errors import AudioError

USB = Device(index=0, name="USB speakerphone", inputs=1, outputs=2, rate=48000, default_input=True, default_output=True)


def connected(monkeypatch: pytest.MonkeyPatch, *found: Device) -> None:
    """These devices, in place of the sound card that a test machine has not."""

    def answer(name: str, kind: str) -> Device:
        fitting = [d for d in found if name.casefold() in d.name.casefold()]
        if not fitting:
            raise AudioError(f"{kind}: none is called '{name}'; there are others")
        return fitting[0]

    monkeypatch.setattr(devices, "devices", lambda: list(found))
    monkeypatch.setattr(devices, "find", answer)


@pytest.mark.parametrize("kind", ["microphone", "loudspeaker"])
def test_this_machine(kind):
    """Whatever is connected here: an answer, and a remedy unless all is well."""
    found = devices.sound(kind, "")
    assert found.state == "ok" or found.remedy


def test_a_device(monkeypatch, tmp_path):
    connected(monkeypatch, USB)
    found = devices.sound("loudspeaker", "", tmp_path)
    assert (found.state, found.detail) == ("ok", "USB speakerphone, 48000 Hz, 2 channels")


def test_nothing_connected_is_no_failure(monkeypatch, tmp_path):
    connected(monkeypatch)
    assert devices.sound("microphone", "", tmp_path).state == "absent"


def test_a_configured_device_that_is_not_there_is_a_failure(monkeypatch, tmp_path):
    connected(monkeypatch, USB)
    found = devices.sound("microphone", "studio", tmp_path)
    assert (found.state, found.detail) == ("fail", "microphone: none is called 'studio'")


def test_a_missing_sound_library(monkeypatch, tmp_path):
    def missing() -> list[Device]:
        raise AudioError("sound devices: the PortAudio library is missing; install it")

    monkeypatch.setattr(devices, "devices", missing)
    monkeypatch.setattr(devices, "find", lambda *_: missing())
    assert devices.sound("microphone", "", tmp_path).state == "absent"
    (tmp_path / "dev/snd").mkdir(parents=True)
    (tmp_path / "dev/snd/pcmC0D0c").touch()
    found = devices.sound("microphone", "", tmp_path)
    assert (found.state, found.remedy) == ("fail", "install it"), "a card is there but cannot be used"


def test_a_card_that_may_not_be_used(monkeypatch, tmp_path):
    (tmp_path / "dev/snd").mkdir(parents=True)
    (tmp_path / "dev/snd/pcmC0D0p").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = devices.sound("loudspeaker", "", tmp_path)
    assert (found.state, found.remedy) == ("fail", "sudo usermod -aG audio $USER, then log in again")


def board(root: Path, chips: int = 1) -> Path:
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    (root / "dev").mkdir()
    for number in range(chips):
        (root / f"dev/gpiochip{number}").touch()
    return root


def test_no_board(tmp_path):
    assert devices.pins(tmp_path).state == "absent"


def test_a_board_without_pin_controllers(tmp_path):
    assert devices.pins(board(tmp_path, chips=0)).state == "warn"


@pytest.mark.parametrize(("there", "state"), [(True, "ok"), (False, "warn")])
def test_a_board(tmp_path, monkeypatch, there, state):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if there else None)
    names = {"gpiochip0": "pinctrl-rp1", "gpiochip1": "gpio-brcmstb"}
    check = devices.pins(board(tmp_path, chips=2), label=lambda chip: names[chip.name])
    assert check.state == state
    if there:
        assert check.detail.endswith("gpiochip0: button on GPIO 23, light on GPIO 24")
        wired = Hardware(button_pin=0, light="rgb")
        check = devices.pins(tmp_path, wired, lambda chip: names[chip.name])
        assert check.detail.endswith("no button, coloured light on GPIO 24, 25, 22")


def test_a_board_whose_header_is_not_among_its_pins(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    check = devices.pins(board(tmp_path, chips=2), label=lambda _: "gpio-brcmstb")
    assert check.state == "warn"
    assert "no pin controller is called pinctrl-rp1" in check.detail


def test_pins_that_may_not_be_used(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "usermod -aG gpio" in devices.pins(board(tmp_path)).remedy


def test_the_home(tmp_path):
    sample = devices.home(Settings())
    assert sample.state == "ok"
    assert "the bundled sample home" in sample.detail
    (tmp_path / "home.toml").write_text("rooms = 3")
    broken = devices.home(Settings(paths=Paths(home=tmp_path / "home.toml")))
    assert broken.state == "fail"
    assert broken.remedy
    assert devices.home(Settings(paths=Paths(home=tmp_path / "none.toml"))).state == "fail"
