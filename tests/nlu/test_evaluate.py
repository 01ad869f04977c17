"""Predictions for a manifest, in the form the scorer reads."""

import json
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.nlu.evaluate import evaluate
from assistant.nlu.home import load_home
from assistant.nlu.understanding import Understanding

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"


def test_rows_and_summary(understanding, tmp_path):
    manifest, out = tmp_path / "m.jsonl", tmp_path / "p.jsonl"
    rows = [
        {"id": "a", "text": "set a timer for ten minutes", "intent": "timer"},
        {"id": "b", "text": "thank you", "intent": "out_of_scope"},
        {"id": "c", "text": "turn on the lights", "intent": "music"},
    ]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = evaluate(understanding, manifest, out)
    made = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["intent"] for row in made] == ["timer", "out_of_scope", "lights"]
    assert made[0]["slots"] == {"duration": 600.0}
    assert made[0]["tier"] == "grammar"
    assert (summary.rows, summary.false_fires) == (3, 0)
    assert summary.macro == pytest.approx(2 / 3)
    assert any("macro 66.7%" in line for line in summary.lines())


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "line 1: is not JSON"), ("[1]", "is not a JSON object"), ('{"id": "a"}', "has no 'text'")],
)
def test_a_broken_manifest_is_named(understanding, tmp_path, text, message):
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(text + "\n")
    with pytest.raises(AssistantError, match=message):
        evaluate(understanding, manifest, tmp_path / "out.jsonl")


@pytest.mark.corpora
def test_the_reach_on_the_test_corpora(understanding, tmp_path):
    manifest = CORPORA / "text" / "intents.jsonl"
    if not manifest.is_file():
        pytest.skip("skipped: no corpora")
    there = Understanding(load_home(CORPORA / "home.toml"), names=understanding.names, clock=understanding._clock)
    summary = evaluate(there, manifest, tmp_path / "out.jsonl", "text_stt")
    assert summary.macro >= 0.93
    assert summary.false_fires <= 0.02 * summary.asked["out_of_scope"]
