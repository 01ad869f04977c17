"""A home hub on loopback: the REST and WebSocket messages of Home Assistant's developer documentation, a small house
behind them, and every way a hub can misbehave."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

TOKEN = "long-lived-token"


def house() -> dict[str, dict[str, Any]]:
    """Entity id → state object as `GET /api/states` lists it."""
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("light.desk", "off", {"friendly_name": "Desk Lamp", "supported_color_modes": ["color_temp", "hs"]}),
        ("light.ceiling", "on", {"friendly_name": "Ceiling", "brightness": 128,
                                 "supported_color_modes": ["brightness"]}),
        ("switch.kettle", "off", {"friendly_name": "Kettle"}),
        ("cover.blind", "open", {"friendly_name": "Blind", "device_class": "blind", "current_position": 70}),
        ("cover.garage", "closed", {"friendly_name": "Garage Door", "device_class": "garage", "current_position": 0}),
        ("lock.front", "locked", {"friendly_name": "Front Door"}),
        ("climate.hall", "heat", {"friendly_name": "Heating", "temperature": 20.0, "current_temperature": 19.3}),
        ("sensor.garden", "7.4", {"friendly_name": "Garden", "device_class": "temperature",
                                  "unit_of_measurement": "°C"}),
        ("sensor.broken", "unavailable", {"friendly_name": "Broken Sensor"}),
        ("light.dead", "unavailable", {"friendly_name": "Dead Lamp", "supported_color_modes": ["onoff"]}),
        ("media_player.radio", "playing", {"friendly_name": "Radio", "volume_level": 0.4, "media_title": "Blue Monday",
                                           "media_artist": "New Order"}),
        ("weather.home", "rainy", {"friendly_name": "Home", "temperature": 8.6}),
        ("scene.movie", "unknown", {"friendly_name": "Movie Night"}),
        ("alarm_control_panel.house", "armed_away", {"friendly_name": "House Alarm"}),
        ("light.secret", "off", {"friendly_name": "Secret Lamp"}),
        ("update.core", "off", {"friendly_name": "Core Update"}),
    ]  # fmt: skip
    return {entity: {"entity_id": entity, "state": state, "attributes": more} for entity, state, more in rows}


AREAS = [
    {"area_id": "study", "name": "Study", "floor_id": "up", "aliases": ["Office"]},
    {"area_id": "kitchen", "name": "Kitchen", "floor_id": None, "aliases": []},
]
DEVICES = [{"id": "d1", "area_id": "study"}, {"id": "d2", "area_id": "kitchen"}]
ENTRIES = [
    {"entity_id": "light.desk", "device_id": "d1", "area_id": None},
    {"entity_id": "light.ceiling", "device_id": "d2", "area_id": "study"},
    {"entity_id": "switch.kettle", "device_id": "d2", "area_id": None},
    {"entity_id": "climate.hall", "device_id": None, "area_id": "kitchen"},
    {"entity_id": "light.secret", "hidden_by": "user"},
]
FLOORS = [{"floor_id": "up", "name": "Upstairs"}]
FORECAST = [
    {"datetime": "2026-11-21T12:00:00+00:00", "condition": "rainy", "temperature": 9.0, "templow": 4.0},
    {
        "datetime": "2026-11-22T12:00:00+00:00",
        "condition": "partlycloudy",
        "temperature": 11.2,
        "templow": 3.6,
        "precipitation_probability": 40,
    },
]


class HubServer:
    """Serves until closed. `fault` is looked at for every request; `calls` holds the service calls that came."""

    def __init__(self) -> None:
        self.states = house()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.requests = 0
        self.fault = ""
        self.released = threading.Event()
        """Set at the end: what hangs on purpose hangs on this."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: list[socket.socket] = []
        self._threads[0].start()

    def close(self) -> None:
        """Stop, and let everything that hangs end."""
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while self._request(connection):
                    pass
            except OSError:
                return

    def _request(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {key.lower(): value.strip() for key, value in (line.split(":", 1) for line in lines[1:])}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        self.requests += 1
        if self.fault == "slow":
            self.released.wait()
            return False
        if path == "/api/websocket":
            self._websocket(connection, data)
            return False
        return self._rest(connection, method, path, headers, body)

    # --- REST

    def _rest(self, connection: socket.socket, method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
        status, found = 200, b"[]"
        if self.fault == "dribble":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not self.released.wait(0.02):
                connection.sendall(b" ")
            return False
        if self.fault == "cut":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{")
            return False
        if self.fault == "noise":
            connection.sendall(b"\x00\xff\x13 this is no http at all\r\n\r\n")
            return False
        if self.fault in ("garbage", "deep", "shape", "shape2", "huge"):
            found = {
                "garbage": b"<html>hello</html>",
                "deep": b"[" * 200_000,
                "shape": b'{"a": 1}',
                "shape2": b'[{"entity_id": 5}, null]',
                "huge": b"[" + b" " * (9 * 1024 * 1024) + b"]",
            }[self.fault]
        elif self.fault == "500":
            status, found = 500, b"oops"
        elif self.fault == "redirect":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n")
            return True
        elif headers.get("authorization") != f"Bearer {TOKEN}":
            status, found = 401, b"401: Unauthorized"
        elif method == "GET" and path == "/api/states":
            found = json.dumps(list(self.states.values())).encode()
        elif method == "POST" and path.startswith("/api/services/"):
            domain, service = path.removeprefix("/api/services/").split("/")
            found = json.dumps(self._do(domain, service, json.loads(body))).encode()
        else:
            status, found = 404, b"404: Not Found"
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(found)}\r\n\r\n"
        connection.sendall(head.encode() + found)
        return True

    def _do(self, domain: str, service: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Carry out a service; as the real hub, it answers with the states that changed and ignores what is dead."""
        self.calls.append((domain, service, data))
        changed = []
        for entity in data["entity_id"]:
            row = self.states.get(entity)
            if row is None or row["state"] == "unavailable":
                continue
            _apply(row, service, data)
            changed.append(row)
        return changed

    # --- WebSocket

    def _websocket(self, connection: socket.socket, data: bytes) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(data)
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))

        def flush() -> None:
            for piece in protocol.data_to_send():
                if piece:
                    connection.sendall(piece)

        def send(message: object) -> None:
            text = "}{ nonsense" if self.fault == "ws_garbage" else json.dumps(message)
            protocol.send_text(text.encode())
            flush()

        flush()
        send({"type": "auth_required", "ha_version": "2024.3.3"})
        while piece := connection.recv(65536):
            protocol.receive_data(piece)
            for event in protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT and not self._message(event.data, send):
                    protocol.send_close()
            flush()
            if protocol.close_expected():
                return

    def _message(self, data: bytes | bytearray | memoryview, send: Callable[[object], None]) -> bool:
        message = json.loads(bytes(data))
        kind, number = message["type"], message.get("id")
        if kind == "auth":
            valid = bool(message["access_token"] == TOKEN)
            send({"type": "auth_ok"} if valid else {"type": "auth_invalid", "message": "Invalid access token"})
            return valid
        if self.fault == "ws_silent":
            return True
        found: Any = {
            "config/area_registry/list": AREAS,
            "config/device_registry/list": DEVICES,
            "config/entity_registry/list": ENTRIES,
            "config/floor_registry/list": FLOORS,
            "homeassistant/expose_entity/list": {"exposed_entities": {"sensor.broken": {"conversation": False}}},
            "config/entity_registry/get_entries": {"light.desk": {"aliases": ["Reading Light"]}, "light.secret": None},
            "get_states": list(self.states.values()),
        }.get(kind)
        if self.fault == "ws_shape":
            found = [1, None, "x"]
        if kind == "call_service":
            found = {"response": {message["target"]["entity_id"][0]: {"forecast": FORECAST}}}
        if found is None or (self.fault == "ws_old" and kind == "config/floor_registry/list"):
            why = {"code": "unknown_command", "message": "Unknown command."}
            send({"id": number, "type": "result", "success": False, "error": why})
            return True
        send({"id": 999, "type": "event"})
        send({"id": number, "type": "result", "success": True, "result": found})
        return True


def _apply(row: dict[str, Any], service: str, data: dict[str, Any]) -> None:
    more = row["attributes"]
    plain = {
        "turn_on": "on", "turn_off": "off", "lock": "locked", "unlock": "unlocked", "open_cover": "open",
        "close_cover": "closed", "media_play": "playing", "media_pause": "paused", "alarm_disarm": "disarmed",
    }  # fmt: skip
    row["state"] = plain.get(service, row["state"])
    if "brightness" in data:
        more["brightness"] = data["brightness"]
    if "brightness_pct" in data:
        more["brightness"] = round(data["brightness_pct"] * 2.55)
    if service in ("open_cover", "close_cover"):
        more["current_position"] = 100 if service == "open_cover" else 0
    for key, name in (
        ("position", "current_position"),
        ("temperature", "temperature"),
        ("volume_level", "volume_level"),
    ):
        if key in data:
            more[name] = data[key]
