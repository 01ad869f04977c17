"""The door itself: a process of its own that holds the only internet sockets, behind a Unix socket.

    python -m assistant.egress.process --socket PATH      (settings as one JSON line on standard input, or --toml FILE)

It trusts the core for nothing but wishes: a question leaves only when the ledger holds a release for exactly these
bytes, the last look finds nothing in them, the switch is open and the money is there.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assistant.clock import Clock, SystemClock
from assistant.config import load_settings
from assistant.egress.accelerator import Accelerator
from assistant.egress.cloud import CloudClient, CloudError, Piece, Usage
from assistant.egress.deferred import Deferred
from assistant.egress.errands import Errands, RefusedError
from assistant.egress.guard import Breaker, Rate
from assistant.egress.purse import Purse
from assistant.egress.settings import DoorSettings, door_settings
from assistant.errors import AssistantError, UsageError
from assistant.routing.ledger import Ledger
from assistant.routing.payload import MAX_TOKENS, inspect
from assistant.routing.wire import MOST_BYTES, Send, WireError, encode, receive
from assistant.service.notify import Notifier, inherited_sockets
from assistant.workers import Tasks

logger = logging.getLogger(__name__)


class Door:
    """Serves requests. One instance a process."""

    def __init__(self, settings: DoorSettings, clock: Clock) -> None:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.settings = settings
        self.ledger = Ledger(settings.data, clock)
        self.purse = Purse(settings.data, clock, day=settings.budget_day, month=settings.budget_month)
        self.breaker = Breaker(clock, failures=settings.breaker_failures, seconds=settings.breaker_s)
        self.rate = Rate(per_minute=settings.per_minute, per_day=settings.per_day)
        self._cloud = CloudClient(settings, clock)
        self._errands = Errands(settings, self.ledger)
        self._accelerator = Accelerator(
            settings.accelerator_url, lambda facts: self.ledger.append("accelerator", facts)
        )
        self._shut = self.purse.offline or settings.stay_offline
        self._leaving = Tasks()  # what "stay offline" cuts off
        self.ledger.close_open_calls()
        self._deferred = Deferred(settings, self.ledger, self.purse, clock)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request."""

        async def send(message: dict[str, Any]) -> None:
            writer.write(encode(message))
            await writer.drain()

        try:
            if not _same_user(writer):
                return
            message = await receive(reader)
            if message is None:
                return
            work = asyncio.ensure_future(self._answer(message, send))
            if message.get("verb") in ("cloud", "download"):
                self._leaving.hold(work)
            gone = asyncio.ensure_future(reader.read(1))
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not work.done():
                work.cancel()  # the core has hung up
            with contextlib.suppress(asyncio.CancelledError):
                await work
            if work.cancelled():
                await send({"error": "cut off"})
        except (WireError, ConnectionError, OSError):
            logger.info("a connection from the core ended early")
        finally:
            writer.close()

    async def _answer(self, message: dict[str, Any], send: Send) -> None:
        verbs: dict[str, Callable[[dict[str, Any], Send], Awaitable[None]]] = {
            "cloud": self._question,
            "hub": self._errands.hub,
            "download": self._download,
            "accelerator": self._accelerator.answer,
            "status": self._status,
            "offline": self._offline,
        }
        verb = verbs.get(str(message.get("verb")))
        try:
            if verb is None:
                raise RefusedError("the door knows no such verb")
            await verb(message, send)
        except (RefusedError, CloudError, AssistantError) as error:
            await send({"error": str(error)})

    # -- the door's own state

    async def _status(self, _: dict[str, Any], send: Send) -> None:
        s = self.settings
        await send(
            {
                "configured": s.configured,
                "offline": self._shut,
                "budget_left": self.purse.left(),
                "price_in": s.price_in * s.attempts / 1e6,
                "price_out": s.price_out * s.attempts / 1e6,
                "rate_left": self.rate.left,
                "breaker_closed": self.breaker.closed,
                "sending": len(self._leaving),
                "warnings": self.purse.warnings(),
            }
        )

    async def _offline(self, message: dict[str, Any], send: Send) -> None:
        # anything unclear closes
        on = message.get("on") is not False or self.settings.stay_offline
        self._shut = on  # the wish counts before any disk is asked: that can take longer than people wait
        if on:
            self._leaving.cancel()
            for _ in range(5):  # they let go of their connections, then book what it cost
                await asyncio.sleep(0)
        self.purse.offline = on
        self.ledger.append("switch", {"reason": "stay offline" if on else "go online"})
        await send({"offline": on})

    async def _download(self, message: dict[str, Any], send: Send) -> None:
        if self._shut:
            raise RefusedError("the assistant was told to stay offline (say “go online”)")
        await self._errands.download(message, send)

    # -- cloud

    async def _question(self, message: dict[str, Any], send: Send) -> None:
        """Ask at once, or by "op": queue a question ("later"), send and fetch ("exchange"), answers ("findings",
        "told")."""
        match message.get("op", "ask"):
            case "findings":
                await send({"findings": self._deferred.queue.findings()})
                return
            case "told":
                tickets = message.get("tickets")
                self._deferred.queue.told(
                    [t for t in tickets if isinstance(t, int)] if isinstance(tickets, list) else []
                )
                await send({"end": True})
                return
            case "exchange":
                self._open_to_questions()
                await self._deferred.exchange(send)
                return
            case "ask" | "later" as op:
                pass
            case _:
                raise RefusedError("the door knows no such wish")
        ticket, body = self._released(message)
        if op == "later":
            if not self._deferred.add(ticket, body):
                raise RefusedError("too many questions wait already")
            await send({"end": True})
            return
        known = self.purse.recall(body)
        if known is not None:
            self.ledger.append("done", {"ticket": ticket, "cost": 0.0, "outcome": "answered from an earlier answer"})
            await send({"piece": known})
            await send({"end": True})
            return
        if not self.breaker.closed:
            raise RefusedError("the service has been failing")
        if self.rate.left <= 0:
            raise RefusedError("too many questions in a short time")
        upper = self._price(len(body), MAX_TOKENS) * self.settings.attempts
        if not self.purse.charge(ticket, upper):
            raise RefusedError("the budget is used up")
        self.rate.take()
        await self._ask(ticket, body, upper, send)

    def _open_to_questions(self) -> None:
        if not self.settings.configured:
            raise RefusedError("no service is set up")
        if self._shut:
            raise RefusedError("staying offline")

    def _released(self, message: dict[str, Any]) -> tuple[int, bytes]:
        """Ticket and body of a question that may leave."""
        ticket, text = message.get("ticket"), message.get("body")
        if not isinstance(ticket, int) or isinstance(ticket, bool) or not isinstance(text, str):
            raise RefusedError("a question needs a ticket and a body")
        body = text.encode("utf-8", "surrogatepass")
        self._open_to_questions()
        if wrong := inspect(body):
            self.ledger.append("refused", {"ticket": ticket, "reason": f"the door's last look found {wrong}"})
            raise RefusedError("the door's last look found something that may not leave")
        if not self.ledger.releases(ticket, body):
            self.ledger.append("refused", {"ticket": ticket, "reason": "no decision released this"})
            raise RefusedError("no decision released this question")
        return ticket, body

    def _price(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.settings.price_in + tokens_out * self.settings.price_out) / 1e6

    async def _ask(self, ticket: int, body: bytes, upper: float, send: Send) -> None:
        host = urlsplit(self.settings.cloud_url).hostname
        tries, usage, answer, outcome = 0, None, [], "cut off"

        def sending(attempt: int) -> None:
            nonlocal tries
            tries = attempt
            self.ledger.append(
                "sent", {"ticket": ticket, "bytes_out": len(body), "host": host, "cost": upper, "attempt": attempt}
            )

        self.breaker.begin()
        try:
            await send({"leaves": len(body)})
            async with aclosing(self._cloud.answer(body, sending)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Piece):
                        answer.append(piece.text)
                        await send({"piece": piece.text})
                    else:
                        usage = piece
            outcome = "answered" if answer else "nothing was said"
            self.breaker.succeeded()
        except CloudError as error:
            outcome = str(error)
            self.breaker.failed()
            raise
        except (asyncio.CancelledError, ConnectionError):
            with contextlib.suppress(OSError):
                await send({"error": "cut off"})  # before the books are written
            self.breaker.abandoned()
            raise
        finally:
            cost = self._settle(ticket, upper, tries, usage)
            self.ledger.append("done", {"ticket": ticket, "cost": cost, "outcome": outcome})
        if answer and self.settings.cache_s > 0:
            self.purse.remember(body, "".join(answer), self.settings.cache_s)
        await send({"end": True})

    def _settle(self, ticket: int, upper: float, tries: int, usage: Usage | None) -> float:
        """What the call cost: counted when the endpoint said so, nothing when nothing left, else the upper bound."""
        if tries == 0:
            cost = 0.0
        elif usage is not None:
            # tries before the one that answered may have been billed without a word: count them in full
            cost = min(
                upper, self._price(usage.tokens_in, usage.tokens_out) + upper * (tries - 1) / self.settings.attempts
            )
        else:
            cost = upper
        self.purse.settle(ticket, cost)
        return cost


