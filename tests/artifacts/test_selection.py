"""What runs each stage: configured, installed, embedded; never a silent replacement."""

import json
from pathlib import Path

import pytest

from assistant.artifacts import select
from assistant.artifacts.catalogue import Catalogue, Kind
from assistant.artifacts.recommend import instead, memory_class, recommended
from assistant.artifacts.store import Store
from assistant.config import Hearing, Paths, Settings, Speaking, Thinking, WakeSettings
from assistant.errors import ModelError
from tests.artifacts.samples import catalogue, content, model

SMALL, LARGE = content(1000, 1), content(2000, 2)


@pytest.fixture
def known() -> Catalogue:
    urls = ["https://models.example/x"]
    return catalogue(
        model("small-llm", {"small.gguf": (urls, SMALL)}, rank=10, ram_mb=500, recommended_for=[2]),
        model("large-llm", {"large.gguf": (urls, LARGE)}, rank=20, ram_mb=3000, recommended_for=[8]),
        model("a-voice", {"a.onnx": (urls, SMALL)}, kind="tts", rank=10, ram_mb=100, recommended_for=[2, 8]),
    )


@pytest.fixture
def paths(tmp_path) -> Paths:
    return Paths(data=tmp_path / "data", cache=tmp_path / "cache")


def install(paths: Paths, known: Catalogue, tmp_path: Path, **files: bytes) -> None:
    stick = tmp_path / "stick"
    stick.mkdir(exist_ok=True)
    for name, data in files.items():
        (stick / name.replace("__", ".")).write_bytes(data)
    Store(paths.models, known, reserve_bytes=0).import_dir(stick)


def test_nothing_installed_runs_the_embedded_set(paths, known):
    found = select(Settings(paths=paths), known, memory=8000)
    assert (found.stt.source, found.tts.source, found.llm.source) == ("embedded", "embedded", "none")
    assert found.stt.require().name == "hearing"
    assert found.tts.require().suffix == ".onnx"
    assert found.llm.improve.startswith("assistant models pull large-llm")
    assert found.tts.improve.startswith("assistant models pull a-voice")
    with pytest.raises(ModelError, match=r"no model runs the stage 'llm'; assistant models pull large-llm"):
        found.llm.require()
    assert found.wake.source == "package"
    assert [choice.stage for choice in found.running()] == ["wake", "vad", "stt", "calls", "tts"]


def test_the_best_installed_one_that_fits_the_memory(paths, known, tmp_path):
    install(paths, known, tmp_path, small__gguf=SMALL, large__gguf=LARGE)
    large = select(Settings(paths=paths), known, memory=8000).llm
    assert (large.id, large.source, large.improve) == ("large-llm", "installed", "")
    small = select(Settings(paths=paths), known, memory=2000).llm
    assert small.id == "small-llm"
    assert small.notice == "large-llm is installed but needs about 3000 MB of this machine's 2000 MB"


def test_a_model_measured_as_too_slow_does_not_run_by_itself(paths, known, tmp_path):
    install(paths, known, tmp_path, small__gguf=SMALL, large__gguf=LARGE)
    (paths.data / "speed.json").write_text(json.dumps({"llm": {"large-llm": 1.5, "small-llm": 20}}))
    found = select(Settings(paths=paths), known, memory=8000).llm
    assert found.id == "small-llm"
    assert "1.5 tokens a second, slower than speech" in found.notice
    chosen = select(Settings(paths=paths, thinking=Thinking(model="large-llm")), known, memory=8000).llm
    assert (chosen.id, chosen.source) == ("large-llm", "configured"), "the owner's word counts"


@pytest.mark.parametrize("text", ["", "[]", '{"llm": []}', '{"llm": {"large-llm": "fast"}}', "{"])
def test_broken_measurements_count_as_none(paths, known, tmp_path, text):
    install(paths, known, tmp_path, large__gguf=LARGE)
    (paths.data / "speed.json").write_text(text)
    assert select(Settings(paths=paths), known, memory=8000).llm.id == "large-llm"


