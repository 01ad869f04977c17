"""Calls into a sound driver that may never return."""

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import TypeVar

from assistant.errors import AudioError

T = TypeVar("T")


async def bounded(
    call: Callable[[], T], seconds: float, device: str, late: Callable[[T], object] = lambda _: None
) -> T:
    """The result of a blocking call on a thread of its own.

    A call that takes longer than `seconds` is left behind on its thread (which does not keep the program alive) and
    AudioError is raised, naming `device`. Should it return after all, `late` gets what nobody waits for any more, on
    a thread.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    results: list[T] = []
    given_up, deciding = False, threading.Lock()

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
            with deciding:
                results.append(result)
                unwanted = given_up
            if unwanted:
                late(result)
                return
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, finish)

    _on_a_thread(run)
    try:
        # not wait_for: before Python 3.12 it swallows a cancellation that comes together with the result
        async with asyncio.timeout(seconds):
            return await done
    except BaseException as error:
        with deciding:
            given_up = True
        if results and done.cancelled():  # it came just now
            _on_a_thread(functools.partial(late, results[0]))
        if isinstance(error, TimeoutError):
            raise AudioError(f"sound device '{device}': does not answer; unplug it and plug it in again") from None
        raise


def _on_a_thread(call: Callable[[], object]) -> None:
    threading.Thread(target=call, name="sound-driver", daemon=True).start()
