"""Which backend and how many threads answer fastest here: measured, stored with its evidence."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.artifacts.recommend import SLOWEST_TOKENS_S, SPEEDS
from assistant.bench.contention import competitor
from assistant.bench.figures import Effort, Stage
from assistant.bench.llm import QUESTIONS, SHORT_TOKENS
from assistant.bench.machine import moment
from assistant.bench.report import write
from assistant.bench.stopwatch import TimedModel
from assistant.composition.backends import Backend, conditions, facts, key, load
from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.hardware.probe import HardwareReport
from assistant.llm import Message
from assistant.llm.hailo_ollama import Service
from assistant.llm.prompt import Prompt

CLAUSE_TOKENS = 12
"""Tokens to the end of a first clause, about nine words: the first thing that can be spoken."""

CLEARLY_FASTER = 1.1
"""What takes more cores, or more power, must be faster by a tenth: less is within such a measurement's spread."""

ENOUGH = 10
"""Repeats a backend at most: the choice is between factors, not between per cents."""


class Interrupted(Exception):  # noqa: N818 - it is no error: somebody wants to be answered
    """The measurement was told to stop."""


@dataclass(slots=True)
class Brake:
    """Stops a measurement from another thread, in the middle of a token."""

    _pulled: threading.Event = field(default_factory=threading.Event)
    _running: Any = None

    def pull(self) -> None:
        """Stop now. From any thread."""
        self._pulled.set()
        cancel = getattr(self._running, "cancel", None)
        if cancel is not None:
            cancel()

    def check(self) -> None:
        """Raises Interrupted once it was pulled."""
        if self._pulled.is_set():
            raise Interrupted

    def watch(self, pieces: Iterator[str]) -> Iterator[str]:
        """These pieces, until it is pulled. Raises Interrupted."""
        self._running = pieces
        self.check()
        for piece in pieces:
            self.check()
            yield piece
        self._running = None
        self.check()


@dataclass(frozen=True, slots=True)
class Answer:
    """The times of one answer."""

    first_s: float
    tokens_a_second: float


class _Stoppable(TimedModel):
    brake = Brake()

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> Any:  # noqa: ANN401 - watched pieces
        return self.brake.watch(super().stream(messages, max_tokens=max_tokens))


