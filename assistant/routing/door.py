"""The core's side of the door that questions leave by: a Unix socket, and the process behind it as a child."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.routing.payload import Payload, Restorer
from assistant.routing.wire import MOST_BYTES, DoorStatus, WireError, encode, receive


class DoorError(AssistantError):
    """The door did not carry out a request; the message says why."""


class DoorClient:
    """Speaks to a running door. Holds no connection; use it from any task."""

    def __init__(self, path: Path, *, on_leaving: Callable[[bool], None] | None = None) -> None:
        """`on_leaving` is told True right before something leaves the device and False when that is over: the light.

        It is called on the thread that made the request.
        """
        self._path = path
        self._on_leaving = on_leaving or (lambda _: None)

    async def status(self) -> DoorStatus:
        """What the door can do now; a closed one (`running` False) when it does not answer."""
        try:
            async with contextlib.aclosing(self.request({"verb": "status"}, wait_s=2.0)) as messages:
                async for message in messages:
                    return DoorStatus.from_wire(message)
        except (DoorError, WireError):
            pass
        return DoorStatus()

    async def set_offline(self, on: bool) -> None:
        """Close (or open) the door for questions and downloads; what is leaving is cut off at once."""
        async with contextlib.aclosing(self.request({"verb": "offline", "on": on}, wait_s=2.0)) as messages:
            async for _ in messages:
                return

    async def answer(self, payload: Payload, ticket: int) -> AsyncGenerator[str]:
        """Stream the answer to a released question, placeholders replaced by what they stand for.

        Raises DoorError when there is no (further) answer. Closing the generator takes the question back.
        """
        restorer = Restorer(payload)
        async with contextlib.aclosing(
            self.request({"verb": "cloud", "ticket": ticket, "body": payload.body.decode("utf-8")}, wait_s=30.0)
        ) as messages:
            async for message in messages:
                if isinstance(piece := message.get("piece"), str):
                    if text := restorer.feed(piece):
                        yield text
                elif "end" in message:
                    if text := restorer.rest():
                        yield text
                    return
        raise DoorError("the door went away in the middle of an answer")

    async def later(self, payload: Payload, ticket: int) -> None:
        """Queue a released question that may wait. Raises DoorError when it cannot be kept."""
        body = payload.body.decode("utf-8")
        async with contextlib.aclosing(
            self.request({"verb": "cloud", "op": "later", "ticket": ticket, "body": body}, wait_s=5.0)
        ) as messages:
            async for _ in messages:
                return
        raise DoorError("the door went away before the question was kept")

    async def exchange(self) -> int:
        """Send the questions that wait and fetch answers; how many are done now. Raises DoorError."""
        async with contextlib.aclosing(self.request({"verb": "cloud", "op": "exchange"}, wait_s=180.0)) as messages:
            async for message in messages:
                if "done" in message:
                    return int(message["done"])
        raise DoorError("the door went away in the middle of a batch")

    def findings(self) -> list[tuple[int, str | None]]:
        """Ticket and answer (None: there will be none) of the questions that were left, blocking. Raises DoorError."""
        for message in self.blocking({"verb": "cloud", "op": "findings"}, wait_s=4.0):
            if isinstance(rows := message.get("findings"), list):
                return [(int(ticket), None if answer is None else str(answer)) for ticket, answer in rows]
        raise DoorError("the door went away")

    def told(self, tickets: list[int]) -> None:
        """These answers were told: the door may forget them. Blocking. Raises DoorError."""
        for _ in self.blocking({"verb": "cloud", "op": "told", "tickets": tickets}, wait_s=4.0):
            return

    def blocking(self, request: dict[str, Any], wait_s: float) -> Generator[dict[str, Any]]:
        """Messages in answer to `request`, for a thread. Raises DoorError."""
        leaving = False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(wait_s)
                connection.connect(str(self._path))
                connection.sendall(encode(request))
                with connection.makefile("rb") as lines:
                    for line in lines:
                        message = json.loads(line)
                        if "error" in message:
                            raise DoorError(str(message["error"]))
                        if "leaves" not in message:
                            yield message
                        elif not leaving:
                            leaving = True
                            self._on_leaving(True)
        except (OSError, ValueError) as error:
            raise DoorError("the door does not answer; it may not be running") from error
        finally:
            if leaving:
                self._on_leaving(False)

    async def request(self, request: dict[str, Any], *, wait_s: float) -> AsyncGenerator[dict[str, Any]]:
        """Messages in answer to `request`. Raises DoorError."""
        # the clock runs while this side waits for the door, never while the caller handles a message
        writer, leaving, until = None, False, asyncio.get_running_loop().time() + wait_s
        try:
            async with asyncio.timeout_at(until):
                reader, writer = await asyncio.open_unix_connection(self._path, limit=MOST_BYTES)
                writer.write(encode(request))
                await writer.drain()
            while True:
                async with asyncio.timeout_at(until):
                    message = await receive(reader)
                if message is None:
                    return
                if "error" in message:
                    raise DoorError(str(message["error"]))
                if "leaves" not in message:
                    yield message
                elif not leaving:
                    leaving = True
                    self._on_leaving(True)
        except (OSError, WireError) as error:  # TimeoutError is an OSError
            raise DoorError("the door does not answer; it may not be running") from error
        finally:
            if leaving:
                self._on_leaving(False)
            if writer is not None:
                writer.close()


class DoorProcess:
    """Starts the door as a child and starts it again when it died. On the appliance a service manager does this."""

    def __init__(self, settings_json: str, path: Path) -> None:
        """`settings_json`: egress.settings.DoorSettings.to_json(). Starts nothing yet."""
        self._settings, self.path = settings_json, path
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _listens(self) -> bool:
        """Whether the child really serves: one that was just killed keeps its process id for a moment."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process is not None:
                self._process.wait(0.05)
                return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1.0)
                probe.connect(str(self.path))
        except OSError:
            return False
        return True

    def ensure(self) -> None:
        """Start the door when it is not running; returns when it listens. Raises DoorError with its own words."""
        if self.pid is not None and self._listens():
            return
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assistant.egress.process", "--socket", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(self._settings + "\n")
            self._process.stdin.flush()  # stays open: the door ends when this end closes, whatever ended us
        if self._process.stdout.readline().strip() != "ready":
            words = self._process.stderr.read().strip().splitlines()
            self.close()
            raise DoorError(words[-1] if words else "the door could not be started")

    def close(self) -> None:
        """Stop the child."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
