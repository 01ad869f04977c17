"""What is looked up becomes an answer: read out without a model, handed to one that is there, kept in the house."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import events as ev
from assistant.clock import SystemClock
from assistant.config import Settings
from assistant.dialogue.answering import Answer, Answerer
from assistant.dialogue.reference import Reference
from assistant.knowledge import Passage, Source
from assistant.knowledge.library import Library
from assistant.llm.engine import AnswerEngine
from assistant.llm.prompt import Prompt
from assistant.workers import InlineWorker
from tests.dialogue.test_answering import HARD, Model, ScriptedDoor, answerer, both
from tests.fakes import House
from tests.virtual_time import run

MOON = Passage(
    "The same side of the Moon always faces the Earth, because it turns once in one orbit. Its pull causes the tides. "
    "It is far away.",
    Source("archive", "Wikipedia", "Moon", "/w.zim#Moon"),
    0.9,
)


def ask(answers: Answerer, question: str) -> tuple[Answer, str]:
    async def job() -> tuple[Answer, str]:
        answer = await answers.answer(question)
        return answer, "".join([piece async for piece in answer.pieces])

    return asyncio.run(job())


async def moon(question: str) -> Passage | None:
    return MOON


async def nothing(question: str) -> Passage | None:
    return None


def test_without_a_model_the_first_sentences_are_read_with_their_source() -> None:
    answer, text = ask(Answerer(None, Prompt(), look_up=moon), HARD)
    assert text == (
        "Wikipedia says: The same side of the Moon always faces the Earth, because it turns once in one orbit. "
        "Its pull causes the tides."
    )
    assert (answer.where, answer.outcome, answer.by_model, answer.basis.rests) == ("local", "done", False, True)


def test_without_a_model_and_a_passage_it_says_that_nothing_was_found() -> None:
    answer, text = ask(Answerer(None, Prompt(), look_up=nothing), HARD)
    assert text.startswith("I found nothing about that")
    assert (answer.where, answer.outcome, answer.basis.rests) == ("refused", "failed", False)


def local(model: Model, look_up=moon) -> Answerer:
    answers = Answerer(None, Prompt(facts=lambda: "It is one."), look_up=look_up)
    answers.attach(AnswerEngine(model, SystemClock(), worker=InlineWorker()))
    return answers


def test_a_model_gets_the_passage_last_and_its_answer_names_the_source() -> None:
    model = Model("It turns ", "once in one ", "orbit. ", "So it is. ", "And more.")
    answer, text = ask(local(model), HARD)
    given = model.asked[0][-1].content
    assert given.startswith(f'{HARD}\n(It is one. A passage from Wikipedia, Moon: "The same side')
    assert text.strip() == "Wikipedia says: It turns once in one orbit. So it is."
    assert answer.basis.rests


@pytest.mark.parametrize("said", ["I'm not sure about that. ", "Because it is made of cheese and milk. ", "Yes."])
def test_an_answer_that_does_not_rest_on_the_passage_names_none(said: str) -> None:
    answer, text = ask(local(Model(said)), HARD)
    assert text.strip() == said.strip()
    assert not answer.basis.rests


def test_without_a_passage_a_model_is_asked_as_ever() -> None:
    model = Model("Tides.")
    ask(local(model, nothing), HARD)
    assert model.asked[0][-1].content == f"{HARD}\n(It is one.)"


def test_a_passage_keeps_the_question_in_the_house(tmp_path: Path) -> None:
    """A harmless question that would leave: read out without a model, and with an unsure one that repeats a passage."""
    door = ScriptedDoor(["never"])
    answers = answerer(tmp_path / "a", door)
    answers._look_up = moon
    answer, text = ask(answers, HARD)
    assert (answer.where, door.sent) == ("local", [])
    assert text.startswith("Wikipedia says: The same side")
    unsure = both(tmp_path / "b", door, Model("It turns once ", "in one orbit. ", "So.", share=0.2))
    unsure._look_up = moon
    answer, text = ask(unsure, HARD)
    assert (answer.where, door.sent) == ("local", [])
    assert text.startswith("Wikipedia says: It turns once in one orbit.")


def test_an_unsure_answer_without_its_passage_still_leaves(tmp_path: Path) -> None:
    door = ScriptedDoor(["Tides."])
    answers = both(tmp_path, door, Model("Cheese is heavy. ", "So.", share=0.2))
    answers._look_up = moon
    answer, text = ask(answers, HARD)
    assert (answer.where, text, answer.basis.rests) == ("cloud", "Tides.", False)


def test_the_turn_tells_which_source() -> None:
    house = House(answerer=Answerer(None, Prompt(), look_up=moon))

    async def talk() -> None:
        await house.open().read("why is the moon the same")

    run(talk())
    named = next(event for event in house.events if isinstance(event, ev.SourceNamed))
    assert (named.source, named.title, named.place) == ("Wikipedia", "Moon", "/w.zim#Moon")
    turn = house.traces[0].as_json()
    assert turn["knowledge"] == {"source": "Wikipedia", "title": "Moon", "place": "/w.zim#Moon", "score": 0.9}
    assert turn["reply"].startswith("Wikipedia says:")


def test_a_turn_without_a_source_names_none() -> None:
    house = House(answerer=Answerer(None, Prompt()))

    async def talk() -> None:
        await house.open().read("why is the moon the same")

    run(talk())
    assert house.traces[0].as_json()["knowledge"] is None


# -- the library behind it -----------------------------------------------------------------------------


def library(tmp_path: Path, **places: object) -> Library:
    return Library(data=tmp_path / "data", cache=tmp_path / "tried.json", **places)  # type: ignore[arg-type]


def test_a_broken_archive_leaves_the_others_working(zim: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.zim").write_bytes(zim.read_bytes()[:9000])
    opened = library(tmp_path, archives=(tmp_path / "bad.zim", zim, tmp_path / "none.zim"))
    assert len(opened.problems) == 2
    found = opened.answer("who wrote hamlet")
    assert found is not None
    assert found.source.name == "Wikipedia"


def test_only_questions_for_books_are_looked_up(zim: Path, tmp_path: Path) -> None:
    opened = library(tmp_path, archives=(zim,))
    for words in (
        "bread",
        "tell me a joke about the moon",
        "do you like bread",
        "where is my bread",
        "who is the king",
    ):
        assert opened.answer(words) is None


def test_documents_are_looked_up_as_soon_as_there_is_an_index(folder: Path, tmp_path: Path) -> None:
    opened = library(tmp_path, documents=(folder,))
    assert opened.answer("what pressure does my boiler need") is None
    assert "assistant knowledge index" in opened.problems[0]
    order = {"data": str(tmp_path / "data"), "documents": [str(folder)], "model": None}
    beside = [sys.executable, "-m", "assistant.knowledge.building", json.dumps(order)]
    assert subprocess.run(beside, check=True, capture_output=True).stderr == b""
    found = opened.answer("what pressure does my boiler need")
    assert found is not None
    assert "1.5 bar" in found.text
    opened.close()


def test_a_look_up_that_breaks_is_no_answer_and_no_failure(tmp_path: Path) -> None:
    settings = Settings(paths={"data": tmp_path, "cache": tmp_path}, knowledge={"archives": [tmp_path / "x.zim"]})
    reference = Reference(settings, None, InlineWorker())
    assert Reference.wanted(settings)
    assert not Reference.wanted(Settings())
    assert asyncio.run(reference.find("who wrote hamlet")) is None
    reference._library = None
    reference._find = lambda question: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    assert asyncio.run(reference.find("who wrote hamlet")) is None


# -- the command line ----------------------------------------------------------------------------------


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, command, tmp_path: Path, folder: Path, zim: Path):
    """Run `assistant knowledge ARGS` with an archive and documents; (status, standard output, standard error)."""
    config = tmp_path / "assistant.toml"
    config.write_text(
        f'[paths]\ndata = "{tmp_path}/data"\ncache = "{tmp_path}/cache"\n'
        f'[knowledge]\narchives = ["{zim}"]\ndocuments = ["{folder}"]\n'
    )
    monkeypatch.setattr("assistant.knowledge.indexing.be_polite", lambda: None)  # the test process itself
    return lambda *arguments, settings=config: command("--config", settings, "knowledge", *arguments)


def test_index_status_search(call, folder: Path) -> None:
    status, out, err = call("status", "--json")
    assert (status, json.loads(out)["documents"]) == (1, None)
    status, out, err = call("index")
    assert (status, err) == (0, "")
    assert "3 read, 0 unchanged, 0 forgotten" in out
    (folder / "bad.pdf").write_text("none")
    status, out, err = call("index", "--json")
    assert (status, json.loads(out)["read"]) == (1, 1)
    assert err == f"assistant: {folder}/bad.pdf: is a damaged PDF, or none; move it out of the documents\n"
    status, out, err = call("status", "--json")
    report = json.loads(out)
    assert report["archives"][0]["name"] == "Wikipedia"
    assert report["documents"]["files"] == 3
    assert len(report["problems"]) == 1
    assert "archive    Wikipedia" in call("status")[1]
    status, out, _ = call("search", "who wrote hamlet", "--json")
    best = json.loads(out)["passages"][0]
    assert (status, best["name"], best["title"]) == (0, "Wikipedia", "Hamlet")
    assert "boiler manual" in call("search", "what pressure does the boiler need")[1]
    assert "4 read, 0 unchanged" in call("index", "--rebuild")[1]


def test_without_anything_set_it_says_what_to_set(call, tmp_path: Path) -> None:
    (tmp_path / "none.toml").write_text("")
    status, out, err = call("status", settings=tmp_path / "none.toml")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "[knowledge]" in err
