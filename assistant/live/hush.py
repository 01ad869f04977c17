"""How loud the assistant is now: as it was set, low in the quiet hours, as it was set again while something rings."""

from typing import Protocol

from assistant import events as ev
from assistant.skills.registry import Skills


class Loud(Protocol):
    """What makes the sound."""

    volume: float


class Hush:
    """Turns the loudspeaker. An observer of what rings; `look` is called on the skills' thread."""

    def __init__(self, loudspeaker: Loud, skills: Skills) -> None:
        self._loudspeaker, self._skills = loudspeaker, skills
        self._level = self._low = 0.0
        self._rings = False
        self.quiet = False
        """Whether the quiet hours hold."""
        skills.preferences.listeners.append(self._changed)

    def look(self) -> bool:
        """Take over what is set and what time it is; whether to keep quiet. Cheap: call it every second."""
        preferences = self._skills.preferences
        self._level = 0.0 if preferences.muted else preferences.volume / 100
        self._low = min(self._level, self._skills.kit.settings.quiet.volume / 100)
        self.quiet = self._skills.quiet
        self._turn()
        return self.quiet

    def observe(self, event: ev.Event) -> None:
        """What rings was asked for: it is as loud as it was set."""
        if isinstance(event, ev.Ringing):
            self._rings = event.on
            self._turn()

    def close(self) -> None:
        """Follow no more."""
        self._skills.preferences.listeners.remove(self._changed)

    def _changed(self, name: str) -> None:
        if name in ("volume", "muted", "quiet"):
            self.look()

    def _turn(self) -> None:
        self._loudspeaker.volume = self._low if self.quiet and not self._rings else self._level
