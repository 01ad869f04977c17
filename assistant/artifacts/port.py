"""What the model room asks of the network door: bring these bytes, and say plainly when that fails."""

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from assistant.errors import AssistantError


class DownloadError(AssistantError):
    """A file could not be fetched from one address."""


class Downloader(Protocol):
    """Fetches one file. The implementation is the only code that opens a socket (assistant/egress/download.py)."""

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        """Bring what `url` serves into the file `part`, continuing after the bytes that are already there.

        `total`: the exact size when it is known; a server that announces another one is refused at once.
        `limit`: no more bytes than this are ever written. `progress` is called with the bytes in `part` so far;
        the number falls when a server makes the transfer start again. What was received stays in `part` whatever
        happens, for a later call; the caller checks size and hash. Raises DownloadError, one line; an OSError of
        the disk (full, read-only) passes through.
        """
        ...


def url_problem(url: str) -> str | None:
    """Why nothing may be fetched from `url`, or None: https is asked for, plain http stays on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is not an address"
    if not host:
        return "names no host"
    if parts.username is not None or parts.password is not None:
        return "carries a password"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return None
    return "is not https"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
