"""What every skill is given: memory, time, words, and the small services around a conversation."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from assistant.config import Settings
from assistant.nlu import Intent
from assistant.nlu.home import Home
from assistant.observers.trace import TurnTrace
from assistant.skills import Reply
from assistant.skills.hub import Hub
from assistant.skills.preferences import Preferences
from assistant.skills.say import Say
from assistant.skills.timekeeping import Timekeeper
from assistant.store import Store

UNDO_S = 600.0
"""How long something can be undone: after ten minutes "undo that" no longer means it."""

ANSWER_S = 60.0
"""How long a question stays open: a "yes" a minute later was meant for something else."""

RING_S = 900.0
"""Something that nobody stops rings this long."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something the device says of its own accord."""

    id: str
    """Hand this to `Skills.acknowledge` when it was spoken (or, where it rings, stopped)."""
    text: str
    rings: bool = False
    """True for a sound that goes on until somebody stops it."""
    kind: str = "notice"
    """"timer", "alarm", "reminder" or "notice"."""


@dataclass(frozen=True, slots=True)
class SentEntry:
    """Something that left the house, as the ledger knows it."""

    at: datetime
    to: str
    """"cloud", "hub", …"""
    what: str
    """Its category in plain words."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the machine feels, for whoever asks it."""

    temperature_c: float | None = None
    """Of the processor, degrees Celsius; None where nothing tells."""
    hot: bool = False
    weak_supply: bool = False
    slowed: bool = False
    """The processor runs slower than it could, by its own protection."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that is installed."""

    id: str
    name: str
    """As it is called: "John"."""
    running: bool = False
    """It speaks now."""


class Ledger(Protocol):
    """The part of the ledger that can be asked aloud."""

    def sent_since(self, since: datetime) -> Sequence[SentEntry]:
        """What was sent off the device, oldest first."""
        ...


@dataclass(slots=True)
class _Done:
    turn: str
    at: float
    action: Callable[[], str] | None
    words: str


class Undo:
    """What was done lately and how to take it back. Everything one turn did is undone together."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._done: list[_Done] = []
        self.turn = ""
        """The turn that is being served; set by the registry."""

    def add(self, action: Callable[[], str]) -> None:
        """`action` takes back what was just done and returns the words that say so."""
        self._note(action, "")

    def never(self, words: str) -> None:
        """What was just done cannot be taken back, and `words` say so."""
        self._note(None, words)

    def _note(self, action: Callable[[], str] | None, words: str) -> None:
        self._done.append(_Done(self.turn, self._monotonic(), action, words))
        del self._done[:-20]

    @property
    def latest(self) -> str:
        """The turn whose doings would be taken back next; "" when there are none."""
        return self._done[-1].turn if self._done else ""

    def run(self) -> list[str]:
        """Take back the last turn's doings, latest first; the words that say what happened. Empty: nothing recent."""
        while self._done and self._done[-1].turn == self.turn:
            self._done.pop()
        if not self._done or self._monotonic() - self._done[-1].at > UNDO_S:
            return []
        turn = self._done[-1].turn
        said = []
        while self._done and self._done[-1].turn == turn:
            done = self._done.pop()
            said.append(done.action() if done.action else done.words)
        return said


class Questions:
    """The one question that is open: asked with `ask`, answered by Yes or No."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._open: tuple[float, Callable[[], Reply], Callable[[], Reply]] | None = None
        self.expected: Callable[[Intent], Reply | None] = lambda _: None
        """Takes an intent that is an answer to whoever leads the talk, before any skill; None where it is none."""

    def ask(self, question: str, on_yes: Callable[[], Reply], refusal: str | Callable[[], Reply]) -> Reply:
        """A reply that asks; `on_yes` is done when the answer is yes, `refusal` is said (or done) when it is no."""
        on_no = refusal if callable(refusal) else lambda: Reply(refusal, outcome="refused")
        self._open = (self._monotonic() + ANSWER_S, on_yes, on_no)
        return Reply(question, expects_answer=True, asks="confirm")

    def take(self) -> tuple[Callable[[], Reply], Callable[[], Reply]] | None:
        """The open question's two outcomes, once; None when there is none or it was too long ago."""
        found, self._open = self._open, None
        return (found[1], found[2]) if found and self._monotonic() <= found[0] else None


@dataclass(slots=True)
class Kit:
    """Shared by all skills of one device."""

    store: Store
    time: Timekeeper
    say: Say
    settings: Settings
    preferences: Preferences
    undo: Undo
    questions: Questions
    rng: random.Random = field(default_factory=random.Random)
    home: Callable[[], Home] = Home
    hub: Hub | None = None
    ledger: Ledger | Callable[[datetime], str] | None = None
    """What left the device: entries that are put into words here, or a function of the present time that says it."""
    trace: Callable[[], TurnTrace | None] = lambda: None
    health: Callable[[], Health] = Health
    models: Callable[[], Sequence[str]] = tuple
    """The engines at work, as plain phrases."""
    voices: Callable[[], Sequence[Voice]] = tuple
    """The voices that can be chosen."""
    welcome: Callable[[], bool] = lambda: False
    """Asks for the welcome; False where there is nobody to play it."""
    wake_words: Sequence[str] = ()
    """The wake words that can be chosen; none where the owner's own model listens."""

    @property
    def quiet(self) -> bool:
        """Whether it is to keep quiet now, by its own count of the time."""
        hours = self.preferences.quiet
        return hours is not None and hours.hold(self.time.now())
