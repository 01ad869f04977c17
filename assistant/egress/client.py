"""The core's client for all of the door's verbs: Unix sockets only."""

import contextlib
import json
import socket
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from assistant.artifacts.port import DownloadError
from assistant.routing.door import DoorClient, DoorError, DoorProcess
from assistant.routing.wire import encode

__all__ = ["AcceleratorCall", "DoorError", "DoorProcess", "EgressClient"]

ACCELERATOR_S = 310.0
"""Seconds without a word from the door: longer than its own patience with the service."""


class EgressClient(DoorClient):
    """A DoorClient that also reaches the home hub, downloads and a local accelerator service."""

    def accelerator(self, path: str, body: dict[str, Any] | None = None) -> "AcceleratorCall":
        """A request to the accelerator's service on this machine; nothing is sent until the answer is taken."""
        return AcceleratorCall(self._path, {"verb": "accelerator", "path": path, "body": body})

    def hub(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A call to the home hub, blocking (skills run on a thread): HubClient.answer's shape, never raises."""
        try:
            asked = {"verb": "hub", "request": dict(request)}
            with contextlib.closing(self.blocking(asked, wait_s=4.0)) as messages:
                for message in messages:
                    if isinstance(answer := message.get("answer"), dict):
                        return answer
        except DoorError as error:
            return {"error": str(error), "kind": "failed"}
        return {"error": "the door went away", "kind": "unreachable"}

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        """See artifacts.port.Downloader.fetch: a download through the door, blocking."""
        asked = {"verb": "download", "url": url, "part": str(part), "total": total, "limit": limit}
        try:
            with contextlib.closing(self.blocking(asked, wait_s=120.0)) as messages:
                for message in messages:
                    if "done" in message:
                        progress(int(message["done"]))
                    elif "end" in message:
                        return
        except DoorError as error:
            raise DownloadError(str(error)) from error
        raise DownloadError(f"{url}: the door went away in the middle of the download")


class AcceleratorCall:
    """The objects of the service's answer, blocking, for a thread. Raises DoorError."""

    def __init__(self, path: Path, request: dict[str, Any]) -> None:
        self._over = False
        self._connection: socket.socket | None = None
        self._objects = self._answer(path, request)

    def __iter__(self) -> "AcceleratorCall":
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._objects)

    def cancel(self) -> None:
        """Take the request back; from any thread, also while another waits for the answer."""
        self._over = True
        if (connection := self._connection) is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The same, and give the connection back; on the thread that takes the answer."""
        self.cancel()
        self._objects.close()

    def _given_up(self) -> bool:
        """Another thread may have cancelled in the meantime."""
        return self._over

    def _answer(self, path: Path, request: dict[str, Any]) -> Generator[dict[str, Any]]:
        if self._given_up():
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(ACCELERATOR_S)
                connection.connect(str(path))
                self._connection = connection
                if self._given_up():
                    return
                connection.sendall(encode(request))
                with connection.makefile("rb") as messages:
                    for line in messages:
                        message = json.loads(line)
                        if "error" in message:
                            raise DoorError(str(message["error"]))
                        if isinstance(found := message.get("line"), dict):
                            yield found
                        elif "end" in message:
                            return
        except (OSError, ValueError) as error:
            if self._given_up():
                return
            raise DoorError("the door does not answer; it may not be running") from error
        finally:
            self._connection = None
        if not self._given_up():
            raise DoorError("the door went away in the middle of an answer")
