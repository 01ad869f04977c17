# ruff: noqa: E501 - tables of cases read better in one line
"""No secret in any of its spoken forms reaches a server, whatever goes wrong on the way."""

import asyncio
import random
import re
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.clock import ManualClock
from assistant.egress.client import EgressClient
from assistant.egress.outside import Outside
from assistant.egress.process import Door, open_door
from assistant.egress.settings import DoorSettings
from assistant.routing.decide import Escalate, Request
from assistant.routing.door import DoorError
from assistant.routing.spoken import written
from tests.egress.servers import Exchange, event, good, running
from tests.routing.secrets import KINDS, Secret, make

HARMLESS = ("why is the sky blue on earth and red on mars", "who invented the telephone", "tell me a joke about two pirates",
            "what is the capital of peru")  # fmt: skip


async def _often_failing(x: Exchange) -> None:
    """Every third answer breaks before its first word, so that retries carry the request again."""
    if random.Random(len(x.body) + x.body[-1]).random() < 0.3:
        await x.begin("503 Service Unavailable", "Retry-After: 0")
    else:
        await good(x)


def flat(text: str) -> str:
    return re.sub(r"\W", "", text.lower())


def leaked(secret: Secret, sent: str) -> bool:
    """Whether the secret can be read in what was sent, as it is or after turning words into digits."""
    return any(flat(secret.value) in flat(form) for form in (sent, written(sent).text, written(sent, split=True).text))


def request_for(secret: Secret, rng: random.Random) -> Request:
    """The secret in the question itself, in an earlier one, or in a follow-up."""
    where = rng.random()
    if where < 0.7:
        return Request(secret.sentence)
    if where < 0.85:
        return Request(rng.choice(HARMLESS), history=(secret.sentence,))
    return Request(f"{rng.choice(HARMLESS)} and {secret.sentence}", history=(rng.choice(HARMLESS),))


async def send_all(tmp_path: Path, count: int, seed: int) -> tuple[int, list[str]]:
    """How many requests left, and the leaks."""
    rng, leaks, left = random.Random(seed), [], 0
    async with running(_often_failing) as server:
        settings = DoorSettings(data=tmp_path, cloud_url=server.url, cloud_model="m", budget_day=1e6, budget_month=1e6, per_minute=10**9,
                                per_day=10**9, cache_s=0, breaker_failures=10**9)  # fmt: skip
        clock = ManualClock(datetime(2026, 3, 14, tzinfo=UTC))
        async with aclosing(open_door(Door(settings, clock), tmp_path / "s")) as opened:
            async for _ in opened:
                for _ in range(count):
                    secret = make(rng.choice(KINDS), rng)
                    outside = Outside(settings, EgressClient(tmp_path / "s"), clock, names=lambda s=secret: s.household)  # type: ignore[misc]
                    if not left:
                        outside.consent(given=True)
                    before = len(server.received)
                    considered = await outside.consider(request_for(secret, rng), local_confidence=0)
                    if isinstance(considered.decision, Escalate):
                        left += 1
                        try:
                            async for _ in outside.answer(considered.decision.payload, considered.ticket):
                                pass
                        except DoorError:
                            pass
                    leaks += [secret.sentence for x in server.received[before:] if leaked(secret, x.body.decode())]
                break
    return left, leaks


def test_a_leak_would_be_seen() -> None:
    secret = Secret("pin", "4711", "")
    assert leaked(secret, "the code is four seven one one")
    assert leaked(secret, "the code is forty seven eleven")
    assert leaked(secret, '"content":"47-11"')
    assert not leaked(secret, "the code is [name A]")


def test_no_generated_secret_leaves(tmp_path: Path) -> None:
    left, leaks = asyncio.run(send_all(tmp_path, 120, seed=20260314))
    assert not leaks
    assert left  # names in writing tasks leave as placeholders: the server is really reached


@pytest.mark.long
def test_no_generated_secret_leaves_in_ten_thousand(tmp_path: Path) -> None:
    left, leaks = asyncio.run(send_all(tmp_path, 10_000, seed=1))
    assert not leaks
    assert left > 100


def test_events_are_what_a_client_reads() -> None:
    assert event("x").startswith("data: {")
