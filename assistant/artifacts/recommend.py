"""Which models suit this machine: by its memory, and by speed where it has been measured."""

import contextlib
import json

import psutil

from assistant.artifacts.catalogue import Catalogue, Entry, Kind
from assistant.config import Settings

MEMORY_CLASSES = (1, 2, 4, 8, 16)
"""GB, as boards are sold."""

MEMORY_SHARE = 0.5
"""A model may take this share of the machine's memory: the rest is the system, the other stages and a reserve
against swapping, which on a memory card stops sound."""

SLOWEST_TOKENS_S = 4.0
"""Speech is spoken at about 2.5 words, some 3.5 tokens, a second; a model slower than that leaves gaps."""

SPEEDS = "speed.json"
"""In the data directory, written by `assistant bench`: {"llm": {"<id>": tokens per second}}."""


def memory_mb() -> int:
    """The machine's memory, MB."""
    return int(psutil.virtual_memory().total / 1e6)


def memory_class(memory: int) -> int:
    """The class, GB, of a machine that reports `memory` MB; firmware and graphics keep some, so 10 % are added."""
    return max((size for size in MEMORY_CLASSES if memory * 1.1 >= size * 1000), default=MEMORY_CLASSES[0])


def read_speeds(settings: Settings) -> dict[str, float]:
    """Model id → measured tokens per second, on this machine; empty when nobody has measured."""
    with contextlib.suppress(OSError, ValueError):
        loaded = json.loads((settings.paths.data / SPEEDS).read_text(encoding="utf-8"))
        speeds = loaded.get("llm") if isinstance(loaded, dict) else None
        if isinstance(speeds, dict):
            return {str(k): float(v) for k, v in speeds.items() if isinstance(v, int | float)}
    return {}


def usable(entry: Entry, memory: int, speeds: dict[str, float]) -> str | None:
    """Why an installed model should not run on this machine by itself, or None."""
    if entry.ram_mb > memory * MEMORY_SHARE:
        return f"needs about {entry.ram_mb} MB of this machine's {memory} MB"
    speed = speeds.get(entry.id)
    if entry.kind is Kind.LLM and speed is not None and speed < SLOWEST_TOKENS_S:
        return f"was measured at {speed:.1f} tokens a second, slower than speech"
    return None


def best_for(catalogue: Catalogue, kind: Kind, memory: int, speeds: dict[str, float] | None = None) -> Entry | None:
    """The model of a kind to recommend for a machine with `memory` MB, or None."""
    size = memory_class(memory)
    fitting = (e for e in catalogue.of(kind) if size in e.recommended_for and not usable(e, memory, speeds or {}))
    return next(fitting, None)


def recommended(catalogue: Catalogue, memory: int, speeds: dict[str, float] | None = None) -> tuple[Entry, ...]:
    """One model of each kind that has one for this machine."""
    found = (best_for(catalogue, kind, memory, speeds) for kind in Kind)
    return tuple(entry for entry in found if entry is not None)


def instead(catalogue: Catalogue, kind: Kind, free: int) -> str:
    """What to say to somebody whose model does not fit: the largest of its kind that needs at most `free` bytes."""
    fitting = [entry for entry in catalogue.of(kind) if entry.ram_mb * 10**6 <= free]
    if not fitting:
        return "no model of the catalogue fits either; free some memory"
    best = max(fitting, key=lambda entry: entry.ram_mb)
    return f"the largest one that fits is {best.id} ({best.ram_mb} MB): assistant models pull {best.id}"
