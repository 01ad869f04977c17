"""Where to run it: every combination of answers, and the door for bad ones."""

import math
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bench.decide import PLACEMENTS, SCORES, _placement, criteria, decide, scores_from, weights_from
from assistant.errors import UsageError

KEYS = tuple(criteria())
DEFAULTS = {key: each.default for key, each in criteria().items()}
answers = st.fixed_dictionaries({key: st.sampled_from(SCORES) for key in KEYS})
weights = st.fixed_dictionaries({key: st.floats(0.1, 10) for key in KEYS})
some = settings(max_examples=40)


def test_the_seven_questions_are_asked() -> None:
    assert KEYS == ("latency", "model_size", "throughput", "residency", "cost", "operations", "failure")
    for each in criteria().values():
        assert len(each.options) == 4
        assert each.default in SCORES
        assert each.reason
        assert all(len(fits) == 4 and set(fits) <= set(SCORES) for fits in each.fits.values())
        assert set(each.bars) <= set(SCORES)
        assert bool(each.bars) == bool(each.bar_reason)
        assert all(higher > lower for higher, lower in pairwise(each.thresholds))
        assert len(each.thresholds) == (3 if each.measure else 0)


@pytest.mark.parametrize(
    ("measure", "value", "key", "score"),
    [
        ("latency_ms", 600, "latency", 3),
        ("latency_ms", 600.1, "latency", 2),
        ("latency_ms", 3001, "latency", 0),
        ("model_billions", 0, "model_size", 3),
        ("model_billions", 7.6, "model_size", 1),
        ("requests_per_minute", 1, "throughput", 3),
        ("cost_ratio", 0.375, "cost", 3),
        ("cost_ratio", 1.0, "cost", 2),
        ("outage_minutes", 600, "failure", 0),
    ],
)
def test_a_measure_gives_the_score_of_its_threshold(measure: str, value: float, key: str, score: int) -> None:
    assert scores_from({measure: value}, "x") == {key: score}


def test_a_kitchen_belongs_on_the_device() -> None:
    decision = decide(DEFAULTS)
    assert decision.placement == "edge"
    assert set(decision.barred) == {"cloud"}
    assert not decision.conflict


def test_a_large_model_and_public_questions_belong_in_the_cloud() -> None:
    decision = decide({**dict.fromkeys(KEYS, 1), "model_size": 0, "residency": 0, "latency": 0})
    assert decision.placement == "cloud"


def test_a_large_model_for_now_and_then_makes_it_both() -> None:
    assert decide({**DEFAULTS, "model_size": 0}).placement == "hybrid"


def test_all_ends_and_the_middle_are_reached() -> None:
    reached = {decide(dict.fromkeys(KEYS, score)).placement for score in SCORES}
    assert reached == {"cloud", "hybrid", "edge"}


def test_what_may_not_leave_does_not_whatever_else_is_wanted() -> None:
    for rest in product(SCORES, repeat=3):
        scores = {**dict.fromkeys(KEYS, 0), "residency": 3}
        scores |= dict(zip(("latency", "operations", "failure"), rest, strict=True))
        decision = decide(scores)
        assert decision.placement == "edge"
        assert decision.conflict  # the model does not fit on the device


@given(answers, st.sampled_from(KEYS), weights)
@some
def test_an_answer_that_speaks_more_for_the_device_never_moves_it_towards_the_cloud(
    scores: dict[str, int], key: str, weighted: dict[str, float]
) -> None:
    homely = [
        PLACEMENTS.index(decide({**scores, key: score}, weighted).placement) for score in SCORES
    ]  # 0 is the device
    assert homely == sorted(homely, reverse=True)


def test_every_combination_is_ordered() -> None:
    placed = {
        scores: PLACEMENTS.index(_placement(dict(zip(KEYS, scores, strict=True)), dict.fromkeys(KEYS, 1.0)))
        for scores in product(SCORES, repeat=len(KEYS))
    }
    for scores, place in placed.items():
        for at, score in enumerate(scores):
            if score < 3:
                assert placed[(*scores[:at], score + 1, *scores[at + 1 :])] <= place


@given(answers, weights)
@some
def test_a_barred_placement_is_chosen_only_in_a_conflict(scores: dict[str, int], weighted: dict[str, float]) -> None:
    decision = decide(scores, weighted)
    assert decision.conflict == (set(decision.barred) == set(PLACEMENTS))
    assert decision.conflict or decision.placement not in decision.barred
    assert "residency" not in decision.barred.get(decision.placement, ())
    assert all(0 <= fit <= 3 + 1e-9 for fit in decision.fit.values())


@given(answers, weights)
@some
def test_what_would_change_the_answer_does(scores: dict[str, int], weighted: dict[str, float]) -> None:
    decision = decide(scores, weighted)
    for change in decision.changes:
        changed = {**scores, **dict(change.answers)}
        assert changed != scores
        assert decide(changed, weighted).placement == change.placement != decision.placement
    alone = [change for change in decision.changes if len(change.answers) == 1]
    assert len(alone) in (0, len(decision.changes))
    for key in KEYS:  # nothing that would change it is left out
        others = {decide({**scores, key: score}, weighted).placement for score in SCORES}
        assert (len(others) > 1) == any(key == change.answers[0][0] for change in alone)


@given(answers, weights)
@some
def test_without_a_decisive_criterion_the_answer_is_another(scores: dict[str, int], weighted: dict[str, float]) -> None:
    decision = decide(scores, weighted)
    if decision.alone:
        assert decision.decisive
        for key in decision.decisive:
            assert decide(scores, {**weighted, key: 0.0}).placement != decision.placement
    else:
        assert all(decide(scores, {**weighted, key: 0.0}).placement == decision.placement for key in KEYS)


def test_a_weight_of_nothing_takes_the_bar_away() -> None:
    scores = {**DEFAULTS, "model_size": 0}
    weighted = weights_from({"model_size": 0}, "x")
    assert "edge" not in decide(scores, weighted).barred


@pytest.mark.parametrize("value", [-1, 4, 1.5, math.nan, math.inf, "2", True, None, [], {}])
def test_no_answer_but_0_to_3_is_taken(value: object) -> None:
    with pytest.raises(UsageError, match="latency must be 0, 1, 2 or 3"):
        scores_from({"latency": value}, "file")


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 1e10, "2", True, None])
def test_no_measure_but_a_number_is_taken(value: object) -> None:
    with pytest.raises(UsageError, match="latency_ms must be a number"):
        scores_from({"latency_ms": value}, "file")
    with pytest.raises(UsageError, match="the weight of cost must be from 0 to 10"):
        weights_from({"cost": value}, "file")


def test_wrong_names_and_double_answers_are_told() -> None:
    with pytest.raises(UsageError, match="no question is called 'colour'"):
        scores_from({"colour": 1}, "file")
    with pytest.raises(UsageError, match="latency is answered twice"):
        scores_from({"latency": 1, "latency_ms": 100}, "file")
    with pytest.raises(UsageError, match="no criterion is called 'colour'"):
        weights_from({"colour": 1}, "file")
    with pytest.raises(UsageError, match="all weights are 0"):
        weights_from(dict.fromkeys(KEYS, 0), "file")


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from(KEYS), st.integers() | st.floats() | st.text(max_size=5)))
@some
def test_any_answers_are_taken_or_refused_in_one_line(given_answers: dict[str, object]) -> None:
    said = ""
    try:
        assert set(scores_from(given_answers, "file")) <= set(KEYS)
    except UsageError as error:
        said = str(error)
    assert len(said.splitlines()) <= 1
