"""Calls into a driver: their result, their failure, and those that never return."""

import asyncio
import threading

import pytest

from assistant.audio.bounded import bounded
from assistant.errors import AudioError


def test_a_result_and_a_failure_arrive() -> None:
    assert asyncio.run(bounded(lambda: 7, 60.0, "USB")) == 7

    def fail() -> None:
        raise AudioError("busy")

    with pytest.raises(AudioError, match="busy"):
        asyncio.run(bounded(fail, 60.0, "USB"))


def test_a_call_that_hangs_is_left_behind() -> None:
    released = threading.Event()
    with pytest.raises(AudioError, match="'USB': does not answer"):
        asyncio.run(bounded(released.wait, 0.01, "USB"))
    released.set()


def test_what_comes_too_late_is_not_lost() -> None:
    released, left = threading.Event(), list[str]()
    arrived = threading.Event()

    def late(result: str) -> None:
        left.append(result)
        arrived.set()

    def slow() -> str:
        released.wait()
        return "an open device"

    with pytest.raises(AudioError, match="does not answer"):
        asyncio.run(bounded(slow, 0.01, "USB", late))
    released.set()
    assert arrived.wait(60)
    assert left == ["an open device"]


def test_what_comes_as_its_waiter_is_cancelled_is_not_lost() -> None:
    arrived = threading.Event()

    async def job() -> None:
        waiting = asyncio.create_task(bounded(lambda: "open", 60.0, "USB", lambda _: arrived.set()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(job())
    assert arrived.wait(60)
