"""What is plugged in: sound devices, the button's and light's pins; and the home that requests speak of."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from assistant.audio.devices import devices, find
from assistant.config import Hardware, Settings
from assistant.doctor.check import Check, from_error
from assistant.errors import AssistantError, AudioError
from assistant.hardware.gpio import HEADER_LABELS, GpioError, chip_label, header_chip
from assistant.nlu.home import load_home


def checks(settings: Settings, root: Path = Path("/")) -> Iterator[Check]:
    """Every check of this file. `root`: where /dev and /proc are."""
    yield sound("microphone", settings.audio.microphone, root)
    yield sound("loudspeaker", settings.audio.loudspeaker, root)
    yield pins(root, settings.hardware)
    yield home(settings)


def sound(kind: Literal["microphone", "loudspeaker"], wanted: str, root: Path = Path("/")) -> Check:
    """The device that is wanted, or any. None at all is no failure: recordings and typed requests work."""
    cards = sorted(path for path in (root / "dev" / "snd").glob("pcmC*D*" + ("c" if kind == "microphone" else "p")))
    closed = [path for path in cards if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        remedy = "sudo usermod -aG audio $USER, then log in again"
        return Check(kind, "fail", f"{closed[0]} may not be used by this user", remedy)
    try:
        if not wanted and not cards and not any(d.inputs if kind == "microphone" else d.outputs for d in devices()):
            return Check(
                kind, "absent", "none is connected", "plug one in; until then `assistant run` plays recordings"
            )
        found = find(wanted, kind)
    except AudioError as error:
        if wanted or cards:
            return from_error(kind, error, f"correct audio.{kind} in the settings")
        detail, _, remedy = str(error).partition("; ")
        return Check(kind, "absent", detail, remedy)
    channels = found.inputs if kind == "microphone" else found.outputs
    return Check(kind, "ok", f"{found.name}, {found.rate} Hz, {channels} channels")


def pins(root: Path = Path("/"), wired: Hardware | None = None, label: Callable[[Path], str] = chip_label) -> Check:
    """The GPIO pins of a Raspberry Pi, for the button and the light; `label` reads a pin controller's name."""
    wired = wired or Hardware()
    try:
        model = (root / "proc/device-tree/model").read_bytes().decode(errors="replace").rstrip("\0")
    except OSError:
        model = ""
    if "Raspberry Pi" not in model:
        return Check("button and light", "absent", "this machine has no pins for them")
    chips = sorted((root / "dev").glob("gpiochip*"))
    if not chips:
        return Check("button and light", "warn", f"{model}: no /dev/gpiochip*", "run it on Raspberry Pi OS, 64 bit")
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        remedy = "sudo usermod -aG gpio $USER, then log in again"
        return Check("button and light", "warn", f"{chips[0]} may not be used by this user", remedy)
    if importlib.util.find_spec("lgpio") is None:
        return Check("button and light", "warn", "the package lgpio is missing", "run scripts/setup")
    try:
        header = header_chip(root, label)
    except GpioError as error:
        return from_error("button and light", error)
    if header is None:
        known = " or ".join(HEADER_LABELS)
        remedy = "run it on Raspberry Pi OS, 64 bit; a HAT's own pins are not used"
        return Check("button and light", "warn", f"{model}: no pin controller is called {known}", remedy)
    return Check("button and light", "ok", f"{model}, {header.name}: {_wiring(wired)}")


def _wiring(wired: Hardware) -> str:
    button = f"button on GPIO {wired.button_pin}" if wired.button_pin else "no button"
    kind = "coloured light" if wired.light == "rgb" else "light"
    pins = ", ".join(str(pin) for pin in wired.light_pins)
    return f"{button}, {kind} on GPIO {pins}" if pins else f"{button}, no light"


def home(settings: Settings) -> Check:
    """Rooms and devices can be read."""
    try:
        found = load_home(settings.paths.home)
    except AssistantError as error:
        return from_error("home", error, "correct the file or paths.home")
    source = settings.paths.home or "the bundled sample home"
    remedy = "" if settings.paths.home else "describe your own rooms and devices in a file and set paths.home"
    return Check("home", "ok", f"{len(found.areas)} rooms, {len(found.entities)} devices, {source}", remedy)
