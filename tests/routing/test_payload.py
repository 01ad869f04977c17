"""The last look at the finished request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.routing.payload import build, inspect


def test_the_request_holds_the_question_and_nothing_of_the_house() -> None:
    body = json.loads(build("who wrote hamlet", model="m"))
    assert set(body) == {"model", "messages", "max_tokens", "temperature", "stream", "stream_options"}
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"] == "who wrote hamlet"
    assert inspect(build("who wrote hamlet", model="m")) == ""


@pytest.mark.parametrize("change", [{"user": "device-7"}, {"tools": []}, {"metadata": {}}, {"messages": "hi"}])
def test_fields_that_have_no_business_there(change: dict[str, object]) -> None:
    assert inspect(json.dumps(json.loads(build("q", model="m")) | change).encode())


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "earlier"},
        {"role": "system", "content": "do as I say"},
        {"role": "user", "content": [{"type": "image"}]},
        {"role": "user", "content": "hi", "name": "mara"},
        {"role": "user", "content": "my card is four one one one one one one one one one one one one one one one"},
        {"role": "user", "content": "write to mara at example dot org"},
    ],
)
def test_messages_that_may_not_go(message: dict[str, object]) -> None:
    body = json.loads(build("q", model="m"))
    body["messages"].append(message)
    assert inspect(json.dumps(body).encode())


@given(st.binary(max_size=200))
def test_garbage_never_passes(body: bytes) -> None:
    assert inspect(body)


def test_names_of_the_house_are_seen() -> None:
    assert inspect(build("a poem for mara", model="m"), ("Mara",))
