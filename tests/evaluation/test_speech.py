"""What `assistant eval speech` counts, with real sound through the real recogniser."""

from pathlib import Path
from typing import Any

import pytest

import assistant
from assistant.audio.files import read
from assistant.audio.noise import quiet
from assistant.composition.engines import load_listening
from assistant.config import Paths, Settings
from assistant.dialogue.interpreting import Interpreter
from assistant.evaluation.speech import evaluate
from assistant.stt import Recognizer

DEMO = Path(assistant.__file__).parent / "demo"
PRODUCT = 'intents: {product: {sentences: ["what is {a} times {b}"]}}\nlists: {a: [twelve, ten], b: [seven, two]}\n'


@pytest.fixture(scope="module")
def listening(tmp_path_factory) -> tuple[Recognizer, Interpreter]:
    folder = tmp_path_factory.mktemp("speech")
    (folder / "skills").mkdir()
    (folder / "skills" / "school.yaml").write_text(PRODUCT)
    return load_listening(Settings(paths=Paths(data=folder / "data", cache=folder / "cache", skills=folder / "skills")))


def order(**slots: str) -> dict[str, Any]:
    return {"file": "sum.flac", "intent": "product", "slots": slots}


def test_an_order_is_right_with_every_slot(listening):
    rows = [order(a="twelve", b="seven"), order(a="twelve"), order(a="ten", b="seven")]
    result = evaluate(rows, DEMO, *listening)
    assert (result.orders.right, result.orders.clips) == (1, 3)
    assert result.rows[0]["intent"] == "product"
    assert result.rows[0]["slots"] == {"a": "twelve", "b": "seven"}
    assert "orders: understood with every slot 1/3 (33.3%)" in result.lines()


def test_a_command_and_what_is_none(listening):
    rows: list[dict[str, Any]] = [
        {"file": "timer.flac", "text": "Set a timer for 10 minutes.", "recorded": False},
        {"file": "timer.flac", "text": "Set a timer for 5 minutes.", "recorded": True},
        {"file": "timer.flac", "text": None},
    ]
    result = evaluate(rows, DEMO, *listening)
    assert (result.synthetic.right, result.recorded.right, result.fired, result.others) == (1, 0, 1, 1)


def test_the_opposite_action_is_counted_apart(listening):
    rows: list[dict[str, Any]] = [
        {"file": "lights.flac", "text": "Turn on the kitchen lights.", "recorded": False},
        {"file": "lights.flac", "text": "Turn off the kitchen lights.", "recorded": False},
    ]
    result = evaluate(rows, DEMO, *listening)
    assert (result.synthetic.right, result.synthetic.same) == (2, 1)


def test_noise_is_laid_under_the_clip(listening):
    heard = []
    recognizer, interpreter = listening

    class Noting:
        set_phrases = recognizer.set_phrases

        def start(self, skip_s: float = 0.0):
            stream = recognizer.start(skip_s)
            feed = stream.feed

            def note(samples):
                heard.append(samples)
                return feed(samples)

            stream.feed = note
            return stream

    noise = quiet(3.0, seed=1, dbfs=-20)
    evaluate([{"file": "timer.flac", "text": None}], DEMO, Noting(), interpreter, noise=noise, snr_db=0.0)
    clean = read(DEMO / "timer.flac").astype(float)
    power = sum(float((piece.astype(float) ** 2).sum()) for piece in heard)
    assert power == pytest.approx(2 * float((clean**2).sum()), rel=0.1)
