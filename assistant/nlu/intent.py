"""What a sentence asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from typing import TypeAlias

SlotValue: TypeAlias = "str | int | float | bool | timedelta | time | date"


class Class(StrEnum):
    """The broad kind of a request: what `eval intents` scores and what a person would call it."""

    TIMER = "timer"
    ALARM = "alarm"
    LIGHTS = "lights"
    VOLUME = "volume"
    TIME_DATE = "time_date"
    WEATHER = "weather"
    MUSIC = "music"
    REMINDERS_LISTS = "reminders_lists"
    SMART_HOME = "smart_home"
    ASSISTANT = "assistant"
    """About the assistant itself or the conversation: stop, never mind, repeat, help, why, undo, yes, no. Scored
    as out_of_scope by `eval intents`, whose manifest has no such class."""
    SUMS = "sums"
    """Sums, units, dice, coins: answered here though the manifest knows no such class (scored as out_of_scope)."""
    OWN = "own"
    """The owner's own sentence files."""
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Intent:
    """One request, understood."""

    name: str
    """The skill's verb, e.g. "TimerSet", "HassTurnOn". "" for out of scope."""

    kind: Class
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    """Slot values after normalisation: durations are timedelta, times of day are time, numbers are numbers."""

    confidence: float = 1.0
    """0..1, calibrated: the share of such results that are right."""

    tier: str = "grammar"
    """Which tier understood it: stop, grammar, fuzzy, classifier, llm, none."""

    unresolved: Mapping[str, str] = field(default_factory=dict)
    """Slots whose value names nothing that exists here ("roomba"): kept so that the reply can say so."""

    sentence: str = ""
    """The grammar sentence that matched, for "why did you do that?"."""

    text: str = ""
    """The words this was understood from (one clause of a sentence with two requests)."""

    doubtful: bool = False
    """It would change something and is not sure enough for that: whoever serves it asks first."""


def json_slots(intent: Intent) -> dict[str, str | int | float | bool]:
    """Slots as JSON holds them: durations in seconds, times and dates in ISO form.

    A slot that names nothing that exists here has a question mark behind its name.
    """
    slots = {name: _plain(value) for name, value in intent.slots.items()}
    return slots | {f"{name}?": words for name, words in intent.unresolved.items()}


def _plain(value: SlotValue) -> str | int | float | bool:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date | time):
        return value.isoformat()
    return value
