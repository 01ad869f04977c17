"""Threshold, refractory time and one detection an utterance."""

from assistant.audio import SAMPLE_RATE
from assistant.wake.decision import Decision

STEP = SAMPLE_RATE * 30 // 1000


def heard(scores: list[float], phrase: str = "alexa") -> list[float]:
    decision = Decision({phrase: 0.5}, 1.5)
    found = [decision.judge(phrase, score, (n + 1) * STEP) for n, score in enumerate(scores)]
    return [round(wake.at_s, 2) for wake in found if wake]


def test_the_threshold_must_be_exceeded():
    assert heard([0.5, 0.5, 0.51]) == [0.09]


def test_a_plateau_longer_than_the_refractory_time_is_one_detection():
    assert heard([0.9] * 200) == [0.03]


def test_nothing_within_the_refractory_time_and_again_after_it():
    spike = [0.9, 0.1]
    assert heard(spike + [0.1] * 20 + spike) == [0.03]
    assert heard(spike + [0.1] * 49 + spike) == [0.03, 1.56]


def test_a_score_that_rose_within_the_refractory_time_does_not_fire_when_it_is_over():
    assert heard([0.9, 0.1] + [0.9] * 100) == [0.03]


def test_the_refractory_time_holds_for_every_phrase():
    decision = Decision({"alexa": 0.5, "okay nabu": 0.5}, 1.5)
    assert decision.judge("alexa", 0.9, STEP)
    assert decision.judge("okay nabu", 0.9, 2 * STEP) is None
    decision.reset()
    assert decision.judge("okay nabu", 0.9, STEP)