def test_a_broken_installed_model_is_said_and_the_next_one_runs(paths, known, tmp_path):
    install(paths, known, tmp_path, small__gguf=SMALL, large__gguf=LARGE)
    (paths.models / "large-llm" / "large.gguf").write_bytes(LARGE[:10])
    found = select(Settings(paths=paths), known, memory=8000).llm
    assert found.id == "small-llm"
    assert "large.gguf: has 10 bytes instead of 2000" in found.notice


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("large-llm", "'large-llm' is configured but not installed; run: assistant models pull large-llm"),
        ("a-voice", "'a-voice' is a model for tts, not for llm"),
        ("/nowhere/x.gguf", "'/nowhere/x.gguf' is neither a file nor a known model (large-llm, small-llm)"),
    ],
)
def test_a_configured_model_that_is_not_there_is_never_replaced(paths, known, tmp_path, value, line):
    install(paths, known, tmp_path, small__gguf=SMALL)
    found = select(Settings(paths=paths, thinking=Thinking(model=value)), known, memory=8000).llm
    assert found.path is None
    assert line in found.problem
    with pytest.raises(ModelError, match=r"correct the settings|assistant models pull"):
        found.require()


def test_a_configured_model_that_is_damaged_is_never_replaced(paths, known, tmp_path):
    install(paths, known, tmp_path, small__gguf=SMALL, large__gguf=LARGE)
    (paths.models / "large-llm" / "large.gguf").write_bytes(content(2000, 3))
    found = select(Settings(paths=paths, thinking=Thinking(model="large-llm")), known, memory=8000).llm
    assert found.path is None
    assert "checksum" in found.problem


def test_an_own_model_by_path(paths, known, tmp_path):
    own = tmp_path / "own.onnx"
    own.write_bytes(b"x")
    settings = Settings(paths=paths, speaking=Speaking(model=str(own)), hearing=Hearing(model="embedded"))
    found = select(settings, known, memory=8000)
    assert (found.tts.path, found.tts.source) == (own, "configured")
    assert found.stt.source == "embedded"


def test_a_broken_embedded_set_is_said(paths, known, tmp_path, monkeypatch):
    (tmp_path / "models" / "embedded").mkdir(parents=True)
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "models"))
    found = select(Settings(paths=paths), known, memory=8000)
    assert found.stt.path is None
    assert "SHA256SUMS: cannot be read" in found.stt.problem


def test_an_own_wake_word(paths, known, tmp_path):
    settings = Settings(paths=paths, wake=WakeSettings(openwakeword=tmp_path))
    assert select(settings, known, memory=8000).wake.require() == tmp_path
    gone = Settings(paths=paths, wake=WakeSettings(openwakeword=tmp_path / "none"))
    assert "is not a directory" in select(gone, known, memory=8000).wake.problem


@pytest.mark.parametrize(
    ("mb", "size"), [(500, 1), (930, 1), (1870, 2), (3790, 4), (7900, 8), (16200, 16), (64000, 16)]
)
def test_memory_classes(mb, size):
    """Boards report less than they are sold with: firmware and graphics keep some."""
    assert memory_class(mb) == size


def test_recommendations_fit(known):
    assert [e.id for e in recommended(known, 2000)] == ["a-voice", "small-llm"]
    assert [e.id for e in recommended(known, 8000)] == ["a-voice", "large-llm"]
    assert [e.id for e in recommended(known, 1000)] == []
    assert [e.id for e in recommended(known, 8000, {"large-llm": 0.5})] == ["a-voice"]


@pytest.mark.parametrize(
    ("free", "says"),
    [
        (10**10, "large-llm"),
        (3000 * 10**6, "large-llm"),
        (3000 * 10**6 - 1, "pull small-llm"),
        (500 * 10**6 - 1, "no model of the catalogue fits"),
        (0, "free some memory"),
    ],
)
def test_what_fits_instead(known, free, says):
    assert says in instead(known, Kind.LLM, free)
