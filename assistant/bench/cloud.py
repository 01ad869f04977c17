"""The same questions to an OpenAI-compatible endpoint, as far away as one likes, beside the local model.

Only the fixed questions of this measurement are sent, and only to the address on the command line.
"""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from assistant.bench.figures import Effort, Stage
from assistant.bench.llm import QUESTIONS, SHORT_TOKENS
from assistant.bench.proxy import DelayingProxy
from assistant.bench.stopwatch import TimedModel
from assistant.errors import AssistantError, UsageError
from assistant.llm import Message

WAIT_S = 60.0
"""An endpoint that says nothing for this long is given up."""

LONGEST_RTT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and as whom."""

    url: str
    """The base address, such as https://api.example.com/v1."""
    model: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer from afar."""

    first_s: float
    total_s: float
    pieces: int
    """Text pieces; most servers send one a token."""
    tokens: int | None
    """What the server says it counted; None when it does not."""


def distances(text: str) -> list[float]:
    """ "0,40,100" in milliseconds. Raises UsageError."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or any(not 0 <= rtt <= LONGEST_RTT_MS for rtt in found):
        raise UsageError(f"--rtt {text}: give round trips in milliseconds from 0 to {LONGEST_RTT_MS}, such as 0,40,100")
    return found


def endpoint(url: str, model: str, token_file: Path | None) -> Endpoint:
    """Check the address and read the token. Raises UsageError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"--cloud {url}: is no address such as https://api.example.com/v1")
    try:
        token = token_file.read_text(encoding="utf-8").strip() if token_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{token_file}: the token cannot be read; check the path") from error
    return Endpoint(url.rstrip("/"), model, token)


def measure_cloud(
    stage: Stage, where: Endpoint, rtts_ms: list[float], model: TimedModel | None, effort: Effort
) -> None:
    """A row for each distance, and one for the local model, in `stage.points["cloud"]`. Raises AssistantError."""
    stage.engine, stage.model = "OpenAI-compatible endpoint", where.model
    stage.notes.append(
        "round trips are added by a proxy on loopback to the endpoint's own distance; a new connection each time"
    )
    points = stage.points["cloud"] = []
    if model is not None:
        _local(stage, model, effort)
        points.append(_row(stage, "local", None))
    asyncio.run(_afar(stage, where, rtts_ms, effort))


def _local(stage: Stage, model: TimedModel, effort: Effort) -> None:
    first = stage.begin("local_first_ms", "ms to the first token", effort.repeats)
    total = stage.begin("local_total_ms", "ms to the last token", effort.repeats)
    speed = stage.begin("local_tok_s", "tokens a second after the first", effort.repeats)
    for number, counts in enumerate(effort.rounds(stage, first.name)):
        model.forget()
        said = model.speak([Message("user", QUESTIONS[number % len(QUESTIONS)])], SHORT_TOKENS)
        if counts:
            first.add(said.first_token_s * 1000)
            total.add((said.ended - said.began) * 1000)
            speed.add(said.tokens_a_second)


async def _afar(stage: Stage, where: Endpoint, rtts_ms: list[float], effort: Effort) -> None:
    for rtt in rtts_ms:
        name = f"cloud_{rtt:g}ms"
        first = stage.begin(f"{name}_first_ms", "ms to the first text", effort.repeats)
        total = stage.begin(f"{name}_total_ms", "ms to the last text", effort.repeats)
        speed = stage.begin(f"{name}_tok_s", "tokens a second after the first", effort.repeats)
        for number, counts in enumerate(effort.rounds(stage, first.name)):
            answer = await ask(where, QUESTIONS[number % len(QUESTIONS)], rtt / 1000)
            if counts:
                first.add(answer.first_s * 1000)
                total.add(answer.total_s * 1000)
                count = answer.tokens or answer.pieces
                if count > 1 and answer.total_s > answer.first_s:
                    speed.add((count - 1) / (answer.total_s - answer.first_s))
        stage.points["cloud"].append(_row(stage, name, rtt))


def _row(stage: Stage, name: str, rtt: float | None) -> dict[str, object]:
    row: dict[str, object] = {"rtt_ms": rtt, "where": "local" if rtt is None else "endpoint"}
    for what in ("first_ms", "total_ms", "tok_s"):
        summary = stage.series[f"{name}_{what}"].summary()
        row |= {f"{what}_p50": summary["p50"], f"{what}_p95": summary["p95"]}
    return row


async def ask(where: Endpoint, question: str, rtt_s: float) -> Timed:
    """One question over one new connection, `rtt_s` seconds of round trip away. Raises AssistantError."""
    parts = urlsplit(where.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    body = {
        "model": where.model,
        "messages": [{"role": "user", "content": question}],
        "max_tokens": SHORT_TOKENS,
        "stream": True,
    }
    headers = {"Host": parts.netloc.rpartition("@")[2], "Accept": "text/event-stream"}
    if where.token:
        headers["Authorization"] = f"Bearer {where.token}"
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(DelayingProxy(host, port, rtt_s))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=WAIT_S, trust_env=False))
        address = f"{parts.scheme}://127.0.0.1:{proxy.port}{parts.path}/chat/completions"
        began = time.perf_counter()
        try:
            response = await stack.enter_async_context(
                # the certificate is checked against the real name, although the connection goes to the proxy
                client.stream("POST", address, json=body, headers=headers, extensions={"sni_hostname": host})
            )
            if response.status_code != 200:
                raise AssistantError(
                    f"{where.url}: answers with status {response.status_code}; check address and token"
                )
            return await _read(response, began, where.url)
        except httpx.TimeoutException as error:
            raise AssistantError(f"{where.url}: gave no answer within {WAIT_S:g} s") from error
        except httpx.HTTPError as error:
            raise AssistantError(f"{where.url}: cannot be asked ({type(error).__name__}); check the address") from error


async def _read(response: httpx.Response, began: float, url: str) -> Timed:
    first = last = 0.0
    pieces, tokens = 0, None
    async for line in response.aiter_lines():
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or data == "[DONE]":
            continue
        try:
            event = json.loads(data)
            choices = event.get("choices") or [{}]
            text = (choices[0].get("delta") or {}).get("content") or ""
            tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
        except (ValueError, AttributeError, IndexError, KeyError, TypeError) as error:
            raise AssistantError(f"{url}: its answer is no stream of chat completions") from error
        if text:
            last = time.perf_counter() - began
            first = first or last
            pieces += 1
    if not pieces:
        raise AssistantError(f"{url}: its answer holds no text; check --cloud-model")
    return Timed(first, last, pieces, tokens if isinstance(tokens, int) else None)
