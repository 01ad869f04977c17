"""The sound decides between sentences, and against noise: real sound, real network, words misheard on purpose."""

from pathlib import Path

import numpy as np
import pytest

from assistant.artifacts.embedded import models_root
from assistant.audio.files import read
from assistant.audio.noise import quiet
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.weighing import SIGNS, WEIGHTS, Weigher, believed
from assistant.stt import Hypothesis
from assistant.stt.evidence import Evidence
from assistant.stt.graph import pronounce
from assistant.stt.network import PhoneNetwork

DEMO = Path(__file__).resolve().parents[2] / "assistant" / "demo"


@pytest.fixture(scope="module")
def weigher(understanding):
    return Weigher(understanding, SoundsLike(understanding, pronounce))


@pytest.fixture(scope="module")
def network():
    return PhoneNetwork(models_root() / "embedded" / "hearing")


def readings(*texts: str) -> list[Hypothesis]:
    return [Hypothesis(text, 0.9, (), source) for text, source in zip(texts, ("grammar", "open"), strict=False)]


@pytest.mark.parametrize(
    "heard", ["set a timer for two minutes", "set a timer for ten minute", "set timer ten minutes"]
)
def test_the_sound_puts_a_misheard_word_right(weigher, network, heard):
    evidence = Evidence(network.log_probabilities(read(DEMO / "timer.flac")))
    found = weigher.weigh(readings(heard, heard), evidence)
    assert found is not None
    assert found.sentence == "set a timer for ten minutes"
    assert found.believed > 0.7


def test_a_sentence_that_was_not_said_is_not_believed(weigher, network):
    evidence = Evidence(network.log_probabilities(read(DEMO / "timer.flac")))
    said = weigher.weigh(readings("set a timer for ten minutes", "set a timer for ten minutes"), evidence)
    other = weigher.weigh(readings("turn off the kitchen lights", "turn off the kitchen lights"), evidence)
    assert said is not None
    assert said.believed > 0.7
    assert other is None or other.believed < 0.2


def test_noise_is_no_command(weigher, network):
    evidence = Evidence(network.log_probabilities(quiet(2.0, seed=3, dbfs=-30)))
    found = weigher.weigh(readings("stop", ""), evidence)
    assert found is None or found.believed < 0.3


@pytest.mark.parametrize("texts", [("",), ("[unk]",), ("[unk]", ""), ("word " * 40,)])
def test_nothing_to_weigh(weigher, network, texts):
    assert weigher.weigh(readings(*texts), Evidence(network.log_probabilities(quiet(1.0, seed=1)))) is None


def test_more_against_a_sentence_never_makes_it_more_believed():
    """Every sign that speaks against a sentence has a weight below zero, both confidences one above."""
    assert len(WEIGHTS) == len(SIGNS)
    against = [weight for sign, weight in zip(SIGNS, WEIGHTS, strict=True) if sign in ("evidence", "text", "lag")]
    assert max(against) < 0 < min(WEIGHTS[-2:])
    rng = np.random.default_rng(5)
    for _ in range(100):
        signs = rng.uniform(0, 3, len(SIGNS))
        worse = signs.copy()
        worse[0] += 0.5
        assert 0 <= believed(worse.tolist()) < believed(signs.tolist()) <= 1
