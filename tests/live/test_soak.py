"""Hours of listening in faster than real time: flat memory, and the wake word is still heard."""

import asyncio

import pytest

from scripts.live_proofs.soak import run


def test_some_minutes() -> None:
    # 90 s: a request each 30 s, and where the last one falls on the end, one more
    found = asyncio.run(run(0.025, every_s=30.0))
    assert found["answered"] == found["requests"] >= 3, found


@pytest.mark.long
def test_a_day() -> None:
    found = asyncio.run(run(24.0))
    assert found["answered"] == found["requests"], found
    assert found["growth"] <= 0.01, found
