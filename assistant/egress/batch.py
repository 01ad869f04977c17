"""Questions without hurry, sent together through the endpoint's batch interface and fetched when they are ready.

The interface is OpenAI's (`/files`, `/batches`), which other endpoints copy; one that lacks it answers 404 and the
questions fail in words. A question leaves at most once: what was on its way when the door died is not sent again.
"""

import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx

from assistant.egress.cloud import MOST_ANSWER_BYTES, CloudError, Usage, bearer, clean, tls_context
from assistant.egress.settings import DoorSettings
from assistant.egress.waiting import MOST_TOGETHER, Queue, Waiting


class Book(Protocol):
    """Money and ledger, as the door keeps them for every question."""

    def pays(self, row: Waiting) -> bool:
        """Take the upper bound from the budget; False when it is not there."""
        ...

    def leaves(self, row: Waiting) -> None:
        """Its bytes leave now."""
        ...

    def ended(self, row: Waiting, usage: Usage | None, outcome: str) -> None:
        """Settle; `usage` None where nobody says what it cost. Without an `outcome` nothing has left."""
        ...


def line(place: str, body: bytes) -> bytes:
    """One line of a batch file: the released bytes, unchanged, in the interface's envelope."""
    return b'{"custom_id":"%s","method":"POST","url":"/v1/chat/completions","body":%s}\n' % (place.encode(), body)


