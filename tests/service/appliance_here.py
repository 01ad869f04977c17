"""Runs `assistant run` as it is, on a stand-in for a sound card: silence in at the pace of life, nothing out."""

import sys
import threading
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np


class PortAudioError(Exception):
    """As sounddevice's."""


class Stream:
    """Calls back every block from a thread of its own, as PortAudio does."""

    latency = 0.02

    def __init__(
        self, *, callback: Any, blocksize: int, samplerate: float, channels: int, capture: bool, **_: Any
    ) -> None:
        self._block, self._pause = np.zeros((blocksize, channels), np.int16), blocksize / samplerate
        self._callback, self._capture, self._over = callback, capture, threading.Event()
        self.time = 0.0
        self.active = True

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        moment = SimpleNamespace(currentTime=0.0, inputBufferAdcTime=0.0, outputBufferDacTime=0.0)
        while not self._over.wait(self._pause):
            moment.currentTime = moment.inputBufferAdcTime = moment.outputBufferDacTime = self.time = time.monotonic()
            self._callback(self._block.copy(), len(self._block), moment, None)

    def abort(self, ignore_errors: bool = True) -> None:
        self._over.set()
        self.active = False

    stop = close = abort


def card() -> Any:
    module: Any = ModuleType("sounddevice")
    device = {
        "name": "stand-in",
        "index": 0,
        "hostapi": 0,
        "max_input_channels": 1,
        "max_output_channels": 1,
        "default_samplerate": 48_000.0,
        "default_low_input_latency": 0.01,
        "default_low_output_latency": 0.01,
    }
    module.PortAudioError = PortAudioError
    module.default = SimpleNamespace(device=(0, 0))
    module.query_devices = lambda *_, **__: [device]
    module.query_hostapis = lambda *_, **__: [{"name": "stand-in"}]
    module.check_input_settings = module.check_output_settings = lambda **_: None
    module.InputStream = lambda **settings: Stream(capture=True, **settings)
    module.OutputStream = lambda **settings: Stream(capture=False, **settings)
    module._initialize = module._terminate = lambda: None
    return module


if __name__ == "__main__":
    sys.modules["sounddevice"] = card()
    from assistant.cli import main

    sys.exit(main())
