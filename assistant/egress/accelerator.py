"""The door's verb "accelerator": the vendor's server `hailo-ollama` on this machine, one request at a time.

Protocol (hailo_model_zoo_genai 5.1.1): JSON in; out one JSON object, or objects one a line, each ended by CRLF. "No
such model" and its like come with status 200 and a key `error`. The server serves one request at a time and goes on
generating when its client has left, so an answer that nobody wants any more is read to its end here before the next
request is sent.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from assistant.errors import AssistantError
from assistant.routing.wire import MOST_BYTES, Send
from assistant.workers import Tasks

METHODS = {
    "/api/chat": "POST",
    "/api/show": "POST",
    "/api/tags": "GET",
    "/api/version": "GET",
    "/hailo/v1/list": "GET",
}
"""What may be asked. Not here: `/api/pull`, by which the server would fetch models from the internet by itself,
`/api/delete`, and `/api/ps`, which waits for the reply that is running."""

CONNECT_S, SILENCE_S, TOTAL_S = 3.0, 60.0, 300.0
"""Seconds. Loading a model takes 8 to 13 s by the vendor's table, a token 0.4 s at most; without a word for a minute,
or after five minutes in all, the server is given up."""

MOST_TOKENS = 2048
"""The context of every model there is: an answer cannot be longer."""

Record = Callable[[dict[str, Any]], object]


class AcceleratorError(AssistantError):
    """The service did not do what it was asked. The message is for the core."""


class Accelerator:
    """The service behind `base`. One instance a process."""

    def __init__(self, base: str, record: Record) -> None:
        """`record` notes each call in the ledger before it is made."""
        self._base, self._record = base.rstrip("/"), record
        self._free = asyncio.Lock()
        self._reading = Tasks()

    async def answer(self, message: dict[str, Any], send: Send) -> None:
        """Carry out one request: {"line": object} for each object of the answer, then {"end": true}.

        Cancelling it lets the server finish unheard. Raises AcceleratorError.
        """
        path, data = _checked(self._base, message)
        await self._free.acquire()  # a request that is taken back while it waits was never sent
        objects: asyncio.Queue[dict[str, Any] | Exception | None] = asyncio.Queue()
        self._reading.start(self._read(path, data, objects))
        while (item := await objects.get()) is not None:
            if isinstance(item, Exception):
                raise item
            await send({"line": item})
        await send({"end": True})

    async def _read(
        self, path: str, data: bytes | None, into: asyncio.Queue[dict[str, Any] | Exception | None]
    ) -> None:
        try:
            self._record({"reason": path, "bytes_out": len(data or b""), "host": urlsplit(self._base).hostname or ""})
            async with asyncio.timeout(TOTAL_S), contextlib.aclosing(self._objects(path, data)) as objects:
                async for item in objects:
                    into.put_nowait(item)
            into.put_nowait(None)
        except TimeoutError:
            into.put_nowait(AcceleratorError(f"{self._base}: came to no end within {TOTAL_S:g} s"))
        except AssistantError as error:
            into.put_nowait(error)
        except asyncio.CancelledError:
            into.put_nowait(AcceleratorError("the door is closing"))
            raise
        finally:
            self._free.release()

    async def _objects(self, path: str, data: bytes | None) -> AsyncGenerator[dict[str, Any]]:
        timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
        headers = {"Content-Type": "application/json"}
        streamed = path == "/api/chat"
        ended = False
        try:
            async with (
                httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream(METHODS[path], self._base + path, content=data, headers=headers) as response,
            ):
                if response.status_code != 200:
                    raise AcceleratorError(await self._refusal(response))
                async for line in lines(response.aiter_bytes()):
                    found = _object(line)
                    if "error" in found:
                        raise AcceleratorError(f"hailo-ollama: {str(found['error'])[:200]}")
                    ended = found.get("done") is True
                    yield found
        except httpx.ConnectError as error:
            raise AcceleratorError(f"{self._base}: nobody answers; is hailo-ollama running?") from error
        except httpx.TimeoutException as error:
            raise AcceleratorError(f"{self._base}: said nothing for too long; restart hailo-ollama") from error
        except httpx.HTTPError as error:
            raise AcceleratorError(f"{self._base}: broke off ({type(error).__name__}); ask again") from error
        if streamed and not ended:
            raise AcceleratorError(f"{self._base}: broke off in the middle of an answer; ask again")

    async def _refusal(self, response: httpx.Response) -> str:
        body = (await response.aread())[:4096]
        said = ""
        with contextlib.suppress(ValueError, AttributeError, RecursionError):
            said = str(json.loads(body).get("error") or "")[:200]
        return f"hailo-ollama: {said or 'answers with status ' + str(response.status_code)}"


async def lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The lines of a body, cut at line feeds alone: text within JSON may hold other marks that some call a line's end.

    Raises AcceleratorError for a line beyond all measure.
    """
    waiting = b""
    async for chunk in chunks:
        *whole, waiting = (waiting + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                yield line.strip()
        if len(waiting) > MOST_BYTES:
            raise AcceleratorError("hailo-ollama sends a line without end; is it another server?")
    if waiting.strip():
        yield waiting.strip()


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AcceleratorError("hailo-ollama sends what is no JSON; is it another server?") from error
    if not isinstance(found, dict):
        raise AcceleratorError("hailo-ollama sends what is no object; is it another server?")
    return found


def _checked(base: str, message: dict[str, Any]) -> tuple[str, bytes | None]:
    """Path and body of a request that may be made. Raises AcceleratorError."""
    path, body = message.get("path"), message.get("body")
    if not base:
        raise AcceleratorError("no accelerator service is set up (accelerator.url)")
    if not isinstance(path, str) or path not in METHODS:
        raise AcceleratorError("this may not be asked of the accelerator service")
    if METHODS[path] == "GET":
        return path, None
    if not isinstance(body, dict):
        raise AcceleratorError("a call to the accelerator service needs a body")
    keep = body.get("keep_alive", 0)
    if not isinstance(keep, int) or isinstance(keep, bool):
        raise AcceleratorError("keep_alive must be a whole number of seconds: the service reads nothing else")
    if body.get("messages"):
        options = body.get("options")
        most = options.get("num_predict") if isinstance(options, dict) else None
        if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST_TOKENS:
            raise AcceleratorError("a question needs options.num_predict: nothing else ends a reply that nobody hears")
    return path, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
