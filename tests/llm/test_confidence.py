import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError
from assistant.llm.confidence import (
    FILE,
    SOURCED,
    Calibration,
    Evidence,
    admits,
    confidence,
    features,
    fit,
    read_calibration,
    write_calibration,
)

ASKED = Calibration((4.0, 3.0, 0.5), 100, 60, "2026-11-21", (3.0, 3.0, 0.5, 1.0))
STEEP = Calibration((4.0, 3.0, 0.5), 100, 60, "2026-11-21")
shares = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def test_without_a_measurement_an_answer_stays_good_enough() -> None:
    assert confidence(Evidence("Paris.", [0.1, 0.2])) == 1.0


def test_an_answer_that_is_none_is_never_good_enough() -> None:
    for text in ("", "  ", "I don't know.", "I'm not sure about that.", "Sorry, I cannot answer that."):
        assert confidence(Evidence(text, [0.9])) == 0.0
        assert confidence(Evidence(text, [0.9], sourced=True), STEEP) == 0.0


@pytest.mark.parametrize("answer", ["Paris is the capital.", "You know best.", "It can't rain there.", "Nobody knows."])
def test_ordinary_answers_admit_nothing(answer: str) -> None:
    assert not admits(answer)


def test_surer_words_mean_more() -> None:
    low, high = (confidence(Evidence("Paris.", [share] * 5), STEEP) for share in (0.2, 0.95))
    assert 0 < low < 0.5
    assert 0.8 < high < 1


def test_the_models_own_opinion_counts_where_it_was_measured_alone() -> None:
    words = [0.9] * 5
    doubted, even, believed = (confidence(Evidence("Paris.", words, check=check), ASKED) for check in (0.02, 0.5, 0.98))
    assert doubted < even < believed
    assert doubted < 0.5 < believed
    assert confidence(Evidence("Paris.", words, check=0.02), STEEP) == confidence(Evidence("Paris.", words), STEEP)
    assert confidence(Evidence("Paris.", words), ASKED) == confidence(Evidence("Paris.", words), STEEP)
    assert confidence(Evidence("Paris.", words, check=0.02)) == 1.0


def test_a_source_in_the_house_is_enough() -> None:
    assert confidence(Evidence("Paris.", [0.01] * 5, sourced=True), STEEP) == SOURCED


@given(shares, st.tuples(*[st.floats(-1e6, 1e6)] * 4), st.none() | st.floats(0, 1))
def test_it_is_a_probability_whatever_comes(
    probabilities: list[float], weights: tuple[float, ...], check: float | None
) -> None:
    curve = Calibration(weights[:3], 1, 1, "", weights)
    assert 0 <= confidence(Evidence("Yes.", probabilities, check=check), curve) <= 1


def test_a_backend_that_tells_no_probabilities_is_not_calibrated() -> None:
    assert confidence(Evidence("Paris.", ()), STEEP) == 1.0


def test_the_fit_finds_what_the_answers_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    rows = np.array([features(rng.uniform(0.05, 1, 10).tolist()) for _ in range(4000)])
    truth = np.array([3.0, 2.0, 0.4])
    right = rng.uniform(size=len(rows)) < 1 / (1 + np.exp(-rows @ truth))
    assert fit(rows, right) == pytest.approx(truth, abs=0.5)


def test_with_answers_that_split_cleanly_the_weights_stay_finite() -> None:
    rows = np.array([features([0.1]), features([0.2]), features([0.9]), features([0.99])])
    assert all(abs(weight) < 100 for weight in fit(rows, np.array([False, False, True, True])))


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_alike_teach_nothing(right: bool) -> None:
    with pytest.raises(AssistantError, match="nothing to learn"):
        fit(np.array([features([0.5])] * 3), np.array([right] * 3))


def test_it_is_kept_for_this_very_model(tmp_path: Path) -> None:
    model, other = tmp_path / "m.gguf", tmp_path / "o.gguf"
    model.write_bytes(b"one")
    other.write_bytes(b"two")
    assert read_calibration(tmp_path, model) is None
    write_calibration(tmp_path, model, STEEP)
    write_calibration(tmp_path, other, ASKED)
    assert read_calibration(tmp_path, model) == STEEP
    assert read_calibration(tmp_path, other) == ASKED
    model.write_bytes(b"changed")
    assert read_calibration(tmp_path, model) is None
    assert read_calibration(tmp_path, tmp_path / "none.gguf") is None


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "3",
        '{"x": 1}',
        "KEY1",
        '{"KEY": {"weights": [1, 2, "x"]}}',
        '{"KEY": {"weights": [1]}}',
        '{"KEY": 1}',
        '{"KEY": {"weights": [1, 2, 3], "checked": [1], "questions": 1, "right": 1, "made": ""}}',
        '{"KEY": {"weights": [1, 2, 3], "checked": 7, "questions": 1, "right": 1, "made": ""}}',
    ],
)
def test_a_damaged_file_counts_as_none_and_is_begun_anew(tmp_path: Path, kept: str) -> None:
    from assistant.trial import fingerprint

    model = tmp_path / "m.gguf"
    model.write_bytes(b"one")
    (tmp_path / FILE).write_text(kept.replace("KEY", fingerprint(model)))
    assert read_calibration(tmp_path, model) is None
    write_calibration(tmp_path, model, STEEP)
    assert read_calibration(tmp_path, model) == STEEP
    json.loads((tmp_path / FILE).read_text())


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(b"one")
    with pytest.raises(AssistantError, match="cannot be written"):
        write_calibration(model / "below", model, STEEP)
