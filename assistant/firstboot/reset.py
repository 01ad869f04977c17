"""Back to the factory's state: everything that was learnt goes, slots and models stay.

A mark is set first and goes last, so that a reset that the power cut ends goes on at the next start. Before the mark is
safe nothing is touched.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.hardware.button import LONG_HOLD_S
from assistant.hardware.gpio import GpioError
from assistant.update.card import Card

MARK = "reset-under-way"

SET_UP = ".set-up"
"""Stands in the data from the image on: where it is missing, the start says that what was kept is gone."""

KEPT = ("models", SET_UP)
"""A full image's models are there; a device without a network could not get them again."""

LOOK_S = 0.1


def held(pin: int, factory: Any, sleep: Callable[[float], None]) -> bool:  # noqa: ANN401 - gpiozero is untyped
    """Whether the button is down now and stays down for LONG_HOLD_S. Quick when it is not.

    Raises GpioError when the pin cannot be used.
    """
    import gpiozero  # noqa: PLC0415 - imported on machines with pins alone

    try:
        with gpiozero.DigitalInputDevice(pin, pull_up=True, bounce_time=None, pin_factory=factory) as button:
            for _ in range(round(LONG_HOLD_S / LOOK_S)):
                if not button.is_active:
                    return False
                sleep(LOOK_S)
            return bool(button.is_active)
    except Exception as error:  # gpiozero and lgpio raise a dozen untyped errors
        raise GpioError(f"button: GPIO {pin} cannot be used ({error}); set hardware.button_pin") from error


def under_way(data: Path) -> bool:
    """Whether a reset was begun and not ended."""
    return (data / MARK).exists()


def reset(data: Path, others: tuple[Path, ...]) -> None:
    """Empty `data` but for the models, and every directory of `others`. Raises AssistantError."""
    disk = Card()
    try:
        data.mkdir(parents=True, exist_ok=True)
        mark = data / MARK
        mark.touch(mode=0o600)
        disk.sync(mark)
        disk.sync_directory(data)
        for directory in others:
            _empty(directory, ())
        _empty(data, (*KEPT, MARK))
        disk.sync_directory(data)
        mark.unlink()
        disk.sync_directory(data)
    except OSError as error:
        raise AssistantError(
            f"{error.filename or data}: cannot be removed ({error.strerror}); run it as root"
        ) from error


def _empty(directory: Path, kept: tuple[str, ...]) -> None:
    if not directory.is_dir():
        return
    for item in sorted(directory.iterdir()):
        if item.name in kept:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
