"""The pin header: which chip it hangs on, and gpiozero's pins on that chip.

On a Raspberry Pi 5 the header belongs to the chip labelled "pinctrl-rp1": /dev/gpiochip4 on kernels before 6.6.45,
/dev/gpiochip0 since (raspberrypi/linux #6144). The number says nothing, so the label is asked for.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError

HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Labels of the chip behind the header: Raspberry Pi 5, 4, and older."""

_GET_CHIPINFO = 0x8044B401
"""GPIO_GET_CHIPINFO_IOCTL of <linux/gpio.h>: _IOR(0xB4, 1, char name[32], char label[32], u32 lines)."""


class GpioError(AssistantError):
    """Button or light cannot be used."""


def chip_label(chip: Path) -> str:
    """The label of a GPIO character device, as its driver gives it. Raises OSError."""
    with chip.open("rb", buffering=0) as device:
        answer = fcntl.ioctl(device, _GET_CHIPINFO, bytes(68))
    return answer[32:64].split(b"\0")[0].decode("ascii", "replace")


def header_chip(root: Path = Path("/"), label: Callable[[Path], str] = chip_label) -> Path | None:
    """The device of the pin header, or None on a machine without one.

    Raises GpioError when there are chips and this user may open none of them.
    """
    closed = ""
    for chip in _chips(root):
        try:
            if label(chip) in HEADER_LABELS:
                return chip
        except PermissionError:
            closed = closed or f"/dev/{chip.name}"
        except OSError:
            continue
    if closed:
        raise GpioError(f"{closed} may not be used by this user; sudo usermod -aG gpio $USER, then log in again")
    return None


def _chips(root: Path) -> Iterator[Path]:
    try:
        found = sorted((root / "dev").glob("gpiochip[0-9]*"), key=lambda path: int(path.name[8:] or 0))
    except (OSError, ValueError):
        return
    seen = set()
    for chip in found:  # Raspberry Pi OS makes gpiochip4 a link to gpiochip0
        real = chip.resolve()
        if real not in seen:
            seen.add(real)
            yield chip


def pin_factory(chip: Path | None) -> Any:  # noqa: ANN401 - gpiozero is untyped
    """A gpiozero pin factory on `chip`, or the one that $GPIOZERO_PIN_FACTORY names ("mock" for trying out).

    None where there is no header. Raises GpioError where there is one that cannot be used.
    """
    if os.environ.get("GPIOZERO_PIN_FACTORY"):
        from gpiozero import Device  # noqa: PLC0415 - imported on machines with pins alone

        return Device._default_pin_factory()  # noqa: SLF001 - gpiozero has no public way to make its default
    if chip is None:
        return None
    try:
        from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415
    except ImportError as error:
        raise GpioError(
            "button and light: the package lgpio is missing; install it with `sudo apt install python3-lgpio`"
        ) from error
    try:
        return LGPIOFactory(chip=int(chip.name.removeprefix("gpiochip")))
    except Exception as error:  # lgpio raises its own untyped errors
        raise GpioError(f"button and light: /dev/{chip.name} cannot be used ({error}); see doctor") from error
