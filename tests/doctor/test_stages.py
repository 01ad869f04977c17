"""Every stage is examined with its real engine; one that cannot run is a failure with a remedy."""

import re
import shutil
from pathlib import Path

import pytest

from assistant.artifacts.embedded import embedded_dir
from assistant.config import Hearing, Paths, Settings, Speaking, Thinking, WakeSettings
from assistant.doctor import stages
from assistant.doctor.check import Check
from assistant.llm import memory
from assistant.llm.gguf import read_header
from scripts.make_tiny_gguf import write_tiny_gguf


@pytest.fixture
def paths(tmp_path) -> Paths:
    return Paths(data=tmp_path / "data", cache=tmp_path / "cache")


def by_name(settings: Settings, *, load: bool = True) -> dict[str, Check]:
    return {check.name: check for check in stages.checks(settings, load=load)}


def test_the_embedded_engines_load(paths):
    found = by_name(Settings(paths=paths))
    assert {name: check.state for name, check in found.items()} == {
        "wake word": "ok",
        "voice activity": "ok",
        "speech to text": "ok",
        "intent model": "ok",
        "text to speech": "ok",
        "language model": "absent",
    }
    assert found["speech to text"].detail.startswith("Vosk (vosk 0.3.45), ")
    assert "assistant models pull" in found["language model"].remedy


def test_a_model_of_another_kind(paths, tmp_path):
    (tmp_path / "notes.gguf").write_text("notes, not a model\n" * 100)
    (tmp_path / "hearing").mkdir()
    settings = Settings(
        paths=paths,
        hearing=Hearing(model=str(tmp_path / "hearing")),
        thinking=Thinking(model=str(tmp_path / "notes.gguf")),
        speaking=Speaking(model=str(tmp_path / "none.onnx")),
    )
    found = by_name(settings)
    for name in ("speech to text", "language model", "text to speech"):
        assert found[name].state == "fail", name
        assert found[name].remedy, name
    assert found["wake word"].state == "ok"


def test_an_unknown_wake_phrase(paths):
    found = by_name(Settings(paths=paths, wake=WakeSettings(phrases=("hello computer",))))
    assert found["wake word"].state == "fail"
    assert found["speech to text"].state == "ok"


def test_a_tampered_embedded_model(paths, tmp_path, monkeypatch):
    shutil.copytree(embedded_dir(), tmp_path / "models" / "embedded")
    voice = next((tmp_path / "models" / "embedded" / "voice").glob("*.onnx"))
    voice.write_bytes(voice.read_bytes()[:-1] + b"\0")
    shutil.copy(embedded_dir().parent / "catalogue.toml", tmp_path / "models")
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "models"))
    found = by_name(Settings(paths=paths), load=False)
    assert found["text to speech"].state == "fail"
    assert "does not match its checksum" in found["text to speech"].detail
    assert found["text to speech"].remedy


def test_a_library_that_is_missing(paths, monkeypatch):
    def broken(settings: Settings, selection: object) -> dict[str, object]:
        def load() -> None:
            raise ImportError("libvosk.so: cannot open shared object file")

        return {"stt": load}

    monkeypatch.setattr(stages, "_loaders", broken)
    found = by_name(Settings(paths=paths))["speech to text"]
    assert (found.state, found.remedy) == ("fail", "run scripts/setup")


def test_the_catalogue_is_broken(paths, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    Path(tmp_path / "models" / "catalogue.toml").write_text("version = 7")
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "models"))
    assert by_name(Settings(paths=paths))["models"].state == "fail"


def test_a_language_models_memory_is_told(paths, tmp_path):
    model = write_tiny_gguf(tmp_path / "tiny.gguf")
    found = by_name(Settings(paths=paths, thinking=Thinking(model=str(model))))["language model"]
    assert found.state == "ok"
    assert re.search(r", \d+ MB of memory$", found.detail)


def test_a_language_model_that_does_not_fit_names_one_that_does(paths, tmp_path, monkeypatch):
    model = write_tiny_gguf(tmp_path / "tiny.gguf")
    free = memory.needed_bytes(read_header(model), model.stat().st_size, 2048) + memory.RESERVE - 1
    monkeypatch.setattr(memory, "free_bytes", lambda: free)
    found = by_name(Settings(paths=paths, thinking=Thinking(model=str(model))))["language model"]
    assert found.state == "fail"
    assert "needs about" in found.detail
    assert "fits" in found.remedy
