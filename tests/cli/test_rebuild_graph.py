"""`assistant models rebuild-graph` with the real understanding, graph builder and recogniser."""

import pytest

from assistant.artifacts import select
from assistant.config import load_settings
from assistant.stt.vosk import VoskRecognizer


@pytest.fixture
def rebuild(command, monkeypatch, tmp_path):
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_PATHS__CACHE", str(tmp_path / "cache"))
    return lambda *words: command("models", "rebuild-graph", *words)


HOME = """
here = {area = "Kitchen"}
areas = [{name = "Kitchen"}]
entities = [{name = "Zanzibar Lantern", area = "Kitchen", domain = "light"}]
"""


def test_names_of_the_home_are_learnt_and_forgotten(rebuild, tmp_path):
    (tmp_path / "home.toml").write_text(HOME)
    status, out, err = rebuild("--home", str(tmp_path / "home.toml"), "Quibbleworth")
    assert (status, err) == (0, "")
    assert out.startswith("Learnt ")
    assert "quibbleworth" in out
    running = select(load_settings()).stt
    assert running.title.endswith("with own words")
    hearing = VoskRecognizer(running.require())
    assert all(hearing.knows(word) for word in ("zanzibar", "lantern", "quibbleworth", "kitchen"))
    assert rebuild("--forget")[1] == "The embedded hearing model runs again.\n"
    assert not select(load_settings()).stt.title.endswith("with own words")
    assert rebuild("--forget")[1] == "No own words were there to forget.\n"


def test_a_home_that_cannot_be_read(rebuild, tmp_path):
    status, _, err = rebuild("--home", str(tmp_path / "none.toml"))
    assert status == 2
    assert err.count("\n") == 1


SENTENCES = """
intents:
  brew:
    sentences: ["brew [a] {drink}"]
lists:
  drink: [ristretto, zorblatte]
"""


def test_words_of_the_owners_sentences_are_learnt(rebuild, monkeypatch, tmp_path):
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "machine.yaml").write_text(SENTENCES)
    monkeypatch.setenv("ASSISTANT_PATHS__SKILLS", str(tmp_path / "skills"))
    status, out, err = rebuild()
    assert (status, err) == (0, "")
    assert "zorblatte" in out
    assert "Expects your own sentences now" in out
    hearing = VoskRecognizer(select(load_settings()).stt.require())
    assert hearing.knows("ristretto")
