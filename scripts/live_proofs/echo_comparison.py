"""Which echo canceller? Each over the same simulated rooms: how much echo it takes away, what it costs, and how often a
wake word is still heard in a voice that is as loud as the echo.

    PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.echo_comparison [--root ../shared/corpora/audio] [--pulse]

WebRTC's canceller takes part where the `livekit` package is installed; it is not a dependency.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.echo import SpeexEchoCanceller
from assistant.composition.engines import load_voice
from assistant.config import load_settings
from assistant.wake.micro import MicroWakeEngine
from scripts.live_proofs.echo_loop import Wave, recorded
from scripts.live_proofs.kalman import KalmanEchoCanceller
from scripts.live_proofs.kitchen import REPLIES, VOLUME, spoken
from scripts.live_proofs.pulse import LOUDSPEAKER, MICROPHONE, Pulse
from scripts.live_proofs.room import Room, microphone

LEARN_S = 20.0
SPACE_S = 2.0
"""Between clips: the wake engine's refractory time and some."""


class Nothing:
    """No canceller."""

    def process(self, heard: Samples, played: Samples) -> Samples:  # noqa: ARG002 - a canceller's signature
        """The sound as it came."""
        return heard


class WebRtc:
    """WebRTC's echo canceller 3, in livekit's binding. Frames of 10 ms."""

    def __init__(self) -> None:
        from livekit.rtc import AudioFrame
        from livekit.rtc.apm import AudioProcessingModule

        self._frame, self._module = AudioFrame, AudioProcessingModule(echo_cancellation=True)
        self._module.set_stream_delay_ms(0)

    def process(self, heard: Samples, played: Samples) -> Samples:
        """See assistant.audio.echo.EchoCanceller."""
        pieces = []
        for start in (0, FRAME_SAMPLES // 2):
            half = slice(start, start + FRAME_SAMPLES // 2)
            self._module.process_reverse_stream(self._frame(played[half].tobytes(), SAMPLE_RATE, 1, FRAME_SAMPLES // 2))
            frame = self._frame(bytearray(heard[half].tobytes()), SAMPLE_RATE, 1, FRAME_SAMPLES // 2)
            self._module.process_stream(frame)
            pieces.append(np.frombuffer(bytes(frame.data), np.int16))
        return np.concatenate(pieces)


def through(canceller: Any, heard: Samples, played: Samples) -> tuple[Samples, float]:  # noqa: ANN401
    """The cleaned sound, and processor seconds for a second of it."""
    began = time.process_time()
    frames = range(0, heard.size - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    out = np.concatenate(
        [canceller.process(heard[i : i + FRAME_SAMPLES], played[i : i + FRAME_SAMPLES]) for i in frames]
    )
    return out, (time.process_time() - began) / (heard.size / SAMPLE_RATE)


def reduction(before: Samples, after: Samples, begins_s: float, ends_s: float) -> float:
    """Echo return loss enhancement over a stretch, dB."""
    part = slice(round(begins_s * SAMPLE_RATE), round(ends_s * SAMPLE_RATE))
    power = [float(np.mean((sound[part] / 32768.0) ** 2)) + 1e-12 for sound in (before, after)]
    return round(float(10 * np.log10(power[0] / power[1])), 1)


def reply_sound(seconds: float) -> Samples:
    """The shipped voice at its shipped loudness, one reply after another."""
    pieces = []
    for _, samples in spoken(load_voice(load_settings()), REPLIES):
        pieces += [samples * VOLUME, np.zeros(SAMPLE_RATE // 10)]
    return np.resize(np.concatenate(pieces), round(seconds * SAMPLE_RATE)).astype(np.int16)


def compare(make: Callable[[], Any], clips: list[Wave]) -> dict[str, Any]:
    """All figures of one canceller."""
    played = reply_sound(40.0)
    half = played.size // 2
    row: dict[str, Any] = {}
    costs = []
    for gain in (-20.0, -10.0, 0.0):
        heard = microphone(Room(gain, seed=3).echo(played), seed=1)
        after, cost = through(make(), heard, played)
        row[f"{gain:g} dB"] = {"2-5 s": reduction(heard, after, 2, 5), "20-40 s": reduction(heard, after, 20, 40)}
        costs.append(cost)
    moved = Room(0.0, seed=3).echo(played)
    moved[half:] = Room(0.0, seed=9).echo(played)[half:]
    heard = microphone(moved, seed=1)
    after, _ = through(make(), heard, played)
    row["1-4 s after somebody moved it"] = reduction(heard, after, 21, 24)
    drifted = np.interp(np.arange(played.size) * (1 + 50e-6), np.arange(played.size), played).astype(np.int16)
    heard = microphone(Room(0.0, seed=3).echo(drifted), seed=1)
    after, _ = through(make(), heard, played)
    row["clock 50 ppm off, 20-40 s"] = reduction(heard, after, 20, 40)
    row["share of a core"] = round(float(np.mean(costs)), 4)
    if clips:
        row["alexa over speech"] = f"{_found(make(), clips)} of {len(clips)}"
    return row


def _found(canceller: Any, clips: list[Wave]) -> int:  # noqa: ANN401
    """Wake words heard in clips as loud as the echo (mean power, 0 dB), nothing ducked."""
    total = round(LEARN_S * SAMPLE_RATE) + sum(clip.size + round(SPACE_S * SAMPLE_RATE) for clip in clips)
    played = np.resize(reply_sound(60.0), total)
    echo, near = Room(0.0, seed=3).echo(played), np.zeros(total)
    power, at, spans = float(np.mean(echo**2)), round(LEARN_S * SAMPLE_RATE), []
    for clip in clips:
        near[at : at + clip.size] += clip * np.sqrt(power / np.mean(clip**2))
        spans.append((at, at + clip.size + SAMPLE_RATE))
        at += clip.size + round(SPACE_S * SAMPLE_RATE)
    after, _ = through(canceller, microphone(echo, near, seed=2), played)
    engine, hits = MicroWakeEngine(("alexa",)), list[float]()
    for start in range(0, after.size, FRAME_SAMPLES):
        wake = engine.process(after[start : start + FRAME_SAMPLES])
        if wake is not None:
            hits.append(wake.at_s * SAMPLE_RATE)
    return sum(any(begins <= hit <= ends for hit in hits) for begins, ends in spans)


def pulse_figures(method: str) -> dict[str, Any]:
    """PulseAudio's module-echo-cancel in real time: its virtual loudspeaker fed back to its virtual microphone."""
    row: dict[str, Any] = {}
    played = reply_sound(30.0)
    for gain in (-20.0, -10.0, 0.0):
        pulse = Pulse({MICROPHONE: SAMPLE_RATE, LOUDSPEAKER: SAMPLE_RATE})
        try:
            pulse.feed_back(10 ** (gain / 20), 30)
            pulse.command("load-module", "module-echo-cancel", "source_master=microphone.monitor",
                          "sink_master=loudspeaker", "source_name=cleaned", "sink_name=reference",
                          f"aec_method={method}")  # fmt: skip
            with pulse.recording(MICROPHONE) as before, pulse.recording_of("cleaned") as after:
                pulse.say(played, sink="reference").wait()
            row[f"{gain:g} dB"] = {"20-30 s": reduction(before[0], after[0], 20, 29)}
        finally:
            pulse.close()
    return row


def main() -> None:
    """Print one JSON object a canceller."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, help="the folder of the corpus with people who say a wake word")
    parser.add_argument("--pulse", action="store_true", help="PulseAudio's module, in real time, and nothing else")
    options = parser.parse_args()
    if options.pulse:
        for method in ("speex", "webrtc"):
            print(json.dumps({f"PulseAudio, {method}": pulse_figures(method)}), flush=True)
        return
    clips = recorded(options.root, "alexa")[::4] if options.root else []
    makers: dict[str, Callable[[], Any]] = {
        "none": Nothing, "SpeexDSP": SpeexEchoCanceller, "Kalman, numpy": KalmanEchoCanceller
    }  # fmt: skip
    try:
        WebRtc()
        makers["WebRTC AEC3 (livekit)"] = WebRtc
    except ImportError:
        pass
    for name, make in makers.items():
        print(json.dumps({name: compare(make, clips)}), flush=True)


if __name__ == "__main__":
    main()
