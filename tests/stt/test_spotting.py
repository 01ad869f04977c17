"""A few words listened for all the time."""

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet
from assistant.composition.engines import load_hearing
from assistant.config import load_settings
from assistant.demo import requests
from assistant.stt.spotting import RENEW_SECONDS, Verdict, VoskSpotter
from assistant.stt.vosk import VoskRecognizer


@pytest.fixture(scope="module")
def recognizer() -> VoskRecognizer:
    found = load_hearing(load_settings())
    assert isinstance(found, VoskRecognizer)
    return found


def heard(spotter: VoskSpotter | None, sound: Samples) -> list[str]:
    assert spotter is not None
    frames = (sound[i : i + FRAME_SAMPLES] for i in range(0, sound.size, FRAME_SAMPLES))
    found = [spotted for frame in frames if (spotted := spotter.feed(frame))]
    return [each.word for each in found if each.verdict is Verdict.SAID]


def test_stop_is_heard_and_other_requests_are_not(recognizer: VoskRecognizer) -> None:
    spotter = recognizer.spotter(("stop",), ("step",))
    for request in requests():
        sound = np.concatenate((quiet(0.3, seed=1), read(request.file), quiet(0.8, seed=2)))
        assert bool(heard(spotter, sound)) == (request.text == "stop"), request.text
        assert spotter is not None
        spotter.reset()


def test_words_that_the_model_does_not_know_are_never_heard(recognizer: VoskRecognizer) -> None:
    assert heard(recognizer.spotter(("xyzzy",)), quiet(1.0, seed=1)) == []


def test_a_word_is_heard_whenever_the_pause_before_it_ends(recognizer: VoskRecognizer) -> None:
    # a pause ends an utterance, and it may do so within the first sound of the next word
    request = read(next(each.file for each in requests() if each.text == "stop"))
    word = request[round(2.40 * SAMPLE_RATE) : round(2.90 * SAMPLE_RATE)]
    knock = (np.random.default_rng(1).standard_normal(3000) * 3000).astype(np.int16)
    missed = []
    for pause in np.arange(2.2, 3.0, 0.06):
        sound = np.concatenate((quiet(0.5, seed=1), knock, quiet(pause, seed=2), word, quiet(0.8, seed=3)))
        if heard(recognizer.spotter(("stop",), ("step",)), sound) != ["stop"]:
            missed.append(round(float(pause), 2))
    assert missed == []


def test_a_stream_is_begun_anew_in_the_middle_of_a_word(recognizer: VoskRecognizer) -> None:
    request = read(next(each.file for each in requests() if each.text == "stop"))
    word = request[round(2.40 * SAMPLE_RATE) : round(2.90 * SAMPLE_RATE)]
    speech = np.concatenate([read(each.file) for each in requests() if each.text != "stop"])
    # speech without a pause that ends an utterance: the stretch before it is as long as the limit allows
    before = speech[: round((RENEW_SECONDS - 0.2) * SAMPLE_RATE)]
    spotter = recognizer.spotter(("stop",), ("step",))
    assert heard(spotter, np.concatenate((before, word, quiet(0.8, seed=3)))) == ["stop"]
