"""What the owner's own sentence files do: replies with their slots, calls of the real hub client on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.egress.hub import HubClient
from assistant.nlu.own_files import OwnSkills, parse_file
from assistant.skills.hub import RemoteHub
from assistant.skills.own import OwnSentences, filled
from tests.egress.hub_server import TOKEN, HubServer
from tests.skills.device import Device

LAMP = """\
intents:
  glow:
    sentences: ["let [the] {lamp} glow [for {duration}]"]
    reply: "The {lamp} glows[ for {duration}]."
    hub: {service: light.turn_on, entity: "light.{lamp}"}
  greet:
    sentences: ["say hello to {who}"]
lists:
  lamp: [desk, ceiling, north star]
  who: [tom]
"""
OWN = OwnSkills((parse_file(Path("lamp.yaml"), LAMP),))


@pytest.fixture
def server() -> Iterator[HubServer]:
    server = HubServer()
    yield server
    server.close()


def device(hub: RemoteHub | None) -> Device:
    made = Device(hub=hub)
    made.skills.add(OwnSentences(made.skills.kit, OWN))
    return made


@pytest.fixture
def house(server: HubServer) -> Iterator[Device]:
    client = HubClient(server.url, TOKEN, deadline_s=20)
    yield device(RemoteHub(client.answer))
    client.close()


def test_the_hub_is_called_and_the_reply_has_the_slots(house, server):
    assert house.say("own.lamp.glow", lamp="desk").text == "The desk glows."
    assert server.calls[-1] == ("light", "turn_on", {"entity_id": ["light.desk"]})


def test_a_value_of_two_words_names_an_entity(house, server):
    house.say("own.lamp.glow", lamp="north star")
    assert server.calls[-1][2] == {"entity_id": ["light.north_star"]}


def test_without_a_hub_nothing_is_claimed():
    reply = device(None).say("own.lamp.glow", lamp="desk")
    assert reply.outcome == "failed"
    assert "hub" in reply.text


def test_a_hub_that_is_gone_is_said(house, server):
    server.close()
    assert house.say("own.lamp.glow", lamp="desk").outcome == "failed"


def test_an_intent_without_reply_or_call_is_confirmed():
    reply = device(None).say("own.lamp.greet", who="tom")
    assert reply.outcome == "done"
    assert reply.text


@pytest.mark.parametrize(
    ("values", "text"),
    [({"a": "one"}, "one."), ({"a": "one", "b": "two"}, "one, with two."), ({"b": "two"}, ", with two.")],
)
def test_optional_parts_of_a_reply(values, text):
    assert filled("{a}[, with {b}].", values) == text
