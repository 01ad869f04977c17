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
