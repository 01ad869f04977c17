import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.llm.gguf import read_header
from scripts.make_tiny_gguf import CONTEXT, TEMPLATE, write_tiny_gguf


def test_what_the_file_says(tiny: Path) -> None:
    header = read_header(tiny)
    assert (header.architecture, header.name, header.context) == ("llama", "tiny stand-in", CONTEXT)
    assert header.template == TEMPLATE
    assert header.tensors == 3 + 2 * 9


def test_without_a_template_it_is_empty(tmp_path: Path) -> None:
    assert read_header(write_tiny_gguf(tmp_path / "base.gguf", template=None)).template == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"GG", "no GGUF"),
        (b"<html>not found</html>", "no GGUF"),
        (b"GGUF", "cut short"),
        (b"GGUF\x01\0\0\0" + b"\0" * 16, "version 1"),
        (b"GGUF\x03\0\0\0" + b"\xff" * 16, "cut short"),
        (b"GGUF\x03\0\0\0" + b"\0" * 16, "cut short"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as failure:
        read_header(path)
    assert str(path) in str(failure.value)


def test_missing_and_directory(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such language model"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(ModelError, match="is a directory"):
        read_header(tmp_path)


@pytest.mark.parametrize("tenth", range(10))
def test_a_file_cut_anywhere_is_noticed(tiny: Path, tmp_path: Path, tenth: int) -> None:
    data = tiny.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(data[: len(data) * tenth // 10 + 1])
    with pytest.raises(ModelError, match=r"cut short|no GGUF"):
        read_header(path)


def test_one_byte_short_is_noticed(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:-1])
    with pytest.raises(ModelError, match="cut short"):
        read_header(path)


@given(st.integers(0), st.integers(1, 40))
def test_a_garbled_header_is_read_or_refused(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, count: int
) -> None:
    rng = random.Random(seed)
    data = bytearray(tiny.read_bytes())
    for _ in range(count):
        data[rng.randrange(4, 6000)] = rng.randrange(256)
    path = tmp_path_factory.getbasetemp() / "garbled.gguf"
    path.write_bytes(data)
    try:
        assert read_header(path).architecture
    except ModelError:
        return  # one line, as ModelError is; anything else would fail this test
