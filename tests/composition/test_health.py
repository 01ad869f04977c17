"""The health check hears and speaks for real; only which sound devices are there is played."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from assistant.composition import health
from assistant.composition.health import Result, check, check_as, remembered
from assistant.config import Settings, Speaking


@pytest.fixture
def devices(monkeypatch) -> set[str]:
    """The sound devices that are there."""
    there = {"microphone", "loudspeaker"}
    monkeypatch.setattr(health, "connected", lambda _name, kind: kind in there)
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


def program(tmp_path: Path, script: str) -> str:
    """An interpreter's stand-in: whatever it is told to run, it does `script`."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.geteuid() and directory != Path(directory.anchor):
            directory.chmod(directory.stat().st_mode | 0o055)
    return str(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(
    ("script", "problem", "why"),
    [
        ('printf \'{"heard": "%s %s"}\' $(id -u) $HOME', "", ""),
        ('printf \'{"problem": "no_core"}\'; exit 1', "no_core", ""),
        ("echo it broke >&2; exit 1", "broken", "it broke"),
        ("kill -SEGV $$", "broken", "the check ended with status -11"),
        ("echo '[]'", "broken", "the check ended with status 0"),
    ],
)
def test_a_check_as_somebody_else_ends_in_a_result_whatever_it_does(tmp_path, monkeypatch, script, problem, why):
    monkeypatch.setattr(sys, "executable", program(tmp_path, script))
    nobody = pwd.getpwnam("nobody")
    found = check_as("nobody")
    assert (found.problem, found.why) == (problem, why)
    assert found.heard == ("" if problem else f"{nobody.pw_uid} {nobody.pw_dir}")


def test_a_user_who_does_not_exist_is_no_healthy_one():
    found = check_as("nobody-of-this-name")
    assert found.problem == "broken"
    assert "nobody-of-this-name" in found.why
