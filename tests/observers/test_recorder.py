"""Replies as sound files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.errors import AssistantError
from assistant.events import SpeechOut
from assistant.observers.recorder import ReplyRecorder
from assistant.observers.trace import TurnTrace


def turn(source: str, *sounds: int) -> TurnTrace:
    trace = TurnTrace(turn="0001", source=source)
    for value in sounds:
        trace.observe(SpeechOut(turn="0001", at=0.0, samples=np.full(100, value, np.int16), sample_rate=16_000))
    return trace


def test_the_chunks_of_a_turn_become_one_file_named_after_its_source(tmp_path: Path) -> None:
    trace = turn("somewhere/kitchen.flac", 1, 2, 3)
    ReplyRecorder(tmp_path / "replies").ended(trace)
    assert trace.reply_audio == str(tmp_path / "replies/kitchen-0001.wav")
    samples, rate = soundfile.read(trace.reply_audio, dtype="int16")
    assert rate == 16_000
    assert samples.tolist() == [1] * 100 + [2] * 100 + [3] * 100


def test_a_silent_turn_leaves_no_file(tmp_path: Path) -> None:
    trace = turn("typed")
    ReplyRecorder(tmp_path).ended(trace)
    assert trace.reply_audio is None
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AssistantError, match="cannot be made"):
        ReplyRecorder(tmp_path / "file" / "replies")
