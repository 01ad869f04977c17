# ruff: noqa: E501 - tables of cases read better in one line
"""The cloud client against a good endpoint and bad ones, over TLS with a test authority."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.clock import SystemClock
from assistant.egress.cloud import MOST_ANSWER_BYTES, CloudClient, CloudError, Piece, Usage, clean
from assistant.egress.settings import DoorSettings, address_problem
from assistant.errors import UsageError
from tests.egress.servers import Authority, Exchange, Handler, event, forever, good, running

BODY = b'{"model":"m"}'


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def settings(tmp_path: Path, url: str, authority: Authority | None = None, **changes: object) -> DoorSettings:
    base = DoorSettings(
        data=tmp_path,
        cloud_url=url,
        cloud_model="m",
        ca_file=authority.file if authority else None,
        connect_s=1.0,
        first_token_s=0.3,
        total_s=3.0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


async def ask(s: DoorSettings) -> tuple[str, Usage | None, int]:
    """The answer's words, the usage and how often the body was sent."""
    words, usage, tries = "", None, 0

    def sending(attempt: int) -> None:
        nonlocal tries
        tries = attempt

    async for piece in CloudClient(s, SystemClock()).answer(BODY, sending):
        if isinstance(piece, Piece):
            words += piece.text
        else:
            usage = piece
    return words, usage, tries


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def test_an_answer_over_tls_with_the_token_of_the_moment(tmp_path: Path, authority: Authority) -> None:
    async def test() -> None:
        async with running(tls=authority.server()) as server:
            token = tmp_path / "token"
            token.write_text("first\n")
            s = settings(tmp_path, server.url, authority, token_file=token)
            assert await ask(s) == ("Light is scattered by air.", Usage(50, 7), 1)
            token.write_text("second")
            await ask(s)
            heads = [e.head for e in server.received]
            assert "authorization: bearer first" in heads[0].lower()
            assert "authorization: bearer second" in heads[1].lower()
            assert server.received[0].body == BODY
            assert heads[0].startswith("POST /v1/chat/completions")
            assert {line.split(":")[0].lower() for line in heads[0].split("\r\n")[1:] if line} == {
                "host", "connection", "user-agent", "content-type", "accept", "accept-encoding", "authorization", "content-length"}  # fmt: skip

    run(test)


def test_a_token_from_a_command(tmp_path: Path) -> None:
    async def test() -> None:
        async with running() as server:
            await ask(settings(tmp_path, server.url, token_command=("echo", "from-a-command")))
            assert "Bearer from-a-command" in server.received[0].head
            with pytest.raises(CloudError, match="failed with status"):
                await ask(settings(tmp_path, server.url, token_command=("false",)))
            with pytest.raises(CloudError, match="gives no token"):
                await ask(settings(tmp_path, server.url, token_command=("/nowhere/program",)))
            with pytest.raises(CloudError, match="gives no token"):
                await ask(settings(tmp_path, server.url, token_file=tmp_path / "missing"))
            assert len(server.received) == 1

    run(test)


def test_mutual_tls(tmp_path: Path, authority: Authority) -> None:
    async def test() -> None:
        cert, key = authority.issue("device")
        async with running(tls=authority.server("strict", ask_client=True)) as server:
            assert (await ask(settings(tmp_path, server.url, authority, client_cert=cert, client_key=key)))[0]
            with pytest.raises(CloudError):
                await ask(settings(tmp_path, server.url, authority))
            with pytest.raises(CloudError, match="not a usable client certificate"):
                await ask(settings(tmp_path, server.url, authority, client_cert=key, client_key=key))
            assert len(server.received) == 1

    run(test)


@pytest.mark.parametrize("kind", ["stranger", "expired", "other host"])
def test_certificates_that_cannot_be_trusted_get_not_one_byte(kind: str, tmp_path: Path, authority: Authority) -> None:
    async def test() -> None:
        own = tmp_path / "other"
        own.mkdir()
        tls = {"stranger": lambda: Authority(own).server(), "expired": lambda: authority.server("expired", days=-1),
               "other host": lambda: authority.server("elsewhere", address="10.9.8.7")}[kind]()  # fmt: skip
        async with running(tls=tls) as server:
            with pytest.raises(CloudError, match="certificate"):
                await ask(settings(tmp_path, server.url, authority))
            assert not server.received

    run(test)


async def _slow_first(x: Exchange) -> None:
    await x.begin()
    await forever()


async def _silent(x: Exchange) -> None:
    await forever()


async def _cut(x: Exchange) -> None:
    await x.begin()
    await x.send(event("Light is "))


async def _cut_before(x: Exchange) -> None:
    await x.begin()


async def _garbage(x: Exchange) -> None:
    await x.begin()
    await x.send("data: {not json\n\n")


