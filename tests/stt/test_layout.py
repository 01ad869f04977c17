import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.stt.layout import check_layout
from assistant.stt.vosk import VoskRecognizer


@pytest.fixture
def copy(hearing: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hearing, tmp_path / "model"))


def truncate(name: str, share: float) -> Callable[[Path], None]:
    def spoil(model: Path) -> None:
        data = (model / name).read_bytes()
        (model / name).write_bytes(data[: int(len(data) * share)])

    return spoil


def replace(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda model: (model / name).write_bytes(data)


def as_file(model: Path) -> None:
    shutil.rmtree(model)
    model.write_text("x")


def emptied(model: Path) -> None:
    shutil.rmtree(model)
    model.mkdir()


def test_the_embedded_model_is_whole(hearing: Path) -> None:
    layout = check_layout(hearing)
    assert layout.runtime_grammar
    assert layout.words.is_file()


def test_the_older_flat_layout_is_understood(copy: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for name in (
        "am/final.mdl",
        "conf/mfcc.conf",
        "graph/Gr.fst",
        "graph/HCLr.fst",
        "graph/disambig_tid.int",
        "graph/words.txt",
    ):
        shutil.copy(copy / name, flat / Path(name).name)
    shutil.copy(copy / "graph/phones/word_boundary.int", flat / "word_boundary.int")
    layout = check_layout(flat)
    assert layout.acoustic == flat / "final.mdl"
    assert layout.graph == flat


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (shutil.rmtree, "no such speech model"),
        (as_file, "is a file"),
        (emptied, "is empty"),
        (lambda m: shutil.rmtree(m / "am"), "not a Vosk speech model"),
        (lambda m: (m / "conf/mfcc.conf").unlink(), r"conf/mfcc.conf is missing"),
        (lambda m: (m / "conf/model.conf").write_bytes(b""), "conf/model.conf is empty"),
        (lambda m: (m / "graph/Gr.fst").unlink(), "graph/Gr.fst is missing"),
        (lambda m: (m / "graph/HCLr.fst").write_bytes(b""), "graph/HCLr.fst is empty"),
        (lambda m: (m / "graph/HCLr.fst").write_bytes(b"<html>not found</html>"), "no graph file"),
        (lambda m: (m / "graph/words.txt").write_bytes(b""), "graph/words.txt is empty"),
        (lambda m: (m / "am/final.mdl").write_bytes(b"<html>not found</html>"), "not a Kaldi acoustic model"),
        (lambda m: [(m / "am/final.mdl").unlink(), (m / "am/final.mdl").mkdir()], "am/final.mdl is missing"),
        (lambda m: (m / "ivector").mkdir(), "ivector/final.ie is missing"),
    ],
)
def test_an_incomplete_model_is_named_in_one_line(copy: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(copy)
    with pytest.raises(ModelError, match=says) as failure:
        check_layout(copy)
    assert str(copy) in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    "spoil",
    [
        truncate("am/final.mdl", 0.5),
        truncate("graph/Gr.fst", 0.5),
        truncate("graph/HCLr.fst", 0.5),
        # on this one the engine ends its process: a value cut short makes the filter bank impossible
        lambda m: (m / "conf/mfcc.conf").write_text("--sample-frequency=16000\n--num-mel-bins=400\n--num-ceps=40\n"),
        replace("conf/model.conf", b"--no-such-option=1\n"),
        replace("graph/words.txt", b"nonsense without numbers\n"),
    ],
    ids=["acoustic", "language", "lexicon", "abort", "option", "words"],
)
def test_what_only_the_engine_notices_is_one_line_too(
    copy: Path, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(copy)
    with pytest.raises(ModelError, match="cannot load this speech model") as failure:
        VoskRecognizer(copy, cache=tmp_path / "known.json")
    assert "\n" not in str(failure.value)


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"\x08\x07")
    with pytest.raises(ModelError, match="not a Vosk speech model"):
        check_layout(tmp_path)