class BatchClient:
    """The four calls of the batch interface. Raises CloudError with words for the ledger."""

    def __init__(self, settings: DoorSettings) -> None:
        self._settings, self._base = settings, settings.cloud_url.rstrip("/")

    async def submit(self, lines: bytes, sending: Callable[[], None]) -> str:
        """Send the questions; the batch's id. `sending` is called right before the bytes leave."""

        async def follow(event: str, _: object) -> None:
            if event == "http11.send_request_headers.started":
                sending()

        form = {"file": ("q.jsonl", lines, "application/jsonl"), "purpose": (None, b"batch")}
        file = await self._json("POST", "/files", files=form, extensions={"trace": follow})
        wish = {"input_file_id": _text(file, "id"), "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        return _text(await self._json("POST", "/batches", json=wish), "id")

    async def fetch(self, batch: str) -> dict[str, tuple[str, Usage]] | None:
        """Answers by place; None while the endpoint is still at it. The files are removed there afterwards."""
        state = await self._json("GET", f"/batches/{batch}")
        status = _text(state, "status")
        if status in ("validating", "in_progress", "finalizing", "cancelling"):
            return None
        if status != "completed" or not state.get("output_file_id"):
            raise CloudError(f"the service ended the batch as {clean(status)[:40]}")
        output = _text(state, "output_file_id")
        text = (await self._bytes("GET", f"/files/{output}/content")).decode("utf-8", "replace")
        answers = dict(filter(None, map(_answer, text.splitlines())))
        for name in (output, state.get("input_file_id")):
            if isinstance(name, str):
                with contextlib.suppress(CloudError):  # tidying at the endpoint is a wish; the answers are here
                    await self._bytes("DELETE", f"/files/{name}")
        return answers

    async def _json(self, method: str, path: str, **wish: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's arguments
        try:
            found = json.loads(await self._bytes(method, path, **wish))
        except (ValueError, RecursionError) as error:
            raise CloudError("the server sent something that is no answer") from error
        if not isinstance(found, dict):
            raise CloudError("the server sent something that is no answer")
        return found

    async def _bytes(self, method: str, path: str, **wish: Any) -> bytes:  # noqa: ANN401 - httpx's arguments
        s = self._settings
        token = await bearer(s)
        headers = {"Accept-Encoding": "identity", "User-Agent": "assistant"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        timeout = httpx.Timeout(connect=s.connect_s, write=s.total_s, pool=s.connect_s, read=s.total_s)
        try:
            context = tls_context(s) if self._base.startswith("https:") else False
            async with (
                httpx.AsyncClient(verify=context, timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream(method, self._base + path, headers=headers, **wish) as response,
            ):
                if response.is_redirect:
                    raise CloudError("the server points to another address; not followed")
                if response.status_code != 200:
                    what = "offers no batches" if response.status_code in (404, 405) else "answers"
                    raise CloudError(f"the server {what} ({response.status_code})")
                blocks, size = [], 0
                async for block in response.aiter_raw():
                    size += len(block)
                    if size > MOST_ANSWER_BYTES * MOST_TOGETHER:
                        raise CloudError("the answer is far too long")
                    blocks.append(block)
                return b"".join(blocks)
        except httpx.HTTPError as error:
            raise CloudError("the server cannot be reached, or not in time") from error


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    # an id becomes part of an address: nothing but an id is taken for one
    if (
        not isinstance(value, str)
        or not value
        or len(value) > 200
        or not value.replace("-", "").replace("_", "").isalnum()
    ):
        raise CloudError("the server sent something that is no answer")
    return value


def _answer(text: str) -> tuple[str, tuple[str, Usage]] | None:
    """Place, words and usage of one line of results; None for a line that holds none."""
    try:
        row = json.loads(text)
        body = row["response"]["body"]
        words, usage = body["choices"][0]["message"]["content"], body.get("usage") or {}
        counted = Usage(max(0, int(usage.get("prompt_tokens", 0))), max(0, int(usage.get("completion_tokens", 0))))
        if not isinstance(words, str) or not words.strip():
            return None
        return str(row["custom_id"]), (clean(words)[:MOST_ANSWER_BYTES], counted)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


class Batcher:
    """Moves the queue: sends what waits, fetches what is ready."""

    def __init__(self, settings: DoorSettings, queue: Queue, book: Book) -> None:
        self._client, self._queue, self._book = BatchClient(settings), queue, book

    async def exchange(self, sending: Callable[[int], Awaitable[None]]) -> int:
        """One round; how many questions got an answer or failed. `sending` is told of questions how many bytes leave,
        and 0 before the endpoint is asked for answers."""
        self._queue.expire()
        return await self._fetch(sending) + await self._send(sending)

    async def _send(self, sending: Callable[[int], Awaitable[None]]) -> int:
        together: list[tuple[str, Waiting]] = []
        for row in self._queue.queued():
            if not self._book.pays(row):
                break  # the others wait for tomorrow's budget
            together.append((f"q{len(together) + 1}", row))
        if not together:
            return 0
        lines = b"".join(line(place, row.body) for place, row in together)
        await sending(len(lines))
        left = False

        def leaving() -> None:
            nonlocal left
            left = True
            for place, row in together:
                self._book.leaves(row)
                self._queue.put(row.ticket, "leaving", place=place)

        try:
            batch = await self._client.submit(lines, leaving)
        except BaseException as error:
            # nothing left: it stays queued and costs nothing; else nobody knows, and it is not asked twice
            for _, row in together:
                self._book.ended(row, None if left else Usage(0, 0), "no answer" if left else "")
                self._queue.put(row.ticket, "failed" if left else "queued")
            if isinstance(error, CloudError):
                return len(together) if left else 0
            raise
        for _, row in together:
            self._queue.put(row.ticket, "sent", remote=batch)
        return 0

    async def _fetch(self, sending: Callable[[int], Awaitable[None]]) -> int:
        done = 0
        for batch, rows in self._queue.sent().items():
            await sending(0)
            try:
                answers = await self._client.fetch(batch)
            except CloudError as error:
                if "ended the batch" not in str(error):
                    continue  # asked again in the next round
                answers = {}
            if answers is None:
                continue
            for row in rows:
                words, usage = answers.get(row.place, ("", None))
                self._book.ended(row, usage, "answered" if words else "no answer")
                self._queue.put(row.ticket, "answered" if words else "failed", answer=words)
                done += 1
        return done
