"""Graphs built here work in the unmodified recogniser, with new words, and without touching what was there."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.stt.graph import build_graph, known_words, missing_words, pronounce, read_lexicon, rebuild
from assistant.stt.libvosk import NativeModel

MODEL = Path(__file__).resolve().parents[3] / "models" / "embedded" / "hearing"
DEMO = Path(__file__).resolve().parents[3] / "assistant" / "demo"
WORDS = [
    "turn",
    "on",
    "off",
    "the",
    "lights",
    "what",
    "time",
    "is",
    "it",
    "okay",
    "nabu",
    "set",
    "a",
    "timer",
    "for",
    "ten",
    "minutes",
    "kitchen",
]
SENTENCES = [
    ["okay", "nabu", "what", "time", "is", "it"],
    ["turn", "on", "the", "kitchen", "lights"],
    ["set", "a", "timer", "for", "ten", "minutes"],
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    shutil.copytree(MODEL, folder, dirs_exist_ok=True)
    build_graph(folder, {word: pronounce(word) for word in WORDS}, SENTENCES)
    return folder


def _hear(model_dir: Path, samples: NDArray[np.int16], phrases: list[str] | None = None) -> str:
    recogniser = NativeModel(str(model_dir)).recognizer(json.dumps(phrases) if phrases else "")
    recogniser.accept(samples.tobytes())
    return " ".join(str(word["word"]) for word in recogniser.final())


def test_the_recogniser_takes_our_graph_open_and_with_a_runtime_grammar(small):
    samples, _ = soundfile.read(DEMO / "time.flac", dtype="int16")
    assert "what time is it" in _hear(small, samples)
    assert "what time is it" in _hear(small, samples, ["okay nabu what time is it", "turn off the lights", "[unk]"])


def test_silence_says_nothing(small):
    assert not _hear(small, np.zeros(32000, np.int16))


def test_rebuild_adds_words_and_keeps_the_rest(small, tmp_path):
    new = rebuild(small, ["Zigbee", "lights"], tmp_path / "new", extra_sentences=[["dim", "the", "blinkenlights"]])
    assert new == {"zigbee", "dim", "blinkenlights"}
    assert known_words(tmp_path / "new") == set(WORDS) | new
    samples, _ = soundfile.read(DEMO / "time.flac", dtype="int16")
    assert "what time is it" in _hear(tmp_path / "new", samples)
    assert missing_words(small, ["zigbee", "kitchen"]) == {"zigbee"}


def test_rebuilding_twice_is_the_same_as_once(small, tmp_path):
    rebuild(small, ["zigbee"], tmp_path / "one")
    assert not rebuild(tmp_path / "one", ["zigbee"], tmp_path / "two")
    for name in ("HCLr.fst", "Gr.fst", "words.txt", "lexicon.txt"):
        assert (tmp_path / "one/graph" / name).read_bytes() == (tmp_path / "two/graph" / name).read_bytes()


def test_a_word_that_cannot_be_said_changes_nothing(small, tmp_path):
    with pytest.raises(ModelError, match="'42'"):
        rebuild(small, ["zigbee", "42"], tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("line", ["word", "word QQ", " K", ""])
def test_a_damaged_lexicon_names_its_line(small, tmp_path, line):
    shutil.copytree(small, tmp_path, dirs_exist_ok=True)
    (tmp_path / "graph" / "lexicon.txt").write_text(f"a AH\n{line}\n", "utf-8")
    with pytest.raises(ModelError, match="line 2"):
        read_lexicon(tmp_path)


def test_a_model_of_another_kind_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"lexicon\.txt"):
        rebuild(tmp_path, ["x"], tmp_path / "out")
    with pytest.raises(ModelError, match=r"words\.txt"):
        known_words(tmp_path)
