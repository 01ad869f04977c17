"""Slot values read with care: whatever the understanding hands over, a skill gets the type it asked for or None."""

import math
from datetime import date, datetime, time, timedelta

from assistant.nlu import Intent

LONGEST_TEXT = 200
"""Letters in an item, a name or a reminder: about fifteen seconds of speech."""


def text(intent: Intent, slot: str) -> str:
    """A text without surrounding or doubled spaces and without control characters; "" when absent."""
    value = intent.slots.get(slot)
    if value is None or isinstance(value, bool):
        return ""
    cleaned = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(cleaned.split())


def flag(intent: Intent, slot: str) -> bool:
    """True when the slot is there and true."""
    return bool(intent.slots.get(slot))


def number(intent: Intent, slot: str) -> float | None:
    """A finite number."""
    value = intent.slots.get(slot)
    if isinstance(value, str):
        try:
            value = float(value.strip().rstrip("%"))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def seconds(intent: Intent, slot: str = "duration") -> float | None:
    """A duration in seconds; a bare number counts seconds."""
    value = intent.slots.get(slot)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return number(intent, slot)


def clock(intent: Intent, slot: str = "time") -> time | None:
    """A time of day."""
    value = intent.slots.get(slot)
    if isinstance(value, datetime):
        return value.time()
    return value if isinstance(value, time) else None


def day(intent: Intent, slot: str = "day") -> date | None:
    """A date."""
    value = intent.slots.get(slot)
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def pm_known(intent: Intent) -> bool:
    """False when "six" could be in the morning or in the evening."""
    return bool(intent.slots.get("pm_known", True))
