"""The distant endpoint on loopback, with every wait recorded instead of waited."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from assistant.bench import cloud
from assistant.bench.cloud import Endpoint, ask, distances, endpoint, measure_cloud
from assistant.bench.figures import Effort, Stage
from assistant.bench.proxy import DelayingProxy
from assistant.bench.stopwatch import TimedModel
from assistant.errors import AssistantError, UsageError


def chunk(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


USAGE = b'data: {"choices": [], "usage": {"completion_tokens": 7}}\n\ndata: [DONE]\n\n'
GOOD = chunk("It is") + chunk(" blue") + USAGE


class Server:
    """An OpenAI-compatible endpoint that always answers the same."""

    def __init__(self, body: bytes = GOOD, status: str = "200 OK") -> None:
        self.body, self.status = body, status
        self.requests: list[tuple[str, dict[str, str], dict[str, object]]] = []
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.requests.append((head[0], headers, body))
        answer = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(answer.encode() + self.body)
        await writer.drain()
        writer.close()


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """What the proxy would have waited; it goes on at once."""
    noted: list[float] = []

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    def near(host: str, port: int, rtt_s: float, _sleep: Callable[[float], object] | None = None) -> DelayingProxy:
        return DelayingProxy(host, port, rtt_s, sleep)

    monkeypatch.setattr(cloud, "DelayingProxy", near)
    return noted


def asked(server: Server, rtt_s: float = 0.0, **fields: str) -> cloud.Timed:
    async def job() -> cloud.Timed:
        async with server.open():
            return await ask(Endpoint(f"http://127.0.0.1:{server.port}/v1", **fields), "Why?", rtt_s)

    return asyncio.run(job())


def test_a_question_goes_through_the_proxy_to_the_endpoint(waits):
    server = Server()
    answer = asked(server, model="m", token="secret")
    ((line, headers, body),) = server.requests
    assert line == "POST /v1/chat/completions HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["authorization"] == "Bearer secret"
    assert body["messages"] == [{"role": "user", "content": "Why?"}]
    assert (body["model"], body["stream"]) == ("m", True)
    assert (answer.pieces, answer.tokens) == (2, 7)
    assert 0 < answer.first_s <= answer.total_s


def test_a_distance_costs_a_round_trip_to_connect_and_half_of_one_each_way(waits):
    asked(Server(), rtt_s=0.2)
    assert waits[0] == 0.2
    on_the_way = [wait for wait in waits[1:] if wait > 0]
    assert len(on_the_way) >= 2  # at least the question and the answer
    assert all(0 < wait <= 0.1 for wait in on_the_way)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Server(status="401 Unauthorized"), "answers with status 401"),
        (Server(status="301 Moved"), "answers with status 301"),
        (Server(b"data: no json\n\n"), "is no stream of chat completions"),
        (Server(b'data: {"choices": [3]}\n\n'), "is no stream of chat completions"),
        (Server(b"data: []\n\n"), "is no stream of chat completions"),
        (Server(b"hello"), "holds no text"),
        (Server(b""), "holds no text"),
        (Server(USAGE), "holds no text"),
    ],
)
def test_an_endpoint_that_misbehaves_is_one_line(waits, server, words):
    with pytest.raises(AssistantError, match=words) as error:
        asked(server)
    assert "\n" not in str(error.value)


def test_an_endpoint_that_is_not_there_is_one_line(waits):
    async def job() -> None:
        async with Server().open() as server:
            port = server.port
        await ask(Endpoint(f"http://127.0.0.1:{port}/v1"), "Why?", 0)

    with pytest.raises(AssistantError, match="cannot be asked"):
        asyncio.run(job())


def test_every_distance_is_a_row_beside_the_local_model(waits, monkeypatch, small, known):
    server = Server()
    real = cloud._afar

    async def with_server(stage: Stage, where: Endpoint, rtts: list[float], effort: Effort) -> None:
        async with server.open():
            await real(stage, Endpoint(f"http://127.0.0.1:{server.port}/v1"), rtts, effort)

    monkeypatch.setattr(cloud, "_afar", with_server)
    stage = Stage("cloud")
    model = TimedModel(small, threads=1, context=512, cache=known)
    try:
        measure_cloud(stage, Endpoint("http://unused/v1"), [0, 40], model, Effort(repeats=2, warmup=1))
    finally:
        model.close()
    assert [(row["where"], row["rtt_ms"]) for row in stage.points["cloud"]] == [
        ("local", None), ("endpoint", 0), ("endpoint", 40),
    ]  # fmt: skip
    assert len(server.requests) == 2 * 3
    assert len(stage.series["cloud_40ms_first_ms"].values) == 2


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://x/", "http://", "http://x:0/", "http://x:99999/", "http://[x"]
)
def test_an_address_that_is_none_is_one_line(url):
    with pytest.raises(UsageError, match="is no address such as"):
        endpoint(url, "", None)


def test_the_token_comes_from_a_file(tmp_path):
    (tmp_path / "token").write_text(" abc\n")
    assert endpoint("https://x/v1/", "m", tmp_path / "token") == Endpoint("https://x/v1", "m", "abc")
    with pytest.raises(UsageError, match="the token cannot be read"):
        endpoint("https://x/v1", "", tmp_path / "nosuch")


@pytest.mark.parametrize("text", ["", "x", "-1", "1,,2", "nan", "inf", "20000"])
def test_distances_that_make_no_sense(text):
    with pytest.raises(UsageError, match="round trips in milliseconds"):
        distances(text)


def test_distances():
    assert distances("0,40, 100.5") == [0, 40, 100.5]
