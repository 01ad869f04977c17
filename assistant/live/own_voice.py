"""What of the sound is the assistant itself: three guards against hearing oneself.

The echo canceller takes most of it away. What is left of a wake phrase is recognised by a second wake engine that
listens to the loudspeaker's own samples; what is left of words is recognised by their text and its time.
"""

import re
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz

from assistant import events as ev
from assistant.audio import FRAME_SECONDS, Samples
from assistant.audio.echo import EchoCanceller
from assistant.clock import Clock
from assistant.wake import WakeEngine

GUARD_SUSPICION = 0.5
"""Share of a wake threshold from which the assistant's own voice counts as having said something like the phrase: a
room changes a sound (docs/audio.md)."""

GUARD_SECONDS = 1.2
"""How long before a wake detection the own voice must have said it: the echo path, the engine's 150 ms window, and
what the two scores' peaks lie apart."""

KEPT_SECONDS = 30.0
"""Spoken clauses that are remembered."""

LINGER_SECONDS = 0.5
"""How long after a clause its words may still be heard: the device's own delay and the room."""

ALIKE = 80.0
"""rapidfuzz's partial ratio, 0..100, from which a transcript is taken for a part of what was spoken meanwhile. Own
words come back damaged; different sentences of the same topic stay below 65."""


class Canceller(Protocol):
    """Cleans a microphone's frames."""

    def clean(self, heard: Samples, played: Samples | None) -> Samples:
        """A frame without the assistant's own voice; `played` is None while nothing was played lately."""
        ...


class OwnSound:
    """Takes the own voice out of the microphone's frames, and says whether a wake phrase was its own."""

    def __init__(self, canceller: EchoCanceller | None, guard: WakeEngine | None) -> None:
        """`canceller`: None where the device cancels by itself. `guard`: a wake engine of its own for the reference."""
        self._canceller, self._guard = canceller, guard
        self._silent_frames = 0
        self._suspicious_frames_ago = 1_000_000

    def become(self, canceller: EchoCanceller | None) -> None:
        """Another microphone was opened: what was learnt of the room does not hold for it."""
        self._canceller = canceller

    def listen_for(self, guard: WakeEngine) -> None:
        """Other wake phrases count now: a wake engine of its own for the reference."""
        self._guard = guard

    def clean(self, heard: Samples, played: Samples | None) -> Samples:
        """See Canceller. Costs nothing while nothing is played."""
        self._suspicious_frames_ago += 1
        if played is None:
            self._silent_frames += 1
            return heard
        if self._guard is not None:
            if self._silent_frames:
                self._guard.reset()
            self._guard.process(played)
            if self._guard.suspicion >= GUARD_SUSPICION:
                self._suspicious_frames_ago = 0
        self._silent_frames = 0
        return heard if self._canceller is None else self._canceller.process(heard, played)

    @property
    def said_wake(self) -> bool:
        """Whether the own voice has just said something like a wake phrase."""
        return self._suspicious_frames_ago * FRAME_SECONDS <= GUARD_SECONDS


@dataclass(frozen=True, slots=True)
class _Spoken:
    begins: float
    ends: float
    text: str


class OwnWords:
    """An observer: which clause sounded when, so that its words are not taken for a person's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spoken: deque[_Spoken] = deque()

    def observe(self, event: ev.Event) -> None:
        """Follow what is handed to the loudspeaker, and when it falls silent."""
        if isinstance(event, ev.SpeechOut) and event.text:
            begins = max(event.at, self._spoken[-1].ends if self._spoken else 0.0)
            self._spoken.append(_Spoken(begins, begins + len(event.samples) / event.sample_rate, event.text))
            while self._spoken and self._spoken[0].ends < event.at - KEPT_SECONDS:
                self._spoken.popleft()
        elif isinstance(event, ev.SpeechOver):
            # what was planned after an interruption was never heard
            self._spoken = deque(
                _Spoken(s.begins, min(s.ends, event.at), s.text) for s in self._spoken if s.begins < event.at
            )

    def said(self, word: str) -> bool:
        """Whether `word` is in a clause that sounds now or sounded a moment ago."""
        now = self._clock.monotonic()
        return any(word in _words(each.text) for each in self._between(now, now))

    def echoes(self, transcript: str, since: float) -> bool:
        """Whether `transcript`, heard from `since` (clock) until now, is what the assistant itself said meanwhile."""
        spoken = " ".join(" ".join(_words(each.text)) for each in self._between(since, self._clock.monotonic()))
        heard = " ".join(_words(transcript))
        return bool(spoken and heard) and fuzz.partial_ratio(heard, spoken) >= ALIKE and len(heard) <= len(spoken)

    def _between(self, begins: float, ends: float) -> list[_Spoken]:
        return [each for each in self._spoken if each.begins <= ends and each.ends + LINGER_SECONDS >= begins]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+|\d+", text.casefold())
