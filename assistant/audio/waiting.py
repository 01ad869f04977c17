"""What waits to be played, and who waits for its end."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from assistant.audio import Samples


@dataclass(slots=True)
class Piece:
    """Sound of one turn at the device's rate."""

    turn: str
    samples: Samples


@dataclass(slots=True)
class Queue:
    """What waits to be played, and who waits for its end."""

    pieces: deque[Piece] = field(default_factory=deque)
    waiters: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=list)
    pending: int = 0
    """Samples of silence until the last piece has left the device."""

    def wake(self) -> None:
        """Tell everybody that it is over."""
        for _, loop, done in self.waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)
        self.waiters.clear()

    def forget(self, turn: str) -> None:
        """Drop the pieces of `turn`, or all ("")."""
        self.pieces = deque(piece for piece in self.pieces if turn and piece.turn != turn)
        if not self.pieces:
            self.pending = 0
            self.wake()

    def take(self, other: "Queue", turn: str) -> None:
        """Move what is `turn`'s from `other` to the front of this one, with those who wait for it."""
        self.pieces.extendleft(piece for piece in reversed(other.pieces) if piece.turn == turn)
        other.pieces = deque(piece for piece in other.pieces if piece.turn != turn)
        self.waiters.extend(waiter for waiter in other.waiters if waiter[0] == turn)
        other.waiters = [waiter for waiter in other.waiters if waiter[0] != turn]
        if not other.pieces:
            other.pending = 0
