"""Against a real Home Assistant with its demonstration house.

It is no dependency of this project: install it in an environment of its own and name its program in ASSISTANT_TEST_HASS
(docs/home.md has the commands).
"""

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from assistant.egress.hub import HubClient
from assistant.nlu.home import Home
from assistant.skills.home_source import HomeSource
from assistant.skills.hub import RemoteHub
from assistant.store import memory_store
from tests.skills.device import Device

HASS = os.environ.get("ASSISTANT_TEST_HASS", "")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not HASS, reason="skipped: no Home Assistant (ASSISTANT_TEST_HASS names its program)"),
]

CONFIGURATION = """
homeassistant: {{name: Test, unit_system: metric, time_zone: Europe/Berlin}}
http: {{server_host: 127.0.0.1, server_port: {port}}}
auth:
api:
websocket_api:
config:
demo:
"""

STARTS_WITHIN_S = 300.0


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and long-lived token of a Home Assistant that runs for this module."""
    folder = tmp_path_factory.mktemp("hass")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=port))
    subprocess.run(
        [HASS, "--script", "auth", "-c", folder, "add", "owner", "password"], check=True, capture_output=True
    )
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen([HASS, "-c", folder, "--skip-pip"], stdout=output, stderr=output)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_until_up(base, process)
            yield base, _token(base)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait_until_up(base: str, process: subprocess.Popen[bytes]) -> None:
    """Another program's start cannot be injected a clock: it is asked until it answers."""
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(base + "/api/", trust_env=False)
        except httpx.HTTPError:
            asyncio.run(asyncio.sleep(0.5))
        else:
            return
    pytest.fail("Home Assistant did not start")


def _token(base: str) -> str:
    with httpx.Client(trust_env=False, base_url=base) as client:
        who = {"client_id": f"{base}/"}
        flow = client.post(
            "/auth/login_flow", json={**who, "handler": ["homeassistant", None], "redirect_uri": f"{base}/"}
        ).json()
        form = {**who, "username": "owner", "password": "password"}
        code = client.post(f"/auth/login_flow/{flow['flow_id']}", json=form).json()["result"]
        access = client.post("/auth/token", data={**who, "grant_type": "authorization_code", "code": code}).json()
    with connect("ws" + base.removeprefix("http") + "/api/websocket", proxy=None) as ws:
        ws.recv()
        ws.send(json.dumps({"type": "auth", "access_token": access["access_token"]}))
        ws.recv()
        ws.send(json.dumps({"id": 1, "type": "auth/long_lived_access_token", "client_name": "test", "lifespan": 2}))
        first = _result(ws.recv())
        for number, message in enumerate(_rooms(), 2):
            ws.send(json.dumps({"id": number, **message}))
            _result(ws.recv())
        return str(first)


def _rooms() -> list[dict[str, Any]]:
    return [
        {"type": "config/area_registry/create", "name": "Study"},
        {"type": "config/entity_registry/update", "entity_id": "light.bed_light", "area_id": "study",
         "aliases": ["night light"]},
        {"type": "config/entity_registry/update", "entity_id": "light.ceiling_lights", "area_id": "study"},
    ]  # fmt: skip


def _result(message: str | bytes) -> Any:
    found = json.loads(message)
    assert found["success"], found
    return found["result"]


@pytest.fixture
def house(hub: tuple[str, str]) -> Iterator[Device]:
    # demonstration devices answer at once; the deadline is only lengthened for a busy machine
    client = HubClient(*hub, deadline_s=20)
    remote = RemoteHub(client.answer)
    source = HomeSource(memory_store(), Home(here="Study"), remote)
    assert source.refresh()
    yield Device(home=source, hub=remote)
    client.close()


def test_the_inventory(house: Device):
    home = house.skills.kit.home()
    light = home.named("Night Light")
    assert light is not None
    assert (light.id, light.area) == ("light.bed_light", "Study")
    assert "color" in light.features
    assert {entity.domain for entity in home.entities} >= {
        "light",
        "lock",
        "cover",
        "climate",
        "media_player",
        "weather",
    }
    assert home.here == "Study"


def test_lights_really_change(house: Device):
    hub = house.skills.kit.hub
    assert hub is not None
    assert house.say("HassTurnOn", name="Bed Light").earcon == "done"
    assert hub.states()["light.bed_light"].state == "on"
    assert "30 percent" in house.text("HassLightSet", name="Bed Light", brightness=30)
    assert hub.states()["light.bed_light"].attributes["brightness"] == round(30 * 2.55)
    house.say("HassLightSet", name="Bed Light", color="blue")
    assert hub.states()["light.bed_light"].attributes["rgb_color"][2] == 255
    house.say("HassTurnOff", domain="light", area="Study")
    assert {hub.states()[each].state for each in ("light.bed_light", "light.ceiling_lights")} == {"off"}
    house.say("Undo")
    assert hub.states()["light.bed_light"].state == "on"


def test_the_front_door(house: Device):
    hub = house.skills.kit.hub
    assert hub is not None
    before = hub.states()["lock.front_door"].state
    assert before == "locked"
    assert house.text("HassGetState", name="Front Door", state="locked") == "Yes, the front door is locked."
    assert house.say("HassTurnOff", name="Front Door").expects_answer
    assert hub.states()["lock.front_door"].state == "locked"
    assert house.say("Yes").outcome == "done"
    assert hub.states()["lock.front_door"].state in ("unlocking", "unlocked")


def test_heating_and_music(house: Device):
    hub = house.skills.kit.hub
    assert hub is not None
    assert house.say("HassClimateSetTemperature", name="HeatPump", temperature=21).outcome == "done"
    assert hub.states()["climate.heatpump"].attributes["temperature"] == 21
    assert "degrees" in house.text("HassClimateGetTemperature", name="HeatPump")
    assert house.say("HassSetVolume", name="Walkman", volume_level=30).outcome == "done"
    assert hub.states()["media_player.walkman"].attributes["volume_level"] == 0.3
    assert house.say("MusicPause", name="Walkman").outcome == "done"
    assert hub.states()["media_player.walkman"].state == "paused"


def test_the_weather(house: Device):
    assert house.say("WeatherQuery").outcome == "done"
    hub = house.skills.kit.hub
    assert hub is not None
    reply = house.say("WeatherQuery", day=house.clock.now().date())
    assert reply.outcome == "done"


def test_a_token_that_is_not_accepted(hub: tuple[str, str]):
    client = HubClient(hub[0], "not-a-token", deadline_s=20)
    assert client.answer({"op": "states"})["kind"] == "refused"
    assert client.answer({"op": "inventory"})["kind"] == "refused"
    client.close()
