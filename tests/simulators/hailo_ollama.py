"""The vendor's server `hailo-ollama`, simulated to the byte after the source of hailo_model_zoo_genai 5.1.1.

One request at a time; objects end with CRLF and are streamed in chunks, one a token; a model that is not there is an
error with status 200; a client that leaves does not end the reply; the context is kept while a prompt only adds to the
last one. There is no card: a reply is a list of tokens that a test gives.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

VERSION = "0.5.1"
"""What every version of the server says of itself."""


@dataclass
class HailoOllama:
    """A running server and what it has seen."""

    replies: list[list[str]] = field(default_factory=lambda: [["Hel", "lo", "."]])
    """Tokens of one reply after another, without the end token (the server drops it); the last is repeated."""
    installed: tuple[str, ...] = ("qwen2.5-instruct:1.5b",)
    known: tuple[str, ...] = ("qwen2:1.5b", "qwen2.5-instruct:1.5b", "llama3.2:3b")
    url: str = ""
    seen: list[tuple[str, dict[str, Any] | None]] = field(default_factory=list)
    """Path and body of every request, as they arrived."""
    read_tokens: list[int] = field(default_factory=list)
    """Letters of each prompt that had to be read: all, or those behind what the context held."""
    finished: int = 0
    """Replies that were generated to their end."""
    at_once: int = 0
    most_at_once: int = 0
    hold_at: int | None = None
    """The token before which it waits for `go`."""
    go: asyncio.Event = field(default_factory=asyncio.Event)
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    raw: bytes | None = None
    """Sent instead of any answer, then the connection is closed: for servers that are something else."""
    loaded: str = ""
    keep_alive: int = 300
    _context: str = ""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, _ = head.split(" ", 2)
            size = next((int(x.split(":")[1]) for x in head.split("\r\n") if x.lower().startswith("content-length")), 0)
            data = await reader.readexactly(size)
            body = json.loads(data) if data else None
            self.seen.append((path, body))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await self._answer(method, path, body, _Out(writer))
            finally:
                self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, body: dict[str, Any] | None, out: "_Out") -> None:
        if self.raw is not None:
            await out.send(self.raw)
            return
        match method, path:
            case "GET", "/":
                await out.whole("200 OK", b"hailo-ollama is running", "text/plain")
            case "GET", "/api/version":
                await out.json({"version": VERSION})
            case "GET", "/hailo/v1/list":
                await out.json({"models": list(self.known)})
            case "GET", "/api/tags":
                models = [{"name": m, "model": m, "modified_at": "2026-01-01T00:00:00Z", "size": 1_640_000_000,
                           "digest": "sha256", "details": {"family": "qwen2"}} for m in self.installed]  # fmt: skip
                await out.json({"models": models})
            case "POST", "/api/chat":
                await self._chat(body or {}, out)
            case _:
                await out.json({"code": 404, "error": "not found"}, "404 Not Found")

    async def _chat(self, body: dict[str, Any], out: "_Out") -> None:
        keep = body.get("keep_alive", 300)
        if not isinstance(keep, int):
            await out.whole("500 Internal Server Error", b"can't parse keep_alive", "text/plain")
            return
        model = body["model"]
        if model not in self.installed:
            await out.json({"error": f"model '{model}' not found"})
            return
        async with self._lock:
            self.keep_alive = keep
            if not body.get("messages"):
                self.loaded = "" if keep == 0 else model
                self._context = ""
                await out.json(self._part(model, "", True, done_reason="unload" if keep == 0 else "load"))
                return
            if self.loaded != model:
                self.loaded, self._context = model, ""
            await self._generate(model, body, out)

    async def _generate(self, model: str, body: dict[str, Any], out: "_Out") -> None:
        prompt = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in body["messages"])
        prompt += "<|im_start|>assistant\n"
        kept = bool(self._context) and prompt.startswith(self._context)
        self.read_tokens.append(len(prompt) - (len(self._context) if kept else 0))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        most = (body.get("options") or {}).get("num_predict", 10**6)
        await out.begin()
        for number, token in enumerate(reply[:most]):
            if number == self.hold_at:
                self.holding.set()
                await self.go.wait()
            await out.chunk(self._part(model, token, False))
        self._context = prompt + "".join(reply[:most])
        self.finished += 1
        reason = "length" if len(reply) > most else "stop"
        await out.chunk(
            self._part(model, "", True, done_reason=reason, total_duration=10**9, eval_count=min(len(reply), most))
        )
        await out.end()

    def _part(self, model: str, text: str, done: bool, **more: object) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {"model": model, "created_at": "2026-01-01T00:00:00.0Z", "message": message, "done": done, **more}


@dataclass
class _Out:
    """One connection's answer. A client that has left is not noticed: the reply goes on."""

    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def whole(self, status: str, data: bytes, kind: str) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        await self.send(head.encode() + data)

    async def json(self, found: dict[str, Any], status: str = "200 OK") -> None:
        await self.whole(status, json.dumps(found, ensure_ascii=False).encode(), "application/json")

    async def begin(self) -> None:
        await self.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n"
        )

    async def chunk(self, found: dict[str, Any]) -> None:
        data = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n"
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")


@asynccontextmanager
async def running(server: HailoOllama | None = None) -> AsyncIterator[HailoOllama]:
    """The server on 127.0.0.1 while the block runs."""
    server = server or HailoOllama()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        server.go.set()
        listener.close()
