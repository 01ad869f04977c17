"""Kiwix archives: found by title and by words, and what is damaged is one line."""

import random
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.knowledge.archives import Archive, archive_files
from assistant.knowledge.ranking import GOOD
from scripts.knowledge.archive import write_archive


@pytest.fixture(scope="module")
def archive(zim: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(zim, cache=tmp_path_factory.mktemp("cache") / "tried.json")


def test_it_knows_what_it_is(archive: Archive) -> None:
    assert (archive.name, archive.date, archive.searchable) == ("Wikipedia", "2026-11-21", True)
    assert archive.articles >= 20


@pytest.mark.parametrize(
    ("question", "title", "words"),
    [
        ("how far away is the moon", "Moon", "384,400"),
        ("what is luna", "Moon", "natural satellite"),
        ("who wrote hamlet", "Hamlet", "Shakespeare"),
        ("how do honey bees tell each other where flowers are", "Honey bee", "dance"),
        ("tell me about photosynthesis", "Photosynthesis", "sugar and oxygen"),
    ],
)
def test_the_passage_that_answers_comes_first(archive: Archive, question: str, title: str, words: str) -> None:
    best = archive.search(question)[0]
    assert best.source.title == title
    assert words in best.text
    assert best.source.place.startswith(f"{archive.path}#")


def test_what_is_not_in_it_is_not_taken_for_an_answer(archive: Archive) -> None:
    for question in ("what is the capital of mongolia", "who invented the telephone", "zzz qqq"):
        assert all(passage.score < GOOD for passage in archive.search(question))
    assert archive.search("what is it") == []


@pytest.mark.parametrize("question", ['"', "AND OR NOT (", "moon*", "a" * 5000, "\0\ud800moon", "title:moon", "-"])
def test_odd_questions_are_only_words(archive: Archive, question: str) -> None:
    archive.search(question)


def test_without_an_index_of_words_titles_are_found(titles_only: Path, tmp_path: Path) -> None:
    archive = Archive(titles_only, cache=tmp_path / "tried.json")
    assert (archive.searchable, archive.name) == (False, "Kitchen")
    assert archive.search("what is a kettle")[0].text.startswith("A kettle boils water")


def test_what_is_no_archive_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.zim").write_text("hello")
    (tmp_path / "empty.zim").write_bytes(b"")
    for name, why in (("text.zim", "no ZIM archive"), ("empty.zim", "no ZIM archive"), ("none.zim", "no such archive")):
        with pytest.raises(AssistantError, match=why) as raised:
            Archive(tmp_path / name, cache=tmp_path / "tried.json")
        assert "\n" not in str(raised.value)


def test_a_damaged_archive_is_one_line(zim: Path, tmp_path: Path) -> None:
    data = zim.read_bytes()
    for number, broken in enumerate((data[: len(data) // 2], data[:80], data[:24] + bytes(200) + data[224:])):
        path = tmp_path / f"{number}.zim"
        path.write_bytes(broken)
        with pytest.raises(AssistantError, match="damaged or incomplete") as raised:
            Archive(path, cache=tmp_path / "tried.json")
        assert str(raised.value).count("\n") == 0


def test_damage_that_opening_does_not_see_is_one_line_or_nothing(zim: Path, tmp_path: Path) -> None:
    """Bytes changed anywhere: each use ends in passages or in our own error. The trial in another process is left out,
    so whatever would kill a process would kill this one."""
    data, rng = zim.read_bytes(), random.Random(3)
    for number in range(12):
        broken = bytearray(data)
        for _ in range(40):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        path = tmp_path / f"{number}.zim"
        path.write_bytes(broken)
        archive = Archive.__new__(Archive)
        archive.path = path
        problem = f"{path}: "
        try:
            archive._open()
            archive.search("how far away is the moon")
        except AssistantError as error:
            problem = str(error)
        assert problem.startswith(f"{path}: ")


def test_directories_of_archives(zim: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zim").symlink_to(zim)
    (tmp_path / "notes.txt").write_text("x")
    files, problems = archive_files([tmp_path, tmp_path / "b.zim", tmp_path / "nowhere"])
    assert files == [tmp_path / "b.zim"]
    assert problems == [f"{tmp_path}/nowhere: there is no such archive; correct knowledge.archives in the settings"]


def test_an_article_that_is_no_page_is_passed_over(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "odd.zim", [("Odd", "Odd", ""), ("Deep", "Deep", "<p>" * 20000)])
    assert Archive(path, cache=tmp_path / "tried.json").search("what is odd") == []
