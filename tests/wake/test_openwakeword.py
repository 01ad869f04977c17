"""The openWakeWord ONNX format, proven on graphs that this test writes: no weights of that format are free to ship.

The mel graph is a bank of band filters, the embedding averages the window's newest frames, and the classifier
measures one band against another: a 1 kHz tone is the "phrase".
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.noise import quiet, to_pcm
from assistant.errors import ModelError
from assistant.wake import Wake
from assistant.wake.openwakeword import CHUNK_SAMPLES, OpenWakeWordEngine

FLOAT = TensorProto.FLOAT
Shapes: TypeAlias = list[tuple[str, list[Any]]]


def save(path: Path, nodes: list[Any], inputs: Shapes, outputs: Shapes, constants: dict[str, Any]) -> None:
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(n, FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info(n, FLOAT, s) for n, s in outputs],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def mel_graph(path: Path) -> None:
    """[1, samples] → [1, 1, frames, 32]: energy of 32 bands of 250 Hz, 32 ms every 10 ms, in decibels."""
    t = np.arange(512) / SAMPLE_RATE
    window = np.hanning(512)
    centres = 125 + 250 * np.arange(32)
    filters = np.concatenate([[window * f(2 * np.pi * c * t) for c in centres] for f in (np.cos, np.sin)])
    save(
        path,
        [
            helper.make_node("Unsqueeze", ["input", "axis1"], ["x"]),
            helper.make_node("Conv", ["x", "filters"], ["y"], strides=[160]),
            helper.make_node("Mul", ["y", "y"], ["power"]),
            helper.make_node("Reshape", ["power", "pairs"], ["p"]),
            helper.make_node("ReduceSum", ["p", "axis1"], ["sum"], keepdims=0),
            helper.make_node("Add", ["sum", "floor"], ["s"]),
            helper.make_node("Log", ["s"], ["log"]),
            helper.make_node("Mul", ["log", "decibel"], ["db"]),
            helper.make_node("Transpose", ["db"], ["frames"], perm=[0, 2, 1]),
            helper.make_node("Unsqueeze", ["frames", "axis1"], ["output"]),
        ],
        [("input", [1, "samples"])],
        [("output", [1, 1, "n", 32])],
        {
            "filters": filters[:, None, :].astype(np.float32),
            "axis1": np.array([1]),
            "pairs": np.array([1, 2, 32, -1]),
            "floor": np.float32(1.0),
            "decibel": np.float32(10 / np.log(10)),
        },
    )


def embedding_graph(path: Path, *, size: int = 96, frames: int = 76) -> None:
    """[b, 76, 32, 1] → [b, 1, 1, 96]: the mean of the eight newest frames, three times side by side."""
    save(
        path,
        [
            helper.make_node("Slice", ["input_1", "start", "end", "axis"], ["newest"]),
            helper.make_node("ReduceMean", ["newest"], ["m"], axes=[1, 3], keepdims=0),
            helper.make_node("Concat", ["m"] * (size // 32), ["c"], axis=1),
            helper.make_node("Reshape", ["c", "shape"], ["output"]),
        ],
        [("input_1", ["b", frames, 32, 1])],
        [("output", ["b", 1, 1, size])],
        {"start": np.array([frames - 8]), "end": np.array([frames]), "axis": np.array([1]),
         "shape": np.array([-1, 1, 1, size])},
    )  # fmt: skip


def classifier_graph(path: Path, *, band: int = 4, length: int = 16, shape: list[Any] | None = None) -> None:
    """[1, k, 96] → [1, 1]: how far `band` stands above all bands, over the three newest embeddings."""
    weights = np.full((96, 1), -1 / 96, np.float32)
    weights[band] += 1
    save(
        path,
        [
            helper.make_node("Slice", ["input", "start", "end", "axis"], ["newest"]),
            helper.make_node("ReduceMean", ["newest"], ["m"], axes=[1], keepdims=0),
            helper.make_node("MatMul", ["m", "w"], ["y"]),
            helper.make_node("Sub", ["y", "bias"], ["z"]),
            helper.make_node("Mul", ["z", "steep"], ["a"]),
            helper.make_node("Sigmoid", ["a"], ["output"]),
        ],
        [("input", shape or [1, length, 96])],
        [("output", [1, 1])],
        {"start": np.array([length - 3]), "end": np.array([length]), "axis": np.array([1]), "w": weights,
         "bias": np.float32(2.0), "steep": np.float32(4.0)},
    )  # fmt: skip


@pytest.fixture
def directory(tmp_path):
    mel_graph(tmp_path / "melspectrogram.onnx")
    embedding_graph(tmp_path / "embedding_model.onnx")
    classifier_graph(tmp_path / "hey_whistle_v0.1.onnx")
    return tmp_path


def whistle(seconds: float, *, hertz: float = 1125.0) -> Samples:
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return to_pcm(0.2 * np.sin(2 * np.pi * hertz * t))


def listen(engine: OpenWakeWordEngine, sound: Samples, size: int = 320) -> list[Wake]:
    return [w for w in (engine.process(sound[i : i + size]) for i in range(0, sound.size, size)) if w]


def scene() -> Samples:
    parts = [quiet(2.0, seed=1), whistle(0.6), quiet(2.0, seed=2), whistle(0.6, hertz=3125), quiet(1.0, seed=3)]
    return np.concatenate([*parts, whistle(0.6), quiet(1.0, seed=4)])


def test_the_phrase_is_found_and_other_sounds_are_not(directory):
    engine = OpenWakeWordEngine.from_directory(directory)
    assert engine.phrases == ("hey whistle",)
    found = listen(engine, scene())
    assert [w.phrase for w in found] == ["hey whistle", "hey whistle"]
    assert [w.at_s for w in found] == [pytest.approx(2.3, abs=0.25), pytest.approx(6.5, abs=0.25)]
    assert all(0.5 < w.score <= 1 for w in found)


@pytest.mark.parametrize("size", [1, 100, CHUNK_SAMPLES, 5000])
def test_the_cut_into_pieces_does_not_matter(directory, size):
    engine = OpenWakeWordEngine.from_directory(directory)
    sound = np.concatenate((quiet(0.5, seed=1), whistle(0.6)))
    cut = listen(engine, sound, size)
    engine.reset()
    assert cut == listen(engine, sound)
    assert len(cut) == 1


def test_features_of_a_stream_equal_those_of_the_whole(directory):
    engine = OpenWakeWordEngine.from_directory(directory)
    sound = np.concatenate((quiet(1.0, seed=8), whistle(1.0)))
    sound = sound[: sound.size - sound.size % CHUNK_SAMPLES]
    listen(engine, sound)
    whole = engine._mel_graph.run(sound.astype(np.float32)[None, :]).reshape(-1, 32) / 10 + 2
    np.testing.assert_allclose(engine._mel, whole[-76:], rtol=1e-3, atol=1e-3)


def test_the_first_score_already_stands_on_a_full_history(directory):
    classifier_graph(directory / "long_phrase.onnx", length=28)
    engine = OpenWakeWordEngine.from_directory(directory)
    assert set(engine._chunk(quiet(0.08, seed=2))) == {"hey whistle", "long phrase"}


def test_smoothing_asks_for_more_than_one_high_score(directory):
    paths = (directory / "melspectrogram.onnx", directory / "embedding_model.onnx",
             {"hey whistle": directory / "hey_whistle_v0.1.onnx"})  # fmt: skip
    sound = np.concatenate((quiet(1.0, seed=1), whistle(0.6), quiet(1.0, seed=2)))
    at_once = listen(OpenWakeWordEngine(*paths, smoothing=1), sound)
    smoothed = listen(OpenWakeWordEngine(*paths, smoothing=4), sound)
    assert at_once[0].at_s < smoothed[0].at_s
    assert listen(OpenWakeWordEngine(*paths, threshold=0.9999, smoothing=16), sound) == []


def test_graphs_of_another_shape_are_one_line_naming_the_file(directory):
    names: dict[str, Callable[[Path], None]] = {
        "embedding_model.onnx": lambda p: embedding_graph(p, size=64),
        "hey_whistle_v0.1.onnx": lambda p: classifier_graph(p, shape=[1, 16, 64]),
        "melspectrogram.onnx": embedding_graph,
    }
    for name, write in names.items():
        good = (directory / name).read_bytes()
        write(directory / name)
        with pytest.raises(ModelError, match=name.replace(".", r"\.")) as error:
            OpenWakeWordEngine.from_directory(directory)
        assert "\n" not in str(error.value)
        (directory / name).write_bytes(good)


def test_missing_damaged_and_no_classifier(directory, tmp_path):
    (directory / "embedding_model.onnx").write_bytes(b"\x08\x09 nonsense")
    with pytest.raises(ModelError, match="damaged"):
        OpenWakeWordEngine.from_directory(directory)
    (directory / "embedding_model.onnx").unlink()
    with pytest.raises(ModelError, match="embedding graph is missing"):
        OpenWakeWordEngine.from_directory(directory)
    with pytest.raises(ModelError, match="no wake word classifier"):
        OpenWakeWordEngine.from_directory(Path(tmp_path / "empty"))
