"""The core's client for all of the door's verbs: Unix sockets only."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

from assistant.artifacts.port import DownloadError
from assistant.routing.door import DoorClient, DoorError, DoorProcess

__all__ = ["DoorError", "DoorProcess", "EgressClient"]


class EgressClient(DoorClient):
    """A DoorClient that also reaches the home hub, downloads and a local accelerator service."""

    async def accelerator(self, path: str, body: dict[str, Any] | None = None) -> AsyncGenerator[str]:
        """The lines of a local accelerator service's answer. Raises DoorError."""
        async with contextlib.aclosing(
            self.request({"verb": "accelerator", "path": path, "body": body}, wait_s=150.0)
        ) as messages:
            async for message in messages:
                if isinstance(line := message.get("line"), str):
                    yield line
                elif "end" in message:
                    return
        raise DoorError("the door went away in the middle of an answer")

    def hub(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A call to the home hub, blocking (skills run on a thread): HubClient.answer's shape, never raises."""
        try:
            for message in self.blocking({"verb": "hub", "request": dict(request)}, wait_s=4.0):
                if isinstance(answer := message.get("answer"), dict):
                    return answer
        except DoorError as error:
            return {"error": str(error), "kind": "failed"}
        return {"error": "the door went away", "kind": "unreachable"}

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        """See artifacts.port.Downloader.fetch: a download through the door, blocking."""
        try:
            for message in self.blocking(
                {"verb": "download", "url": url, "part": str(part), "total": total, "limit": limit}, wait_s=120.0
            ):
                if "done" in message:
                    progress(int(message["done"]))
                elif "end" in message:
                    return
        except DoorError as error:
            raise DownloadError(str(error)) from error
        raise DownloadError(f"{url}: the door went away in the middle of the download")
