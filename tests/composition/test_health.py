"""The health check hears and speaks for real; only which sound devices are there is played."""

import pytest

from assistant.composition import health
from assistant.composition.health import Result, check, remembered
from assistant.config import Settings, Speaking
from assistant.errors import AudioError


@pytest.fixture
def devices(monkeypatch) -> set[str]:
    """The sound devices that are there."""
    there = {"microphone", "loudspeaker"}

    def find(_name: str, kind: str) -> None:
        if kind not in there:
            raise AudioError(f"{kind}: none")

    monkeypatch.setattr(health, "find", find)
    return there


def test_a_healthy_device_understands_and_speaks(devices):
    found = check(Settings(), None)
    assert found == Result("", heard="what is twelve times seven", reply=found.reply, microphone=True, loudspeaker=True)
    assert "84" in found.reply
    # the same with sound that was there before and is gone
    devices.remove("microphone")
    assert check(Settings(), found).problem == "microphone"


def test_a_voice_that_cannot_be_loaded_is_named(devices, tmp_path):
    found = check(Settings(speaking=Speaking(model=str(tmp_path / "none.onnx"))), None)
    assert found.problem == "broken"
    assert "none.onnx" in found.why


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        (None, ""),  # never checked: nobody knows that there ever was one
        (Result(), ""),
        (Result(microphone=True), "microphone"),
        (Result(loudspeaker=True), "loudspeaker"),
    ],
)
def test_missing_sound_counts_only_when_it_was_there(before, problem):
    assert health.missing(Result(), before) == problem


def test_an_assistant_that_does_not_run_is_not_healthy(devices):
    assert check(Settings(), None, core=lambda: False).problem == "no_core"


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b'{"microphone": 1}'])
def test_a_damaged_memory_is_none(tmp_path, content):
    file = tmp_path / "health.json"
    if content is not None:
        file.write_bytes(content)
    assert remembered(file) is None
    file.write_bytes(b'{"microphone": true, "loudspeaker": false, "more": 1}')
    assert remembered(file) == Result(microphone=True)
