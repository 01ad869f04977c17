"""hailo-ollama behind the door: a real Unix socket, the server's protocol to the byte, the model client on top."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.egress.accelerator import lines
from assistant.egress.client import DoorError, EgressClient
from assistant.errors import AssistantError, ModelError
from assistant.llm import Message
from assistant.llm.hailo_ollama import HailoOllamaModel
from assistant.routing.wire import MOST_BYTES
from tests.egress.test_door import House, house
from tests.simulators.hailo_ollama import HailoOllama, running

SYSTEM = Message("system", "Be short.")
CHAT = {"model": "qwen2.5-instruct:1.5b", "messages": [{"role": "user", "content": "x"}], "options": {"num_predict": 8}}


@dataclass
class Kitchen:
    """A core with a door and a server behind it."""

    server: HailoOllama
    house: House

    @property
    def client(self) -> EgressClient:
        return self.house.client

    async def model(self, name: str = "") -> HailoOllamaModel:
        return await asyncio.to_thread(HailoOllamaModel, self.client.accelerator, name)

    async def ask(self, path: str, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return await asyncio.to_thread(lambda: list(self.client.accelerator(path, body)))

    def sent(self) -> list[dict[str, Any]]:
        """Bodies of the questions that reached the server."""
        return [body for _, body in self.server.seen if body and body.get("messages")]


@asynccontextmanager
async def kitchen(tmp_path: Path, **server: Any) -> AsyncIterator[Kitchen]:
    async with running(HailoOllama(**server)) as service, house(tmp_path, accelerator_url=service.url) as h:
        yield Kitchen(service, h)


async def say(model: HailoOllamaModel, *messages: Message, most: int = 96) -> str:
    return await asyncio.to_thread(lambda: "".join(model.stream(list(messages), max_tokens=most)))


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def user(text: str) -> Message:
    return Message("user", text)


def assistant(text: str) -> Message:
    return Message("assistant", text)


# -- answers


def test_an_answer_and_its_place_in_the_ledger(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, replies=[["Hel", "lo", " you."]]) as k:
            model = await k.model()
            assert model.name == "qwen2.5-instruct:1.5b on the Hailo-10H (hailo-ollama)"
            assert await say(model, SYSTEM, user("who are you"), most=20) == "Hello you."
            assert model.generated == 3
            body = k.sent()[0]
            assert body["options"]["num_predict"] == 20
            assert body["keep_alive"] == -1
            assert body["stream"] is True
            assert set(body) == {"model", "messages", "options", "stream", "keep_alive"}
            assert [set(message) for message in body["messages"]] == [{"role", "content"}] * 2
            entry = k.house.outside.ledger.entries()[-1]
            assert (entry.kind, entry.facts["reason"], entry.facts["host"]) == ("accelerator", "/api/chat", "127.0.0.1")

    run(test)


def test_a_follow_up_only_adds_to_the_prompt_so_the_server_keeps_its_context(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, replies=[["Blue", "."], ["Red", "."], ["Grey", "."]]) as k:
            model = await k.model()
            await say(model, SYSTEM, user("one\n(It is nine.)"))
            await say(model, SYSTEM, user("one"), assistant("Blue."), user("two\n(It is ten.)"))
            first, second = (body["messages"] for body in k.sent())
            assert second[: len(first)] == first  # to the letter, stale facts included
            assert k.server.read_tokens[1] < k.server.read_tokens[0]
            await say(model, SYSTEM, user("one"), assistant("Blue"), user("three"))  # interrupted: not what it holds
            assert k.server.read_tokens[2] > k.server.read_tokens[1]
            assert len(k.sent()[2]["messages"]) == 4

    run(test)


def test_loading_ahead_and_giving_the_card_free(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            model = await k.model()
            assert await asyncio.to_thread(model.prepare, [SYSTEM, user("")]) == 0
            assert (k.server.loaded, k.server.keep_alive) == ("qwen2.5-instruct:1.5b", -1)
            await asyncio.to_thread(model.close)
            assert k.server.loaded == ""

    run(test)


def test_text_with_every_kind_of_line_mark_arrives_whole(tmp_path: Path) -> None:
    strange = "a\u2028b\u2029c\x85d\x0be\r\nf\U0001f600"

    async def test() -> None:
        async with kitchen(tmp_path, replies=[[strange]]) as k:
            assert await say(await k.model(), user(strange)) == strange
            assert k.sent()[0]["messages"][0]["content"] == strange

    run(test)


def test_markers_are_never_spoken(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, replies=[["<think>", "hm", "</think>", "yes", "<|im_", "end|>", "junk"]]) as k:
            assert await say(await k.model(), user("x")) == "yes"

    run(test)


def test_a_conversation_longer_than_the_context_begins_anew(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, replies=[["ok"]]) as k:
            model = await k.model()
            history: list[Message] = []
            for number in range(8):
                question = user(f"{number} " + "word " * 200)
                await say(model, SYSTEM, *history[-4:], question)
                history += [question, assistant("ok")]
            sizes = [len(body["messages"]) for body in k.sent()]
            assert max(sizes) > min(sizes[3:])
            assert all(sum(len(message["content"]) // 3 for message in body["messages"]) < 2048 for body in k.sent())
            with pytest.raises(AssistantError, match="too long for my language model"):
                await say(model, SYSTEM, user("x" * 9000))

    run(test)


# -- which model


@pytest.mark.parametrize(
    ("installed", "wanted", "line"),
    [
        ((), "", "no model on disk"),
        ((), "qwen2:1.5b", "no model on disk"),  # it is in the list of what could be fetched
        (("a:1b",), "qwen2:1.5b", "no model 'qwen2:1.5b' on disk, it has a:1b; correct accelerator.model"),
        (("a:1b", "b:1b"), "", "name one in accelerator.model"),
    ],
)
def test_a_model_that_is_not_there_is_never_fetched_or_replaced(tmp_path, installed, wanted, line) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, installed=installed) as k:
            with pytest.raises(ModelError, match=line):
                await k.model(wanted)
            assert [path for path, _ in k.server.seen] == ["/api/tags"]

    run(test)


def test_a_model_that_went_away_is_an_error_although_the_status_is_200(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            model = await k.model()
            k.server.installed = ()
            with pytest.raises(AssistantError, match=r"^hailo-ollama: model 'qwen2\.5-instruct:1\.5b' not found$"):
                await say(model, user("x"))

    run(test)


# -- one at a time, and being stopped


def test_a_stopped_reply_is_left_to_end_before_the_next_is_sent(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, replies=[["a ", "b ", "c "], ["next"]], hold_at=1) as k:
            model = await k.model()
            pieces = model.stream([user("one")], max_tokens=8)
            assert await asyncio.to_thread(next, pieces) == "a "
            waiting = asyncio.create_task(asyncio.to_thread(next, pieces, None))
            await k.server.holding.wait()
            pieces.cancel()
            assert await waiting is None  # at once, although the server has said nothing more
            await asyncio.to_thread(pieces.close)
            following = asyncio.create_task(say(model, user("two")))
            await asyncio.sleep(0)
            assert len(k.sent()) == 1
            k.server.go.set()
            assert await following == "next"
            assert (k.server.finished, k.server.most_at_once) == (2, 1)

    run(test)


def test_a_request_taken_back_while_it_waits_is_never_sent(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path, replies=[["a", "b"], ["c"]], hold_at=1) as k:
            model = await k.model()
            first = model.stream([user("one")])
            assert await asyncio.to_thread(next, first) == "a"
            other = await asyncio.to_thread(lambda: model.stream([user("two")]))
            waiting = asyncio.create_task(asyncio.to_thread(next, other, None))
            while not k.house.door._accelerator._free._waiters:  # noqa: ASYNC110
                await asyncio.sleep(0)  # until the door has the request
            other.cancel()
            assert await waiting is None
            k.server.go.set()
            assert await asyncio.to_thread(list, first) == ["b"]
            assert await say(model, user("three")) == "c"
            assert [body["messages"][-1]["content"] for body in k.sent()] == ["one", "three"]

    run(test)


def test_cancelled_before_it_began(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            pieces = (await k.model()).stream([user("x")])
            pieces.cancel()
            assert list(pieces) == []
            call = k.client.accelerator("/api/tags")
            call.cancel()
            assert await asyncio.to_thread(list, call) == []
            assert [path for path, _ in k.server.seen] == ["/api/tags"]

    run(test)


# -- what may not be asked


@pytest.mark.parametrize(
    ("path", "body", "line"),
    [
        ("/api/pull", {"model": "qwen2:1.5b"}, "may not be asked"),
        ("/api/delete", {"model": "qwen2:1.5b"}, "may not be asked"),
        ("/api/ps", None, "may not be asked"),
        ("http://example.com/", None, "may not be asked"),
        ("/api/chat/../pull", {}, "may not be asked"),
        ("/api/chat", None, "needs a body"),
        ("/api/chat", {**CHAT, "keep_alive": "5m"}, "whole number of seconds"),
        ("/api/chat", {**CHAT, "keep_alive": True}, "whole number of seconds"),
        ("/api/chat", {**CHAT, "options": {}}, "num_predict"),
        ("/api/chat", {**CHAT, "options": {"num_predict": -1}}, "num_predict"),
        ("/api/chat", {**CHAT, "options": {"num_predict": 10**9}}, "num_predict"),
    ],
)
def test_the_door_asks_nothing_that_could_leave_the_device_or_never_end(tmp_path, path, body, line) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            with pytest.raises(DoorError, match=line):
                await k.ask(path, body)
            assert k.server.seen == []
            assert "accelerator" not in k.house.kinds()

    run(test)


def test_without_a_service_in_the_settings(tmp_path: Path) -> None:
    async def test() -> None:
        async with house(tmp_path) as h:
            with pytest.raises(DoorError, match=r"no accelerator service is set up \(accelerator.url\)"):
                await asyncio.to_thread(list, h.client.accelerator("/api/tags"))

    run(test)


def test_what_the_server_says_of_itself(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            assert await k.ask("/api/version") == [{"version": "0.5.1"}]
            assert len((await k.ask("/hailo/v1/list"))[0]["models"]) == 3

    run(test)


def test_being_told_to_stay_offline_does_not_stop_the_card(tmp_path: Path) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            model = await k.model()
            await k.house.outside.stay_offline(True)
            assert await say(model, user("x")) == "Hello."

    run(test)


# -- servers that fail

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
PART = b'{"model":"m","message":{"role":"assistant","content":"a"},"done":false}\r\n'


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (HEAD + PART, "broke off in the middle"),
        (HEAD + PART[:20], "no JSON"),
        (HEAD, "broke off in the middle"),
        (HEAD + b"[1]\r\n", "no object"),
        (HEAD + b"\xff\xfe\r\n", "no JSON"),
        (HEAD + b"[" * 100_000 + b"\r\n", "no JSON"),
        (HEAD + b"x" * (MOST_BYTES + 70_000), "a line without end"),
        (HEAD + PART + b'{"error":"HAILO_TIMEOUT"}\r\n', "^hailo-ollama: HAILO_TIMEOUT$"),
        (HEAD + b'{"message":{"content":3},"done":false}\r\n', "not known here"),
        (HEAD + b'{"message":"x","done":false}\r\n', "not known here"),
        (HEAD + b'{"message":{"content":"x"}}\r\n', "not known here"),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 27\r\n\r\n" + b'{"code":404,"error":"gone"}',
            "hailo-ollama: gone",
        ),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", "answers with status 500"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n",
            "answers with status 302",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke off"),
        (b"", "broke off"),
    ],
)
def test_a_server_that_fails_is_one_line_and_the_door_goes_on(tmp_path, raw, line) -> None:
    async def test() -> None:
        async with kitchen(tmp_path) as k:
            model = await k.model()
            k.server.raw = raw
            with pytest.raises(AssistantError, match=line) as failure:
                await say(model, user("x"))
            assert "\n" not in str(failure.value)
            k.server.raw = None
            assert await say(model, user("x")) == "Hello."

    run(test)


def test_nobody_listens(tmp_path: Path) -> None:
    async def test() -> None:
        async with running() as service:
            address = service.url
        async with house(tmp_path, accelerator_url=address) as h:
            with pytest.raises(DoorError, match="nobody answers; is hailo-ollama running"):
                await asyncio.to_thread(list, h.client.accelerator("/api/tags"))

    run(test)


def test_the_door_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DoorError, match="the door does not answer"):
        list(EgressClient(tmp_path / "none.sock").accelerator("/api/tags"))


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), min_size=1, max_size=5)), st.data())
def test_lines_do_not_depend_on_how_the_bytes_arrive(texts, data) -> None:
    wanted = [text.encode() for text in texts if text.encode().strip()]
    body = b"".join(text + b"\r\n" for text in wanted)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    async def arrive() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def test() -> None:
        assert [line async for line in lines(arrive())] == [text.strip() for text in wanted]

    asyncio.run(test())
