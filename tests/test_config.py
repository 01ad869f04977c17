"""Settings: what is accepted, what is refused, and in which words."""

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.config import known_keys, load_settings
from assistant.errors import UsageError
from tests.conftest import ROOT


def write(path: Path, text: str) -> Path:
    file = path / "assistant.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_no_file_gives_the_defaults() -> None:
    settings = load_settings()
    assert settings.wake.phrases == ("okay nabu",)
    assert settings.cloud.url == ""
    assert settings.hub.url == ""


def test_the_file_is_read_and_the_environment_stands_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, 'name = "ada"\n[audio]\nvolume = 40\nchime = false\n')
    monkeypatch.setenv("ASSISTANT_AUDIO__VOLUME", "55")
    settings = load_settings(file)
    assert (settings.name, settings.audio.volume, settings.audio.chime) == ("ada", 55, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hearing]\nsilense_s = 1\n", "unknown key 'hearing.silense_s'; did you mean 'hearing.silence_s'?"),
        ("[qqqq]\nx = 1\n", "unknown key 'qqqq'; see docs/configuration.md"),
        ('[audio]\nvolume = "loud"\n', "audio.volume: input should be a valid integer"),
        ("[audio]\nvolume = 101\n", "audio.volume: input should be less than or equal to 100"),
        ('[place]\ntime_zone = "Mars/Olympus"\n', "no time zone is called 'Mars/Olympus'"),
        ("[audio\n", "is not valid TOML"),
        ("audio = 3\n", "audio: input should be"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_settings(file)
    message = str(caught.value)
    assert said in message
    assert str(file) in message
    assert "\n" not in message


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a text file"):
        load_settings(tmp_path / "binary.toml")


def test_a_wrong_environment_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_AUDIO__VOLUME", "loud")
    with pytest.raises(UsageError, match=r"audio\.volume"):
        load_settings()


def test_every_key_is_documented_and_the_page_is_current() -> None:
    script = ROOT / "scripts/configuration_page.py"
    done = subprocess.run([sys.executable, script, "--check"], env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0, "run: PYTHONPATH=. .venv/bin/python scripts/configuration_page.py"
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    for key in known_keys():
        assert f"`{key.split('.')[-1]}`" in page or f"`[{key}]`" in page, key
