from pathlib import Path

import pytest

from assistant.tts.piper import PiperVoice

VOICE = Path(__file__).resolve().parents[2] / "models" / "embedded" / "voice" / "voice.onnx"


@pytest.fixture(scope="session")
def voice_file() -> Path:
    return VOICE


@pytest.fixture(scope="session")
def piper() -> PiperVoice:
    return PiperVoice(VOICE)
