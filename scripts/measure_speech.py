"""Processor time of hearing and speaking with the embedded models, on sentences of their own voice.

    python scripts/measure_speech.py

Processor time, not time by the clock: it hardly depends on what else the machine does. Prints one line a figure.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import soxr

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.stt.vosk import VoskRecognizer
from assistant.tts.piper import PiperVoice
from assistant.tts.speakable import speakable

MODELS = Path(__file__).resolve().parent.parent / "models" / "embedded"
SENTENCES = (
    "what time is it", "turn on the kitchen light", "set a timer for ten minutes", "stop", "cancel the timer",
    "what day is it", "add milk to the shopping list", "set the brightness to fifty percent",
)  # fmt: skip
REPEATS = 5


def cpu(work: Callable[[], object]) -> float:
    """Processor seconds of the whole process for one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def milliseconds(name: str, work: Callable[[], object], repeats: int = REPEATS) -> None:
    values = [1000 * cpu(work) for _ in range(repeats)]
    print(f"{name}: {median(values):.1f} ms (lowest {min(values):.1f}, highest {max(values):.1f}, {repeats} runs)")


def spoken(voice: PiperVoice, text: str) -> Samples:
    speech = np.concatenate([chunk.samples for chunk in voice.synthesize(text)]).astype(np.float32)
    speech = 0.5 * soxr.resample(speech, voice.sample_rate, SAMPLE_RATE)
    room = np.random.default_rng(0).normal(0, 30, len(speech) + SAMPLE_RATE)
    room[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + len(speech)] += speech
    return room.astype(np.int16)


def hearing(voice: PiperVoice) -> None:
    milliseconds("hearing: load", lambda: VoskRecognizer(MODELS / "hearing"))
    recognizer = VoskRecognizer(MODELS / "hearing")
    words = [word for word in (MODELS / "hearing/graph/words.txt").read_text().split()[::2] if recognizer.knows(word)]
    rng = np.random.default_rng(0)
    for count in (100, 1000, 5000, 20_000):
        phrases = [" ".join(rng.choice(words, 5)) for _ in range(count)]
        milliseconds(f"hearing: set {count} phrases of five words", lambda: recognizer.set_phrases(phrases), 3)  # noqa: B023
    sounds = [spoken(voice, sentence) for sentence in SENTENCES]
    for name, phrases in (("open alone", ()), ("open and grammar", SENTENCES)):
        recognizer.set_phrases(phrases)
        recognizer.start().finish()
        feed: list[float] = []
        finish: list[float] = []
        right = 0
        for sentence, sound in zip(SENTENCES, sounds, strict=True):
            stream = recognizer.start()

            def listen() -> None:
                for start in range(0, len(sound), FRAME_SAMPLES):  # noqa: B023
                    stream.feed(sound[start : start + FRAME_SAMPLES])  # noqa: B023

            feed.append(cpu(listen) / (len(sound) / SAMPLE_RATE))
            began = time.process_time()
            right += stream.finish().chosen.text == sentence
            finish.append(1000 * (time.process_time() - began))
        print(
            f"hearing, {name}: {median(feed):.3f} s a second of sound, {median(finish):.1f} ms at its end, "
            f"{right} of {len(SENTENCES)} sentences right"
        )


def speaking(voice: PiperVoice) -> None:
    milliseconds("speaking: load", lambda: PiperVoice(MODELS / "voice/voice.onnx"))
    for text in ("Okay.", "Your timer for the pasta has two minutes left."):
        milliseconds(f"speaking: {json.dumps(text)}", lambda: list(voice.synthesize(text)))  # noqa: B023
    text = "It is 7:45 p.m. and 21.5°C with wind of 12 km/h on 2026-11-21."
    milliseconds("speaking: a text with six figures put into words", lambda: speakable(text), 20)


if __name__ == "__main__":
    a_voice = PiperVoice(MODELS / "voice/voice.onnx")
    hearing(a_voice)
    speaking(a_voice)