async def _wrong_shape(x: Exchange) -> None:
    await x.begin()
    await x.send('data: {"choices": [{"delta": {"content": {"tool": "unlock"}}}]}\n\n')


async def _list(x: Exchange) -> None:
    await x.begin()
    await x.send("data: [1, 2]\n\n")


async def _huge(x: Exchange) -> None:
    await x.begin()
    for _ in range(MOST_ANSWER_BYTES // 1000 + 10):
        await x.send(event("x" * 1000))


async def _one_line(x: Exchange) -> None:
    await x.begin()
    await x.send(b"data: " + b"x" * (MOST_ANSWER_BYTES + 10))


async def _redirect(x: Exchange) -> None:
    await x.begin("307 Temporary Redirect", "Location: https://elsewhere.example/v1")


async def _unauthorised(x: Exchange) -> None:
    await x.begin("401 Unauthorized")


async def _wait_long(x: Exchange) -> None:
    await x.begin("429 Too Many Requests", "Retry-After: 3600")


async def _wait_until(x: Exchange) -> None:
    await x.begin("429 Too Many Requests", "Retry-After: Fri, 31 Dec 2027 23:59:59 GMT")


async def _nonsense(x: Exchange) -> None:
    await x.send(b"\x00\x01\x02 what\r\n\r\n")


@pytest.mark.parametrize(
    ("handler", "tries", "words"),
    [
        (_slow_first, 2, "answer in time|no word within"),
        (_silent, 2, "answer in time|no word within"),
        (_cut, 1, "broke off"),
        (_cut_before, 2, "broke off"),
        (_garbage, 1, "no answer"),
        (_wrong_shape, 1, "no answer"),
        (_list, 1, "no answer"),
        (_huge, 1, "far too long"),
        (_one_line, 1, "far too long"),
        (_redirect, 1, "another address"),
        (_unauthorised, 1, "401"),
        (_wait_long, 1, "wait 3600 s"),
        (_wait_until, 1, "wait"),
        (_nonsense, 2, "broke off"),
    ],
)  # fmt: skip
def test_bad_days_end_in_words_and_bounded_tries(handler: Handler, tries: int, words: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with running(handler) as server:
            with pytest.raises(CloudError, match=words):
                await ask(settings(tmp_path, server.url))
            assert len(server.received) == tries

    run(test)


def test_a_server_that_recovers_is_asked_again(tmp_path: Path) -> None:
    async def test() -> None:
        async with running() as server:

            async def once(x: Exchange) -> None:
                server.handler = good
                await x.begin("503 Service Unavailable", "Retry-After: 0")

            server.handler = once
            words, usage, tries = await ask(settings(tmp_path, server.url))
            assert (words, usage, tries) == ("Light is scattered by air.", Usage(50, 7), 2)

    run(test)


def test_a_dribbling_server_is_left_after_the_total(tmp_path: Path) -> None:
    async def dribble(x: Exchange) -> None:
        await x.begin()
        while True:
            await x.send(event("la "))
            await asyncio.sleep(0.02)

    async def test() -> None:
        async with running(dribble) as server:
            with pytest.raises(CloudError, match="no complete answer within"):
                await ask(settings(tmp_path, server.url, total_s=0.4))

    run(test)


def test_nobody_listens(tmp_path: Path) -> None:
    async def test() -> None:
        async with running() as server:
            url = server.url
        with pytest.raises(CloudError, match="cannot be reached"):
            await ask(settings(tmp_path, url))

    run(test)


def test_what_comes_back_is_only_text() -> None:
    assert clean("a\x1b[31mb\x07\n") == "a [31mb  "


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "ftp://api.example.com",
        "https://user:pass@api.example.com",
        "https://",
        "example.com",
        "https://[::1",
    ],
)
def test_addresses_that_are_no_place_for_questions(url: str, tmp_path: Path) -> None:
    assert address_problem(url)
    with pytest.raises(UsageError, match=r"cloud\.url"):
        DoorSettings(data=tmp_path, cloud_url=url, cloud_model="m")


def test_addresses_that_are(tmp_path: Path) -> None:
    assert not address_problem("https://api.example.com/v1")
    assert not address_problem("http://127.0.0.1:8000/v1")
    with pytest.raises(UsageError, match="on this machine"):
        DoorSettings(data=tmp_path, accelerator_url="http://192.168.1.7:8000")


def test_settings_travel_to_the_process_unchanged(tmp_path: Path) -> None:
    s = DoorSettings(
        data=tmp_path,
        cloud_url="https://a.example/v1",
        cloud_model="m",
        token_command=("a", "b"),
        ca_file=tmp_path / "ca",
    )
    assert DoorSettings.from_json(s.to_json()) == s
