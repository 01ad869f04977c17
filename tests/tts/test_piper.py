import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError, ModelError
from assistant.tts.piper import PiperVoice


@pytest.fixture
def copy(voice_file: Path, tmp_path: Path) -> Path:
    shutil.copy(voice_file, tmp_path / "v.onnx")
    shutil.copy(f"{voice_file}.json", tmp_path / "v.onnx.json")
    return tmp_path / "v.onnx"


def test_it_speaks_a_chunk_a_sentence(piper: PiperVoice) -> None:
    chunks = list(piper.synthesize("It is ten past nine. Your timer rings soon."))
    assert len(chunks) == 2
    for chunk in chunks:
        assert chunk.sample_rate == piper.sample_rate
        assert chunk.samples.dtype == np.int16
        assert chunk.samples.ndim == 1
        assert len(chunk.samples) > 0.5 * chunk.sample_rate
        assert np.abs(chunk.samples).max() > 3000


def test_longer_texts_take_longer(piper: PiperVoice) -> None:
    def seconds(text: str) -> float:
        return sum(len(chunk.samples) for chunk in piper.synthesize(text)) / piper.sample_rate

    assert seconds("Okay.") < seconds("Okay, I will do that.") < seconds("Okay, I will do that for you tomorrow.")


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "\n", "\x00", "[[", "()"])
def test_nothing_to_say_is_silence(piper: PiperVoice, text: str) -> None:
    assert list(piper.synthesize(text)) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_it(piper: PiperVoice, text: str) -> None:
    for chunk in piper.synthesize(text):
        assert len(chunk.samples)


def test_raw_phonemes_cannot_be_slipped_in(piper: PiperVoice) -> None:
    plain = [len(chunk.samples) for chunk in piper.synthesize("a  b")]
    assert [len(chunk.samples) for chunk in piper.synthesize("a [[ b")] == plain


def broken(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def other_kind(path: Path) -> Path:
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 16)], ir_version=8)
    onnx.save(model, path)
    return path


def setting(key: str, value: object) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        config = path.with_name(path.name + ".json")
        values = json.loads(config.read_text())
        values[key] = value
        config.write_text(json.dumps(values))

    return change


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (Path.unlink, "there is no such voice"),
        (lambda p: p.write_bytes(b""), "no working ONNX voice"),
        (lambda p: p.write_bytes(b"<html>not found</html>"), "no working ONNX voice"),
        (broken, "no working ONNX voice"),
        (other_kind, "of another kind"),
        (lambda p: p.with_name("v.onnx.json").unlink(), "settings file is missing"),
        (lambda p: p.with_name("v.onnx.json").write_text("{"), "not the JSON settings"),
        (lambda p: p.with_name("v.onnx.json").write_bytes(b"\xff"), "not the JSON settings"),
        (lambda p: p.with_name("v.onnx.json").write_text("[]"), "lacks settings"),
        (lambda p: p.with_name("v.onnx.json").write_text("{}"), "lacks settings"),
        (setting("phoneme_type", "klingon"), "lacks settings"),
        (setting("audio", {"sample_rate": 0}), "impossible settings"),
        (setting("inference", {"length_scale": 0}), "impossible settings"),
    ],
)
def test_a_broken_voice_is_named_in_one_line(copy: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(copy)
    with pytest.raises(ModelError, match=says) as failure:
        PiperVoice(copy)
    assert str(copy.parent) in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_voice_that_fails_while_speaking_says_so(copy: Path) -> None:
    setting("phoneme_id_map", {symbol: [100_000] for symbol in "_^$abc "})(copy)
    voice = PiperVoice(copy)
    with pytest.raises(AssistantError, match="failed to speak"):
        list(voice.synthesize("abc"))


def test_the_settings_may_lie_elsewhere(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    copy.with_name("v.onnx.json").rename(other)
    assert list(PiperVoice(copy, other).synthesize("Yes."))
