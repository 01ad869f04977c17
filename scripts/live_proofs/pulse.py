"""A PulseAudio of its own with virtual devices: sound played into "kitchen microphone" is what the assistant hears, and
what it plays on "kitchen loudspeaker" can be recorded. PortAudio reaches both through ALSA, as it would a real card.

Needs the Debian packages pulseaudio, pulseaudio-utils, libasound2-plugins and libportaudio2.
"""

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.audio import SAMPLE_RATE, Samples

TOOLS = ("pulseaudio", "pactl", "pacat", "parec")

DEVICES = """
pcm.kitchen_microphone {{ type pulse server "{server}" device "microphone.monitor"
    hint {{ show on description "kitchen microphone" }} }}
pcm.kitchen_loudspeaker {{ type pulse server "{server}" device "loudspeaker"
    hint {{ show on description "kitchen loudspeaker" }} }}
pcm.other_loudspeaker {{ type pulse server "{server}" device "other"
    hint {{ show on description "other loudspeaker" }} }}
pcm.!default {{ type pulse server "{server}" }}
ctl.!default {{ type pulse server "{server}" }}
"""

MICROPHONE, LOUDSPEAKER, OTHER = "kitchen_microphone", "kitchen_loudspeaker", "other_loudspeaker"
SINKS = {MICROPHONE: "microphone", LOUDSPEAKER: "loudspeaker", OTHER: "other"}


def missing() -> str:
    """The first program that is not installed; "" when all are."""
    return next((tool for tool in TOOLS if shutil.which(tool) is None), "")


class Ears:
    """What passes one of the server's monitors, while it passes."""

    def __init__(self, source: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["parec", f"--device={source}", "--format=s16le", f"--rate={SAMPLE_RATE}", "--channels=1",
             "--latency-msec=20", "--raw"], env=environment, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._bytes = bytearray()
        self._began = float("inf")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert isinstance(self._process.stdout, io.BufferedReader)
        while block := self._process.stdout.read1(4096):
            self._bytes += block
            # blocks come late, never early: the earliest tells when the first sample passed
            self._began = min(self._began, time.monotonic() - len(self._bytes) / 2 / SAMPLE_RATE)

    def since(self, moment: float) -> Samples:
        """16 kHz mono, from `moment` (monotonic) until now; silence for what was not recorded yet."""
        whole = bytes(self._bytes)
        samples = np.frombuffer(whole[: len(whole) // 2 * 2], "<i2")
        first = round((moment - self._began) * SAMPLE_RATE) if samples.size else 0
        return samples[first:] if first >= 0 else np.concatenate((np.zeros(-first, np.int16), samples))

    def close(self) -> None:
        """End it; what was on its way has arrived."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Pulse:
    """A running server. Stop it with `close`."""

    def __init__(self) -> None:
        """Start it with the three devices plugged in."""
        self.folder = Path(tempfile.mkdtemp(prefix="pulse-"))
        self._modules: dict[str, str] = {}
        home = self.folder / "home"
        home.mkdir()
        socket = self.folder / "native"
        self.server = f"unix:{socket}"
        self._environment = {
            **os.environ,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_CONFIG_HOME": str(home),
            "PULSE_SERVER": self.server,
        }
        script = self.folder / "script.pa"
        # no module that moves streams: those of a device that is unplugged end, as they do on a card of its own
        script.write_text(f"load-module module-native-protocol-unix auth-anonymous=1 socket={socket}\n")
        self._process = subprocess.Popen(
            ["pulseaudio", "-n", "-F", str(script), "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no",
             "--disable-shm", "--realtime=no", "--high-priority=no", f"--log-target=file:{self.folder}/log"],
            env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            if socket.exists() and self._answers():
                break
            time.sleep(0.05)
        else:
            self.close()
            raise RuntimeError(f"pulseaudio did not start; see {self.folder}/log")
        configuration = self.folder / "asound.conf"
        configuration.write_text(DEVICES.format(server=self.server))
        self.variables = {
            "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{configuration}",
            "PULSE_SERVER": self.server,
            "HOME": str(home),
        }
        """What a program needs in its environment to see these devices."""
        for device in SINKS:
            self.plug(device)
        self.command("set-default-sink", "other")
        self.command("set-default-source", "microphone.monitor")

    def _answers(self) -> bool:
        asked = subprocess.run(["pactl", "info"], env=self._environment, capture_output=True, check=False)
        return asked.returncode == 0

    def command(self, *words: str) -> str:
        """What `pactl` answers."""
        return subprocess.run(
            ["pactl", *words], env=self._environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    def plug(self, device: str) -> None:
        """Plug a device in."""
        self._modules[device] = self.command(
            "load-module", "module-null-sink", f"sink_name={SINKS[device]}", "rate=48000", "channels=2"
        )

    def unplug(self, device: str) -> None:
        """Pull it out: streams on it end."""
        self.command("unload-module", self._modules.pop(device))

    def say(self, samples: Samples, *, sink: str = "microphone") -> "subprocess.Popen[bytes]":
        """Play 16 kHz sound into the microphone (or another sink); returns at once. `wait()` for its end."""
        file = self.folder / f"say-{time.monotonic_ns()}.raw"
        file.write_bytes(samples.astype("<i2").tobytes())
        return subprocess.Popen(
            ["pacat", "--playback", f"--device={sink}", "--format=s16le", f"--rate={SAMPLE_RATE}", "--channels=1",
             "--latency-msec=30", "--raw", str(file)], env=self._environment,
        )  # fmt: skip

    def recording(self, device: str = LOUDSPEAKER) -> contextlib.AbstractContextManager[list[Samples]]:
        """What a loudspeaker plays while the block runs: at its end the list holds it, 16 kHz mono."""
        return self.recording_of(f"{SINKS[device]}.monitor")

    @contextlib.contextmanager
    def recording_of(self, source: str) -> Iterator[list[Samples]]:
        """The same of any of the server's sources."""
        file = self.folder / f"recording-{time.monotonic_ns()}.raw"
        recorded: list[Samples] = []
        with file.open("wb") as out:
            process = subprocess.Popen(
                ["parec", f"--device={source}", "--format=s16le", f"--rate={SAMPLE_RATE}",
                 "--channels=1", "--latency-msec=20", "--raw"], env=self._environment, stdout=out,
            )  # fmt: skip
            try:
                yield recorded
            finally:
                process.terminate()
                process.wait()
        recorded.append(np.fromfile(file, "<i2"))

    @contextlib.contextmanager
    def ears(self) -> Iterator[tuple[Ears, Ears]]:
        """What the microphone hears and what the loudspeaker plays, while the block runs."""
        pair = [Ears(f"{SINKS[device]}.monitor", self._environment) for device in (MICROPHONE, LOUDSPEAKER)]
        try:
            yield pair[0], pair[1]
        finally:
            for each in pair:
                each.close()

    def feed_back(self, gain: float, delay_ms: int) -> str:
        """Let the microphone hear the loudspeaker, at `gain` (amplitude) after `delay_ms`."""
        module = self.command(
            "load-module",
            "module-loopback",
            "source=loudspeaker.monitor",
            "sink=microphone",
            f"latency_msec={delay_ms}",
            "adjust_time=0",  # a room's delay does not wander
        )
        inputs = self.command("list", "short", "sink-inputs").splitlines()
        self.command("set-sink-input-volume", inputs[-1].split()[0], str(round(65536 * gain ** (1 / 3))))
        return module

    def close(self) -> None:
        """End the server and take its files away."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
