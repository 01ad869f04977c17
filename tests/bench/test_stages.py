"""The stages on their real engines, once each; no duration is judged."""

import pytest

from assistant import demo
from assistant.bench.embedding_standin import Shape, make_standin
from assistant.bench.embeddings import measure_embeddings
from assistant.bench.figures import Effort, Stage
from assistant.bench.sound import measure_stt, measure_vad, measure_wake, recordings
from assistant.bench.words import REQUESTS, TEXTS, measure_understanding, measure_voice
from assistant.config import Settings
from assistant.errors import UsageError

TWICE = Effort(repeats=2, warmup=0)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(paths={"data": tmp_path / "data", "cache": tmp_path / "cache"})


@pytest.fixture
def one_clip(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "a.flac").symlink_to(demo.requests()[0].file)
    (folder / "notes.txt").write_text("no sound")
    return folder


@pytest.mark.parametrize(("name", "measure"), [("wake", measure_wake), ("vad", measure_vad)])
def test_listening(settings, one_clip, name, measure):
    stage = Stage(name)
    measure(stage, settings, TWICE, one_clip)
    assert {len(series.values) for series in stage.series.values()} == {2}
    assert stage.values[f"{name}_share_of_core"] > 0
    assert stage.facts["sound_s"] > 1


def test_speaking(settings):
    stage = Stage("tts")
    measure_voice(stage, settings, TWICE)
    assert all(len(series.values) == 2 for series in stage.series.values())
    assert stage.facts["speech_short_s"] < stage.facts["speech_sentence_s"] < stage.facts["speech_long_s"]
    assert set(TEXTS) == {"short", "sentence", "long"}


def test_without_an_embedding_model_it_says_why_nothing_is_measured(settings):
    stage = Stage("embeddings")
    measure_embeddings(stage, settings, TWICE)
    assert "nothing to measure" in stage.skipped
    assert not stage.series


def test_embeddings_one_and_many(settings, tmp_path):
    stage = Stage("embeddings")
    shape = Shape(vocabulary=200, hidden=32, layers=1, heads=4, inner=64)
    measure_embeddings(stage, settings, TWICE, make_standin(tmp_path / "model", shape))
    assert {name: len(series.values) for name, series in stage.series.items()} == dict.fromkeys(
        ("embed_question_ms", "embed_question_cpu_ms", "embed_passage_ms", "embed_passage_cpu_ms"), 2
    )
    assert stage.facts["numbers"] == 32


def test_without_own_recordings_the_bundled_ones_are_taken(one_clip):
    assert [path.name for path in recordings(one_clip)] == ["a.flac"]
    assert len(recordings()) == len(demo.requests())


def test_a_directory_without_recordings_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="holds no WAV"):
        recordings(tmp_path)
    with pytest.raises(UsageError, match="is no directory"):
        recordings(tmp_path / "nowhere")


@pytest.mark.long
def test_hearing(settings, one_clip):
    stage = Stage("stt")
    measure_stt(stage, settings, TWICE, one_clip)
    assert {len(series.values) for series in stage.series.values()} == {2}


@pytest.mark.long
def test_understanding_tier_by_tier(settings):
    stage = Stage("understanding")
    measure_understanding(stage, settings, TWICE)
    tiers = stage.facts["requests_by_tier"]
    assert sum(tiers.values()) == len(REQUESTS)
    assert {"grammar", "none"} <= set(tiers)
    assert all(f"understand_{tier}_us" in stage.series for tier in tiers)
