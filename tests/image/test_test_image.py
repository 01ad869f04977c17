"""`scripts/test_image`: scenarios stand on their own, and the exit status tells."""

import json

import pytest

from image.build import host
from image.emulator import main, scenarios
from image.emulator.machine import DeadError


@pytest.fixture
def played(monkeypatch, tmp_path):
    """A run of two scenarios on an image that is there; the first may die."""
    monkeypatch.setattr(main, "quick", lambda _: True)
    monkeypatch.setattr(host, "missing", lambda _: [])
    dies: list[bool] = []

    def first(_bench) -> None:
        if dies:
            raise DeadError("the board stands still")

    def second(bench) -> None:
        bench.claim("the second", lambda: "seen")

    monkeypatch.setattr(scenarios, "SCENARIOS", {"first": first, "second": second})

    def run(*arguments: str) -> int:
        return main.main(["--work", str(tmp_path), "--image", str(tmp_path / "image"), *arguments])

    return run, dies, tmp_path / "proof/report.json"


def test_a_board_that_dies_ends_its_scenario_alone(played):
    run, dies, report = played
    assert run() == 0
    dies.append(True)
    assert run() == 1
    claims = json.loads(report.read_text())
    assert [(claim["claim"], claim["holds"]) for claim in claims] == [
        ("first: is played to its end", False),
        ("the second", True),
    ]
    assert claims[0]["seen"] == "the board stands still"


def test_an_unknown_scenario_is_named(played, capsys):
    run, _, _ = played
    assert run("third") == 1
    assert "no scenario is called 'third'; there are first, second" in capsys.readouterr().err
