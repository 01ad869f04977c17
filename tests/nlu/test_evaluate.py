"""Predictions for a manifest, in the form the scorer reads."""

from pathlib import Path

import pytest

from assistant.evaluation.manifest import read_manifest
from assistant.nlu.evaluate import evaluate
from assistant.nlu.home import load_home
from assistant.nlu.understanding import Understanding


def test_rows_and_summary(understanding):
    rows = [
        {"id": "a", "text": "set a timer for ten minutes", "intent": "timer"},
        {"id": "b", "text": "thank you", "intent": "out_of_scope"},
        {"id": "c", "text": "turn on the lights", "intent": "music"},
    ]
    summary, made = evaluate(understanding, rows)
    assert [row["intent"] for row in made] == ["timer", "out_of_scope", "lights"]
    assert made[0]["slots"] == {"duration": 600.0}
    assert made[0]["tier"] == "grammar"
    assert (summary.rows, summary.false_fires) == (3, 0)
    assert summary.macro == pytest.approx(2 / 3)
    assert any("macro 66.7%" in line for line in summary.lines())


@pytest.mark.corpora
def test_the_reach_on_the_test_corpora(understanding, corpora: Path):
    rows = read_manifest(corpora / "text" / "intents.jsonl", "id", "text_stt")
    there = Understanding(load_home(corpora / "home.toml"), names=understanding.names, clock=understanding._clock)
    summary, _ = evaluate(there, rows, "text_stt")
    assert summary.macro >= 0.93
    assert summary.false_fires <= 0.02 * summary.asked["out_of_scope"]
