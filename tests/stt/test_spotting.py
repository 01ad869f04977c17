"""A few words listened for all the time."""

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet
from assistant.composition.engines import load_hearing
from assistant.config import load_settings
from assistant.demo import requests
from assistant.stt.spotting import VoskSpotter
from assistant.stt.vosk import VoskRecognizer


@pytest.fixture(scope="module")
def recognizer() -> VoskRecognizer:
    found = load_hearing(load_settings())
    assert isinstance(found, VoskRecognizer)
    return found


def heard(spotter: VoskSpotter | None, sound: Samples) -> list[str]:
    assert spotter is not None
    frames = (sound[i : i + FRAME_SAMPLES] for i in range(0, sound.size, FRAME_SAMPLES))
    return [word for frame in frames if (word := spotter.feed(frame))]


def test_stop_is_heard_and_other_requests_are_not(recognizer: VoskRecognizer) -> None:
    spotter = recognizer.spotter(("stop",), ("start", "step"))
    for request in requests():
        sound = np.concatenate((quiet(0.3, seed=1), read(request.file), quiet(0.8, seed=2)))
        assert bool(heard(spotter, sound)) == (request.text == "stop"), request.text
        assert spotter is not None
        spotter.reset()


def test_words_that_the_model_does_not_know_are_never_heard(recognizer: VoskRecognizer) -> None:
    assert heard(recognizer.spotter(("xyzzy",)), quiet(1.0, seed=1)) == []
