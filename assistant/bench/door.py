"""How fast the offline switch is: from the wish until nothing leaves and nothing comes, in the middle of an answer."""

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from assistant.bench.figures import Effort, Stage
from assistant.clock import SystemClock
from assistant.composition.outdoors import Outdoors
from assistant.egress.client import DoorProcess, EgressClient
from assistant.egress.outside import Outside
from assistant.egress.settings import DoorSettings
from assistant.errors import AssistantError
from assistant.routing.decide import Escalate, Request
from assistant.routing.door import DoorError

QUESTION = "why is the sky blue on earth and red on mars"
PIECE_S = 0.02
"""A hosted model streams some fifty pieces a second: the switch must cut between two of them."""

UNLIMITED = 10**6


class _Endless:
    """An endpoint that answers without end, and knows when its listener has gone."""

    def __init__(self) -> None:
        self.url = ""
        self.gone = asyncio.Event()
        self.gone_at = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        speaking: asyncio.Task[None] | None = None
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").casefold()
            length = next(int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:"))
            await reader.readexactly(length)
            speaking = asyncio.create_task(self._speak(writer))
            await reader.read(1)  # returns when the other side has closed
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.gone_at = time.perf_counter()
            self.gone.set()
            if speaking is not None:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
            writer.close()

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        piece = json.dumps({"choices": [{"delta": {"content": "and on "}, "finish_reason": None}]})
        with contextlib.suppress(OSError):
            while True:
                writer.write(f"data: {piece}\n\n".encode())
                await writer.drain()
                await asyncio.sleep(PIECE_S)


@asynccontextmanager
async def _endless() -> AsyncIterator[_Endless]:
    endpoint = _Endless()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield endpoint
    finally:
        server.close()


def measure_door(stage: Stage, effort: Effort) -> None:
    """Turn the switch in mid-answer, again and again, at a real door process with an endpoint on this machine."""
    stage.engine = "the door's process behind its Unix socket"
    stage.notes.append(
        "from the wish until both the endpoint has seen the connection end and the core has no further word; the "
        "endpoint is on this machine, so no distance is in it"
    )
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_measure(stage, effort, Path(directory)))


async def _measure(stage: Stage, effort: Effort, directory: Path) -> None:
    async with _endless() as endpoint:
        settings = DoorSettings(
            data=directory, cloud_url=endpoint.url, cloud_model="endless", cache_s=0, per_minute=UNLIMITED,
            per_day=UNLIMITED, budget_day=UNLIMITED, budget_month=UNLIMITED,
        )  # fmt: skip
        process = DoorProcess(settings.to_json(), directory / "door.sock")
        await asyncio.to_thread(process.ensure)
        try:
            client = EgressClient(process.path)
            outside = Outside(settings, client, SystemClock())
            outside.consent(given=True)
            switch = stage.begin("offline_switch_ms", "ms", effort.repeats)
            quiet = stage.begin("answer_silent_ms", "ms", effort.repeats)
            for counts in effort.rounds(stage, "switched off"):
                total, silent = await _once(Outdoors(client=client), outside, endpoint)
                if counts:
                    switch.add(total)
                    quiet.add(silent)
        finally:
            await asyncio.to_thread(process.close)


async def _once(outdoors: Outdoors, outside: Outside, endpoint: _Endless) -> tuple[float, float]:
    """Milliseconds until nothing leaves or comes any more, and until the core's answer fell silent."""
    endpoint.gone.clear()
    considered = await outside.consider(Request(QUESTION), local_confidence=0)
    if not isinstance(considered.decision, Escalate):
        raise AssistantError(f"the gate kept the question ({considered.decision}); nothing to measure")
    answer = outside.answer(considered.decision.payload, considered.ticket)
    for _ in range(3):
        await anext(answer)
    silent_at = 0.0

    async def read() -> None:
        nonlocal silent_at
        with contextlib.suppress(DoorError):
            async for _ in answer:
                pass
        silent_at = time.perf_counter()

    reading = asyncio.create_task(read())
    wished = time.perf_counter()
    await outdoors.switch(True)
    await asyncio.gather(reading, endpoint.gone.wait())
    await outdoors.switch(False)
    return (max(silent_at, endpoint.gone_at) - wished) * 1000, (silent_at - wished) * 1000
