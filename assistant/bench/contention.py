"""A language model that speaks while other things want the processor: what is left of its speed, and whether sound is
heard all the while."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from assistant.audio import FRAME_SAMPLES, FRAME_SECONDS, Samples
from assistant.audio.capture import BACKLOG_BLOCKS
from assistant.bench.figures import Effort, Stage, percentile
from assistant.bench.stopwatch import TimedModel
from assistant.llm import Message
from assistant.wake.micro import BUNDLED, MicroWakeEngine

BACKLOG_S = BACKLOG_BLOCKS * FRAME_SECONDS
"""Seconds that a captured frame may wait before it is dropped."""


@dataclass(slots=True)
class Lateness:
    """How long after their end frames had gone through the wake word's engine."""

    seconds: list[float] = field(default_factory=list)

    @property
    def late(self) -> int:
        """Frames that were not done when the next one had come: they waited, nothing more."""
        return sum(each > FRAME_SECONDS for each in self.seconds)

    @property
    def missed(self) -> int:
        """Frames that were not done before the capture's buffer would have dropped them."""
        return sum(each > BACKLOG_S for each in self.seconds)


class Ticker:
    """A microphone's pace: a frame of noise every 20 ms, through the real wake engine, on a thread of its own."""

    def __init__(
        self,
        process: Callable[[Samples], object],
        *,
        clock: Callable[[], float] = time.perf_counter,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`wait(seconds)` returns True when it is time to stop."""
        self._process, self._clock = process, clock
        self._stop = threading.Event()
        self._wait = wait or self._stop.wait
        self._noise = np.random.default_rng(0).integers(-300, 300, (64, FRAME_SAMPLES)).astype(np.int16)
        self.lateness = Lateness()

    def run(self) -> None:
        """Frames until told to stop."""
        due = self._clock() + FRAME_SECONDS
        number = 0
        while not self._wait(max(0.0, due - self._clock())):
            self._process(self._noise[number % len(self._noise)])
            self.lateness.seconds.append(self._clock() - due)
            due += FRAME_SECONDS
            number += 1

    @contextlib.contextmanager
    def beside(self) -> Iterator[Lateness]:
        """Runs during the block."""
        thread = threading.Thread(target=self.run, name="ticker")
        thread.start()
        try:
            yield self.lateness
        finally:
            self._stop.set()
            thread.join()
            self._stop.clear()


def measure_contended(stage: Stage, model: TimedModel, messages: list[Message], effort: Effort, tokens: int) -> None:
    """Tokens a second while another program keeps one core busy and sound is listened to, against without, in turns."""
    quiet = stage.begin("llm_decode_quiet_tok_s", "tokens a second, nothing of ours beside it", effort.repeats)
    busy = stage.begin(
        "llm_decode_contended_tok_s", "tokens a second beside one busy process and the wake word", effort.repeats
    )
    ticker = Ticker(MicroWakeEngine(tuple(BUNDLED)[:1]).process)
    for counts in effort.rounds(stage, busy.name):
        alone = model.speak(messages, tokens).tokens_a_second
        with competitor(), ticker.beside():
            beside = model.speak(messages, tokens).tokens_a_second
        if counts and alone and beside:
            quiet.add(alone)
            busy.add(beside)
    stage.ratio("decode_contended_over_quiet", busy.name, quiet.name)
    seen = ticker.lateness
    stage.values["audio_frames"] = len(seen.seconds)
    stage.values["audio_frames_missed"] = seen.missed
    stage.values["audio_frames_late"] = seen.late
    if seen.seconds:
        stage.values["audio_late_p99_ms"] = round(percentile(seen.seconds, 0.99) * 1000, 2)
        stage.values["audio_late_max_ms"] = round(max(seen.seconds) * 1000, 2)
    stage.notes.append(
        f"audio: frames of 20 ms through the wake word's engine while the model speaks beside a busy process; missed: "
        f"later than the {BACKLOG_S:g} s that captured sound waits; late: not done when the next frame had come"
    )


@contextlib.contextmanager
def competitor() -> Iterator[None]:
    """A process of ours that computes without end beside the measurement."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it runs
        yield
    finally:
        process.kill()
        process.communicate()