def _same_user(writer: asyncio.StreamWriter) -> bool:
    """The socket's file mode keeps strangers out; this says so again, in case a directory was left open."""
    peer = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return uid in (os.getuid(), 0) or os.environ.get("ASSISTANT_CORE_UID") == str(uid)


async def open_door(door: Door, path: Path, inherited: socket.socket | None = None) -> AsyncGenerator[asyncio.Server]:
    """Listen on the Unix socket `path` (mode 0600), or on an `inherited` one, until the generator is closed."""
    if inherited is not None:
        server = await asyncio.start_unix_server(door.serve, sock=inherited, limit=MOST_BYTES)
        try:
            yield server
        finally:
            server.close()
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at start and end
    old = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(door.serve, path, limit=MOST_BYTES)
    finally:
        os.umask(old)
    try:
        yield server
    finally:
        server.close()
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at start and end


async def _run(settings: DoorSettings, path: Path, *, with_parent: bool) -> None:
    """Serve until told to stop, or `with_parent` until whoever started this is gone."""
    stop = asyncio.Event()
    if with_parent:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)  # nothing follows the settings but the end
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    inherited, notifier = inherited_sockets(), Notifier()
    opening = open_door(Door(settings, SystemClock()), path, inherited[0] if inherited else None)
    async with aclosing(opening) as opened:
        async for _ in opened:
            print("ready", flush=True)
            notifier.ready("the door is open to the core alone")
            await stop.wait()
            break


def main() -> int:
    """Run until told to stop; the exit status."""
    parser = argparse.ArgumentParser(prog="assistant.egress.process")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--toml", type=Path, help="the assistant's settings file; else one JSON line on standard input")
    options = parser.parse_args()
    try:
        settings = (
            door_settings(load_settings(options.toml)) if options.toml else DoorSettings.from_json(sys.stdin.readline())
        )
        asyncio.run(_run(settings, options.socket, with_parent=options.toml is None))
    except UsageError as error:
        print(f"assistant door: {error}", file=sys.stderr)
        return 2
    except (AssistantError, OSError, ValueError, TypeError) as error:
        print(f"assistant door: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
