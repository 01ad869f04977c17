"""The embedded set: nothing that was changed reaches an engine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assistant
from assistant.artifacts import embedded, marks
from assistant.artifacts.embedded import embedded_dir, embedded_set, models_root, read_sums
from assistant.errors import ModelError

SEAL = Path(assistant.__file__).parent.parent / "scripts" / "seal_embedded"


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A small sealed set in place of the real one."""
    root = tmp_path / "models"
    for name, data in {
        "hearing/am/final.mdl": b"a" * 1000,
        "hearing/conf": b"c",
        "voice/voice.onnx": b"v" * 500,
    }.items():
        (root / "embedded" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "embedded" / name).write_bytes(data)
    (root / "embedded" / "hearing.md").write_text("a card is no model")
    monkeypatch.setenv("ASSISTANT_MODELS", str(root))
    seal(root / "embedded")
    return root / "embedded"


def seal(directory: Path, *options: str) -> int:
    call = [sys.executable, str(SEAL), "--directory", str(directory), *options]
    return subprocess.run(call, capture_output=True, check=False).returncode


def test_the_real_set_is_sealed():
    assert seal(embedded_dir(), "--check") == 0, "run scripts/seal_embedded"


def test_the_real_set_is_small_enough_to_ship():
    assert sum(path.stat().st_size for path in embedded_dir().rglob("*") if path.is_file()) <= 40_000_000


def test_a_sound_set(models, tmp_path):
    found = embedded_set(tmp_path / "cache")
    assert found.parts() == ("hearing", "voice")
    assert found.verify("hearing") == models / "hearing"


def _truncate(models: Path) -> str:
    os.truncate(models / "hearing/am/final.mdl", 10)
    return r"am/final\.mdl: does not match its checksum"


def _tamper(models: Path) -> str:
    """The same size and modification time as before."""
    path = models / "hearing/am/final.mdl"
    before = path.stat()
    path.write_bytes(b"b" * 1000)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return r"am/final\.mdl: does not match its checksum"


def _swap(models: Path) -> str:
    """Another file of the set in its place."""
    shutil.copy(models / "voice/voice.onnx", models / "hearing/conf")
    return "hearing/conf: does not match"


def _delete(models: Path) -> str:
    (models / "hearing/conf").unlink()
    return "hearing/conf: is missing"


def _add(models: Path) -> str:
    (models / "hearing/ivector").mkdir()
    (models / "hearing/ivector/final.ie").write_bytes(b"x")
    return r"final\.ie: does not belong to the embedded models"


def _link(models: Path) -> str:
    (models / "hearing/extra").symlink_to("/etc/hostname")
    return "extra: does not belong"


def _directory(models: Path) -> str:
    (models / "hearing/conf").unlink()
    (models / "hearing/conf").mkdir()
    return "hearing/conf: is missing"


def _no_sums(models: Path) -> str:
    (models / "SHA256SUMS").unlink()
    return "SHA256SUMS: cannot be read"


@pytest.mark.parametrize("verified_before", [False, True])
@pytest.mark.parametrize("harm", [_truncate, _tamper, _swap, _delete, _add, _link, _directory, _no_sums])
def test_harm_is_one_line_that_names_the_file(models, tmp_path, harm, verified_before):
    if verified_before:
        embedded_set(tmp_path / "cache").verify("hearing")
    line = harm(models)
    with pytest.raises(ModelError, match=line) as caught:
        embedded_set(tmp_path / "cache").verify("hearing")
    assert "\n" not in str(caught.value)


def test_a_second_start_reads_no_model(models, tmp_path, monkeypatch):
    embedded_set(tmp_path / "cache").verify("hearing")

    def never(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr(marks, "sha256_of", never)
    embedded_set(tmp_path / "cache").verify("hearing")


@pytest.mark.parametrize("cached", [b"", b"{", b"[]", b'{"x": 3}', b"\xff"])
def test_a_broken_memory_is_no_harm(models, tmp_path, cached):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / embedded.MARKS).write_bytes(cached)
    embedded_set(tmp_path / "cache").verify("voice")


def test_a_cache_that_cannot_be_written_is_no_harm(models, tmp_path):
    (tmp_path / "cache").write_text("a file, not a directory")
    embedded_set(tmp_path / "cache").verify("voice")


def test_a_part_that_is_not_there(models):
    with pytest.raises(ModelError, match=r"is not part of the embedded models \(hearing, voice\)"):
        embedded_set().verify("video")


def test_no_models_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="none: the models directory is missing"):
        models_root()


@pytest.mark.parametrize(
    "line", ["x", f"{'g' * 64}  a/b", f"{'a' * 64} a/b", f"{'a' * 64}  ../b", f"{'a' * 64}  /b", f"{'a' * 63}  b"]
)
def test_lines_that_are_no_checksum(tmp_path, line):
    (tmp_path / "SHA256SUMS").write_text(f"{'a' * 64}  hearing/x\n{line}\n")
    with pytest.raises(ModelError, match="line 2 is not a checksum"):
        read_sums(tmp_path)


@given(st.binary(max_size=200))
def test_any_list_is_read_or_one_line(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("sums")
    (directory / "SHA256SUMS").write_bytes(data)
    try:
        names = read_sums(directory)
    except ModelError as error:
        line = str(error)
    else:
        line = "".join(names)
        assert ".." not in [part for name in names for part in name.split("/")]
    assert isinstance(line, str)


def test_seal_says_what_is_out_of_date(models):
    assert seal(models, "--check") == 0
    (models / "voice/voice.onnx").write_bytes(b"new")
    assert seal(models, "--check") == 1
    assert seal(models) == 0
    assert seal(models, "--check") == 0
