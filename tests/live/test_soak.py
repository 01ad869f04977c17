"""Hours of listening in faster than real time: flat memory, and the wake word is still heard."""

import asyncio

import pytest

from scripts.live_proofs.soak import run


def test_two_minutes() -> None:
    # a minute with two requests, then each of the nine once more
    found = asyncio.run(run(0.01, every_s=30.0, warm_hours=0.0, phrases=0))
    assert found["answered"] == found["requests"] == 11, found
    assert (found["answered_after"], found["unasked"]) == (9, 0), found


@pytest.mark.long
def test_a_day() -> None:
    found = asyncio.run(run(24.0))
    assert found["answered"] == found["requests"], found
    assert found["answered_after"] == 9, found
    assert found["rang"] > 0, found
    assert (found["rang_on"], found["unasked"]) == (0, 0), found
    assert found["growth"] <= 0.01, found
