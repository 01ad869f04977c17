"""Questions without hurry: kept, sent together in one batch, fetched, told; never twice, never after a no."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from assistant.config import Settings
from assistant.dialogue.answering import Answerer
from assistant.egress.later import unhurried
from assistant.egress.process import Door
from assistant.llm.prompt import Prompt
from assistant.routing.decide import Escalate, Request
from tests.egress.servers import Exchange
from tests.egress.test_door import House, house, run
from tests.skills.device import Device

SKY, SEA = "why is the sky blue on earth and red on mars", "how do tides work on a planet with two moons"


@dataclass
class BatchEndpoint:
    """The four calls of the interface, as OpenAI documents them; `ready` and `broken` are turned by the test."""

    ready: bool = False
    broken: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    async def __call__(self, exchange: Exchange) -> None:
        method, path, _ = exchange.head.split(" ", 2)
        if self.broken and self.broken in path:
            await exchange.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        await self._answer(exchange, self._serve(method, path.removeprefix("/v1"), exchange))

    def _serve(self, method: str, path: str, exchange: Exchange) -> Any:
        match method, path:
            case "POST", "/files":
                body = exchange.body.split(b"application/jsonl\r\n\r\n")[1].split(b"\r\n--")[0]
                assert b'name="purpose"\r\n\r\nbatch' in exchange.body
                self.lines = [json.loads(line) for line in body.splitlines()]
                return {"id": "file-in"}
            case "POST", "/batches":
                wish = json.loads(exchange.body)
                assert wish["input_file_id"] == "file-in"
                assert wish["endpoint"] == "/v1/chat/completions"
                return {"id": "batch_1", "status": "validating"}
            case "GET", "/batches/batch_1":
                status = "completed" if self.ready else "in_progress"
                return {"status": status, "output_file_id": "file-out", "input_file_id": "file-in"}
            case "GET", "/files/file-out/content":
                rows = [
                    {"custom_id": each["custom_id"], "response": {"body": {
                        "choices": [{"message": {"content": f"Answer to {each['body']['messages'][-1]['content']}"}}],
                        "usage": {"prompt_tokens": 60, "completion_tokens": 9}}}}
                    for each in self.lines
                ]  # fmt: skip
                return "\n".join(map(json.dumps, rows)).encode()
            case "DELETE", _:
                self.removed.append(path.removeprefix("/files/"))
                return {"deleted": True}
        raise AssertionError((method, path))

    async def _answer(self, exchange: Exchange, found: Any) -> None:
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        await exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n")
        await exchange.send(data)


async def leave(h: House, text: str) -> int:
    considered = await h.outside.consider(Request(text, later=True), local_confidence=0.0)
    assert isinstance(considered.decision, Escalate), considered.decision
    await h.outside.leave(considered)
    return considered.ticket


async def findings(h: House) -> list[tuple[str, str | None]]:
    return [(f.question, f.answer) for f in await asyncio.to_thread(h.outside.later.findings)]


def test_two_questions_leave_together_and_are_told(tmp_path: Path) -> None:
    endpoint = BatchEndpoint()

    async def test() -> None:
        async with house(tmp_path, endpoint) as h:
            await leave(h, SKY)
            await leave(h, SEA)
            assert h.server.received == []  # waits
            await h.outside.exchange()
            assert [line["custom_id"] for line in endpoint.lines] == ["q1", "q2"]
            assert [line["body"]["messages"][-1]["content"] for line in endpoint.lines] == [SKY, SEA]
            assert set(endpoint.lines[0]) == {"custom_id", "method", "url", "body"}
            assert set(endpoint.lines[0]["body"]) == {"model", "messages", "max_tokens", "temperature"}
            assert await findings(h) == []
            await h.outside.exchange()  # not ready yet
            endpoint.ready = True
            await h.outside.exchange()
            assert await findings(h) == [(SKY, f"Answer to {SKY}"), (SEA, f"Answer to {SEA}")]
            assert endpoint.removed == ["file-out", "file-in"]
            assert h.kinds() == ["consent", "escalate", "queued", "escalate", "queued", "sent", "sent", "done", "done"]
            assert h.light == [True, False] * 3  # the light: questions leave once, and answers are asked for twice
            spent = h.door.settings.budget_day - h.door.purse.left()
            assert spent == pytest.approx(2 * (60 * 0.5 + 9 * 1.5) / 1e6, abs=2e-6)  # rounded up to millionths
            await asyncio.to_thread(h.outside.later.told)
            assert await findings(h) == []
            assert h.outside.later.waiting == 0

    run(test)


def test_names_are_put_back_and_never_leave(tmp_path: Path) -> None:
    endpoint = BatchEndpoint(ready=True)
    wish = "write a funny birthday poem for Ottilie who likes green dinosaurs"

    async def test() -> None:
        async with house(tmp_path, endpoint) as h:
            await leave(h, wish)
            await h.outside.exchange()
            await h.outside.exchange()
            assert "Ottilie" not in json.dumps(endpoint.lines)
            assert await findings(h) == [(wish, f"Answer to {wish}")]

    run(test)


def test_offline_and_a_taken_back_consent_keep_everything_here(tmp_path: Path) -> None:
    endpoint = BatchEndpoint()

    async def test() -> None:
        async with house(tmp_path, endpoint) as h:
            await leave(h, SKY)
            await h.outside.stay_offline(True)
            await h.outside.exchange()
            await h.outside.stay_offline(False)
            h.outside.consent(given=False)
            await h.outside.exchange()
            assert h.server.received == []
            h.outside.consent(given=True)
            await h.outside.exchange()
            assert len(endpoint.lines) == 1

    run(test)


def test_a_failure_after_the_bytes_left_is_never_repeated(tmp_path: Path) -> None:
    endpoint = BatchEndpoint(broken="/batches")

    async def test() -> None:
        async with house(tmp_path, endpoint) as h:
            await leave(h, SKY)
            await h.outside.exchange()
            endpoint.broken = ""
            await h.outside.exchange()
            assert sum("/files" in each.head for each in h.server.received) == 1
            assert await findings(h) == [(SKY, None)]
            assert h.outside.ledger.entries()[-1].facts["outcome"] == "no answer"

    run(test)


def test_a_server_that_cannot_be_reached_costs_nothing_and_is_tried_again(tmp_path: Path) -> None:
    endpoint = BatchEndpoint()

    async def test() -> None:
        async with house(tmp_path, endpoint) as h:
            await leave(h, SKY)
            before = h.door.purse.left()
            there = h.door.settings.cloud_url
            away = Door(replace(h.door.settings, cloud_url="http://127.0.0.1:9/v1"), h.clock)
            await away._deferred.exchange(_nobody)
            assert h.door.purse.left() == before
            assert "sent" not in h.kinds()
            assert there.startswith("http://127.0.0.1")
            await h.outside.exchange()
            assert len(endpoint.lines) == 1

    run(test)


async def _nobody(message: dict[str, Any]) -> None:
    """The core that would be told."""


def test_a_door_that_died_while_bytes_left_does_not_ask_again(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path, BatchEndpoint()) as h:
            ticket = await leave(h, SKY)
            h.door._deferred.queue.put(ticket, "leaving", place="q1")
            again = Door(h.door.settings, h.clock)
            assert again._deferred.queue.queued() == []
            assert await findings(h) == [(SKY, None)]
            assert h.outside.ledger.entries()[-1].kind == "done"

    run(test)


def test_answers_to_batches_survive_a_restart_of_the_door(tmp_path: Path) -> None:
    endpoint = BatchEndpoint(ready=True)

    async def test() -> None:
        async with house(tmp_path, endpoint) as h:
            await leave(h, SKY)
            await h.outside.exchange()
            again = Door(h.door.settings, h.clock)
            assert "interrupted" not in h.kinds()
            await again._deferred.exchange(_nobody)
            assert await findings(h) == [(SKY, f"Answer to {SKY}")]

    run(test)


def test_after_a_week_a_question_is_given_up(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path, BatchEndpoint()) as h:
            await leave(h, SKY)
            await h.outside.exchange()
            h.clock.advance(8 * 86_400)
            await h.outside.exchange()
            assert await findings(h) == [(SKY, None)]

    run(test)


def test_an_unreleased_question_is_not_queued(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path, BatchEndpoint()) as h:
            ticket = await leave(h, SKY)
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "another"}]})
            answer = [
                m async for m in _raw(h, {"verb": "cloud", "op": "later", "ticket": ticket, "body": body})
            ]  # fmt: skip
            assert answer == ["no decision released this question"]

    run(test)


async def _raw(h: House, message: dict[str, Any]) -> Any:
    from assistant.routing.door import DoorError

    try:
        async for _ in h.client.request(message, wait_s=5.0):
            pass
    except DoorError as error:
        yield str(error)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("no hurry but find out why the sky is blue", "why the sky is blue"),
        ("there's no rush, why is the sea salty", "why is the sea salty"),
        ("when you have time tell me how bridges are built", "how bridges are built"),
        ("find out later who invented the zip", "who invented the zip"),
        ("how do vaccines for trees work no hurry", "how do vaccines for trees work"),
        ("please look up how glass is made when you get a chance", "how glass is made"),
        ("why is the sky blue", None),
        ("tell me later", None),
        ("no hurry", None),
        ("remind me later", None),
    ],
)
def test_what_says_that_there_is_no_hurry(text: str, question: str | None) -> None:
    assert unhurried(text) == question


def test_by_voice_from_the_question_to_the_answer(tmp_path: Path) -> None:
    endpoint = BatchEndpoint(ready=True)

    async def test() -> None:
        async with house(tmp_path, endpoint, batch=True) as h:
            answerer = Answerer(None, Prompt("nabu"), outside=h.outside)
            answer = await answerer.answer(f"no hurry but {SKY}")
            assert "".join([p async for p in answer.pieces]).startswith("I will find out")
            device = Device(settings=Settings(), left=h.outside.later)
            assert (
                await asyncio.to_thread(device.text, "Findings")
                == "Nothing yet. 1 of your questions are still waiting."
            )
            await h.outside.exchange()
            await h.outside.exchange()
            assert [each.text for each in device.skills.due()] == [
                "I have found out what you asked. Say: what did you find out."
            ]
            assert device.skills.due() == []
            said = await asyncio.to_thread(device.text, "Findings")
            assert said == f"You asked: {SKY}. Answer to {SKY}"
            assert "haven't" in (again := await asyncio.to_thread(device.text, "Findings")) or "nothing" in again

    run(test)


def test_without_batches_it_is_asked_at_once(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            answer = await Answerer(None, Prompt("nabu"), outside=h.outside).answer(f"no hurry but {SKY}")
            assert "".join([p async for p in answer.pieces]) == "Light is scattered by air."

    run(test)
