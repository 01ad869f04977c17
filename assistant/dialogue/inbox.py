"""The frames of one turn, between the microphone that never waits and the recogniser that may."""

import asyncio

from assistant.dialogue.listening import Frame

WAITING_FRAMES = 400
"""Frames (20 ms) of a live source that may wait for a slow recogniser: 8 s, the longest request."""


class Inbox:
    """The frames of one turn, handed over one by one."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Frame | None] = asyncio.Queue(WAITING_FRAMES)
        self._working = False
        self.closed = asyncio.Event()
        self.dropped = 0
        self.rule = "end-of-sound"
        """Why the frames end, where nothing in them ended the request."""

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> Frame:
        if self._working:
            self._queue.task_done()
        frame = await self._queue.get()
        self._working = True
        if frame is None:
            raise StopAsyncIteration
        return frame

    async def aclose(self) -> None:
        """The turn takes no more frames, whether it took any or not."""
        self.closed.set()

    def put(self, frame: Frame | None) -> None:
        """Hand over a frame (None: the sound has ended); a frame too many is dropped and counted."""
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped += 1

    def end(self, rule: str) -> None:
        """No more frames, by `rule`."""
        self.rule = rule
        self.put(None)

    async def taken(self) -> None:
        """Return when everything was worked on, or nobody reads any more."""
        waits = {asyncio.ensure_future(self._queue.join()), asyncio.ensure_future(self.closed.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
