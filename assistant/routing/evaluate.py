"""`assistant eval routing`: every row through the real gate and the real door, to a capturing server on loopback.

The gate alone is measured: consent given, online, the local answer worthless, no cache, no budget, rate or breaker in
the way. What counts is what the server received.
"""

import asyncio
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol, Self

from assistant.clock import SystemClock
from assistant.routing.decide import Context, Escalate, Refuse, Request, decide
from assistant.routing.door import DoorClient, DoorProcess
from assistant.routing.ledger import Ledger
from assistant.routing.payload import Payload


class Door(Protocol):
    """The core's client of the door (egress.client.DoorClient)."""

    def answer(self, payload: Payload, ticket: int) -> AsyncGenerator[str]: ...


OpenDoor = Callable[[Path, str], AbstractContextManager[Door]]
"""Given a data directory and the endpoint's address, a running door."""


class CapturingServer:
    """An OpenAI-compatible endpoint on 127.0.0.1 that keeps every body it receives and answers three words."""

    def __init__(self) -> None:
        self.received: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.received.append(body.decode("utf-8", "replace"))
                events = [
                    {"choices": [{"delta": {"content": "Here you are."}, "finish_reason": "stop"}]},
                    {"choices": [], "usage": {"prompt_tokens": 60, "completion_tokens": 4}},
                ]
                data = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(data.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(slots=True)
class Evaluation:
    """Predictions, and what to print."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """The summary."""
        went = sum(row["outbound"] is not None for row in self.rows)
        times = sorted(self.seconds)

        def at(share: float) -> float:
            return times[min(len(times) - 1, int(share * len(times)))] * 1000

        return [
            f"{len(self.rows)} questions, {went} left the device",
            f"one decision: {at(0.5):.1f} ms median, {at(0.95):.1f} ms p95, {times[-1] * 1000:.1f} ms at most",
            *(f"{count:5}  {reason}" for reason, count in self.reasons.most_common(12)),
        ]


def evaluate(
    rows: Sequence[Mapping[str, Any]], field_name: str = "text", *, open_door: OpenDoor | None = None
) -> Evaluation:
    """Send every row's words through the gate; `rows` need "id" and `field_name`."""
    if open_door is None:
        open_door = _child_door
    with (
        tempfile.TemporaryDirectory(prefix="assistant-routing-") as scratch,
        CapturingServer() as server,
        open_door(Path(scratch), server.url) as door,
    ):
        return asyncio.run(_all(rows, field_name, Ledger(Path(scratch), SystemClock()), door, server))


async def _all(
    rows: Sequence[Mapping[str, Any]], field_name: str, ledger: Ledger, door: Door, server: CapturingServer
) -> Evaluation:
    context = Context(consent=True, configured=True, model="capture", budget_left=1e9, rate_left=10**9)
    result = Evaluation()
    decide(Request("what is the capital of france"), context)  # load the model outside the measurement
    for row in rows:
        text = str(row[field_name])
        begun = time.perf_counter()
        decision = decide(Request(text), context)
        result.seconds.append(time.perf_counter() - begun)
        before, route = len(server.received), "local"
        if isinstance(decision, Escalate):
            ticket = ledger.append("escalate", {"reason": decision.reason}, ticket_for=decision.payload.body)
            async for _ in door.answer(decision.payload, ticket):
                route = "cloud"
        elif isinstance(decision, Refuse):
            route = "refused"
        result.reasons[decision.reason] += 1
        got = server.received[before:]
        result.rows.append({"id": row["id"], "route": route, "outbound": "\n".join(got) if got else None})
    return result


@contextmanager
def _child_door(data: Path, url: str) -> Iterator[Door]:
    """The door in a process of its own, with nothing in the gate's way."""
    settings = {"data": str(data), "cloud_url": url, "cloud_model": "capture", "budget_day": 1e6, "budget_month": 1e6}
    process = DoorProcess(
        json.dumps(settings | {"per_minute": 10**9, "per_day": 10**9, "cache_s": 0.0}), data / "door.sock"
    )
    process.ensure()
    try:
        yield DoorClient(process.path)
    finally:
        process.close()
