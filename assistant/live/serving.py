"""Listening until told to stop: around the live conversation stand the button, the light, the watch on heat, the
service manager's watchdog, and a polite end."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from assistant.appliance import Appliance
from assistant.audio.devices import connected
from assistant.conversation import Conversation
from assistant.hardware.heat import Strain, watch
from assistant.hardware.probe import read_power
from assistant.live.panel import open_panel
from assistant.service.notify import Notifier
from assistant.service.watchdog import Watchdog

POLITE_S = 1.0
"""A reply that is being spoken when the end is asked for may finish within this time; then it falls silent."""

END_S = 1.8
"""Seconds from the wish to stop to the end of the process, whatever still hangs: a library in mid-call on its thread
would otherwise hold up the exit. What was confirmed is on disk already."""


async def serve(appliance: Appliance, listening: Coroutine[Any, Any, None], notifier: Notifier) -> None:
    """Run `listening` until it ends or SIGTERM comes."""
    conversation, easing, client = appliance.conversation, appliance.easing, appliance.outdoors.client

    async def ease(strain: Strain) -> None:
        await appliance.rooms.answerer.spare(on=strain.eased)

    def absent() -> bool:
        return not connected(appliance.settings.audio.microphone, "microphone")

    watchdog = Watchdog(notifier, lambda: conversation.frames, lambda: not conversation.unmuted.is_set(), absent)
    door = appliance.outdoors.switch if client is not None else None
    async with open_panel(appliance.settings, conversation, appliance.rooms, door), told_to_stop() as stop:
        tasks = [asyncio.create_task(work) for work in (listening, watchdog.run(), watch(read_power, easing, ease))]
        stopped = asyncio.create_task(stop.wait())
        try:
            # the watchdog's task ends at once where nobody waits for it; the others end only by failing
            await asyncio.wait({tasks[0], tasks[2], stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                notifier.stopping()
                await finish(conversation)
        finally:
            for task in (*tasks, stopped):
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def finish(conversation: Conversation, polite_s: float = POLITE_S) -> None:
    """Let a reply end; a turn that still listens, or talks on, is given up."""
    if not conversation.listening:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(conversation.quiet(), polite_s)
    conversation.stop()


@asynccontextmanager
async def told_to_stop(leave: Callable[[int], Any] = os._exit) -> AsyncGenerator[asyncio.Event]:
    """An event that SIGTERM sets; END_S later the process is left with status 0 in any case."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def terminate() -> None:
        last = threading.Timer(END_S, leave, (0,))
        last.daemon = True
        last.start()
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
