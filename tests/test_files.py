"""Files are written whole or not at all, and what must last is on the disk."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.files import write_whole


def test_text_and_bytes_replace_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kept.json"
    write_whole(path, "ä")
    assert path.read_bytes() == "ä".encode()
    write_whole(path, b"\x00", durable=True)
    assert path.read_bytes() == b"\x00"
    assert list(path.parent.iterdir()) == [path]


def test_the_mode_is_that_of_the_umask_or_narrower(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "open", "")
        write_whole(tmp_path / "private", "", mode=0o600)
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("open", "private")] == [0o644, 0o600]


@pytest.mark.parametrize("durable", [False, True])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync" if durable else "replace", full)
    monkeypatch.setattr(Path, "replace", Path.replace if durable else full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new", durable=durable)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_must_last_is_flushed_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    flush = os.fsync

    def fsync(handle: int) -> None:
        seen.append(sorted(each.name for each in tmp_path.iterdir()))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(tmp_path / "kept", "x", durable=True)
    (part,), after = seen  # the file, then the directory
    assert part.endswith(".part")
    assert after == ["kept"]


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    path, texts = tmp_path / "kept", [str(number) * 200_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_whole(path, text), texts * 5))
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]
