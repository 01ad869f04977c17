# ruff: noqa: E501 - tables of cases read better in one line
"""The door dies in the middle of an answer: the turn ends in words, money and ledger stay right."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.clock import SystemClock
from assistant.egress.client import DoorProcess, EgressClient
from assistant.egress.outside import Outside
from assistant.egress.purse import Purse
from assistant.egress.settings import DoorSettings
from assistant.routing.audit import verify
from assistant.routing.decide import Escalate, Request
from assistant.routing.door import DoorError
from tests.egress.servers import Exchange, event, forever, running


async def _begins_and_waits(x: Exchange) -> None:
    await x.begin()
    await x.send(event("Once upon a time "))
    await forever()


async def kill_in_mid_answer(tmp_path: Path, times: int) -> None:
    async with running(_begins_and_waits) as server:
        settings = DoorSettings(data=tmp_path, cloud_url=server.url, cloud_model="m", per_minute=10**6, per_day=10**6, cache_s=0,
                                budget_day=1000, budget_month=1000, price_in=1000, price_out=1000)  # fmt: skip
        process = DoorProcess(settings.to_json(), tmp_path / "s")
        outside = Outside(settings, EgressClient(tmp_path / "s"), SystemClock())
        outside.consent(given=True)
        try:
            for n in range(1, times + 1):
                await asyncio.to_thread(process.ensure)
                considered = await outside.consider(
                    Request("why is the sky blue on earth and red on mars"), local_confidence=0
                )
                assert isinstance(considered.decision, Escalate)
                answer = outside.answer(considered.decision.payload, considered.ticket)
                assert await anext(answer) == "Once upon a time "
                assert process.pid is not None
                os.kill(process.pid, signal.SIGKILL)
                with pytest.raises(DoorError, match="the door"):
                    await anext(answer)
                assert len(server.received) == n
            await asyncio.to_thread(process.ensure)
            left = (await EgressClient(tmp_path / "s").status()).budget_left
        finally:
            process.close()
    entries = outside.ledger.entries()
    upper = next(e.facts["cost"] for e in entries if e.kind == "sent")
    assert sum(e.kind == "sent" for e in entries) == sum(e.kind == "interrupted" for e in entries) == times
    assert left == pytest.approx(1000 - times * upper)  # nobody knows what it cost: the upper bound stays
    assert Purse(tmp_path, SystemClock(), day=1000, month=1000).left() == pytest.approx(left)
    verdict = verify(
        outside.ledger.path, public_key=outside.ledger.public_key, seed=(tmp_path / "ledger.seed").read_bytes()
    )
    assert verdict.sound, verdict.problems


def test_killed_in_mid_answer(tmp_path: Path) -> None:
    asyncio.run(kill_in_mid_answer(tmp_path, 1))


@pytest.mark.long
def test_killed_in_mid_answer_a_hundred_times(tmp_path: Path) -> None:
    asyncio.run(kill_in_mid_answer(tmp_path, 100))


def test_a_door_that_cannot_start_says_why(tmp_path: Path) -> None:
    settings = DoorSettings(data=tmp_path, cloud_url="https://a.example/v1", cloud_model="m")
    process = DoorProcess(settings.to_json().replace("https://", "http://"), tmp_path / "s")
    with pytest.raises(DoorError, match="must begin with https"):
        process.ensure()
    (tmp_path / "blocked").write_text("")
    process = DoorProcess(replace(settings, data=tmp_path / "blocked" / "x").to_json(), tmp_path / "s")
    with pytest.raises(DoorError):
        process.ensure()
