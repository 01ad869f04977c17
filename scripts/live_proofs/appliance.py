"""The whole appliance as a person starts it, on PulseAudio's virtual devices: what it hears, says and costs.

PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.appliance replug --cycles 20
PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.appliance idle
PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.appliance feedback --minutes 5
"""

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from assistant import demo
from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet
from scripts.live_proofs.pulse import LOUDSPEAKER, MICROPHONE, OTHER, Pulse

ROOT = Path(__file__).resolve().parent.parent.parent

LOUD = 300
"""Amplitude (of 32768) from which a recording of the loudspeaker is not silence."""


class Running:
    """`assistant run --json` in a process of its own; its turns arrive as they end."""

    def __init__(self, pulse: Pulse, **settings: str) -> None:
        """`settings`: more of them, as ASSISTANT_ variables without the prefix."""
        environment = {
            **os.environ,
            **pulse.variables,
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(pulse.folder / "data"),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(pulse.folder / "cache")),
            "XDG_CONFIG_HOME": str(pulse.folder / "config"),
            "OMP_NUM_THREADS": "1",
            "ASSISTANT_AUDIO__MICROPHONE": MICROPHONE,
            "ASSISTANT_AUDIO__LOUDSPEAKER": LOUDSPEAKER,
            **{f"ASSISTANT_{key}": value for key, value in settings.items()},
        }
        self.log = pulse.folder / "assistant.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "assistant", "run", "--json"], env=environment, cwd=pulse.folder,
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self._turns: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self._turns.put(json.loads(line))

    def turn(self, seconds: float) -> dict[str, Any] | None:
        """The next turn that ended; None when none does within `seconds`."""
        try:
            return self._turns.get(timeout=seconds)
        except queue.Empty:
            return None

    def ask(self, pulse: Pulse, request: Samples, tries: int = 6) -> dict[str, Any] | None:
        """Say it until it is answered: the first times it may still be loading."""
        for _ in range(tries):
            pulse.say(np.concatenate((quiet(0.6, seed=1), request, quiet(1.2, seed=2)))).wait()
            found = self.turn(12.0)
            if found is not None and found["outcome"] != "nothing":
                return found
        return None

    def cpu_share(self, seconds: float) -> float:
        """Processor time over real time, of one core, all threads, over the next `seconds`."""
        process = psutil.Process(self.process.pid)

        def used() -> float:
            times = process.cpu_times()
            return times.user + times.system

        before, began = used(), time.monotonic()
        time.sleep(seconds)
        return (used() - before) / (time.monotonic() - began)

    def close(self) -> int:
        """End it politely; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def request(name: str) -> Samples:
    """One of the bundled recorded requests, with its wake phrase."""
    return read(next(each.file for each in demo.requests() if each.file.stem == name))


def sounding(recorded: Samples) -> list[tuple[float, float]]:
    """The stretches (seconds) in which a recording is louder than LOUD, gaps below 0.3 s closed."""
    step = SAMPLE_RATE // 50
    loud = [i / 50 for i in range(recorded.size // step) if np.abs(recorded[i * step : (i + 1) * step]).max() > LOUD]
    found: list[tuple[float, float]] = []
    for at in loud:
        if found and at - found[-1][1] <= 0.3:
            found[-1] = (found[-1][0], at + 0.02)
        else:
            found.append((at, at + 0.02))
    return found


def replug(pulse: Pulse, running: Running, cycles: int) -> dict[str, Any]:
    """Unplug and replug the microphone and the loudspeaker in turn; after each, a request must be answered aloud."""
    answered, aloud, chosen, deaf_s = 0, 0, 0, list[float]()
    for cycle in range(cycles):
        device = MICROPHONE if cycle % 2 == 0 else LOUDSPEAKER
        pulse.unplug(device)
        time.sleep(1.0 + cycle % 3)
        pulse.plug(device)
        began = time.monotonic()
        time.sleep(8.0 if device == LOUDSPEAKER else 3.0)  # while another loudspeaker stands in it looks every 5 s
        with pulse.recording() as there, pulse.recording(OTHER) as elsewhere:
            found = running.ask(pulse, request("time"), tries=2)
            time.sleep(2.5)
        answered += found is not None
        chosen += bool(sounding(there[0]))
        aloud += bool(sounding(there[0]) or sounding(elsewhere[0]))
        deaf_s.append(time.monotonic() - began)
    return {
        "cycles": cycles,
        "answered": answered,
        "aloud": aloud,
        "on_the_chosen_one": chosen,
        "to_answer_s": round(max(deaf_s), 1),
    }


def feedback(pulse: Pulse, running: Running, minutes: float) -> dict[str, Any]:
    """The microphone hears the loudspeaker at 0 dB in real time while requests are made: nothing but they may begin
    a turn."""
    pulse.feed_back(1.0, 30)
    asked, turns, extra = 0, 0, list[dict[str, Any]]()
    ends = time.monotonic() + minutes * 60
    while time.monotonic() < ends:
        asked += 1
        found = running.ask(pulse, request("help" if asked % 2 else "time"), tries=1)
        turns += found is not None
        while (more := running.turn(8.0)) is not None:
            extra.append(more)
    return {"minutes": minutes, "asked": asked, "answered": turns, "turns_of_its_own": len(extra),
            "transcripts": [each["transcript"] for each in extra]}  # fmt: skip


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("replug", "idle", "feedback"))
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    pulse = Pulse()
    running = Running(pulse)
    try:
        if running.ask(pulse, request("time")) is None:
            sys.exit(f"it does not answer; see {running.log.read_text(encoding='utf-8')}")
        time.sleep(5.0)
        if options.what == "replug":
            result = replug(pulse, running, options.cycles)
        elif options.what == "feedback":
            result = feedback(pulse, running, options.minutes)
        else:
            time.sleep(45.0)  # what is prepared in the background after a first start
            result = {"idle_cpu_share": round(running.cpu_share(60.0), 4), "load": os.getloadavg()[0]}
        print(json.dumps(result))
    finally:
        running.close()
        pulse.close()


if __name__ == "__main__":
    main()
