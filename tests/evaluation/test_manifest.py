"""Manifests in, predictions out: a line that is wrong is named, a file is whole or not there."""

from pathlib import Path

import pytest

from assistant.errors import UsageError
from assistant.evaluation.manifest import read_manifest, write_rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1 is not JSON"),
        ("[1]", "line 1 is not a JSON object"),
        ('{"id": "a"}', "line 1 has no 'text'; it has id"),
        ("", "has no rows"),
        ("[" * 100_000, "line 1 is not JSON"),
    ],
)
def test_a_broken_manifest_is_named(tmp_path: Path, text: str, said: str) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(text + "\n")
    with pytest.raises(UsageError) as caught:
        read_manifest(manifest, "text")
    assert said in str(caught.value)
    assert "m.jsonl" in str(caught.value)


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path / "missing.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not a text file"):
        read_manifest(tmp_path / "binary")


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": "ä", "n": 1}, {"id": "b"}]
    write_rows(tmp_path / "deep" / "rows.jsonl", rows)
    assert read_manifest(tmp_path / "deep" / "rows.jsonl", "id") == rows
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["rows.jsonl"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        write_rows(tmp_path / "file" / "rows.jsonl", [])
