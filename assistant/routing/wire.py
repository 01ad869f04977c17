"""The few sentences that core and door exchange over a Unix socket: one JSON object a line.

Four verbs reach a network: "cloud", "hub", "download", "accelerator". Two more are answered by the door itself:
"status" and "offline". Every connection carries one request; closing it takes the request back.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

MOST_BYTES = 1 << 20
"""Longest line. A request is a question (kilobytes); an answer piece is smaller still."""

Send: TypeAlias = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
"""Hands one message to the other side."""

VERBS = ("cloud", "hub", "download", "accelerator", "status", "offline")


class WireError(Exception):
    """The other side spoke nonsense or went away."""


@dataclass(frozen=True, slots=True)
class DoorStatus:
    """What the core may know of the door; feeds routing.decide's context."""

    running: bool = False
    configured: bool = False
    offline: bool = True
    budget_left: float = 0.0
    """Money left today and this month, whichever is less."""
    price_in: float = 0.0
    """Money per byte sent, an upper bound (one token a byte)."""
    price_out: float = 0.0
    """Money per token received."""
    rate_left: int = 0
    breaker_closed: bool = False
    sending: int = 0
    """Requests in flight: the light shows "leaving the device"."""
    warnings: tuple[str, ...] = ()
    """Announcements due, such as "80 % of this month's budget is used"; each is given once."""

    @classmethod
    def from_wire(cls, message: dict[str, Any]) -> "DoorStatus":
        """Read a status message; unknown fields are ignored, wrong types raise WireError."""
        try:
            return cls(
                running=True,
                configured=bool(message["configured"]),
                offline=bool(message["offline"]),
                budget_left=float(message["budget_left"]),
                price_in=float(message["price_in"]),
                price_out=float(message["price_out"]),
                rate_left=int(message["rate_left"]),
                breaker_closed=bool(message["breaker_closed"]),
                sending=int(message["sending"]),
                warnings=tuple(str(w) for w in message["warnings"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise WireError(f"the door sent a status without a usable {error}") from error


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


async def receive(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message, None at the end. Raises WireError for anything else than a JSON object on a line."""
    try:
        line = await reader.readline()
    except (ValueError, ConnectionError) as error:
        raise WireError("a message is too long or was cut off") from error
    if not line:
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WireError("a message is not JSON") from error
    if not isinstance(message, dict):
        raise WireError("a message is not an object")
    return message
