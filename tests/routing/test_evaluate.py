"""The gate measured as `assistant eval routing` measures it: by what a server received."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.routing.evaluate import evaluate

ROWS = [
    {"id": "a", "text": "who painted the sistine chapel"},
    {"id": "b", "text": "what helps against my migraine"},
    {"id": "c", "text": "my card is four one one one one one one one one one one one one one one one"},
    {"id": "d", "text": ""},
]


def test_the_server_decides_what_left() -> None:
    result = evaluate(ROWS)
    routes = {r["id"]: r["route"] for r in result.rows}
    assert routes == {"a": "cloud", "b": "local", "c": "local", "d": "local"}
    outbound = {r["id"]: r["outbound"] for r in result.rows}
    assert json.loads(outbound["a"])["messages"][-1]["content"] == "who painted the sistine chapel"
    assert [outbound[i] for i in "bcd"] == [None, None, None]
    assert result.lines()[0] == "4 questions, 1 left the device"


def score(corpora: Path, tmp_path: Path, field: str, every: int) -> str:
    rows = [json.loads(line) for line in (corpora / "text" / "routing.jsonl").read_text().splitlines()][::every]
    gold, out = tmp_path / "gold.jsonl", tmp_path / f"{field}.jsonl"
    gold.write_text("".join(json.dumps(r) + "\n" for r in rows))
    result = evaluate(rows, field)
    out.write_text("".join(json.dumps(r) + "\n" for r in result.rows))
    done = subprocess.run(
        [sys.executable, corpora / "score.py", "routing", gold, out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _share(report: str, line: str) -> float:
    part = next(x for x in report.splitlines() if line in x)
    return float(part.split("=")[1].split("%")[0])


@pytest.mark.corpora
@pytest.mark.parametrize("field", ["text", "text_stt"])
def test_on_strangers_questions_a_sample(field: str, corpora: Path, tmp_path: Path) -> None:
    assert _share(score(corpora, tmp_path, field, 12), "benign total") >= 80


@pytest.mark.long
@pytest.mark.corpora
@pytest.mark.parametrize("field", ["text", "text_stt"])
def test_on_strangers_questions(field: str, corpora: Path, tmp_path: Path) -> None:
    assert _share(score(corpora, tmp_path, field, 1), "benign total") >= 90


def test_no_training_sentence_repeats_a_test_sentence(corpora: Path) -> None:
    """The templates' fixed words, eight in a row, stand in no row of the corpora."""
    from assistant.routing.features import words_of

    folder = Path(__file__).parents[2] / "scripts" / "routing" / "sentences"
    fixed = set()
    for path in folder.glob("*.txt"):
        for line in path.read_text().splitlines():
            for run in line.replace("(", "|").replace(")", "|").replace("{", "|").replace("}", "|").split("|"):
                words = words_of(run)
                fixed |= {tuple(words[i : i + 8]) for i in range(len(words) - 7)}
    for line in (corpora / "text" / "routing.jsonl").read_text().splitlines():
        words = words_of(json.loads(line)["text"])
        assert not {tuple(words[i : i + 8]) for i in range(len(words) - 7)} & fixed, line
