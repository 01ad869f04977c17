"""The owner's documents: read, indexed, kept up to date, searched; what cannot be read is one line."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError, StoreError
from assistant.knowledge import indexing
from assistant.knowledge.index import Index
from assistant.knowledge.indexing import Progress, build, documents, only_builder, spoken_name
from assistant.knowledge.pdf_reader import PdfReader
from assistant.knowledge.ranking import GOOD
from assistant.knowledge.reading import read_document, read_text
from tests.knowledge.conftest import pdf_of


@pytest.fixture
def index(tmp_path: Path):
    with closing(Index(tmp_path / "knowledge.db", write=True)) as opened:
        yield opened


def test_everything_is_read_and_found(index: Index, folder: Path) -> None:
    built = build(index, [folder])
    assert (built.read, built.unchanged, built.forgotten, built.problems) == (3, 0, 0, ())
    best = index.search("what pressure does the boiler need")[0]
    assert (
        best.text
        == "The boiler needs a pressure of 1.5 bar. Turn the filling tap to the left until the needle is green."
    )
    assert (best.source.name, best.source.title) == ("boiler manual", "Pressure")
    assert best.score > GOOD
    assert "regenerating salt" in index.search("where does the dishwasher take salt")[0].text
    assert all(passage.score < GOOD for passage in index.search("who painted the mona lisa"))


def test_a_second_run_reads_only_what_changed_and_forgets_what_is_gone(index: Index, folder: Path) -> None:
    build(index, [folder])
    assert build(index, [folder]).read == 0
    rules = folder / "house rules.txt"
    rules.write_text("The rubbish goes out on Friday morning.")
    (folder / "boiler_manual.md").unlink()
    again = build(index, [folder])
    assert (again.read, again.unchanged, again.forgotten) == (1, 1, 1)
    assert [p.text for p in index.search("when does the rubbish go out")] == ["The rubbish goes out on Friday morning."]
    assert index.search("boiler pressure") == []


def test_documents_on_a_disk_that_is_away_are_kept(index: Index, folder: Path) -> None:
    build(index, [folder])
    folder.rename(folder.with_name("elsewhere"))
    built = build(index, [folder])
    assert built.forgotten == 0
    assert "there is no such directory" in built.problems[0]
    assert index.search("boiler pressure")


def test_progress_is_told(index: Index, folder: Path) -> None:
    told: list[Progress] = []
    build(index, [folder], tell=told.append)
    assert [(p.done, p.whole) for p in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """A builder killed in the middle, for real: the next run reads the rest, and nothing stands there twice."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.txt").write_text(f"Fact number {number} is about badger{number}.")
    code = (
        "import os, sys; from pathlib import Path; from assistant.knowledge.index import Index;"
        "from assistant.knowledge.indexing import build;"
        "build(Index(Path(sys.argv[1]), write=True), [Path(sys.argv[2])],"
        " tell=lambda p: os.kill(os.getpid(), 9) if p.done == 5 else None)"
    )
    path = tmp_path / "knowledge.db"
    assert subprocess.run([sys.executable, "-c", code, str(path), str(folder)], check=False).returncode == -9
    with closing(Index(path, write=True)) as index:
        built = build(index, [folder])
        assert (built.read, built.unchanged) == (3, 5)
        assert index.counts().passages == 8
        assert len(index.search("badger6")) == 1


def test_a_file_that_was_half_read_is_read_again(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "long.txt").write_text("\n\n".join(f"Line {n} is about otters." for n in range(10)))
    monkeypatch.setattr(indexing, "PART", 3)

    class Killed(BaseException):
        pass

    keep, calls = indexing._keep, []

    def dies(*given: object) -> None:
        calls.append(given)
        if len(calls) == 4:
            raise Killed
        keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(indexing, "_keep", dies)
    with pytest.raises(Killed):
        build(index, [folder])
    monkeypatch.setattr(indexing, "_keep", keep)
    build(index, [folder])
    rows = index.rows("SELECT count(*), count(DISTINCT text) FROM passages WHERE name = 'long'")
    assert rows == [(10, 10)]
    assert index.rows("SELECT count(*) FROM parts") == index.rows("SELECT count(*) FROM passages")


def test_two_builders_do_not_meet(tmp_path: Path) -> None:
    with (
        only_builder(tmp_path / "knowledge.db"),
        pytest.raises(AssistantError, match="built by another process"),
        only_builder(tmp_path / "knowledge.db"),
    ):
        pass


def test_what_cannot_be_read_is_one_line_and_the_rest_is_there(index: Index, folder: Path) -> None:
    (folder / "photo.txt").write_bytes(os.urandom(2000) + b"\0")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\n1 0 obj <<")
    (folder / "no.pdf").write_text("this is no PDF")
    (folder / "empty.txt").write_text("")
    pdf_of(folder / "secret.pdf", "The treasure lies under the oak.", password="xyzzy")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(40 << 20)
    (folder / "link.txt").symlink_to(folder / "house rules.txt")
    (folder / ".hidden.txt").write_text("Nothing to see.")
    (folder / "music.mp3").write_bytes(b"ID3")
    built = build(index, [folder])
    assert sorted(Path(problem.partition(": ")[0]).name for problem in built.problems) == [
        "broken.pdf", "huge.txt", "no.pdf", "photo.txt", "secret.pdf",
    ]  # fmt: skip
    why = " | ".join(built.problems)
    for words in ("is no text", "damaged PDF", "protected by a password", "larger than 16 MB"):
        assert words in why
    assert "\n" not in why
    assert index.search("boiler pressure")
    assert index.search("treasure oak") == []
    assert build(index, [folder]).read == 0  # a file that cannot be read is not tried again until it changes


