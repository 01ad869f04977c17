"""`assistant doctor`: its report and exit status."""

import json
import sys

import pytest

from assistant.cli import main


@pytest.fixture
def doctor(command, monkeypatch, tmp_path):
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_PATHS__CACHE", str(tmp_path / "cache"))
    return lambda *words: command("doctor", *words)


def test_a_working_machine_exits_with_0_though_there_are_warnings(doctor):
    status, out, err = doctor("--json")
    found = json.loads(out)
    failed = [check for check in found["checks"] if check["state"] == "fail"]
    assert (status, failed, err) == (0, [], "")
    assert found["ok"] is True
    assert {"Python", "disk", "clock", "speech to text"} <= {check["name"] for check in found["checks"]}
    assert all(set(check) == {"name", "state", "detail", "remedy"} for check in found["checks"])


def test_a_failure_exits_with_1_and_says_what_to_do(doctor, monkeypatch):
    monkeypatch.setenv("ASSISTANT_THINKING__MODEL", "qwen2.5-1.5b")
    status, out, _ = doctor("--quick")
    assert status == 1
    text = " ".join(out.split())
    assert "configured but not installed → run: assistant models pull qwen2.5-1.5b" in text
    assert "1 fail" in text


def test_wrong_use(doctor):
    assert doctor("--nosuch")[0] == 2


def test_settings_that_cannot_be_read_are_one_line(doctor, monkeypatch, tmp_path):
    (tmp_path / "assistant.toml").write_text("[audio]\nvolume = 'loud'\n")
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "assistant.toml"))
    status, out, err = doctor()
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "audio.volume" in err


def test_the_settings_file_that_was_named_is_the_one_reported(capsys, monkeypatch, tmp_path):
    (tmp_path / "own.toml").write_text('name = "hal"\n')
    monkeypatch.setattr(
        sys, "argv", ["assistant", "--config", str(tmp_path / "own.toml"), "doctor", "--quick", "--json"]
    )
    main()
    settings = next(c for c in json.loads(capsys.readouterr().out)["checks"] if c["name"] == "settings")
    assert settings["detail"].startswith(f"{tmp_path / 'own.toml'}; ")
