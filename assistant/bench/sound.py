"""Wake word, voice activity and recogniser on recordings, as fast as they can."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant import demo
from assistant.artifacts.selection import select
from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.files import frames, read
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.bench.figures import Effort, Stage
from assistant.composition.engines import load_listening, load_wake
from assistant.config import Settings
from assistant.errors import UsageError

ENDINGS = {".wav", ".flac", ".ogg", ".mp3"}


def recordings(clips: Path | None = None) -> list[Path]:
    """The sound files in the directory `clips`, or the bundled requests. Raises UsageError when there are none."""
    if clips is None:
        return [request.file for request in demo.requests()]
    if not clips.is_dir():
        raise UsageError(f"{clips}: is no directory; --clips takes one with recordings")
    found = sorted(path for path in clips.iterdir() if path.suffix.lower() in ENDINGS)
    if not found:
        raise UsageError(f"{clips}: holds no WAV, FLAC, OGG or MP3 file")
    return found


def together(clips: Path | None = None) -> Samples:
    """All recordings one after another, 16 kHz mono int16, shape (n,)."""
    return np.concatenate([read(path) for path in recordings(clips)])


def measure_wake(stage: Stage, settings: Settings, effort: Effort, clips: Path | None = None) -> None:
    """Wake word: time for a second of sound, in 20 ms frames as the microphone hands them over."""
    engine = load_wake(settings)
    stage.engine, stage.model = type(engine).__name__, ", ".join(engine.phrases)
    sound = together(clips)

    def listen() -> None:
        for frame in frames(sound):
            engine.process(frame)

    _per_second(stage, effort, sound, listen)


def measure_vad(stage: Stage, settings: Settings, effort: Effort, clips: Path | None = None) -> None:
    """Voice activity: the same."""
    choice = select(settings).vad
    detector = SpeechDetector(SileroVad(choice.require()))
    stage.engine, stage.model = choice.engine, choice.title
    sound = together(clips)

    def listen() -> None:
        for frame in frames(sound):
            detector.feed(frame)

    _per_second(stage, effort, sound, listen)


def _per_second(stage: Stage, effort: Effort, sound: Samples, listen: Callable[[], None]) -> None:
    seconds = len(sound) / SAMPLE_RATE
    wall = stage.begin("us_per_audio_s", "µs by the clock a second of sound", effort.repeats)
    cpu = stage.begin("cpu_us_per_audio_s", "µs of processor time a second of sound", effort.repeats)
    stage.facts |= {"sound_s": round(seconds, 1)}
    for counts in effort.rounds(stage, wall.name):
        began, busy = time.perf_counter(), time.process_time()
        listen()
        if counts:
            wall.add((time.perf_counter() - began) / seconds * 1e6)
            cpu.add((time.process_time() - busy) / seconds * 1e6)
    stage.values[f"{stage.name}_share_of_core"] = round(cpu.p50 / 1e6, 5)


def measure_stt(stage: Stage, settings: Settings, effort: Effort, clips: Path | None = None) -> None:
    """Recogniser with the grammar of this home: real-time factor, and the wait after the last sample."""
    began = time.perf_counter()
    recognizer, _ = load_listening(settings)
    stage.facts["load_s"] = round(time.perf_counter() - began, 2)
    stage.facts["load_includes"] = "understanding and the grammar of this home"
    choice = select(settings).stt
    stage.engine, stage.model = choice.engine, choice.title
    sounds = [read(path) for path in recordings(clips)]
    factor = stage.begin("stt_rtf", "s by the clock a second of sound", effort.repeats)
    cpu = stage.begin("stt_cpu_rtf", "s of processor time a second of sound", effort.repeats)
    final = stage.begin("stt_final_ms", "ms from the last sample to the final words", effort.repeats)
    stage.facts["utterances"] = len(sounds)
    for number, counts in enumerate(effort.rounds(stage, final.name)):
        sound = sounds[number % len(sounds)]
        seconds = len(sound) / SAMPLE_RATE
        stream = recognizer.start()
        began, busy = time.perf_counter(), time.process_time()
        for frame in frames(sound):
            stream.feed(frame)
        fed, fed_busy = time.perf_counter(), time.process_time()
        stream.finish()
        if counts:
            factor.add((fed - began) / seconds)
            cpu.add((fed_busy - busy) / seconds)
            final.add((time.perf_counter() - fed) * 1000)
    stage.notes.append("one utterance a repeat, the recordings in turn; both recognisers (grammar and open) run")
