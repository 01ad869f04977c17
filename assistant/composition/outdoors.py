"""The core's composition of everything that may leave the house: the door's process, the hub, the gate.

Nothing of it exists while the owner has configured neither a home hub, a cloud endpoint nor an accelerator's service.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant import events as ev
from assistant.clock import Clock
from assistant.config import Settings
from assistant.egress.client import DoorProcess, EgressClient
from assistant.egress.outside import Outside
from assistant.egress.settings import door_settings
from assistant.routing.audit import today
from assistant.routing.door import DoorError
from assistant.routing.ledger import Ledger
from assistant.skills.hub import Hub, RemoteHub


@dataclass(slots=True)
class Outdoors:
    """What the rest of the house may know of the outside."""

    client: EgressClient | None = None
    hub: Hub | None = None
    """The owner's home hub; None when none is configured."""
    outside: Outside | None = None
    """The gate for questions; None when no endpoint is configured."""
    ledger: Ledger | None = None

    def sent(self, now: datetime) -> str:
        """The answer to "what did you send today?"."""
        return today(self.ledger.entries() if self.ledger else [], now)

    switched: bool | None = None
    """How this process last turned the switch; None when it has not."""

    def stay_offline(self, on: bool) -> None:
        """Turn the switch at the door, blocking (skills run on a thread). Raises DoorError."""
        if self.client is not None and self.switched != on:
            for _ in self.client.blocking({"verb": "offline", "on": on}, wait_s=2.0):
                break
            self.switched = on

    async def switch(self, on: bool) -> None:
        """The same without a thread, for the button: nothing that keeps the skills busy delays it. Raises DoorError."""
        if self.client is not None:
            await self.client.set_offline(on)
            self.switched = on


def door_socket(settings: Settings) -> Path:
    """Where the door of the running assistant listens."""
    return settings.service.door or door_settings(settings).data / "door.sock"


@contextmanager
def borrow_door(settings: Settings) -> Iterator[EgressClient]:
    """A door for one command in the owner's own shell: that of the running assistant, else one of its own.

    Raises UsageError for an address that may not be used, StoreError for a ledger that cannot be written, DoorError
    when no door can be started.
    """
    wanted = door_settings(settings)
    client = EgressClient(door_socket(settings))
    try:
        for _ in client.blocking({"verb": "status"}, wait_s=2.0):
            break
    except DoorError:
        process = DoorProcess(wanted.to_json(), wanted.data / f"door-{os.getpid()}.sock")
        wanted.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            process.ensure()
            yield EgressClient(process.path)
        finally:
            process.close()
        return
    yield client


async def exchange_often(outside: Outside, minutes: float) -> None:
    """Send what may wait and fetch what is ready, now and every so many minutes, until cancelled."""
    while True:
        await outside.exchange()
        await asyncio.sleep(60 * minutes)


def tell_leaving(bus: ev.EventBus, clock: Clock) -> Callable[[bool], None]:
    """What to give as `on_leaving`, so that the light shows it: called from any thread, True and False in pairs. What
    leaves at the same time is one `Leaving`, over when all of it is."""
    loop, together = asyncio.get_running_loop(), 0

    def tell(on: bool) -> None:
        nonlocal together
        before, together = together, together + (1 if on else -1)
        if bool(before) != bool(together):
            bus.publish(ev.Leaving(turn="", at=clock.monotonic(), on=on))

    def from_any_thread(on: bool) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody looks at the light any more
            loop.call_soon_threadsafe(tell, on)

    return from_any_thread


@asynccontextmanager
async def open_outdoors(
    settings: Settings, clock: Clock, *, keep: bool, on_leaving: Callable[[bool], None] | None = None
) -> AsyncGenerator[Outdoors]:
    """Start the door where the settings ask for one, and stop it at the end; one that a service manager runs
    (service.door) is used as it is.

    `on_leaving` is told True right before something leaves and False when that is over.

    Raises UsageError for an address that may not be used, DoorError when the door cannot be started.
    """
    wanted = door_settings(settings)
    if not (settings.hub.url or wanted.configured or wanted.accelerator_url):
        # models that were fetched are in the book too, so it is read where there is one
        there = keep and (wanted.data / "ledger.db").is_file()
        yield Outdoors(ledger=Ledger(wanted.data, clock) if there else None)
        return
    process = DoorProcess(wanted.to_json(), door_socket(settings)) if settings.service.door is None else None
    await asyncio.to_thread(lambda: wanted.data.mkdir(parents=True, exist_ok=True, mode=0o700))
    if process is not None:
        await asyncio.to_thread(process.ensure)
    client = EgressClient(door_socket(settings), on_leaving=on_leaving)
    try:
        yield Outdoors(
            client=client,
            hub=RemoteHub(client.hub) if settings.hub.url else None,
            outside=Outside(wanted, client, clock) if wanted.configured else None,
            ledger=Ledger(wanted.data, clock),
        )
    finally:
        if process is not None:
            await asyncio.to_thread(process.close)
