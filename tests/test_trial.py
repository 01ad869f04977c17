import json
import os
import subprocess
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.trial import ensure_loads, fingerprint


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x" * 20_000)
    return path


def tried(tmp_path: Path) -> list[str]:
    """A child that notes each time it runs."""
    return ["-c", f"open({str(tmp_path / 'runs')!r}, 'a').write('1')"]


def runs(tmp_path: Path) -> int:
    path = tmp_path / "runs"
    return len(path.read_text()) if path.exists() else 0


def test_a_model_is_tried_once_per_state(model: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "known.json"
    for _ in range(3):
        ensure_loads(model, tried(tmp_path), what="model", cache=cache)
    assert runs(tmp_path) == 1
    model.write_bytes(b"y" * 20_000)
    ensure_loads(model, tried(tmp_path), what="model", cache=cache)
    assert runs(tmp_path) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"a": 1}'])
def test_a_damaged_cache_is_only_a_lost_cache(model: Path, tmp_path: Path, content: bytes) -> None:
    cache = tmp_path / "known.json"
    cache.write_bytes(content)
    ensure_loads(model, tried(tmp_path), what="model", cache=cache)
    assert runs(tmp_path) == 1
    assert json.loads(cache.read_text())[str(model)]


def test_a_cache_that_cannot_be_written_costs_a_trial(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        ensure_loads(model, tried(tmp_path), what="model", cache=tmp_path / "file" / "known.json")
    assert runs(tmp_path) == 2


@pytest.mark.parametrize(
    ("child", "says"),
    [
        ("import os; os.abort()", r"the engine cannot load this model; pull"),
        ("import sys; sys.exit(3)", r"the engine cannot load this model; pull"),
        ("import sys; print('a\\nbad tensor', file=sys.stderr); sys.exit(3)", r"this model \(bad tensor\); pull"),
    ],
)
def test_a_child_that_fails_is_one_line_and_not_remembered(model: Path, tmp_path: Path, child: str, says: str) -> None:
    cache = tmp_path / "known.json"
    with pytest.raises(ModelError, match=says) as failure:
        ensure_loads(model, ["-c", child], what="model", cache=cache)
    assert str(model) in str(failure.value)
    assert "\n" not in str(failure.value)
    assert not cache.exists()


def test_a_child_that_hangs_is_given_up(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.trial._SECONDS", 0.2)
    with pytest.raises(ModelError, match="does not finish loading"):
        ensure_loads(model, ["-c", "import time; time.sleep(60)"], what="model", cache=tmp_path / "known.json")


def test_a_slow_machine_is_given_longer(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    def run(command: list[str], *, timeout: float, **_: object) -> subprocess.CompletedProcess[bytes]:
        waited.append(timeout)
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    for number, patience in enumerate((1.0, 60.0)):
        ensure_loads(model, ["-c", ""], what="model", cache=tmp_path / f"{number}.json", patience=patience)
    assert waited[1] == 60 * waited[0]


def test_the_fingerprint_sees_size_time_and_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 20_000)
    info = path.stat()
    first = fingerprint(path)
    assert fingerprint(path) == first
    seen = {first}
    for data in (b"y" + b"x" * 19_999, b"x" * 19_999 + b"y", b"x" * 20_001):
        path.write_bytes(data)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        seen.add(fingerprint(path))
    assert len(seen) == 4
    os.utime(path, ns=(0, 1))
    assert fingerprint(path) not in seen


def test_a_directory_counts_with_every_file(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "f").write_text("1")
    first = fingerprint(tmp_path / "d")
    (tmp_path / "d" / "g").write_text("")
    assert fingerprint(tmp_path / "d") != first
