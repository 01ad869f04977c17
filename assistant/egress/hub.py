"""The client of the owner's home hub: Home Assistant's REST and WebSocket interfaces with a long-lived token.

`HubClient.answer` takes and returns plain JSON values, so that it can serve behind the egress process' socket. It never
raises and always answers within DEADLINE_S: what goes wrong is an answer too, in plain words.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from assistant.egress.hub_inventory import inventory
from assistant.egress.hub_rules import WITH_RESPONSE, RuleError, checked_call
from assistant.errors import UsageError

logger = logging.getLogger(__name__)

DEADLINE_S = 2.5
"""An answer later than this is none: with it, a reply is spoken within the 3 s a person will wait for a lamp."""

UNSPOKEN = 1.4
"""The inventory is no answer that anybody waits for, and a large house takes its time: so much longer."""

CONNECT_S = 1.5
LARGEST = 8 * 1024 * 1024
"""Bytes of one answer; a house of a thousand devices sends about one megabyte."""

T = TypeVar("T")


class _HubError(Exception):
    """What went wrong: the words, and the kind that the skills know."""

    def __init__(self, words: str, kind: str) -> None:
        super().__init__(words)
        self.kind = kind


class HubClient:
    """Speaks to one hub. Requests are answered one after the other; use it from any thread."""

    def __init__(self, url: str, token: str, *, deadline_s: float = DEADLINE_S) -> None:
        """Contacts nothing yet.

        Raises UsageError when `url` is no http or https address.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"hub.url: '{url[:80]}' is no address; use one such as http://homeassistant.local:8123")
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._token = token
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """{"ok": result} or {"error": words, "kind": kind}.

        Requests: {"op": "states"}; {"op": "inventory"}; {"op": "call", "domain", "service", "entities", "data"}, whose
        result holds the named devices' states before the call ("before") and the service's own "response".
        Kinds of errors: unreachable, slow, refused, garbage, failed.
        """
        operations: dict[str, Callable[[], Any]] = {
            "states": self._states,
            "inventory": self._inventory,
            "call": lambda: self._call(request),
        }
        operation = operations.get(str(request.get("op")))
        if operation is None:
            return {"error": "the request to the hub names no known operation", "kind": "failed"}
        with self._lock:
            try:
                return {"ok": self._in_time(operation, request.get("seconds"))}
            except _HubError as error:
                return {"error": str(error), "kind": error.kind}
            except RuleError as error:
                return {"error": str(error), "kind": "failed"}

    def close(self) -> None:
        """Close the connection that is kept open between requests."""
        client, self._http = self._http, None
        if client is not None:
            client.close()

    # --- operations

    def _states(self) -> list[dict[str, Any]]:
        return _states_of(self._rest("GET", "/api/states"))

    def _call(self, request: Mapping[str, Any]) -> dict[str, Any]:
        domain, service, data = checked_call(request)
        if (domain, service) in WITH_RESPONSE:
            return {"before": [], "response": self._call_for_response(domain, service, data)}
        named = set(data["entity_id"])
        before = [each for each in self._states() if each["entity"] in named]
        self._rest("POST", f"/api/services/{domain}/{service}", data)
        return {"before": before, "response": {}}

    def _call_for_response(self, domain: str, service: str, data: dict[str, Any]) -> dict[str, Any]:
        entities = data.pop("entity_id")
        with self._socket() as socket:
            found = self._command(
                socket,
                1,
                type="call_service",
                domain=domain,
                service=service,
                service_data=data,
                target={"entity_id": entities},
                return_response=True,
            )
        response = found.get("response") if isinstance(found, dict) else None
        if not isinstance(response, dict):
            raise _HubError("the hub's answer holds no response", "garbage")
        return response

    def _inventory(self) -> dict[str, Any]:
        with self._socket() as socket:
            asked = (
                "config/area_registry/list",
                "config/device_registry/list",
                "config/entity_registry/list",
                "get_states",
            )
            lists = [self._command(socket, number, type=kind) for number, kind in enumerate(asked, 1)]
            # the floor list and the owner's choice of what assistants may see are not there in every version
            floors = self._optional(socket, 5, "config/floor_registry/list")
            exposed = self._optional(socket, 6, "homeassistant/expose_entity/list")
            # the list of entities leaves out what people call them; each entry, asked for by name, holds it
            named = [str(row.get("entity_id")) for row in lists[2] or () if isinstance(row, dict)]
            details = self._optional(socket, 7, "config/entity_registry/get_entries", entity_ids=named)
        try:
            return inventory(*lists, floors=floors, exposed=exposed, details=details)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _HubError("the hub's list of rooms and devices makes no sense", "garbage") from error

    # --- REST

    def _rest(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        client = self._http
        if client is None:
            # no proxy from the environment: the hub is in the house. Redirects are not followed: the token stays here.
            # Plain http needs no certificates, and reading them takes a noticeable part of the first answer's time.
            client = self._http = httpx.Client(
                trust_env=False,
                verify=self._base.startswith("https:"),
                timeout=httpx.Timeout(DEADLINE_S, connect=CONNECT_S),
            )
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            with client.stream(method, self._base + path, json=data, headers=headers) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        raise _HubError("the hub's answer is too large", "garbage")
                status = response.status_code
        except httpx.TimeoutException as error:
            raise _HubError("the hub takes too long to answer", "slow") from error
        except httpx.ConnectError as error:
            raise _HubError("the hub cannot be reached", "unreachable") from error
        except httpx.HTTPError as error:
            raise _HubError("the connection to the hub broke", "unreachable") from error
        if status in (401, 403):
            raise _HubError(
                "the hub does not accept the token; make a new one and put it into hub.token_file", "refused"
            )
        if status >= 300:
            raise _HubError(f"the hub answered with status {status}", "failed")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise _HubError("the hub's answer makes no sense", "garbage") from error

    # --- WebSocket

    @contextmanager
    def _socket(self) -> Iterator[ClientConnection]:
        """A connection that has been let in."""
        address = "ws" + self._base.removeprefix("http") + "/api/websocket"
        try:
            with connect(
                address, open_timeout=CONNECT_S, close_timeout=0.2, max_size=LARGEST, compression=None, proxy=None
            ) as socket:
                self._expect(socket, "auth_required")
                socket.send(json.dumps({"type": "auth", "access_token": self._token}))
                self._expect(socket, "auth_ok")
                yield socket
        except TimeoutError as error:
            raise _HubError("the hub takes too long to answer", "slow") from error
        except OSError as error:
            raise _HubError("the hub cannot be reached", "unreachable") from error
        except WebSocketException as error:
            raise _HubError("the hub's answer makes no sense", "garbage") from error

    def _expect(self, socket: ClientConnection, kind: str) -> None:
        message = self._receive(socket)
        if message.get("type") == "auth_invalid":
            raise _HubError(
                "the hub does not accept the token; make a new one and put it into hub.token_file", "refused"
            )
        if message.get("type") != kind:
            raise _HubError("the hub's answer makes no sense", "garbage")

    def _command(self, socket: ClientConnection, number: int, **message: Any) -> Any:  # noqa: ANN401 - JSON
        """The result of one command; messages that belong to none are passed over."""
        try:
            socket.send(json.dumps({"id": number, **message}))
        except (WebSocketException, OSError) as error:
            raise _HubError("the connection to the hub broke", "unreachable") from error
        for _ in range(50):
            found = self._receive(socket)
            if found.get("id") != number or found.get("type") != "result":
                continue
            if found.get("success") is not True:
                why = found.get("error")
                words = str(why.get("message", "")) if isinstance(why, dict) else ""
                raise _HubError(f"the hub refused: {words[:120] or 'no reason given'}", "failed")
            return found.get("result")
        raise _HubError("the hub's answer makes no sense", "garbage")

    def _optional(self, socket: ClientConnection, number: int, kind: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            return self._command(socket, number, type=kind, **more)
        except _HubError as error:
            if error.kind != "failed":
                raise
            return None

    def _receive(self, socket: ClientConnection) -> dict[str, Any]:
        try:
            message = json.loads(socket.recv(timeout=self._deadline_s))
        except TimeoutError as error:
            raise _HubError("the hub takes too long to answer", "slow") from error
        except (WebSocketException, OSError) as error:
            raise _HubError("the connection to the hub broke", "unreachable") from error
        except (ValueError, RecursionError) as error:
            raise _HubError("the hub's answer makes no sense", "garbage") from error
        if not isinstance(message, dict):
            raise _HubError("the hub's answer makes no sense", "garbage")
        return message

    # --- time

    def _in_time(self, work: Callable[[], T], seconds: object) -> T:
        """The result of `work`, or an error when it is not there by the deadline.

        Timeouts of single reads do not bound a hub that sends a byte a second; so the work has a thread of its own,
        which is left behind (its connection closed) when it is late.
        """
        limit = self._deadline_s * (UNSPOKEN if work == self._inventory else 1)
        if isinstance(seconds, (int, float)) and 0 < seconds < limit:
            limit = float(seconds)
        done: list[T] = []
        failed: list[Exception] = []

        def run() -> None:
            try:
                done.append(work())
            except Exception as error:  # noqa: BLE001 - handed to the caller below, or logged when nobody waits any more
                failed.append(error)

        thread = threading.Thread(target=run, name="hub", daemon=True)
        started = time.monotonic()
        thread.start()
        thread.join(limit)
        if done:
            return done[0]
        if failed:
            error = failed[0]
            if isinstance(error, (_HubError, RuleError)):
                raise error
            logger.error("the hub client failed", exc_info=error)
            raise _HubError("the hub's answer makes no sense", "garbage")
        logger.warning("the hub did not answer within %.1f s", time.monotonic() - started)
        self.close()
        raise _HubError("the hub takes too long to answer", "slow")


def _states_of(found: object) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        raise _HubError("the hub's answer makes no sense", "garbage")
    states = []
    for row in found:
        if not isinstance(row, dict) or not isinstance(row.get("entity_id"), str):
            raise _HubError("the hub's answer makes no sense", "garbage")
        attributes = row.get("attributes")
        states.append(
            {
                "entity": row["entity_id"],
                "state": str(row.get("state")),
                "attributes": attributes if isinstance(attributes, dict) else {},
            }
        )
    return states


def read_token(path: Path | None) -> str:
    """The long-lived token in the settings' file. Raises UsageError, one line, when there is none."""
    if path is None:
        raise UsageError("hub.token_file is not set; make a long-lived token in the hub and name its file there")
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); hub.token_file names it") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: holds no token; hub.token_file names it") from error
    if not token or not token.isprintable() or " " in token:
        raise UsageError(f"{path}: holds no token; put the long-lived token there, alone")
    return token