@pytest.mark.skipif(os.geteuid() == 0, reason="skipped: the superuser may read everything")
def test_a_directory_that_may_not_be_read_is_one_line(folder: Path) -> None:
    (folder / "manuals").chmod(0)
    try:
        found, problems = documents([folder])
    finally:
        (folder / "manuals").chmod(0o755)
    assert len(found) == 2
    assert "Permission denied" in problems[0]


def test_a_directory_that_fails_while_it_is_read_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("manuals"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found, problems = documents([folder])
    assert (len(found), len(problems)) == (2, 1)
    assert problems[0] == f"{folder}/manuals: cannot be read (Permission denied); check its owner and mode"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_texts_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Café on the co-\nast – fine.".encode(encoding))
    assert [p.text for p in read_document(path)] == ["Café on the coast – fine."]


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_text_or_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.md"
    path.write_bytes(data)
    problem = f"{path}: "
    try:
        for paragraph in read_document(path):
            assert "\0" not in paragraph.text
    except AssistantError as error:
        problem = str(error)
    assert problem.startswith(f"{path}: ")


def test_pages_of_a_pdf_come_one_after_the_other(tmp_path: Path) -> None:
    reader = PdfReader()
    try:
        two = pdf_of(tmp_path / "two.pdf", "First page.", "Second page.")
        assert [page.strip() for page in reader.pages(two)] == ["First page.", "Second page."]
        first = next(iter(reader.pages(two)))  # left in the middle: the next file is read all the same
        assert first.strip() == "First page."
        assert [page.strip() for page in reader.pages(pdf_of(tmp_path / "one.pdf", "Alone."))] == ["Alone."]
    finally:
        reader.close()


def test_damaged_pdfs_never_get_further_than_one_line(tmp_path: Path) -> None:
    import random

    good, rng = pdf_of(tmp_path / "good.pdf", "Some words.", "More words.").read_bytes(), random.Random(1)
    reader = PdfReader()
    try:
        for number in range(25):
            broken = bytearray(good[: rng.randrange(len(good))] if number % 3 == 0 else good)
            for _ in range(rng.choice((1, 10, 60))):
                if broken:
                    broken[rng.randrange(len(broken))] = rng.randrange(256)
            path = tmp_path / "broken.pdf"
            path.write_bytes(broken)
            problem = f"{path}: "
            try:
                list(reader.pages(path))
            except AssistantError as error:
                problem = str(error)
            assert problem.startswith(f"{path}: ")
            assert "\n" not in problem
        assert len(list(reader.pages(tmp_path / "good.pdf"))) == 2
    finally:
        reader.close()


def test_a_page_without_end_is_given_up(tmp_path: Path) -> None:
    reader = PdfReader(wait_s=0.0)  # no page is as quick as that
    try:
        with pytest.raises(AssistantError, match="takes too long"):
            list(reader.pages(pdf_of(tmp_path / "slow.pdf", "Slow.")))
    finally:
        reader.close()


def test_a_page_that_eats_processor_time_is_ended_by_the_kernel_and_the_next_file_is_read(tmp_path: Path) -> None:
    """A real file of some megabytes whose one page takes pypdf far longer than the second it is given here."""
    reader = PdfReader(cpu_s=1)
    try:
        greedy = pdf_of(tmp_path / "greedy.pdf", ") Tj (a".join("x" * 400_000))
        with pytest.raises(AssistantError, match=r"greedy\.pdf: a page takes too long"):
            list(reader.pages(greedy))
        assert [page.strip() for page in reader.pages(pdf_of(tmp_path / "one.pdf", "Alone."))] == ["Alone."]
    finally:
        reader.close()


def test_an_index_that_is_damaged_is_told_and_made_anew(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "knowledge.db"
    with pytest.raises(StoreError, match="no index of the documents yet"):
        Index(path)
    path.write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    with pytest.raises(StoreError, match="--rebuild"):
        Index(path)
    with closing(Index(path, write=True)) as index:
        assert build(index, [folder]).read == 3
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="another version"):
        Index(path)


@pytest.mark.parametrize(
    "question", ['"', 'boiler" OR "a', "NEAR(boiler)", "boiler*", "name:boiler", "\0\ud800", "a" * 9999]
)
def test_odd_questions_are_only_words(index: Index, folder: Path, question: str) -> None:
    build(index, [folder])
    index.search(question)


def test_names_as_they_are_said() -> None:
    assert spoken_name(Path("a/boiler_manual-2.pdf")) == "boiler manual 2"
    assert spoken_name(Path("_.txt")) == "_.txt"


def test_a_text_that_is_none() -> None:
    with pytest.raises(AssistantError, match="is no text"):
        read_text(Path(sys.executable))