def thread_counts(cores: int) -> list[int]:
    """Counts worth measuring: one, half, all but one, all."""
    return sorted({count for count in (1, cores // 2, cores - 1, cores) if count >= 1})


@dataclass(slots=True)
class Chooser:
    """Measures every backend that is set up; a row each in `stage.points["backends"]`."""

    stage: Stage
    settings: Settings
    backends: tuple[Backend, ...]
    machine: HardwareReport
    effort: Effort
    service: Service | None = None
    brake: Brake = field(default_factory=Brake)
    all_cores: bool = True
    """Measure with all cores too, which stops everything else for seconds; it is never chosen where there are two."""

    def measure(self) -> dict[str, Any]:
        """The row to use, also in `stage.values["choice"]`. A backend that fails has its reason in its row.

        Raises AssistantError when none works, Interrupted.
        """
        rows = self.stage.points["backends"] = []
        for backend in self.backends:
            if backend.kind == "cpu":
                rows += [self._cpu(backend, threads) for threads in self._threads()]
                continue
            try:
                rows.append(self._card(backend))
            except AssistantError as error:
                rows.append({"backend": backend.kind, "model": backend.model, "failed": str(error)})
                self.stage.notes.append(f"{backend.title}: {error}")
        self.stage.facts["accelerator"] = self.machine.npu.detail
        if any(row["backend"] != "cpu" for row in rows):
            self.stage.notes.append("power is what the board's regulator tells; the card's own is not in it")
        self.stage.values["choice"] = choice = best(rows, self.machine.cores)
        return choice

    def _threads(self) -> list[int]:
        cores = self.machine.cores
        return [count for count in thread_counts(cores) if self.all_cores or count < max(2, cores)]

    def _cpu(self, backend: Backend, threads: int) -> dict[str, Any]:
        self.brake.check()
        assert backend.path is not None
        cache = self.settings.paths.cache / "working-models.json"
        model = _Stoppable(backend.path, threads=threads, context=self.settings.thinking.context, cache=cache)
        model.brake = self.brake
        try:
            self.stage.engine, self.stage.model = "llama.cpp", model.name
            prompt = Prompt(self.settings.name)

            def ask(question: str) -> Answer:
                said = model.speak(prompt.messages([], question), SHORT_TOKENS)
                return Answer(said.first_token_s, said.tokens_a_second)

            return {"backend": "cpu", "model": backend.model, "threads": threads} | self._row(f"cpu_{threads}", ask)
        finally:
            model.close()

    def _card(self, backend: Backend) -> dict[str, Any]:
        self.brake.check()
        model = load(backend, self.settings, threads=1, service=self.service)
        try:
            prompt = Prompt(self.settings.name)
            model.prepare(prompt.messages([], ""))

            def ask(question: str) -> Answer:
                # a piece is a token: all that comes is counted, from the first on
                times = [time.perf_counter()]
                pieces = model.stream(prompt.messages([], question), max_tokens=SHORT_TOKENS)
                times += [time.perf_counter() for _ in self.brake.watch(pieces)]
                if len(times) < 3:
                    raise AssistantError("it gave no answer to measure")
                return Answer(times[1] - times[0], (len(times) - 2) / max(times[-1] - times[1], 1e-9))

            name = backend.kind.replace("-", "_")
            return {"backend": backend.kind, "model": backend.model, "threads": 0} | self._row(name, ask)
        finally:
            model.close()

    def _row(self, name: str, ask: Any) -> dict[str, Any]:  # noqa: ANN401 - Callable[[str], Answer]
        stage, repeats = self.stage, min(ENOUGH, self.effort.repeats)
        quiet = stage.begin(f"{name}_tok_s", "tokens a second", repeats)
        busy = stage.begin(f"{name}_contended_tok_s", "tokens a second beside one busy process", repeats)
        first = stage.begin(f"{name}_first_ms", "ms to the first token of a new question, static part cached", repeats)
        watts: list[float] = []
        for number, counts in enumerate(self.effort.rounds(stage, quiet.name, repeats, warmup=1)):
            self.brake.check()
            alone = ask(QUESTIONS[number % len(QUESTIONS)])
            power = moment().power_w
            with competitor():
                beside = ask(QUESTIONS[(number + 1) % len(QUESTIONS)])
            if counts:
                quiet.add(alone.tokens_a_second)
                busy.add(beside.tokens_a_second)
                first.add(alone.first_s * 1000)
                watts += [power] if power is not None else []
        return {
            "tok_s_p50": round(quiet.p50, 2),
            "contended_tok_s_p50": round(busy.p50, 2),
            "first_token_ms_p50": round(first.p50, 1),
            "clause_ms": round(first.p50 + CLAUSE_TOKENS / max(busy.p50, 0.01) * 1000, 1),
            "board_w": round(sum(watts) / len(watts), 2) if watts else None,
        }


def best(rows: list[dict[str, Any]], cores: int) -> dict[str, Any]:
    """The row to use: the one whose first clause is there first, beside other work.

    Rows that would take every core are left out where there are several, and rows slower than speech while another is
    not. Of those within a tenth of the fastest, the one that takes fewest cores wins, then the one with least power
    where the board tells it: each core is one that sound can use. Raises AssistantError when no row holds a figure.
    """
    working = [row for row in rows if "failed" not in row]
    if not working:
        told = "; ".join(f"{row['backend']}: {row['failed']}" for row in rows) or "none is set up"
        raise AssistantError(f"no backend could be measured ({told})")
    allowed = [row for row in working if row["threads"] < max(2, cores)] or working
    fluent = [row for row in allowed if row["contended_tok_s_p50"] >= SLOWEST_TOKENS_S] or allowed
    fastest = min(row["clause_ms"] for row in fluent)
    close = [row for row in fluent if row["clause_ms"] <= fastest * CLEARLY_FASTER]

    def order(row: dict[str, Any]) -> tuple[int, float, float]:
        return row["threads"], row["board_w"] or 0.0, row["clause_ms"]

    return min(close, key=order).copy()


def store(chooser: Chooser, before: dict[str, Any], *, standin: bool = False) -> Path:
    """Add the choice to `speed.json` in the data directory, keeping what it says of other models.

    {"llm": {id: tokens a second}, "choice": {id: {backend, threads, …, for, evidence}}}; `before`: the machine's state
    when it began. Raises AssistantError.
    """
    path = chooser.settings.paths.data / SPEEDS
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    for section in ("llm", "choice"):
        if not isinstance(known.get(section), dict):
            known[section] = {}
    choice, rows = chooser.stage.values["choice"], chooser.stage.points["backends"]
    name = key(chooser.backends)
    own = [row for row in rows if row["backend"] == "cpu"]
    if own:  # what models are recommended by: the processor's speed, whichever backend answers
        known["llm"][name] = best(own, chooser.machine.cores)["tok_s_p50"]
    known["choice"][name] = {
        **choice,
        "for": conditions(chooser.backends, chooser.machine),
        "evidence": {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": chooser.stage.model,
            "stand_in": standin,
            "rows": rows,
            "machine": facts(chooser.machine),
            "before": before,
        },
    }
    return write(path, json.dumps(known, indent=1) + "\n")
