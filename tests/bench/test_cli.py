"""`assistant bench`: options, outputs, exit status."""

import json

import pytest

from assistant.bench import shapes, sound
from assistant.cli import COMMANDS


@pytest.fixture
def bench(command, monkeypatch, tmp_path):
    monkeypatch.setitem(COMMANDS, "bench", "assistant.cli.bench:bench")
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ASSISTANT_PATHS__CACHE", str(tmp_path / "cache"))
    return lambda *words: command("bench", *words)


def test_one_stage_as_json(bench):
    status, out, err = bench("wake", "--repeats", "2", "--warmup", "0", "--json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert list(found["stages"]) == ["wake"]
    assert found["wake_share_of_core"] > 0
    assert found["stages"]["wake"]["figures"]["cpu_us_per_audio_s"]["n"] == 2
    assert found["settings"] == {"repeats": 2, "warmup": 0}


def test_options_before_the_stage_hold_for_it_and_those_behind_it_win(bench):
    _, out, _ = bench("--repeats", "3", "--warmup", "2", "--json", "wake", "--repeats", "1", "--warmup", "0")
    assert json.loads(out)["settings"] == {"repeats": 1, "warmup": 0}
    _, out, _ = bench("--repeats", "1", "--warmup", "0", "--json", "vad")
    assert json.loads(out)["settings"] == {"repeats": 1, "warmup": 0}


def test_a_table_for_people_and_files_for_keeping(bench, tmp_path):
    status, out, err = bench("vad", "--repeats", "1", "--warmup", "0", "--out", str(tmp_path / "out"))
    assert status == 0
    assert "cpu_us_per_audio_s" in out
    assert "vad_share_of_core" in out
    written = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert written["stages"]["vad"]["engine"] == "Silero VAD"
    assert "<svg" in (tmp_path / "out" / "bench.html").read_text()
    assert err.count("written: ") == 2


def test_ctrl_c_leaves_what_was_measured_marked_as_partial(bench, monkeypatch, tmp_path):
    def stop(stage, settings, effort, clips):
        stage.begin("cut_ms", "ms", 50).add(1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(sound, "measure_wake", stop)
    status, out, err = bench("--json", "--out", str(tmp_path))
    assert status == 130
    assert "stopped during wake; what follows is partial" in err
    for text in (out, (tmp_path / "bench.json").read_text()):
        found = json.loads(text)
        assert (found["partial"], found["interrupted_in"]) == (True, "wake")
        assert found["stages"]["wake"]["figures"]["cut_ms"]["n"] == 1


def test_the_language_model_on_a_file(bench, small):
    status, out, _ = bench(
        "llm", "--model", str(small), "--threads", "1", "--repeats", "1", "--warmup", "0", "--json"
    )  # fmt: skip
    found = json.loads(out)
    assert status == 0
    assert {
        "ttft_warm_over_cold", "grammar_decode_over_plain", "decode_contended_over_quiet", "prefix_restore_ms"
    } <= set(found)  # fmt: skip


def test_a_standin_is_made_once_and_kept(bench, monkeypatch, shape, tmp_path):
    monkeypatch.setitem(shapes.SHAPES, "tiny", shape)
    words = ("--like", "tiny", "--threads", "1", "--concurrency", "1,2", "--repeats", "1", "--warmup", "0", "--json")
    status, out, err = bench(*words)
    assert status == 0
    assert "quantising to Q4_K_M" in err
    assert [row["at_once"] for row in json.loads(out)["stages"]["concurrency"]["points"]["concurrency"]] == [1, 2]
    kept = tmp_path / "cache" / "stand-ins" / "stand-in-tiny-Q4_K_M.gguf"
    before = kept.stat().st_mtime_ns
    assert bench(*words)[2] == ""
    assert kept.stat().st_mtime_ns == before


def test_make_model(bench, monkeypatch, shape, tmp_path):
    monkeypatch.setitem(shapes.SHAPES, "tiny", shape)
    path = tmp_path / "made.gguf"
    status, out, _ = bench("make-model", "--like", "tiny", "--type", "q8_0", "--out", str(path))
    assert status == 0
    assert "stand-in of tiny" in out
    assert path.read_bytes()[:4] == b"GGUF"


def test_the_choice_is_stored(bench, small, tmp_path):
    status, _, _ = bench("--choose", "--model", str(small), "--repeats", "1", "--json")
    assert status == 0
    assert json.loads((tmp_path / "data" / "speed.json").read_text())["llm"][str(small)] > 0


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["--repeats", "0"], 2, "--repeats"),
        (["--repeats", "x"], 2, "--repeats"),
        (["nosuch"], 2, "nosuch"),
        (["--png"], 2, "--png needs --out DIR"),
        (["--rtt", "40"], 2, "--rtt needs --cloud URL"),
        (["--cloud", "nowhere"], 2, "is no address"),
        (["--cloud", "http://x/v1", "--rtt", "far"], 2, "round trips in milliseconds"),
        (["--sustained", "soon"], 2, "give a time such as"),
        (["--concurrency", "0"], 2, "whole numbers"),
        (["llm", "--like", "nosuch"], 2, "qwen2.5-0.5b"),
        (["llm", "--like", "piper-low"], 2, "PyTorch"),
        (["llm", "--like", "qwen2.5-0.5b", "--type", "Q99"], 2, "no such type"),
        (["llm", "--type", "Q4_0"], 2, "--type needs --like"),
        (["llm", "--model", "a", "--like", "b"], 2, "not both"),
        (["llm", "--model", "/nosuch.gguf"], 1, "/nosuch.gguf: there is no such language model"),
        (["llm", "--model", "/etc/hostname"], 1, "is no GGUF"),
        (["llm"], 1, "no language model is installed"),
        (["--choose"], 1, "no language model is installed"),
        (["--sustained", "1s", "--model", "/nosuch.gguf"], 1, "there is no such language model"),
        (["wake", "--clips", "/nosuch"], 2, "/nosuch: is no directory"),
        (["embeddings"], 1, "nothing to measure"),
        (["make-model", "--like", "x", "--out", "/nosuch/x"], 2, "unknown"),
        (["make-model", "--like", "qwen2.5-0.5b", "--type", "Q99", "--out", "x"], 2, "no such type"),
        (["make-model", "--like", "qwen2.5-0.5b"], 2, "--out"),
    ],
)
def test_what_cannot_be_done_is_one_line(bench, words, status, line):
    got, out, err = bench(*words)
    assert (got, out) == (status, "")
    assert line in err
    assert err.count("\n") == 1
