"""The doctor names sentence files with mistakes, and words that cannot be heard."""

from pathlib import Path

import pytest

from assistant.config import Paths, Settings
from assistant.doctor import sentences
from assistant.doctor.check import Check


@pytest.fixture
def settings(tmp_path) -> Settings:
    (tmp_path / "skills").mkdir()
    return Settings(paths=Paths(data=tmp_path / "data", cache=tmp_path / "cache", skills=tmp_path / "skills"))


def found(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in sentences.checks(settings)}


def write(settings: Settings, drink: str) -> Path:
    path = settings.paths.skills / "machine.yaml"
    path.write_text(f'intents: {{brew: {{sentences: ["brew {{drink}}"]}}}}\nlists: {{drink: [{drink}]}}\n')
    return path


def test_without_files_only_the_home_is_looked_at(settings):
    assert {name: check.state for name, check in found(settings).items()} == {"vocabulary": "ok"}


def test_a_file_whose_words_are_not_known(settings):
    write(settings, "zorblatte")
    checks = found(settings)
    assert checks["own sentences"].state == "ok"
    assert "machine" in checks["own sentences"].detail
    assert checks["vocabulary"].state == "warn"
    assert "zorblatte" in checks["vocabulary"].detail
    assert "rebuild-graph" in checks["vocabulary"].remedy


def test_a_file_with_a_mistake(settings):
    path = write(settings, "'{tea}'")
    check = found(settings)["own sentences"]
    assert check.state == "fail"
    assert f"{path}: line 2" in check.detail
