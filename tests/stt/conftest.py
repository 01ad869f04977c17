"""Speech for the recogniser, made by the embedded voice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr

from assistant.audio import SAMPLE_RATE, Samples
from assistant.tts.piper import PiperVoice

MODELS = Path(__file__).resolve().parents[2] / "models" / "embedded"


@pytest.fixture(scope="session")
def hearing() -> Path:
    return MODELS / "hearing"


@pytest.fixture(scope="session")
def say() -> Callable[[str], Samples]:
    """`say(text)`: 16 kHz speech with half a second of a quiet room on both sides."""
    voice = PiperVoice(MODELS / "voice" / "voice.onnx")

    def spoken(text: str) -> Samples:
        speech = np.concatenate([chunk.samples for chunk in voice.synthesize(text)]).astype(np.float32)
        speech = 0.5 * soxr.resample(speech, voice.sample_rate, SAMPLE_RATE)
        room = np.random.default_rng(0).normal(0, 30, len(speech) + SAMPLE_RATE)
        room[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + len(speech)] += speech
        return room.astype(np.int16)

    return spoken
