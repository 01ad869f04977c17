from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assistant.tts.piper import PiperVoice

# a busy machine is no reason to fail
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

VOICE = Path(__file__).resolve().parents[2] / "models" / "embedded" / "voice" / "voice.onnx"


@pytest.fixture(scope="session")
def voice_file() -> Path:
    return VOICE


@pytest.fixture(scope="session")
def piper() -> PiperVoice:
    return PiperVoice(VOICE)
