"""The network in numpy is the network that Vosk runs, and its evidence prefers what was said."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.artifacts.embedded import models_root
from assistant.audio.files import read
from assistant.errors import ModelError
from assistant.stt.evidence import Evidence
from assistant.stt.graph import pronounce
from assistant.stt.graph.phones import PHONE_INDEX, PHONES
from assistant.stt.network import PhoneNetwork, ScoreStream, log_mel, understands

MODEL = models_root() / "embedded" / "hearing"
DEMO = Path(__file__).resolve().parents[2] / "assistant" / "demo"


@pytest.fixture(scope="module")
def network():
    return PhoneNetwork(MODEL)


@pytest.fixture(scope="module")
def sound():
    return read(DEMO / "timer.flac")


def phones(text: str) -> tuple[str, ...]:
    return tuple(phone for word in text.split() for phone in pronounce(word)[0])


def test_a_tone_lies_in_its_band():
    """1 kHz is 1000 mel; the 42 edges of the bands lie evenly between 32 and 2787 mel."""
    tone = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype(np.int16)
    mel = log_mel(tone)
    assert mel.shape == (98, 40)
    assert set(mel.argmax(1)) == {round((1000 - 31.75) / ((2786.9 - 31.75) / 41)) - 1}


def test_digital_silence_and_too_little_sound(network):
    assert np.all(log_mel(np.zeros(1000, np.int16)) == np.float32(-15.9))
    assert log_mel(np.zeros(399, np.int16)).shape == (0, 40)
    assert network.log_probabilities(np.zeros(100, np.int16)).shape == (0, 40)


def test_outputs_are_probabilities(network, sound):
    scores = network.log_probabilities(sound)
    assert len(scores) == -(-((len(sound) - 400) // 160 + 1) // 3)
    assert np.allclose(np.exp(scores).sum(1), 1, atol=1e-4)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=12))
def test_pieces_of_any_length_give_the_same(network, sound, lengths):
    stream, at = ScoreStream(network), 0
    for length in lengths:
        stream.feed(sound[at : at + length])
        at += length
    stream.feed(sound[at:])
    assert np.allclose(stream.scores(), network.log_probabilities(sound), atol=1e-3)
    assert np.allclose(stream.scores(), network.log_probabilities(sound), atol=1e-3), "asking changes nothing"


def test_what_was_said_costs_least(network, sound):
    evidence = Evidence(network.log_probabilities(sound))
    said, *others = evidence.costs(
        [
            phones(text)
            for text in (
                "set a timer for ten minutes",
                "set a timer for two minutes",
                "turn on the kitchen light",
                "what time is it",
                "stop",
            )
        ]
    )
    assert 0 <= said < min(others)


def test_the_very_phones_that_were_heard_cost_nothing():
    names = ("HH", "AH", "L", "OW")
    scores = np.full((12, 40), -12.0, np.float32)
    for at, name in enumerate(names):
        scores[3 * at, PHONE_INDEX[name]] = -0.01
        scores[3 * at + 1 : 3 * at + 3, 0] = -0.01
    evidence = Evidence(scores)
    exact, longer, other = evidence.costs([names, (*names, "Z"), ("Z", "Z", "Z", "Z")])
    assert exact == 0
    assert evidence.phones == 4
    assert 0 < longer < other


def test_what_lies_before_the_sentence_does_not_count():
    rng = np.random.default_rng(1)
    scores = np.full((40, 40), -12.0, np.float32)
    scores[np.arange(20), rng.integers(1, 40, 20)] = -0.01
    scores[20:, 0] = -0.01
    scores[25, 0], scores[25, PHONE_INDEX["AA"]] = -12.0, -0.01
    evidence = Evidence(scores)
    assert evidence.costs([("AA",)])[0] > 50
    assert evidence.after(20 * 0.03).costs([("AA",)])[0] == 0


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 30),
    st.lists(st.lists(st.sampled_from(PHONES), max_size=9), max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_costs_are_never_negative(frames, sentences, seed):
    scores = np.log(np.random.default_rng(seed).dirichlet(np.ones(40), frames)).astype(np.float32).reshape(frames, 40)
    evidence = Evidence(scores)
    together = evidence.costs(sentences)
    assert len(together) == len(sentences)
    assert all(cost >= 0 for cost in together)
    alone = [evidence.costs([sentence])[0] for sentence in sentences]
    assert together == pytest.approx(alone, rel=1e-4, abs=1e-3)


def test_a_model_of_another_make(tmp_path):
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"\0B<TransitionModel> something else <Nnet3> \n\n")
    assert understands(MODEL)
    assert not understands(tmp_path)
    assert not understands(tmp_path / "missing")
    with pytest.raises(ModelError, match="no acoustic model of this project's own form"):
        PhoneNetwork(tmp_path)
