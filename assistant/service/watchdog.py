"""The sign of life: given for frames of sound that were worked on, not for being alive.

A program that still runs but hears nothing (a stuck driver, a deadlocked engine) is what a kitchen calls dead: then no
sign comes, and the service manager starts it anew. Timers and alarms are on disk and ring on. Where no microphone is
plugged in, a new start would bring none: the program waits for one, and that is being well.
"""

import asyncio
from collections.abc import Callable

from assistant.service.notify import Notifier

LONGEST_S = 10.0
"""Looks at the frames at least this often, so that `systemctl status` is fresh."""


class Watchdog:
    """Feeds the service manager's watchdog, says when it listens, and keeps its status line."""

    def __init__(
        self, notifier: Notifier, frames: Callable[[], int], muted: Callable[[], bool], absent: Callable[[], bool]
    ) -> None:
        """`frames` counts the frames of sound worked on so far; `muted` says whether the microphone is closed on
        purpose, `absent` whether none is plugged in: neither is being deaf."""
        self._notifier, self._frames, self._muted, self._absent = notifier, frames, muted, absent
        self._seen = frames()
        self._said = ""

    def look(self) -> bool:
        """Look once; True when a sign of life was given."""
        frames, status = self._frames(), "listening"
        moved, self._seen = frames != self._seen, frames
        if self._muted():
            status = "the microphone is closed: hold the button"
        elif not moved and self._absent():
            status = "no microphone is connected: plug one in"
        elif not moved:
            self._say("no sound arrives from the microphone")
            return False
        self._notifier.alive()
        self._say(status)
        return True

    async def run(self) -> None:
        """Say READY with the first sign of life, then feed. Returns at once where no service manager waits."""
        if not self._notifier.managed:
            return
        ready, interval = False, 0.1
        while True:
            await asyncio.sleep(interval)
            alive = self.look()
            if alive and not ready:
                ready = True
                self._notifier.ready(self._said)
                # three looks within systemd's patience: one that is late does no harm
                interval = min(LONGEST_S, (self._notifier.watchdog_s or 3 * LONGEST_S) / 3)

    def _say(self, status: str) -> None:
        if status != self._said:
            self._notifier.status(status)
        self._said = status
