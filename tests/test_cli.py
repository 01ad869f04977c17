"""The command line's contract: what is printed where, and with which status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile

from assistant import demo
from assistant.cli import COMMANDS, cli

TURN_FIELDS = {
    "turn", "source", "wake", "transcript", "intent", "slots", "tier", "route", "route_reason", "reply",
    "reply_audio", "outcome", "timings_ms",
}  # fmt: skip
TIMINGS = {"speech_end_to_first_audio", "endpoint", "stt_final", "understand", "llm_first_token", "tts_first_audio"}


def recording(name: str) -> Path:
    return next(request.file for request in demo.requests() if request.file.stem == name)


def quiet_noise(seconds: float, level: float = 30.0) -> np.ndarray:
    return (np.random.default_rng(1).standard_normal(int(seconds * 16000)) * level).astype(np.int16)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(command, name: str) -> None:
    status, out, _ = command(name, "--help")
    assert status == 0
    assert "Usage" in out


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("ask",), ("ask", ""), ("hear",), ("speak", "hello"), ("ask", "x", "--colour"), ("eval", "x")],
)
def test_wrong_use_is_one_line_and_status_2(command, arguments: tuple[str, ...]) -> None:
    status, out, err = command(*arguments)
    assert status == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("group", [(), ("models",), ("audit",), ("eval",)])
def test_a_group_alone_lists_its_commands_with_whole_sentences(command, group: tuple[str, ...]) -> None:
    status, out, err = command(*group)
    assert (status, out) == (2, "")
    assert err.startswith("Usage: assistant")
    assert "..." not in err.partition("Commands:")[2]


def test_the_list_of_commands_imports_none_of_them_and_says_what_they_say() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        shown, found = cli.sentence(context, name), cli.get_command(context, name)
        assert found is not None
        assert shown == found.get_short_help_str(limit=1000)
        assert shown.endswith(".")
    heavy = "import sys; from assistant.cli import main; main(); sys.exit('numpy' in sys.modules)"
    listing = subprocess.run([sys.executable, "-c", heavy, "--help"], capture_output=True, text=True, check=False)
    assert (listing.returncode, "Listen for the wake word" in listing.stdout) == (0, True), listing.stderr


@pytest.mark.parametrize(("arguments", "help_of"), [(("frobnicate",), ""), (("audit", "export"), "audit export ")])
def test_wrong_use_names_the_help_that_helps(command, arguments: tuple[str, ...], help_of: str) -> None:
    assert f"(assistant {help_of}--help says more)" in command(*arguments)[2]


def test_a_long_reason_is_cut_for_people_alone(command) -> None:
    asked = "what can you do"
    decided = next(line for line in command("ask", asked)[1].splitlines() if line.startswith("  decided"))
    whole = json.loads(command("ask", asked, "--json")[1])["route_reason"]
    assert decided.endswith(" …")
    assert len(decided) < 110 < len(whole)


def test_ask_prints_one_json_object(command) -> None:
    status, out, _ = command("ask", "what is twelve times seven", "--json")
    turn = json.loads(out)
    assert status == 0
    assert set(turn) >= TURN_FIELDS
    assert set(turn["timings_ms"]) >= TIMINGS
    assert turn["route"] == "command"
    assert "84" in turn["reply"]


def test_a_question_for_a_model_that_is_not_there_is_status_1_and_the_truth(command) -> None:
    status, out, _ = command("ask", "who wrote hamlet", "--json")
    turn = json.loads(out)
    assert status == 1
    assert turn["outcome"] == "failed"
    assert "no language model is installed" in turn["reply"]


def test_hear_serves_a_recording_of_ours(command, tmp_path: Path) -> None:
    status, out, _ = command("hear", recording("time"), "--json", "--out", tmp_path / "replies")
    turn = json.loads(out)
    assert status == 0
    assert turn["wake"]["phrase"] == "okay nabu"
    assert turn["intent"] == "TimeNow"
    sound, rate = soundfile.read(turn["reply_audio"], dtype="int16")
    assert len(sound) / rate > 0.5
    assert np.abs(sound).max() > 1000


def test_two_requests_in_a_row_are_two_turns(command, tmp_path: Path) -> None:
    parts = [soundfile.read(recording(name), dtype="int16")[0] for name in ("time", "sum")]
    soundfile.write(tmp_path / "both.wav", np.concatenate(parts), 16000)
    status, out, _ = command("hear", tmp_path / "both.wav", "--json")
    turns = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [turn["intent"] for turn in turns] == ["TimeNow", "Calculate"]


@pytest.mark.parametrize("kind", ["silence", "noise", "clipping", "no wake word"])
def test_sound_without_the_wake_word_is_said_so(command, tmp_path: Path, kind: str) -> None:
    samples = {
        "silence": np.zeros(32000, np.int16),
        "noise": quiet_noise(2.0, 2000.0),
        "clipping": (np.sign(np.sin(np.arange(32000) / 20)) * 32767).astype(np.int16),
        "no wake word": soundfile.read(recording("time"), dtype="int16")[0][int(2.6 * 16000) :],
    }[kind]
    soundfile.write(tmp_path / "sound.wav", samples, 16000)
    status, out, err = command("hear", tmp_path / "sound.wav", "--json")
    assert status == 1
    assert json.loads(out)["outcome"] == "unheard"
    assert "no wake phrase" in err
    assert len(err.strip().splitlines()) == 1


def test_a_wake_word_and_nothing_after_it(command, tmp_path: Path) -> None:
    samples, rate = soundfile.read(recording("time"), dtype="int16")
    soundfile.write(tmp_path / "call.wav", np.concatenate([samples[: int(2.35 * rate)], quiet_noise(7)]), rate)
    status, out, _ = command("hear", tmp_path / "call.wav", "--json")
    assert status == 1
    assert json.loads(out)["outcome"] == "nothing"


@pytest.mark.parametrize("name", ["hear", "listen"])
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "directory", "no samples"])
def test_files_that_are_no_sound_are_one_line_that_names_them(command, tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / "sound.wav"
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("these are words, not sounds\n" * 20)
        case "directory":
            path.mkdir()
        case "no samples":
            soundfile.write(path, np.zeros(0, np.int16), 16000)
    status, _, err = command(name, path)
    assert status == 1
    assert len(err.strip().splitlines()) == 1
    assert "sound.wav" in err


def test_one_bad_file_does_not_stop_the_others(command, tmp_path: Path) -> None:
    status, out, err = command("hear", tmp_path / "missing.wav", recording("time"), "--json")
    assert status == 1
    assert json.loads(out)["intent"] == "TimeNow"
    assert "missing.wav" in err


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"), [(48000, 2, "PCM_24"), (96000, 8, "FLOAT"), (8000, 1, "ULAW")]
)
def test_any_rate_width_and_channels_are_heard(command, tmp_path: Path, rate: int, channels: int, subtype: str) -> None:
    import soxr

    samples, own = soundfile.read(recording("time"), dtype="float32")
    resampled = soxr.resample(samples, own, rate)
    soundfile.write(tmp_path / "other.wav", np.repeat(resampled[:, None], channels, 1), rate, subtype=subtype)
    status, out, _ = command("hear", tmp_path / "other.wav", "--json")
    turn = json.loads(out)
    assert turn["wake"]["phrase"] == "okay nabu"
    if rate > 8000:
        assert (status, turn["intent"]) == (0, "TimeNow")


def test_listen_gives_words_with_times(command) -> None:
    status, out, _ = command("listen", recording("time"), "--json")
    row = json.loads(out)
    assert status == 0
    assert "what time is it" in row["transcript"]
    assert all(word["start"] <= word["end"] for word in row["words"])


def test_speak_writes_a_sound_file(command, tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    status, out, _ = command("speak", "It is 7:45.", "--out", path)
    assert status == 0
    assert "out.wav" in out
    sound, rate = soundfile.read(path)
    assert 0.6 < len(sound) / rate < 5


def test_speak_with_nothing_to_say(command, tmp_path: Path) -> None:
    status, _, err = command("speak", "🙂", "--out", tmp_path / "out.wav")
    assert status == 1
    assert not (tmp_path / "out.wav").exists()
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("[hearing]\nmodel = '{empty}'\n", "empty"),
        ("[hearing]\nmodel = 'no-such-model'\n", "no-such-model"),
        ("[speaking]\nmodel = '{empty}/voice.onnx'\n", "voice.onnx"),
        ("[wake]\nphrases = ['hey kitchen']\n", "hey kitchen"),
    ],
)
def test_a_broken_model_is_named_and_never_replaced(command, tmp_path: Path, setting: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    config = tmp_path / "assistant.toml"
    config.write_text(setting.format(empty=tmp_path / "empty"), encoding="utf-8")
    status, out, err = command("--config", config, "hear", recording("time"), "--json")
    assert status in {1, 2}
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_settings_that_are_wrong_are_status_2(command, tmp_path: Path) -> None:
    config = tmp_path / "assistant.toml"
    config.write_text("[audio]\nvolume = 'loud'\n", encoding="utf-8")
    status, _, err = command("--config", config, "ask", "what time is it")
    assert status == 2
    assert "audio.volume" in err


def test_the_demonstration_ends_by_itself_with_replies(command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(Path(demo.__file__).parents[2])
    status, out, _ = command("run", "--demo", "--out", tmp_path / "replies")
    assert status == 0
    assert str(tmp_path / "replies") in out
    assert "turn 0001  assistant/demo/time.flac after" in out
    assert len(list((tmp_path / "replies").glob("*.wav"))) >= len(demo.requests()) - 1
    for stage in ("heard", "understood", "decided", "said", "took (ms)"):
        assert stage in out


def test_the_demonstration_hears_its_own_recordings(command, tmp_path: Path) -> None:
    _, out, _ = command("run", "--demo", "--json", "--out", tmp_path / "replies")
    turns = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    wrong = [
        (request.text, turn["transcript"])
        for request, turn in zip(demo.requests(), turns, strict=True)
        if turn["class"] != request.kind
    ]
    assert not wrong


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="needs /dev/full")
def test_replies_that_cannot_be_written(command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    status, _, err = command("hear", recording("time"), "--out", tmp_path / "file" / "replies")
    assert status == 1
    assert "replies" in err


def test_eval_needs_a_manifest(command, tmp_path: Path) -> None:
    manifest = tmp_path / "rows.jsonl"
    manifest.write_text('{"id": 1}\n')
    status, _, err = command("eval", "intents", manifest, "--out", tmp_path / "out.jsonl")
    assert status == 2
    assert "line 1 has no 'text'" in err
    assert not (tmp_path / "out.jsonl").exists()
