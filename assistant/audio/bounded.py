"""Calls into a sound driver that may never return."""

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import TypeVar

from assistant.errors import AudioError

T = TypeVar("T")


async def bounded(call: Callable[[], T], seconds: float, device: str) -> T:
    """The result of a blocking call on a thread of its own.

    A call that takes longer than `seconds` is left behind on its thread (which does not keep the program alive) and
    AudioError is raised, naming `device`.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(finish: Callable[[], None]) -> None:
        if not done.done():
            finish()

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - handed to the caller's own task
            finish = functools.partial(done.set_exception, error)
        else:
            finish = functools.partial(done.set_result, result)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, finish)

    threading.Thread(target=run, name="sound-driver", daemon=True).start()
    try:
        # not wait_for: before Python 3.12 it swallows a cancellation that comes together with the result
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError:
        raise AudioError(f"sound device '{device}': does not answer; unplug it and plug it in again") from None
