"""The client of an OpenAI-compatible endpoint: sends finished bytes, streams the answer's text.

What comes back is text to be spoken. It is never parsed for anything else.
"""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import stamina

from assistant.clock import Clock
from assistant.egress.settings import DoorSettings

logger = logging.getLogger(__name__)

MOST_ANSWER_BYTES = 64 * 1024
"""An answer of MAX_TOKENS tokens streams well below this; more is a fault or an attack."""

MOST_RETRY_AFTER_S = 3.0
"""Someone is waiting for words: a longer wait asked for by the server is a failure."""

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


class CloudError(Exception):
    """No (further) answer. The message says why, in words for the trace and the ledger."""


class _AgainError(CloudError):
    """Worth another try: nothing of the answer has come yet."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the endpoint says it counted."""

    tokens_in: int
    tokens_out: int


def tls_context(settings: DoorSettings) -> ssl.SSLContext:
    """Verification is always on; the owner may name own certificates and a client certificate.

    Raises CloudError naming the file that cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise CloudError(f"{settings.ca_file}: is not a usable file of certificates") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.client_cert:
        try:
            context.load_cert_chain(settings.client_cert, settings.client_key)
        except (OSError, ssl.SSLError) as error:
            raise CloudError(f"{settings.client_cert}: is not a usable client certificate") from error
    return context


async def bearer(settings: DoorSettings) -> str:
    """The token to send, read anew; "" where none is set up. Raises CloudError."""
    s = settings
    try:
        if s.token_command:
            process = await asyncio.create_subprocess_exec(
                *s.token_command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
            try:
                out, _ = await asyncio.wait_for(process.communicate(), s.connect_s)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise CloudError(f"{s.token_command[0]}: gave no token within {s.connect_s:g} s") from None
            if process.returncode:
                raise CloudError(f"{s.token_command[0]}: failed with status {process.returncode}")
            return out.decode("ascii", "replace").strip()
        return s.token_file.read_text(encoding="ascii").strip() if s.token_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CloudError(f"{s.token_file or s.token_command[0]}: gives no token") from error


@asynccontextmanager
async def _in_time(until: float, total_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError as error:
        raise CloudError(f"no complete answer within {total_s:g} s") from error


class CloudClient:
    """One endpoint. A new connection for every question: nothing is kept warm that nobody asked for."""

    def __init__(self, settings: DoorSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._url = settings.cloud_url.rstrip("/") + "/chat/completions"

    async def answer(self, body: bytes, sending: Callable[[int], None]) -> AsyncGenerator[Piece | Usage, None]:
        """Stream the answer to `body`. `sending(attempt)` is called right before the bytes of each try leave.

        Raises CloudError when nothing came in time, the answer broke off or was no answer.
        """
        s, loop = self._settings, asyncio.get_running_loop()
        until = loop.time() + s.total_s
        async with _in_time(until, s.total_s):
            token = await bearer(s)
        spoken, tries = False, 0
        async for attempt in stamina.retry_context(
            on=_AgainError, attempts=s.attempts, timeout=None, wait_initial=0.1, wait_max=1.0, wait_jitter=0.2
        ):
            with attempt:
                tries += 1
                first = loop.time() + s.connect_s + s.first_token_s
                try:
                    async with aclosing(self._once(body, token, partial(sending, tries))) as pieces:
                        # the clock runs while this side waits for the server, never while the caller handles a piece
                        while (
                            piece := await self._next(pieces, until if spoken else min(first, until), until)
                        ) is not None:
                            spoken = True
                            yield piece
                    return
                except _AgainError as error:
                    if spoken:
                        raise CloudError(str(error)) from error
                    if error.wait_s:
                        await asyncio.sleep(error.wait_s)
                    raise

    async def _next(
        self, pieces: AsyncGenerator[Piece | Usage, None], limit: float, until: float
    ) -> Piece | Usage | None:
        """The next piece, None at the end. Raises _AgainError when nothing came by `limit` and that is not `until`."""
        try:
            async with asyncio.timeout_at(limit):
                return await anext(pieces, None)
        except TimeoutError as error:
            if limit >= until:
                raise CloudError(f"no complete answer within {self._settings.total_s:g} s") from error
            raise _AgainError(f"no word within {self._settings.first_token_s:g} s") from error

    async def _once(self, body: bytes, token: str, sending: Callable[[], None]) -> AsyncGenerator[Piece | Usage, None]:
        s = self._settings
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "User-Agent": "assistant",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"

        async def follow(event: str, _: object) -> None:
            if event == "http11.send_request_headers.started":  # the connection stands: from here on bytes leave
                sending()

        trace = {"trace": follow}
        timeout = httpx.Timeout(connect=s.connect_s, write=s.connect_s, pool=s.connect_s, read=s.first_token_s)
        try:
            context = tls_context(s) if self._url.startswith("https:") else False
            async with (
                httpx.AsyncClient(verify=context, timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", self._url, content=body, headers=headers, extensions=trace) as response,
            ):
                _check(response)
                async with aclosing(_events(response)) as events:
                    async for piece in events:
                        yield piece
        except httpx.ConnectError as error:
            if (
                isinstance(error.__cause__ and error.__cause__.__cause__, ssl.SSLError)
                or "CERTIFICATE" in str(error).upper()
                or "SSL" in str(error)
            ):
                raise CloudError("the server's certificate cannot be trusted") from error
            raise _AgainError("the server cannot be reached") from error
        except httpx.TimeoutException as error:
            raise _AgainError("the server does not answer in time") from error
        except httpx.HTTPError as error:
            raise _AgainError("the connection broke off") from error


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if response.is_redirect:
        raise CloudError("the server points to another address; not followed")
    if status in _RETRIED:
        wait = _retry_after(response.headers.get("Retry-After", ""))
        if wait > MOST_RETRY_AFTER_S:
            raise CloudError(f"the server asks to wait {wait:.0f} s ({status})")
        raise _AgainError(f"the server answers {status}", wait)
    raise CloudError(f"the server answers {status}")


def _retry_after(value: str) -> float:
    try:
        return max(0.0, float(value)) if value else 0.0
    except ValueError:
        return MOST_RETRY_AFTER_S + 1  # a date: further away than anyone waits


async def _events(response: httpx.Response) -> AsyncGenerator[Piece | Usage, None]:
    """Text pieces of a server-sent event stream. Raises _AgainError for an end without the end's mark."""
    seen, buffer, finished = 0, b"", False
    async for block in response.aiter_raw():
        seen += len(block)
        if seen > MOST_ANSWER_BYTES:
            raise CloudError("the answer is far too long")
        buffer += block
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            pieces, ended = _chunk(data)
            finished = finished or ended
            for piece in pieces:
                yield piece
    if not finished:
        raise _AgainError("the answer broke off")


def _chunk(data: bytes) -> tuple[list[Piece | Usage], bool]:
    """The pieces in one event, and whether it is the last one with text. Raises CloudError for what is no answer."""
    try:
        event: Any = json.loads(data)
        out: list[Piece | Usage] = []
        ended = False
        for choice in event.get("choices") or []:
            text = (choice.get("delta") or {}).get("content")
            if text is not None and not isinstance(text, str):
                raise CloudError("the server sent something that is no answer")
            if text:
                out.append(Piece(clean(text)))
            ended = ended or choice.get("finish_reason") is not None
        usage = event.get("usage")
        if usage:
            out.append(
                Usage(max(0, int(usage.get("prompt_tokens", 0))), max(0, int(usage.get("completion_tokens", 0))))
            )
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise CloudError("the server sent something that is no answer") from error
    return out, ended


def clean(text: str) -> str:
    """Speakable characters only: no control characters, nothing that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
