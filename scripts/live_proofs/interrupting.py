"""Interrupting the whole appliance by voice, on PulseAudio's virtual devices: how long it goes on after the word's end.

PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.interrupting --corpus ../shared/corpora/audio --count 20 [--echo]

A long reply is asked for and interrupted in the middle. Word and reply are recorded at the two devices and
laid side by side by the times at which the recordings arrive, to some milliseconds. --echo: the microphone hears the
loudspeaker at 0 dB, and words are as loud as the reply's echo.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.noise import quiet, to_pcm
from scripts.live_proofs.appliance import Running, request
from scripts.live_proofs.echo_loop import Wave, recorded, said
from scripts.live_proofs.pulse import Ears, Pulse

PHRASES = '["okay nabu", "alexa"]'
"""People say "alexa" in the corpus; the bundled request for a long reply begins with "okay nabu"."""

HEARD = 20
"""Amplitude from which the loudspeaker's channel is not silent: between replies it is digital silence."""

PAUSE_S = 0.7
"""Silence that long is no pause between two clauses."""

INTO_S = 1.5
"""The reply sounds for so long before it is interrupted."""

LEVEL = 0.08
"""RMS of a word where there is no echo: somebody speaks at a normal distance."""


class Interrupted:
    """One long reply, and what was said into it."""

    def __init__(self, pulse: Pulse, running: Running, *, echo: bool) -> None:
        self._pulse, self._running, self._echo = pulse, running, echo

    def by(self, clips: Sequence[Wave], wait_s: float) -> tuple[Samples, list[float], dict[str, Any] | None]:
        """Say `clips` into it, `wait_s` after each; what the loudspeaker played, when in it each clip had been heard,
        and the turn of the reply (None where it did not end)."""
        # a microphone in a room is never digitally silent
        room = self._pulse.say(quiet(120.0, seed=7))
        try:
            return self._scene(clips, wait_s)
        finally:
            room.terminate()
            room.wait()

    def _scene(self, clips: Sequence[Wave], wait_s: float) -> tuple[Samples, list[float], dict[str, Any] | None]:
        with self._pulse.ears() as (microphone, loudspeaker):
            began = time.monotonic()
            self._pulse.say(np.concatenate((quiet(0.5, seed=1), request("help"), quiet(0.3, seed=2)))).wait()
            asked, ends = time.monotonic(), []
            for clip in clips:
                self._until_it_speaks(loudspeaker, asked)
                spoken = loudspeaker.since(time.monotonic() - 1.0) / 32768
                level = _rms(spoken) if self._echo else LEVEL
                sound = at_level(clip, level)
                asked = time.monotonic()
                self._pulse.say(np.concatenate((to_pcm(sound), quiet(0.3, seed=3)))).wait()
                time.sleep(wait_s)
                found = found_at(microphone.since(asked), clip)
                ends.append(asked - began + (found + clip.size) / SAMPLE_RATE)
                asked = time.monotonic()
            turn = self._running.turn(25.0)
            while turn is not None and turn["outcome"] == "nothing":  # a wake word without words: not the reply's own
                turn = self._running.turn(25.0)
            time.sleep(2 * PAUSE_S)
            return loudspeaker.since(began), ends, turn

    def _until_it_speaks(self, loudspeaker: Ears, since: float) -> None:
        for _ in range(300):
            loud = np.abs(loudspeaker.since(since)) > HEARD
            if np.count_nonzero(loud) > INTO_S * SAMPLE_RATE / 2 and loud[-SAMPLE_RATE // 5 :].any():
                return
            time.sleep(0.05)


def _rms(wave: npt.NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(wave.astype(np.float64) ** 2))) or 1e-9


def at_level(clip: Wave, level: float) -> Wave:
    """`clip` with `level` as its RMS, or less where it would be clipped."""
    return clip * min(level / _rms(clip), 0.95 / np.abs(clip).max())


def found_at(heard: Samples, clip: Wave) -> int:
    """Where `clip` begins in `heard`: the best match."""
    size = 1 << int(np.ceil(np.log2(heard.size + clip.size)))
    match = np.fft.irfft(np.fft.rfft(heard / 32768, size) * np.conj(np.fft.rfft(clip, size)), size)
    return int(np.argmax(match[: max(1, heard.size - clip.size + 1)]))


