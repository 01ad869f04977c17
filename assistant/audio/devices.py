"""Which sound devices there are, through PortAudio.

PortAudio is a system library that may be absent, so `sounddevice` is imported when a device is first asked for.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from assistant.errors import AudioError


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device as the system lists it."""

    index: int
    name: str
    inputs: int
    """Channels it can capture; 0 for a loudspeaker."""
    outputs: int
    rate: int
    """Hz, its own default."""
    default_input: bool
    default_output: bool


def devices() -> list[Device]:
    """Every sound device. Raises AudioError when PortAudio is missing or cannot be asked."""
    sd = portaudio()
    try:
        found = sd.query_devices()
        first_input, first_output = sd.default.device[0], sd.default.device[1]
    except sd.PortAudioError as error:
        raise AudioError(f"sound devices: cannot be listed ({reason(error)}); is the sound service running?") from error
    return [
        Device(
            index=number,
            name=str(d["name"]),
            inputs=int(d["max_input_channels"]),
            outputs=int(d["max_output_channels"]),
            rate=round(d["default_samplerate"]),
            default_input=number == first_input,
            default_output=number == first_output,
        )
        for number, d in enumerate(found)
    ]


def find(name: str, kind: Literal["microphone", "loudspeaker"]) -> Device:
    """The device whose name contains `name` (case aside), or the system's default when `name` is empty.

    Raises AudioError, listing what there is, when none fits.
    """
    usable = [d for d in devices() if (d.inputs if kind == "microphone" else d.outputs) > 0]
    if not usable:
        raise AudioError(f"{kind}: no such sound device is connected; plug one in, then run `assistant doctor`")
    if not name:
        default = (d for d in usable if (d.default_input if kind == "microphone" else d.default_output))
        return next(default, usable[0])
    # an exact name before a part of one
    fitting = [d for d in usable if d.name.casefold() == name.casefold()]
    fitting += [d for d in usable if name.casefold() in d.name.casefold()]
    if not fitting:
        names = ", ".join(f"'{d.name}'" for d in usable)
        raise AudioError(f"{kind}: none is called '{name}'; there are {names} (setting audio.{kind})")
    return fitting[0]


def portaudio() -> ModuleType:
    """The `sounddevice` module. Raises AudioError where the system library is missing."""
    try:
        import sounddevice  # noqa: PLC0415 - its import fails where the system library is missing
    except (OSError, ImportError) as error:
        raise AudioError(
            "sound devices: the PortAudio library is missing; install it with `sudo apt install libportaudio2`"
        ) from error
    module: ModuleType = sounddevice
    return module


def reason(error: Exception) -> str:
    """PortAudio's own words, on one line."""
    return " ".join(str(error.args[0] if error.args else error).split()).removesuffix(".")
