import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.egress.hub import HubClient, read_token
from assistant.egress.hub_rules import RuleError, checked_call
from assistant.errors import UsageError
from tests.egress.hub_server import TOKEN, HubServer


@pytest.fixture
def server() -> Iterator[HubServer]:
    server = HubServer()
    yield server
    server.close()


@pytest.fixture
def client(server: HubServer) -> Iterator[HubClient]:
    # long enough for a busy machine; where a fault must run into the deadline, the test takes a shorter one
    client = HubClient(server.url, TOKEN, deadline_s=20)
    yield client
    client.close()


def test_states(client: HubClient):
    found = client.answer({"op": "states"})["ok"]
    assert {"entity": "switch.kettle", "state": "off", "attributes": {"friendly_name": "Kettle"}} in found


def test_a_call_tells_what_was_before(client: HubClient, server: HubServer):
    request = {"op": "call", "domain": "light", "service": "turn_on", "entities": ["light.desk"], "data": {}}
    found = client.answer({**request, "data": {"brightness_pct": 40}})["ok"]
    assert [each["state"] for each in found["before"]] == ["off"]
    assert server.calls == [("light", "turn_on", {"entity_id": ["light.desk"], "brightness_pct": 40})]
    assert server.states["light.desk"]["state"] == "on"


def test_a_call_with_a_response(client: HubClient):
    request = {"op": "call", "domain": "weather", "service": "get_forecasts", "entities": ["weather.home"]}
    found = client.answer({**request, "data": {"type": "daily"}})["ok"]
    assert found["response"]["weather.home"]["forecast"][1]["condition"] == "partlycloudy"


def test_the_inventory_is_a_home(client: HubClient, server: HubServer):
    found = client.answer({"op": "inventory"})["ok"]
    assert found["areas"] == [
        {"name": "Study", "floor": "Upstairs", "aliases": ["Office"]},
        {"name": "Kitchen"},
    ]
    rows = {row["id"]: row for row in found["entities"]}
    assert rows["light.desk"] == {
        "id": "light.desk",
        "name": "Desk Lamp",
        "domain": "light",
        "area": "Study",
        "features": ["brightness", "color", "temperature"],
        "aliases": ["Reading Light"],
    }
    assert rows["light.ceiling"]["area"] == "Study", "the entity's own room wins over its device's"
    assert rows["switch.kettle"]["area"] == "Kitchen"
    for absent in ("light.secret", "update.core", "sensor.broken"):
        assert absent not in rows, "hidden, of no interest, not exposed"
    server.fault = "ws_old"
    assert client.answer({"op": "inventory"})["ok"]["areas"][0] == {"name": "Study", "aliases": ["Office"]}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("500", "failed"), ("redirect", "failed"), ("garbage", "garbage"), ("deep", "garbage"), ("shape", "garbage"),
        ("shape2", "garbage"), ("huge", "garbage"), ("cut", "unreachable"), ("noise", "unreachable"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("op", ["states", "call"])
def test_a_hub_that_misbehaves(client: HubClient, server: HubServer, fault: str, kind: str, op: str):
    server.fault = fault
    request: dict[str, Any] = {"op": op}
    if op == "call":
        request |= {"domain": "light", "service": "turn_on", "entities": ["light.desk"], "data": {}}
    answer = client.answer(request)
    assert answer["kind"] == kind
    assert "\n" not in answer["error"]
    assert TOKEN not in answer["error"]
    server.fault = ""
    assert "ok" in client.answer(request), "and it is asked again as if nothing had been"


@pytest.mark.parametrize(("fault", "kind"), [("ws_garbage", "garbage"), ("ws_shape", "garbage")])
def test_nonsense_over_the_socket(client: HubClient, server: HubServer, fault: str, kind: str):
    server.fault = fault
    assert client.answer({"op": "inventory"})["kind"] == kind


@pytest.mark.parametrize(
    ("fault", "op"), [("slow", "states"), ("slow", "inventory"), ("dribble", "states"), ("ws_silent", "inventory")]
)
def test_a_hub_that_never_finishes_is_given_up(server: HubServer, fault: str, op: str):
    """The server hangs until the end of the test: an answer at all means that the deadline holds."""
    server.fault = fault
    client = HubClient(server.url, TOKEN, deadline_s=0.3)
    assert client.answer({"op": op})["kind"] == "slow"
    client.close()


def test_a_call_may_ask_for_less_time(server: HubServer):
    server.fault = "slow"
    client = HubClient(server.url, TOKEN, deadline_s=3600)
    call = {"op": "call", "domain": "lock", "service": "lock", "entities": ["lock.front"], "data": {}, "seconds": 0.2}
    assert client.answer(call)["kind"] == "slow"
    client.close()


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = HubClient(f"http://127.0.0.1:{port}", TOKEN)
    assert client.answer({"op": "states"})["kind"] == "unreachable"
    assert client.answer({"op": "inventory"})["kind"] == "unreachable"
    client.close()


def test_a_wrong_token(server: HubServer):
    client = HubClient(server.url, "wrong", deadline_s=20)
    for op in ("states", "inventory"):
        answer = client.answer({"op": op})
        assert answer["kind"] == "refused"
        assert "hub.token_file" in answer["error"]
    client.close()


CALL = {"domain": "light", "service": "turn_on", "entities": ["light.desk"], "data": {}}


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "shell_command"}, {"domain": "homeassistant", "service": "restart"},
        {"service": "turn_on/../../auth"},
        {"domain": "notify", "service": "notify"}, {"domain": None}, {"entities": []}, {"entities": "light.desk"},
        {"entities": ["light.desk\n"]}, {"entities": ["all"]}, {"entities": ["light.x"] * 201}, {"data": []},
        {"data": {"message": "hello"}}, {"data": {"brightness_pct": 101}}, {"data": {"brightness_pct": True}},
        {"data": {"brightness_pct": float("nan")}}, {"data": {"color_name": "red and also what I said"}},
        {"data": {"media_content_id": "x" * 101}}, {"data": {"rgb_color": [0, 0, 256]}}, {"data": {"shuffle": 1}},
        {"data": {"code": "1234"}}, {"data": {"entity_id": "all"}},
    ],
)  # fmt: skip
def test_only_known_calls_leave(change: dict[str, Any], client: HubClient, server: HubServer):
    with pytest.raises(RuleError):
        checked_call({**CALL, **change})
    assert client.answer({"op": "call", **CALL, **change})["kind"] == "failed"
    assert server.requests == 0


def test_an_unknown_operation(client: HubClient, server: HubServer):
    assert client.answer({"op": "shell"})["kind"] == "failed"
    assert client.answer({})["kind"] == "failed"
    assert server.requests == 0


@pytest.mark.parametrize("url", ["", "homeassistant.local:8123", "ftp://x", "http://", "file:///etc/passwd"])
def test_addresses_that_are_none(url: str):
    with pytest.raises(UsageError, match=r"hub\.url"):
        HubClient(url, TOKEN)


def test_the_token_file(tmp_path: Path):
    file = tmp_path / "token"
    with pytest.raises(UsageError, match=r"hub\.token_file is not set"):
        read_token(None)
    with pytest.raises(UsageError, match="cannot be read"):
        read_token(file)
    for content in (b"", b"\n", b"two words", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(UsageError, match="holds no token"):
            read_token(file)
    file.write_text("abc.def\n")
    assert read_token(file) == "abc.def"