def silence_after(played: Samples, at_s: float) -> tuple[float, float]:
    """How long after `at_s` the loudspeaker fell silent for PAUSE_S or more (0 when it already was), and how long for
    (to the end of the recording when it was for good)."""
    loud = np.flatnonzero(np.abs(played) > HEARD) / SAMPLE_RATE
    gaps = np.diff(np.append(loud, played.size / SAMPLE_RATE + PAUSE_S))
    for sounded, gap in zip(loud, gaps, strict=True):
        if gap >= PAUSE_S and sounded + gap > at_s:
            return max(0.0, sounded - at_s), gap
    return 0.0, 0.0


def cough(seed: int = 0) -> Wave:
    """Two bursts of noise, as a cough is."""
    rng = np.random.default_rng(seed)
    burst = rng.standard_normal(round(0.16 * SAMPLE_RATE)) * np.exp(-np.arange(round(0.16 * SAMPLE_RATE)) / 900)
    return np.concatenate((burst, np.zeros(round(0.15 * SAMPLE_RATE)), 0.7 * burst)) * 0.3


def stops(pulse: Pulse, running: Running, clips: Sequence[Wave], *, echo: bool) -> dict[str, Any]:
    """A cough and then "stop", into a reply: the cough lets it go on, the word ends it."""
    delays, coughed = list[float](), 0
    for number, clip in enumerate(clips):
        scene = Interrupted(pulse, running, echo=echo)
        played, (coughed_at, said_at), turn = scene.by([cough(number), clip], 1.0)
        between = np.abs(played[round(coughed_at * SAMPLE_RATE) : round(said_at * SAMPLE_RATE)])
        coughed += int(np.count_nonzero(between > HEARD) > SAMPLE_RATE / 2)
        if turn is not None and turn["outcome"] == "cancelled":
            delays.append(silence_after(played, said_at)[0])
        _show(number, coughed, delays)
    return {"word": "stop", "coughs_survived": coughed, **_figures(clips, delays)}


def wakes(pulse: Pulse, running: Running, clips: Sequence[Wave], *, echo: bool) -> dict[str, Any]:
    """A wake word into a reply, and nothing after it: silence at once, then the reply goes on to its end."""
    delays, went_on, otherwise = list[float](), 0, list[str]()
    for number, clip in enumerate(clips):
        played, (said_at,), turn = Interrupted(pulse, running, echo=echo).by([clip], 0.5)
        delay, silent = silence_after(played, said_at - clip.size / SAMPLE_RATE / 2)
        if silent and delay < 3.0:
            # counted from the word's end: the engine may know it before
            delays.append(max(0.0, delay - clip.size / SAMPLE_RATE / 2))
            done = turn is not None and turn["outcome"] == "done"
            went_on += int(done and said_at + delay + silent < played.size / SAMPLE_RATE)
            if turn is not None and not done:
                # the reply was given up for the words of another turn, which ends after it
                words = turn if turn["wake"] and turn["wake"]["phrase"] == "alexa" else running.turn(10.0)
                otherwise.append(str(words and words["transcript"]))
        _show(number, went_on, delays)
    return {"word": "alexa", "went_on": went_on, "otherwise": otherwise, **_figures(clips, delays)}


def _show(number: int, went_on: int, delays: Sequence[float]) -> None:
    newest = f", the newest after {delays[-1]:.2f} s" if delays else ""
    print(f"{number + 1} said: went on {went_on}, silent {len(delays)}{newest}", file=sys.stderr, flush=True)


def _figures(clips: Sequence[Wave], delays: Sequence[float]) -> dict[str, Any]:
    figures: dict[str, Any] = {"clips": len(clips), "found": len(delays)}
    if delays:
        figures["word_end_to_silence_s"] = {
            name: round(float(np.percentile(delays, share)), 3) for name, share in (("p50", 50), ("p95", 95))
        }
    return figures


def main() -> None:
    """Print one JSON object a word."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="the folder of the corpus, for people who say the wake word")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--word", choices=("stop", "alexa"), nargs="*", default=["stop", "alexa"])
    options = parser.parse_args()
    pulse = Pulse()
    running = Running(pulse, WAKE__PHRASES=PHRASES)
    try:
        if running.ask(pulse, request("time")) is None:
            parser.exit(1, f"it does not answer; see {running.log.read_text(encoding='utf-8')}")
        if options.echo:
            pulse.feed_back(1.0, 30)
        for word in options.word:
            if word == "alexa" and options.corpus is None:
                continue
            clips = said("stop") if word == "stop" else recorded(options.corpus, "alexa")
            chosen = clips[:: max(1, len(clips) // options.count)][: options.count]
            measure = stops if word == "stop" else wakes
            print(json.dumps({"echo": options.echo, **measure(pulse, running, chosen, echo=options.echo)}), flush=True)
    finally:
        running.close()
        pulse.close()


if __name__ == "__main__":
    main()
