"""The doctor's lines about archives and documents."""

from pathlib import Path

from assistant.config import Settings
from assistant.doctor import knowledge
from assistant.knowledge.index import FILE, Index
from assistant.knowledge.indexing import build


def test_nothing_set_is_nothing_said() -> None:
    assert list(knowledge.checks(Settings())) == []


def test_each_broken_part_is_one_failed_line(tmp_path: Path) -> None:
    (tmp_path / "bad.zim").write_text("no archive")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.txt").write_text("The key is under the mat.")
    settings = Settings(
        paths={"data": tmp_path / "data", "cache": tmp_path / "cache"},
        knowledge={"archives": [tmp_path / "bad.zim"], "documents": [notes]},
    )
    archive, documents = knowledge.checks(settings)
    assert (archive.state, documents.state) == ("fail", "fail")
    assert "is no ZIM archive" in archive.detail
    assert documents.remedy == "run: assistant knowledge index"
    (notes / "b.pdf").write_text("no pdf")
    index = Index(settings.paths.data / FILE, write=True)
    build(index, [notes])
    index.close()
    documents = list(knowledge.checks(settings))[-1]
    assert documents.state == "warn"
    assert documents.detail.startswith("1 in 1 passages")
