"""What was measured to be best here, for whoever loads the language model. Reads one small file."""

import json
from dataclasses import dataclass
from typing import Any, cast

from assistant.artifacts.recommend import SPEEDS
from assistant.composition.backends import TITLES, Backend, Kind, conditions, key
from assistant.config import Settings
from assistant.hardware.probe import HardwareReport


@dataclass(frozen=True, slots=True)
class Chosen:
    """A stored choice."""

    kind: Kind
    threads: int
    """Of the processor; 0 for the accelerator, which takes none."""
    current: bool
    """Whether models and hardware are still those that were measured."""
    measured: str
    """When, as an ISO time; "" when the file does not say."""
    rows: tuple[dict[str, Any], ...]
    """What each backend was measured at."""

    def told(self) -> str:
        """In one line, with the evidence: every backend's time to its first clause and its speed."""
        parts = []
        for row in self.rows:
            name = f"processor, {row.get('threads')} threads" if row.get("backend") == "cpu" else row.get("backend")
            clause, speed = row.get("clause_ms"), row.get("tok_s_p50")
            if isinstance(clause, int | float) and isinstance(speed, int | float):
                parts.append(f"{name}: {clause / 1000:.1f} s, {speed:.1f} tokens/s")
            else:
                parts.append(f"{name}: failed")
        threads = f", {self.threads} threads" if self.threads else ""
        when = f"first clause and speed as measured {self.measured[:10]}"
        return f"{TITLES[self.kind]}{threads}; {when}: {'; '.join(parts)}"


def read_choice(settings: Settings, backends: tuple[Backend, ...], machine: HardwareReport) -> Chosen | None:
    """What was measured for these backends; None when nobody has measured, or the file is damaged."""
    if not backends:
        return None
    try:
        entry = json.loads((settings.paths.data / SPEEDS).read_text(encoding="utf-8"))["choice"][key(backends)]
        kind, threads, evidence = entry["backend"], entry["threads"], entry.get("evidence", {})
        rows = tuple(row for row in evidence.get("rows", ()) if isinstance(row, dict))
        current = entry.get("for") == conditions(backends, machine)
        measured = str(evidence.get("measured", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if kind not in tuple(TITLES) or isinstance(threads, bool) or not isinstance(threads, int) or not 0 <= threads <= 64:
        return None
    return Chosen(cast("Kind", kind), threads, current, measured, rows)
