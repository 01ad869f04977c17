"""Finding the pin header by its label."""

import fcntl
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from assistant.hardware.gpio import GpioError, chip_label, header_chip, pin_factory


def machine(root: Path, *chips: str) -> Path:
    (root / "dev").mkdir()
    for chip in chips:
        (root / "dev" / chip).write_text("")
    return root


@pytest.mark.parametrize("new_kernel", [True, False])
def test_a_pi_5_s_header_is_found_whatever_its_number(tmp_path: Path, new_kernel: bool) -> None:
    header, other = ("gpiochip0", "gpiochip10") if new_kernel else ("gpiochip4", "gpiochip0")
    root = machine(tmp_path, header, other)
    if new_kernel:  # Raspberry Pi OS keeps the old name as a link
        (root / "dev/gpiochip4").symlink_to("gpiochip0")
    known = {header: "pinctrl-rp1", other: "gpio-brcmstb@107d508500"}
    found = header_chip(root, lambda chip: known[chip.resolve().name])
    assert found is not None
    assert found.name == header


def test_machines_without_a_header(tmp_path: Path) -> None:
    assert header_chip(tmp_path) is None
    assert header_chip(machine(tmp_path, "gpiochip0"), lambda _: "INT34C5:00") is None


def test_chips_that_may_not_be_opened_say_what_to_do(tmp_path: Path) -> None:
    def closed(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(GpioError, match=r"^/dev/gpiochip0 may not be used by this user; sudo usermod -aG gpio \$USER"):
        header_chip(machine(tmp_path, "gpiochip0", "gpiochip10"), closed)


def test_something_else_under_that_name_is_passed_over(tmp_path: Path) -> None:
    # a plain file answers no such call: the real question is asked, and its failure is no failure of ours
    assert header_chip(machine(tmp_path, "gpiochip0", "gpiochipX", "gpiochip11")) is None


def test_the_label_is_read_from_the_kernel_s_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = machine(tmp_path, "gpiochip0") / "dev/gpiochip0"
    answer = b"gpiochip0".ljust(32, b"\0") + b"pinctrl-rp1".ljust(32, b"\0") + (54).to_bytes(4, "little")

    def ioctl(_device: object, request: int, argument: bytes) -> bytes:
        # read, 68 bytes, type 0xB4, number 1: what <linux/gpio.h> makes of GPIO_GET_CHIPINFO_IOCTL
        assert (request >> 30, request >> 16 & 0x3FFF, request >> 8 & 0xFF, request & 0xFF) == (2, 68, 0xB4, 1)
        assert len(argument) == 68
        return answer

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert chip_label(chip) == "pinctrl-rp1"


def test_no_header_no_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    assert pin_factory(None) is None


def test_without_lgpio_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "lgpio", None)
    monkeypatch.delitem(__import__("sys").modules, "gpiozero.pins.lgpio", raising=False)
    with pytest.raises(GpioError, match="package lgpio is missing; install it with `sudo apt install python3-lgpio`"):
        pin_factory(Path("/dev/gpiochip0"))


def test_pins_to_try_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    assert isinstance(pin_factory(None), MockFactory)
