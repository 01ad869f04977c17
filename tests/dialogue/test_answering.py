"""Where answers come from: here, outside with leave, or nowhere, said honestly."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.clock import SystemClock
from assistant.dialogue.answering import Answer, Answerer
from assistant.egress.outside import Outside
from assistant.egress.settings import DoorSettings
from assistant.errors import AssistantError
from assistant.llm import Message
from assistant.llm.confidence import Calibration
from assistant.llm.engine import AnswerEngine
from assistant.llm.prompt import Prompt
from assistant.routing.door import DoorClient, DoorError
from assistant.routing.payload import Payload
from assistant.routing.wire import DoorStatus
from assistant.workers import InlineWorker

OPEN = DoorStatus(
    running=True, configured=True, offline=False, budget_left=1.0, rate_left=5, breaker_closed=True, price_in=0.0
)


class ScriptedDoor(DoorClient):
    """A door that answers as told; the gate in front of it is the real one."""

    def __init__(self, pieces: list[str], breaks: bool = False) -> None:
        super().__init__(Path("/nonexistent"))
        self.pieces, self.breaks, self.sent = pieces, breaks, list[Payload]()

    async def status(self) -> DoorStatus:
        return OPEN

    async def answer(self, payload: Payload, ticket: int) -> AsyncGenerator[str]:
        self.sent.append(payload)
        for piece in self.pieces:
            yield piece
        if self.breaks:
            raise DoorError("gone")


def answerer(tmp_path: Path, door: ScriptedDoor, *, consent: bool | None = True) -> Answerer:
    settings = DoorSettings(data=tmp_path / "door", cloud_url="https://cloud.example/v1", cloud_model="m")
    outside = Outside(settings, door, SystemClock())
    if consent is not None:
        outside.consent(given=consent)
    return Answerer(None, Prompt(), outside=outside)


def ask(answers: Answerer, question: str) -> tuple[Answer, str]:
    async def job() -> tuple[Answer, str]:
        answer = await answers.answer(question)
        return answer, "".join([piece async for piece in answer.pieces])

    return asyncio.run(job())


HARD = "why does the moon always show the same face to the earth"


def test_without_an_endpoint_nothing_is_even_considered() -> None:
    answer, text = ask(Answerer(None, Prompt()), HARD)
    assert (answer.where, answer.outcome) == ("refused", "failed")
    assert "no language model is installed" in text


def test_a_hard_harmless_question_leaves_with_consent(tmp_path: Path) -> None:
    door = ScriptedDoor(["Because it is ", "tidally locked."])
    answer, text = ask(answerer(tmp_path, door), HARD)
    assert answer.where == "cloud"
    assert text == "Because it is tidally locked."
    assert HARD.encode() in door.sent[0].body


@pytest.mark.parametrize(
    "question", ["what should i take against my chest pain", "how much money is in my bank account"]
)
def test_private_questions_stay_with_and_without_consent(tmp_path: Path, question: str) -> None:
    door = ScriptedDoor(["never"])
    answer, text = ask(answerer(tmp_path, door), question)
    assert answer.where == "refused"
    assert "never" not in text
    assert not door.sent


def test_consent_is_asked_before_anything_leaves_and_kept(tmp_path: Path) -> None:
    door = ScriptedDoor(["Yes."])
    answers = answerer(tmp_path, door, consent=None)
    answer, text = ask(answers, HARD)
    assert answer.asks_consent
    assert text.endswith("stay offline.")
    assert not door.sent
    answers.consent(given=True)
    assert ask(answers, HARD)[0].where == "cloud"


def test_refused_consent_is_kept(tmp_path: Path) -> None:
    door = ScriptedDoor(["Yes."])
    answers = answerer(tmp_path, door, consent=None)
    answers.consent(given=False)
    answer, _ = ask(answers, HARD)
    assert (answer.where, door.sent) == ("refused", [])
    assert "no consent" in answer.reason


def test_an_answer_that_breaks_off_says_so(tmp_path: Path) -> None:
    _, text = ask(answerer(tmp_path, ScriptedDoor(["Because it is"], breaks=True)), HARD)
    assert text == "Because it is The rest of the answer didn't arrive."


def test_no_answer_from_outside_is_said_plainly(tmp_path: Path) -> None:
    _, text = ask(answerer(tmp_path, ScriptedDoor([], breaks=True)), HARD)
    assert "couldn't get an answer" in text


def test_no_network_client_is_loaded_by_the_core() -> None:
    import subprocess

    code = (
        "import assistant.appliance, sys; print([m for m in ('httpx', 'requests', 'websockets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- a local model and a cloud: which of them answers --------------------------------------------------


class Model:
    """Says a sentence and how likely its words were; notes what it was asked and whether it was freed."""

    name = "model"

    def __init__(self, *pieces: str, share: float = 0.9, error: str = "", opinion: float | None = None) -> None:
        self.pieces, self.share, self.error, self.opinion = pieces, share, error, opinion
        self.judged: list[int] = []
        self.asked: list[list[Message]] = []
        self.read: list[str] = []
        self.allowed: list[int] = []
        self.made = 0

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> "Words":
        self.asked.append(list(messages))
        self.allowed.append(max_tokens)
        return Words(self)

    def ahead(self, messages: Sequence[Message]) -> Iterator[str]:
        self.read.append(messages[-1].content)
        return iter(())


class Words:
    def __init__(self, model: Model) -> None:
        self.model, self.left = model, iter(model.pieces)
        self.judged: list[int] = model.judged
        self.probabilities: list[float] = []

    def __iter__(self) -> "Words":
        return self

    def __next__(self) -> str:
        if self.model.error:
            raise AssistantError(self.model.error)
        piece = next(self.left)
        self.probabilities.append(self.model.share)
        self.model.made += 1
        return piece

    def check(self, letters: int, question: str, yes: str, no: str) -> float | None:
        self.judged.append(letters)
        return self.model.opinion

    def stop_check(self) -> None:
        """It takes no time."""


CALIBRATED = Calibration((4.0, 3.0, 0.5), 100, 60, "2026-11-21")


def both(
    tmp_path: Path, door: ScriptedDoor, model: Model, *, consent: bool | None = True, calibration: bool = True
) -> Answerer:
    answers = answerer(tmp_path, door, consent=consent)
    engine = AnswerEngine(model, SystemClock(), worker=InlineWorker())
    answers.attach(engine, CALIBRATED if calibration else None)
    return answers


def booked(answers: Answerer) -> list[str]:
    assert answers._outside is not None
    return [entry.kind for entry in answers._outside.ledger.entries() if entry.kind != "consent"]


def test_a_sure_local_answer_stays_and_is_said_whole(tmp_path: Path) -> None:
    door, model = ScriptedDoor(["never"]), Model("It is ", "tidally locked. ", "Both turn ", "alike. ", "And more.")
    answers = both(tmp_path, door, model)
    answer, text = ask(answers, HARD)
    assert (answer.where, answer.reason) == ("local", "the local answer is good enough")
    assert text.strip() == "It is tidally locked. Both turn alike."
    assert len(model.asked) == 1  # the judged beginning is part of the answer, not made twice
    assert not door.sent
    assert booked(answers) == ["kept"]


@pytest.mark.parametrize(("opinion", "where"), [(0.01, "cloud"), (0.99, "local"), (None, "local")])
def test_what_a_model_thinks_of_its_answer_decides_where_that_was_measured(
    tmp_path: Path, opinion: float | None, where: str
) -> None:
    door, model = ScriptedDoor(["Tides."]), Model("It is ", "cheese. ", "And ", "more.", opinion=opinion)
    answers = both(tmp_path, door, model)
    assert ask(answers, HARD)[0].where == "local"
    assert model.judged == [], "whose opinion was never measured is not asked"
    answers._calibration = replace(CALIBRATED, checked=(3.0, 3.0, 0.5, 1.0))
    answer, text = ask(answers, HARD)
    assert answer.where == where
    assert model.judged == [len("It is cheese.")]
    assert text.strip() == ("Tides." if where == "cloud" else "It is cheese. And more.")


def test_an_unsure_one_leaves_and_the_model_is_freed(tmp_path: Path) -> None:
    door, model = ScriptedDoor(["Tides did it."]), Model("Because ", "of cheese. ", "Or ", "so. ", share=0.2)
    answers = both(tmp_path, door, model)
    answer, text = ask(answers, HARD)
    assert (answer.where, text) == ("cloud", "Tides did it.")
    assert booked(answers) == ["escalate"]


def test_only_the_first_sentence_is_made_to_decide(tmp_path: Path) -> None:
    model = Model("One. ", "Two", *(" more" for _ in range(500)), share=0.2)
    answer, _ = ask(both(tmp_path, ScriptedDoor(["x"]), model), HARD)
    assert answer.where == "cloud"
    assert model.made < 100  # the queue in front of the engine, not five hundred


def test_a_model_that_admits_it_does_not_know_lets_the_question_leave(tmp_path: Path) -> None:
    door = ScriptedDoor(["Tides did it."])
    for calibration in (True, False):
        answers = both(tmp_path, door, Model("I don't know", " that.", share=0.99), calibration=calibration)
        assert ask(answers, HARD)[0].where == "cloud"


def test_a_model_nobody_has_measured_is_believed_and_nothing_leaves(tmp_path: Path) -> None:
    door = ScriptedDoor(["never"])
    answer, text = ask(both(tmp_path, door, Model("Cheese.", share=0.01), calibration=False), HARD)
    assert (answer.where, text, door.sent) == ("local", "Cheese.", [])


def test_a_model_that_fails_lets_the_question_leave(tmp_path: Path) -> None:
    answer, text = ask(both(tmp_path, ScriptedDoor(["Tides."]), Model(error="broken")), HARD)
    assert (answer.where, text) == ("cloud", "Tides.")


def test_where_nothing_may_leave_nothing_is_judged_first(tmp_path: Path) -> None:
    model = Model("Rest. ", "And tea.", share=0.1)
    answers = both(tmp_path, ScriptedDoor(["never"]), model)

    async def job() -> tuple[Answer, int]:
        answer = await answers.answer("what should i take against my chest pain")
        made = model.made
        await answer.pieces.aclose()
        return answer, made

    answer, made = asyncio.run(job())
    assert (answer.where, made) == ("local", 0)
    assert booked(answers) == ["kept"]


def test_a_sure_answer_asks_for_no_consent(tmp_path: Path) -> None:
    sure, unsure = (
        both(tmp_path / name, ScriptedDoor(["x"]), Model("Yes.", share=share), consent=None)
        for name, share in (("sure", 0.99), ("unsure", 0.1))
    )
    assert not ask(sure, HARD)[0].asks_consent
    assert ask(unsure, HARD)[0].asks_consent


# -- the conversation with the local model --------------------------------------------------


def local(model: Model, prompt: Prompt | None = None) -> Answerer:
    answers = Answerer(None, prompt or Prompt())
    answers.attach(AnswerEngine(model, SystemClock(), worker=InlineWorker()))
    return answers


def test_two_sentences_unless_more_is_asked_for() -> None:
    model = Model("One. ", "Two. ", "Three. ", "Four.")
    assert ask(local(model), "why is the sky blue")[1].strip() == "One. Two."
    assert ask(local(model), "explain why the sky is blue")[1] == "One. Two. Three. Four."
    assert model.allowed[0] < model.allowed[1]


def test_what_was_sent_is_remembered_to_the_letter() -> None:
    times = iter(["It is one.", "It is two."])
    model = Model("Yes.")
    answers = local(model, Prompt(facts=lambda: next(times)))
    for question in ("is it late", "and now"):
        ask(answers, question)
        answers.remember(question, "Yes.")
    first, second = model.asked
    assert second[: len(first)] == first  # only added to: all of it is held by the engine already
    assert second[-1].content == "and now\n(It is two.)"


def test_words_of_another_request_are_remembered_as_they_were() -> None:
    model = Model("Yes.")
    answers = local(model, Prompt(facts=lambda: "It is one."))
    answers.remember("set a timer for ten minutes", "Ten minutes.")
    ask(answers, "is it late")
    assert model.asked[0][1].content == "set a timer for ten minutes"


def test_words_that_two_readings_agree_on_are_read_ahead() -> None:
    model = Model("Yes.")
    answers = local(model, Prompt(facts=lambda: "It is one."))

    async def speak() -> None:
        for words in ("", "why", "why is", "why is the", "why is this", "why is this sky"):
            answers.anticipate(words)
            for _ in range(10):
                await asyncio.sleep(0)

    asyncio.run(speak())
    assert model.read == ["", "why", "why is", "why is", "why is this"]


def test_without_a_model_nothing_is_read_ahead() -> None:
    Answerer(None, Prompt()).anticipate("why is")
