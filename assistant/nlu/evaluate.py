"""Predictions for a manifest of requests: what `assistant eval intents` prints and writes."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.nlu.intent import Class, Intent, json_slots
from assistant.nlu.understanding import Understanding


def scored_class(intents: Sequence[Intent]) -> str:
    """The class a manifest knows: that of the first request; the assistant's own and sums are out_of_scope there."""
    kind = intents[0].kind if intents else Class.OUT_OF_SCOPE
    return Class.OUT_OF_SCOPE.value if kind in (Class.ASSISTANT, Class.SUMS) else kind.value


@dataclass(slots=True)
class Summary:
    """Figures over a manifest."""

    rows: int = 0
    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    false_fires: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Time of each row by the tier that decided it."""

    @property
    def accuracy(self) -> float:
        """Share of rows with the right class, 0..1."""
        return sum(self.right.values()) / self.rows if self.rows else 0.0

    @property
    def macro(self) -> float:
        """Mean over classes of the share that is right, 0..1."""
        shares = [self.right[kind] / count for kind, count in self.asked.items()]
        return sum(shares) / len(shares) if shares else 0.0

    def lines(self) -> list[str]:
        """The summary as a person reads it."""
        out = [f"{self.rows} requests, accuracy {self.accuracy:.1%}, macro {self.macro:.1%}"]
        out += [f"  {kind:16} {self.right[kind]}/{count}" for kind, count in sorted(self.asked.items())]
        if outside := self.asked.get("out_of_scope", 0):
            out.append(
                f"false fires on out-of-scope: {self.false_fires} of {outside} ({self.false_fires / outside:.1%})"
            )
        for tier, seconds in sorted(self.seconds.items()):
            out.append(f"tier {tier:11} n={len(seconds):4} p50 {_ms(seconds, 0.5)} p95 {_ms(seconds, 0.95)}")
        everything = [value for values in self.seconds.values() for value in values]
        if everything:
            out.append(f"all tiers        n={len(everything):4} p50 {_ms(everything, 0.5)} p95 {_ms(everything, 0.95)}")
        return out


def _ms(seconds: Sequence[float], share: float) -> str:
    ordered = sorted(seconds)
    return f"{1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]:.1f} ms"


def row(identity: str, intents: Sequence[Intent]) -> dict[str, Any]:
    """One line of predictions."""
    first = intents[0]
    return {
        "id": identity,
        "intent": scored_class(intents),
        "slots": json_slots(first),
        "confidence": round(first.confidence, 3),
        "tier": first.tier,
        "name": first.name,
    }


def evaluate(
    understanding: Understanding, records: Iterable[Mapping[str, Any]], field_name: str = "text"
) -> tuple[Summary, list[dict[str, Any]]]:
    """Understand the `field_name` of every record (with "id", perhaps "intent"): figures and rows of predictions."""
    summary, rows = Summary(), list[dict[str, Any]]()
    for record in records:
        started = time.perf_counter()
        intents = understanding.understand(str(record[field_name]))
        took = time.perf_counter() - started
        made = row(str(record["id"]), intents)
        rows.append(made)
        summary.rows += 1
        summary.seconds[made["tier"]].append(took)
        if gold := record.get("intent"):
            summary.asked[gold] += 1
            summary.right[gold] += made["intent"] == gold
            summary.false_fires += gold == "out_of_scope" and made["intent"] != gold
    return summary, rows
