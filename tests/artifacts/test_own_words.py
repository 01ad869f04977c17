"""The hearing model with own words: made whole or not at all, verified, and made again after an update."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from assistant.artifacts import own_words, select
from assistant.artifacts.catalogue import load_catalogue
from assistant.artifacts.embedded import EmbeddedSet, embedded_set
from assistant.artifacts.marks import Marks, sha256_of
from assistant.config import Paths, Settings
from assistant.errors import ModelError
from assistant.stt.graph import build_graph, pronounce, rebuild
from assistant.stt.vosk import VoskRecognizer


@pytest.fixture
def base() -> EmbeddedSet:
    return embedded_set()


def copy_with_words(model: Path, words: Iterable[str], out: Path) -> set[str]:
    """Does what stt.graph.rebuild promises, for a graph of one file."""
    shutil.copytree(model, out)
    (out / "graph" / "own.txt").write_text("\n".join(words))
    return set(words)


def test_none_was_made(base, tmp_path):
    assert own_words.find(tmp_path, base, Marks(None)) is None
    assert not own_words.forget(tmp_path)


def test_made_found_and_forgotten(base, tmp_path):
    assert own_words.make(tmp_path, base, ["roomba"], copy_with_words) == {"roomba"}
    found = own_words.find(tmp_path, base, Marks(None))
    assert found is not None
    assert (found / "graph" / "own.txt").read_text() == "roomba"
    assert (found / "am" / "final.mdl").is_file()
    own_words.make(tmp_path, base, ["zoe"], copy_with_words)
    assert (found / "graph" / "own.txt").read_text() == "zoe"
    assert [path.name for path in tmp_path.iterdir()] == ["hearing"]
    assert own_words.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_earlier_one(base, tmp_path):
    own_words.make(tmp_path, base, ["roomba"], copy_with_words)

    def fail(model: Path, words: Iterable[str], out: Path) -> set[str]:
        copy_with_words(model, words, out)
        raise ModelError("cannot be pronounced")

    with pytest.raises(ModelError, match="cannot be pronounced"):
        own_words.make(tmp_path, base, ["xyzzy"], fail)
    found = own_words.find(tmp_path, base, Marks(None))
    assert found is not None
    assert (found / "graph" / "own.txt").read_text() == "roomba"
    assert [path.name for path in tmp_path.iterdir()] == ["hearing"]


def test_an_update_of_the_base_is_noticed(base, tmp_path):
    own_words.make(tmp_path, base, ["roomba"], copy_with_words)
    newer = EmbeddedSet(base.directory, {**base.sums, "hearing/am/final.mdl": "0" * 64}, Marks(None))
    with pytest.raises(ModelError, match="made from an older hearing model; make it again"):
        own_words.find(tmp_path, newer, Marks(None))


def test_selection_runs_it_and_says_when_it_cannot(base, tmp_path):
    settings = Settings(paths=Paths(data=tmp_path / "data", cache=tmp_path / "cache"))
    own_words.make(settings.paths.data, base, ["roomba"], copy_with_words)
    running = select(settings, load_catalogue(), memory=8000).stt
    assert running.title.endswith("with own words")
    assert running.path == settings.paths.data / "hearing" / "model"
    (settings.paths.data / "hearing/model/graph/own.txt").write_text("other")
    fallen = select(settings, load_catalogue(), memory=8000).stt
    assert fallen.path == base.directory / "hearing"
    assert "own.txt: does not match its checksum (damaged or changed); make it again" in fallen.notice


def small_set(directory: Path) -> EmbeddedSet:
    """The embedded acoustics with a vocabulary of a few words, sealed: what the real builder makes, in a second."""
    shutil.copytree(embedded_set().directory / "hearing", directory / "hearing")
    words = ["turn", "on", "the", "kitchen", "light"]
    build_graph(directory / "hearing", {word: pronounce(word) for word in words}, [words])
    sums = {path.relative_to(directory).as_posix(): sha256_of(path) for path in directory.rglob("*") if path.is_file()}
    return EmbeddedSet(directory, sums, Marks(None))


def test_the_real_builder_and_the_real_recogniser(tmp_path):
    small = small_set(tmp_path / "embedded")
    assert own_words.make(tmp_path / "data", small, ["roomba", "light"], rebuild) == {"roomba"}
    found = own_words.find(tmp_path / "data", small, Marks(None))
    assert found is not None
    hearing = VoskRecognizer(found)
    assert [hearing.knows(word) for word in ("roomba", "kitchen", "xyzzy")] == [True, True, False]
    assert not VoskRecognizer(tmp_path / "embedded" / "hearing").knows("roomba")


def test_a_word_nobody_can_pronounce_changes_nothing(tmp_path):
    small = small_set(tmp_path / "embedded")
    with pytest.raises(ModelError):
        own_words.make(tmp_path / "data", small, ["!!!"], rebuild)
    assert own_words.find(tmp_path / "data", small, Marks(None)) is None
