"""Where answers come from: here, outside with leave, or nowhere, said honestly."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from assistant.answering import Answer, Answerer
from assistant.clock import SystemClock
from assistant.egress.outside import Outside
from assistant.egress.settings import DoorSettings
from assistant.llm.prompt import Prompt
from assistant.routing.door import DoorClient, DoorError
from assistant.routing.payload import Payload
from assistant.routing.wire import DoorStatus

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
