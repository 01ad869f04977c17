"""What the door does beside questions: structured calls to the owner's home hub, and downloads the owner asked for."""

import asyncio
import json
from pathlib import Path
from typing import Any

from assistant.artifacts.port import DownloadError
from assistant.egress.download import HttpDownloader, on_own_thread
from assistant.egress.hub import HubClient, read_token
from assistant.egress.settings import DoorSettings
from assistant.routing.ledger import Ledger
from assistant.routing.wire import Send


class RefusedError(Exception):
    """A request that this door does not carry out. The message is for the core."""


class Errands:
    """One instance a door. Everything is in the ledger."""

    def __init__(self, settings: DoorSettings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._hub: HubClient | None = None

    async def hub(self, message: dict[str, Any], send: Send) -> None:
        """A call to the home hub. Raises RefusedError, UsageError when address or token are none."""
        if not self._settings.hub_url:
            raise RefusedError("no home hub is set up")
        request = message.get("request")
        if not isinstance(request, dict):
            raise RefusedError("a call to the hub needs a request")
        if self._hub is None:
            self._hub = HubClient(self._settings.hub_url, read_token(self._settings.hub_token_file))
        await send({"leaves": len(json.dumps(request))})
        result = await asyncio.to_thread(self._hub.answer, request)
        named = [str(request.get(key, "")) for key in ("domain", "service")]
        call = ".".join(named) if request.get("op") == "call" else str(request.get("op"))
        outcome = "failed" if "error" in result else "done"
        self._ledger.append("hub", {"reason": call[:80], "bytes_out": len(json.dumps(request)), "outcome": outcome})
        await send({"answer": result})

    async def download(self, message: dict[str, Any], send: Send) -> None:
        """Fetch one file; the caller has asked the switch. Raises RefusedError."""
        url, part, total, limit = (message.get(key) for key in ("url", "part", "total", "limit"))
        if not isinstance(url, str) or not isinstance(part, str) or not isinstance(limit, int):
            raise RefusedError("a download needs url, part and limit")
        if not isinstance(total, int | None):
            raise RefusedError("a download's total is a number of bytes")
        loop, stop = asyncio.get_running_loop(), False

        def contacted(host: str) -> None:
            if stop:
                raise DownloadError("the download was stopped")
            self._ledger.append("download", {"host": host, "bytes_out": len(url), "reason": "asked for by the owner"})

        def progress(done: int) -> None:
            if stop:
                raise DownloadError("the download was stopped")
            asyncio.run_coroutine_threadsafe(send({"done": done}), loop)

        fetch = HttpDownloader(contacted=contacted).fetch
        await send({"leaves": len(url)})
        try:
            await on_own_thread(lambda: fetch(url, Path(part), total=total, limit=limit, progress=progress))
        except DownloadError as error:
            raise RefusedError(str(error)) from error
        finally:
            stop = True  # a thread cannot be cancelled: it stops at its next block
        await send({"end": True})
