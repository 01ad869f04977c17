"""The command that measures what a model's probabilities are worth, with models that can answer next to nothing."""

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import AssistantError
from assistant.llm.confidence import FILE, Evidence, confidence, read_calibration
from assistant.llm.llamacpp import LlamaCppModel
from scripts import calibrate_confidence
from scripts.calibrate_confidence import (
    CERTAIN,
    LEAST_OPINIONS,
    ask,
    calibrate,
    chances,
    gain,
    learn,
    report,
    right,
)
from scripts.calibration_questions import QUESTIONS
from scripts.make_tiny_gguf import write_tiny_gguf
from tests.llm.conftest import trust

KNOWN = [(f"what is this, number {number}", "stand-in" if number % 4 else "paris") for number in range(24)]
"""Three in four are answered right by a model that says "This is a stand-in" whatever it is asked."""


@pytest.fixture
def model(tiny: Path, known: Path):
    loaded = LlamaCppModel(tiny, threads=1, cache=known)
    yield loaded
    loaded.close()


@pytest.mark.parametrize(
    ("answer", "accepted", "mark"),
    [
        ("It is Paris.", "paris", True),
        ("It is Parisian.", "paris", False),
        ("There are 7 days.", "seven|7", True),
        ("There are 17 days.", "seven|7", False),
        ("I don't know.", "", True),
        ("You had toast.", "", False),
        ("I'm not sure, maybe Paris.", "paris", False),
    ],
)
def test_what_counts_as_right(answer: str, accepted: str, mark: bool) -> None:
    assert right(answer, accepted) == mark


def test_the_questions_are_different_and_of_three_kinds() -> None:
    asked = [question for question, _ in QUESTIONS]
    assert len(set(asked)) == len(asked) == 80
    assert sum(not accepted for _, accepted in QUESTIONS) == 20


def test_only_the_first_sentence_is_made(model: LlamaCppModel) -> None:
    from assistant.llm.prompt import Prompt

    evidence, _ = ask(model, Prompt(), "who are you")
    assert evidence.text.startswith("This is a stand-in, café or not.")
    assert "nothing" not in evidence.text
    assert len(evidence.probabilities) <= 15


def test_what_was_measured_is_used_from_then_on(model: LlamaCppModel, tmp_path: Path) -> None:
    told: list[str] = []
    curve = calibrate(model, tmp_path, told.append, KNOWN)
    assert (curve.questions, curve.right) == (24, 18)
    assert read_calibration(tmp_path, model.path) == curve
    # every answer is the same, so all there is to learn is how often it is right
    assert confidence(Evidence("This is a stand-in.", [0.99] * 13), curve) == pytest.approx(0.75, abs=0.05)
    assert any(line.startswith("18 of 24 first sentences are right") for line in told)


@pytest.mark.parametrize("accepted", ["paris", "stand-in"])
def test_a_model_that_is_always_alike_teaches_nothing(model: LlamaCppModel, tmp_path: Path, accepted: str) -> None:
    with pytest.raises(AssistantError, match="nothing to learn"):
        calibrate(model, tmp_path, lambda _: None, [("what is this", accepted)] * 6)
    assert not (tmp_path / FILE).exists()


def test_the_report_judges_answers_by_curves_that_have_not_seen_them() -> None:
    rng = np.random.default_rng(1)
    shares = rng.uniform(0.2, 1, 200)
    truth = rng.uniform(size=200) < shares**2
    found = [Evidence("Yes.", [share] * 5) for share in shares]
    made = chances(found, truth)
    assert np.abs(made[:, None] - 0.5).max() <= 0.5
    assert made[truth].mean() > made[~truth].mean() + 0.1
    lines = report(made, truth, found)
    assert lines[0].startswith(f"{truth.sum()} of 200")
    assert sum("confidence" in line for line in lines) >= 3


def test_the_command_says_in_one_line_that_nothing_was_learnt(
    tmp_path: Path, known: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = trust(write_tiny_gguf(tmp_path / "m.gguf"), known)
    assert calibrate_confidence.main([str(path), "--data", str(tmp_path), "--threads", "1"]) == 1
    captured = capsys.readouterr()
    assert captured.err.strip().endswith("nothing was kept")
    assert captured.err.count("\n") == 1
    assert "80/80" in captured.out
    assert not (tmp_path / FILE).exists()


def test_a_file_that_is_no_model_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate_confidence.main([str(tmp_path / "none.gguf")]) == 1
    assert "no such language model" in capsys.readouterr().err


def opinions(rng: np.random.Generator, truth: np.ndarray, *, knowing: bool) -> list[Evidence]:
    """Answers whose words tell nothing, and opinions that know what is right, or do not."""
    checks = np.where(truth if knowing else rng.permutation(truth), 0.9, 0.1)
    return [Evidence("Yes.", (0.5,) * 5, check=float(check)) for check in checks]


@pytest.mark.parametrize("knowing", [True, False])
def test_an_opinion_that_knows_something_is_worth_more_than_chance(knowing: bool) -> None:
    rng = np.random.default_rng(3)
    truth = np.arange(80) % 2 == 0
    found = opinions(rng, truth, knowing=knowing)
    less, error = gain(chances(found, truth), chances(found, truth, checked=True), truth)
    assert (less > CERTAIN * error) is knowing


def test_too_few_opinions_teach_nothing() -> None:
    truth = np.arange(80) % 2 == 0
    few = opinions(np.random.default_rng(3), truth, knowing=True)[: LEAST_OPINIONS - 1]
    found = [*few, *[Evidence("Yes.", (0.5,) * 5)] * (80 - len(few))]
    assert learn(found, truth, checked=False).checked == ()
    with pytest.raises(AssistantError, match="an opinion of 19 of its 80"):
        learn(found, truth, checked=True)
    assert gain(chances(found, truth), chances(found, truth, checked=True), truth)[0] == 0


@pytest.mark.parametrize("word", ["Yes", "No"])
def test_a_model_that_always_thinks_the_same_is_not_asked_from_then_on(tmp_path: Path, known: Path, word: str) -> None:
    """A real model under the real engine, which has an opinion of each answer; that it is worthless is found out."""
    path = trust(write_tiny_gguf(tmp_path / "m.gguf", (word[0], word[1:], " stand", "-", "in", ".")), known)
    model, told = LlamaCppModel(path, threads=1, cache=known), list[str]()
    curve = calibrate(model, tmp_path, told.append, KNOWN)
    model.close()
    assert curve.checked == ()
    assert any("has an opinion of 24 answers" in line for line in told)
    assert any("it will not be asked" in line for line in told)
