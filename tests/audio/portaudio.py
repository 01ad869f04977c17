"""A PortAudio that the test drives by hand: no sound card is needed, and no time passes.

It stands in for the `sounddevice` module where no real device can run; its streams hand the test their callbacks.
"""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant.audio import Samples


class PortAudioError(Exception):
    """As sounddevice's."""


class Stream:
    """A stream that calls back when the test says so."""

    latency = 0.05

    def __init__(self, callback: Any, **settings: Any) -> None:
        self.callback, self.settings = callback, settings
        self.running = self.closed = False
        self.position = 0
        """Samples that passed so far: the stream's own clock."""

    def start(self) -> None:
        self.running = True

    def abort(self, ignore_errors: bool) -> None:
        self.running = False

    def close(self, ignore_errors: bool) -> None:
        self.closed = True

    def deliver(self, block: Samples) -> None:
        """What the device captured, shape (n, channels)."""
        self.callback(block, len(block), self._moment(len(block)), None)

    def pull(self, frames: int) -> Samples:
        """What the device would sound next, shape (frames,)."""
        out = np.full((frames, self.settings["channels"]), 99, np.int16)
        self.callback(out, frames, self._moment(frames), None)
        return out[:, 0]

    def _moment(self, frames: int) -> SimpleNamespace:
        at = self.position / self.settings["samplerate"]
        self.position += frames
        return SimpleNamespace(inputBufferAdcTime=at, outputBufferDacTime=at + self.latency, currentTime=at)


class PortAudio(ModuleType):
    """The module: a list of devices and the streams opened so far."""

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.PortAudioError = PortAudioError
        self.cards: list[dict[str, Any]] = []
        self.default = SimpleNamespace(device=(-1, -1))
        self.rates: dict[int, set[int]] = {}
        self.streams: list[Stream] = []
        self.busy = False
        self.taken: set[int] = set()
        """Devices that another program uses."""
        self.listings = 0
        """How often the list of devices was made anew."""
        self.plugged_later: list[dict[str, Any]] | None = None
        """The cards that only a new listing shows."""

    def add(self, name: str, *, inputs: int = 0, outputs: int = 0, rate: int = 48_000, only: bool = False) -> None:
        """A device; `only`: it takes no other rate than its own."""
        if only:
            self.rates[len(self.cards)] = {rate}
        self.cards.append({"name": name, "max_input_channels": inputs, "max_output_channels": outputs,
                           "default_samplerate": float(rate)})  # fmt: skip

    def _exit_handler(self) -> None:
        """What sounddevice does at the end of the process."""

    def _terminate(self) -> None:
        self.listings += 1

    def _initialize(self) -> None:
        self.cards, self.plugged_later = self.plugged_later or self.cards, None

    def query_devices(self) -> list[dict[str, Any]]:
        return self.cards

    def check_input_settings(self, *, device: int, channels: int, dtype: str, samplerate: int) -> None:
        if (
            samplerate not in self.rates.get(device, {samplerate})
            or channels > self.cards[device]["max_input_channels"]
        ):
            raise PortAudioError("Invalid sample rate")

    def check_output_settings(self, *, device: int, channels: int, dtype: str, samplerate: int) -> None:
        if samplerate not in self.rates.get(device, {samplerate}):
            raise PortAudioError("Invalid sample rate")

    def _open(self, **settings: Any) -> Stream:
        if self.busy or settings["device"] in self.taken:
            raise PortAudioError("Error opening stream: Device\nunavailable [PaErrorCode -9985]")
        self.streams.append(Stream(**settings))
        return self.streams[-1]

    InputStream = OutputStream = _open


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> PortAudio:
    module = PortAudio()
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", module)
    monkeypatch.setattr("assistant.audio.devices.SETTLE_SECONDS", 0.0)
    return module
