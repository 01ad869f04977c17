# ruff: noqa: E501 - tables of cases read better in one line
"""The door as the core sees it: real Unix socket, real HTTP on loopback, virtual wall clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.artifacts.port import DownloadError
from assistant.clock import ManualClock
from assistant.egress.client import DoorError, EgressClient
from assistant.egress.outside import Outside
from assistant.egress.process import Door, open_door
from assistant.egress.settings import DoorSettings
from assistant.routing.audit import today
from assistant.routing.decide import Ask, Escalate, Local, Refuse, Request
from assistant.routing.payload import Payload, build
from assistant.routing.wire import DoorStatus, encode, receive
from tests.egress.servers import Exchange, Server, event, forever, good, running

QUESTION = Request("why is the sky blue on earth and red on mars")


@dataclass
class House:
    """A core and its door."""

    outside: Outside
    client: EgressClient
    door: Door
    server: Server
    clock: ManualClock
    light: list[bool]

    async def ask(self, request: Request = QUESTION, *, confidence: float = 0.0) -> str:
        considered = await self.outside.consider(request, local_confidence=confidence)
        assert isinstance(considered.decision, Escalate), considered.decision
        return "".join([text async for text in self.outside.answer(considered.decision.payload, considered.ticket)])

    def kinds(self) -> list[str]:
        return [e.kind for e in self.outside.ledger.entries()]


@asynccontextmanager
async def house(
    tmp_path: Path, handler: Any = good, *, consent: bool | None = True, **changes: Any
) -> AsyncIterator[House]:
    async with running(handler) as server:
        settings = replace(
            DoorSettings(data=tmp_path / "door", cloud_url=server.url, cloud_model="m", connect_s=1.0, first_token_s=0.5, total_s=5.0),
            **changes)  # fmt: skip
        clock = ManualClock(datetime(2026, 3, 14, 12, tzinfo=UTC))
        light: list[bool] = []
        door = Door(settings, clock)
        async with aclosing(open_door(door, tmp_path / "run" / "door.sock")) as opened:
            async for _ in opened:
                client = EgressClient(tmp_path / "run" / "door.sock", on_leaving=light.append)
                outside = Outside(settings, client, clock, names=lambda: ("Ottilie",))
                if consent is not None:
                    outside.consent(given=consent)
                yield House(outside, client, door, server, clock, light)
                break


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def test_a_question_out_and_an_answer_in(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            assert await h.ask() == "Light is scattered by air."
            assert h.kinds() == ["consent", "escalate", "sent", "done"]
            sent, done = h.outside.ledger.entries()[-2:]
            assert sent.facts["bytes_out"] == len(h.server.received[0].body)
            assert done.facts["outcome"] == "answered"
            assert done.facts["cost"] == pytest.approx((50 * 0.5 + 7 * 1.5) / 1e6)
            assert h.light == [True, False]
            assert today(h.outside.ledger.entries(), h.clock.now()).startswith("I sent 1 question")
            assert (tmp_path / "run" / "door.sock").stat().st_mode & 0o777 == 0o600

    run(test)


def test_a_repeat_costs_no_call(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            first = await h.ask()
            assert await h.ask() == first
            assert len(h.server.received) == 1
            assert h.outside.ledger.entries()[-1].facts["cost"] == 0
            assert h.light == [True, False]
            h.clock.advance(86_401)
            await h.ask()
            assert len(h.server.received) == 2

    run(test)


def test_names_come_back_in_the_answer(tmp_path: Path) -> None:
    async def named(x: Exchange) -> None:
        await x.begin()
        await x.send(event("Dear [na") + event("me A], the sea", finish=True) + "data: [DONE]\n\n")

    async def test() -> None:
        async with house(tmp_path, named) as h:
            assert await h.ask(Request("compose a funny poem for ottilie about the sea")) == "Dear ottilie, the sea"
            assert b"ottilie" not in h.server.received[0].body.lower()

    run(test)


def test_nothing_leaves_without_a_decision(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            body = build("who wrote hamlet", model="m")
            payload = Payload(body, "who wrote hamlet")
            for ticket in (0, 1, 99, -1):
                with pytest.raises(DoorError, match="no decision released"):
                    [x async for x in h.client.answer(payload, ticket)]
            ticket = h.outside.ledger.append("escalate", {"reason": "x"}, ticket_for=body)
            with pytest.raises(DoorError, match="no decision released"):
                [x async for x in h.client.answer(Payload(build("another", model="m"), ""), ticket)]
            assert [x async for x in h.client.answer(payload, ticket)]
            assert len(h.server.received) == 1

    run(test)


def test_the_door_looks_again_itself(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            for text in ("my card is 4111111111111111", "mail mara at example dot org"):
                body = build(text, model="m")
                ticket = h.outside.ledger.append("escalate", {"reason": "a broken core"}, ticket_for=body)
                with pytest.raises(DoorError, match="last look"):
                    [x async for x in h.client.answer(Payload(body, text), ticket)]
            assert not h.server.received

    run(test)


def test_consent_is_asked_once_given_and_taken_back(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path, consent=None) as h:
            assert isinstance((await h.outside.consider(QUESTION, local_confidence=0)).decision, Ask)
            h.outside.consent(given=True)
            assert await h.ask()
            h.outside.consent(given=False)
            assert (await h.outside.consider(QUESTION, local_confidence=0)).decision == Local("no consent")

    run(test)


def test_private_questions_and_good_local_answers_stay(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            assert isinstance(
                (await h.outside.consider(Request("what helps against my migraine"), local_confidence=0)).decision,
                Local,
            )
            assert isinstance(
                (
                    await h.outside.consider(Request("what helps against my migraine", insist=True), local_confidence=0)
                ).decision,
                Refuse,
            )
            assert isinstance((await h.outside.consider(QUESTION, local_confidence=0.9)).decision, Local)
            assert h.kinds() == ["consent", "kept", "kept", "kept"]
            assert not h.server.received
            assert not any(b"migraine" in p.read_bytes() for p in h.outside.settings.data.iterdir())

    run(test)


def test_stay_offline_cuts_off_what_is_leaving_and_holds(tmp_path: Path) -> None:
    async def endless(x: Exchange) -> None:
        await x.begin()
        await x.send(event("Once upon a time "))
        await forever()

    async def test() -> None:
        async with house(tmp_path, endless) as h:
            considered = await h.outside.consider(QUESTION, local_confidence=0)
            assert isinstance(considered.decision, Escalate)
            answer = h.outside.answer(considered.decision.payload, considered.ticket)
            assert await anext(answer) == "Once upon a time "
            assert await h.outside.stay_offline(True)
            with pytest.raises(DoorError, match="cut off"):
                await anext(answer)
            assert h.light == [True, False]
            assert h.kinds()[-2:] == ["switch", "done"] or h.kinds()[-2:] == ["done", "switch"]
            assert (await h.outside.consider(QUESTION, local_confidence=0)).decision == Local("staying offline")
            with pytest.raises(DoorError, match="staying offline"):
                [x async for x in h.client.answer(considered.decision.payload, considered.ticket)]
            with pytest.raises(DownloadError, match="told to stay offline"):
                await asyncio.to_thread(
                    h.client.fetch, h.server.url, tmp_path / "part", total=None, limit=10, progress=print
                )
            assert await h.outside.stay_offline(False)
            h.server.handler = good
            assert await h.ask()

    run(test)


def test_hanging_up_takes_the_question_back(tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def endless(x: Exchange) -> None:
        await x.begin()
        await x.send(event("Once "))
        try:
            while True:
                await x.send(event("more "))
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()
            raise

    async def test() -> None:
        async with house(tmp_path, endless) as h:
            considered = await h.outside.consider(QUESTION, local_confidence=0)
            assert isinstance(considered.decision, Escalate)
            async with aclosing(h.outside.answer(considered.decision.payload, considered.ticket)) as answer:
                await anext(answer)
            await gone.wait()
            while h.kinds()[-1] != "done":  # the door writes its last line when its own task has been taken back
                await asyncio.to_thread(h.outside.ledger.entries)
            last = h.outside.ledger.entries()[-1]
            assert last.facts["outcome"] == "cut off"
            assert last.facts["cost"] > 0  # nobody said what it cost: the upper bound stays

    run(test)


def test_failures_open_the_breaker_and_leave_words(tmp_path: Path) -> None:
    async def broken(x: Exchange) -> None:
        await x.begin("500 Internal Server Error")

    async def test() -> None:
        async with house(tmp_path, broken, attempts=1) as h:
            for _ in range(3):
                with pytest.raises(DoorError, match="500"):
                    await h.ask()
            assert (await h.outside.consider(QUESTION, local_confidence=0)).decision == Local(
                "the service has been failing"
            )
            h.clock.advance(60)
            h.server.handler = good
            assert await h.ask()

    run(test)


def test_budget_and_rate_close_the_gate(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path, cache_s=0.0, per_minute=1) as h:
            await h.ask()
            assert (await h.outside.consider(QUESTION, local_confidence=0)).decision == Local(
                "too many questions in a short time"
            )
        async with house(tmp_path / "poor", budget_day=0.0001) as h:
            assert (await h.outside.consider(QUESTION, local_confidence=0)).decision == Local("the budget is used up")
            assert not h.server.received

    run(test)


def test_budget_warnings_are_announced_once(tmp_path: Path) -> None:
    async def silent(x: Exchange) -> None:
        await x.begin()
        await x.send(event("yes", finish=True) + "data: [DONE]\n\n")  # no usage: the upper bound stays

    async def test() -> None:
        async with house(tmp_path, silent, budget_day=0.008, per_minute=100, cache_s=0.0, attempts=1) as h:
            await h.ask()
            while (
                isinstance((considered := await h.outside.consider(QUESTION, local_confidence=0)).decision, Escalate)
                and not considered.announce
            ):
                [x async for x in h.outside.answer(considered.decision.payload, considered.ticket)]
            assert considered.announce == ("80 % of today's budget for outside questions is used",)
            assert (await h.outside.consider(QUESTION, local_confidence=0)).announce == ()

    run(test)


def test_a_missing_door_means_local_and_words(tmp_path: Path) -> None:
    async def test() -> None:
        settings = DoorSettings(data=tmp_path / "door", cloud_url="https://a.example/v1", cloud_model="m")
        client = EgressClient(tmp_path / "nowhere.sock")
        outside = Outside(settings, client, ManualClock(datetime(2026, 3, 14, tzinfo=UTC)))
        assert await client.status() == DoorStatus()
        outside.consent(given=True)
        assert (await outside.consider(QUESTION, local_confidence=0)).decision == Local("no network")
        assert not await outside.stay_offline(True)
        assert client.hub({"op": "states"})["kind"] == "failed"
        with pytest.raises(DownloadError, match="does not answer"):
            client.fetch("https://a.example/x", tmp_path / "x", total=None, limit=1, progress=print)
        nothing = Outside(DoorSettings(data=tmp_path / "none"), client, ManualClock(datetime(2026, 3, 14, tzinfo=UTC)))
        assert (await nothing.consider(QUESTION, local_confidence=0)).ticket == 0

    run(test)


def test_nonsense_on_the_socket_gets_an_error_and_no_more(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            lines = [b"{}\n", b'{"verb":"shell"}\n', b'{"verb":"cloud"}\n', b'{"verb":"cloud","ticket":true,"body":"x"}\n', b"[1]\n", b"\xff\n",
                     b'{"verb":"hub"}\n', b'{"verb":"accelerator","path":"x"}\n', b'{"verb":"download","url":5}\n', b'{"verb":"cloud","ticket":1,"body":"\\ud800"}\n']  # fmt: skip
            for line in lines:
                reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / "door.sock")
                writer.write(line)
                answer = await receive(reader)
                assert answer is None or "error" in answer, (line, answer)
                writer.close()
            assert (await h.client.status()).running
            assert not h.server.received

    run(test)


def test_downloads_pass_and_stand_in_the_ledger(tmp_path: Path) -> None:
    async def file(x: Exchange) -> None:
        await x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")

    async def test() -> None:
        async with house(tmp_path, file) as h:
            seen: list[int] = []
            await asyncio.to_thread(
                h.client.fetch, h.server.url, tmp_path / "part", total=5, limit=5, progress=seen.append
            )
            assert (tmp_path / "part").read_bytes() == b"hello"
            assert seen[-1] == 5
            assert h.kinds()[-1] == "download"
            assert h.light == [True, False]
            with pytest.raises(DownloadError, match="5 bytes long"):
                await asyncio.to_thread(
                    h.client.fetch, h.server.url, tmp_path / "two", total=4, limit=4, progress=print
                )

    run(test)


def test_the_hub_is_reached_with_the_switch_closed(tmp_path: Path) -> None:
    async def hub(x: Exchange) -> None:
        await x.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
        )

    async def test() -> None:
        async with running(hub) as home:
            token = tmp_path / "token"
            token.write_text("secret")
            async with house(tmp_path, hub_url=home.url.removesuffix("/v1"), hub_token_file=token) as h:
                await h.outside.stay_offline(True)
                assert await asyncio.to_thread(h.client.hub, {"op": "states"}) == {"ok": []}
                assert h.kinds()[-1] == "hub"
                assert h.light == [True, False]
                assert "Bearer secret" in home.received[0].head
        async with house(tmp_path / "none") as h:
            assert (await asyncio.to_thread(h.client.hub, {"op": "states"}))["error"] == "no home hub is set up"
            assert h.light == [], "nothing left"
        async with house(tmp_path / "no-token", hub_url="http://127.0.0.1:9", hub_token_file=tmp_path / "gone") as h:
            error = (await asyncio.to_thread(h.client.hub, {"op": "states"}))["error"]
            assert "gone: cannot be read" in error
            assert "hub.token_file" in error

    run(test)


def test_messages_are_one_line() -> None:
    assert encode({"a": "x\ny"}).count(b"\n") == 1


def test_offline_by_the_settings_is_not_opened_by_a_wish(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path, stay_offline=True) as h:
            assert (await h.outside.consider(QUESTION, local_confidence=0)).decision == Local("staying offline")
            await h.outside.stay_offline(False)
            assert (await h.client.status()).offline
            assert h.server.received == []

    run(test)
