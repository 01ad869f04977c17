"""Trouble with the microphone is said, once and in a plain sentence: nobody looks at a light all day, and a device that
is deaf cannot be asked what is wrong. (A loudspeaker that is gone cannot say so: the light shows it.)"""

from collections.abc import Mapping

from assistant import events as ev
from assistant.clock import Clock

LASTS_S = 10.0
"""Trouble is spoken of when it has lasted so long: a device that is replugged is back by then, and it is tried again
every second meanwhile."""

AGAIN_S = 24 * 3600.0
"""The same trouble is not spoken of again within a day: a loose plug comes and goes."""


class Complaints:
    """An observer. Whoever speaks asks for what is `due` and tells what was `said`."""

    def __init__(self, clock: Clock, sentences: Mapping[str, str]) -> None:
        """`sentences`: what to say of each kind of trouble (events.SoundTrouble); others are only shown."""
        self._clock, self._sentences = clock, sentences
        self._kind, self._since = "", 0.0
        self._said: dict[str, float] = {}

    def observe(self, event: ev.Event) -> None:
        """Follow what is wrong now."""
        if isinstance(event, ev.SoundTrouble) and event.device == "microphone":
            self._kind, self._since = event.kind, event.at

    @property
    def due(self) -> str:
        """What is to be said now; "" when nothing is."""
        now = self._clock.monotonic()
        if not self._kind or now - self._since < LASTS_S:
            return ""
        if self._kind in self._said and now - self._said[self._kind] < AGAIN_S:
            return ""
        return self._sentences.get(self._kind, "")

    def said(self) -> None:
        """What was due was spoken."""
        self._said[self._kind] = self._clock.monotonic()
