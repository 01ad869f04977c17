"""Which backend and how many threads answer fastest here: measured, stored with its evidence."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.artifacts.recommend import SPEEDS
from assistant.bench.figures import Effort, Stage
from assistant.bench.llm import QUESTIONS, SHORT_TOKENS, competitor, static_part
from assistant.bench.report import write
from assistant.bench.stopwatch import TimedModel
from assistant.config import Settings
from assistant.hardware.probe import probe
from assistant.llm import Message

CLEARLY_FASTER = 1.1
"""More threads must win by a tenth: each takes a core from sound, and less is within such a measurement's spread."""

ENOUGH = 10
"""Repeats a backend at most: the choice is between factors, not between per cents."""


def thread_counts(cores: int) -> list[int]:
    """Counts worth measuring: one, half, all but one, all."""
    return sorted({count for count in (1, cores // 2, cores - 1, cores) if count >= 1})


def measure_choice(
    stage: Stage, model_file: Path, effort: Effort, *, context: int, cores: int, cache: Path | None = None
) -> None:
    """A row for each backend in `stage.points["backends"]`; the winner in `stage.values["choice"]`.

    Speed counts beside a competing process: in the appliance there is always sound to be worked on.
    """
    rows = stage.points["backends"] = []
    repeats = min(ENOUGH, effort.repeats)
    for threads in thread_counts(cores):
        model = TimedModel(model_file, threads=threads, context=context, cache=cache)
        try:
            stage.engine, stage.model = "llama.cpp", model.name
            prefix = static_part(model, min(300, model.context // 2))
            question = [prefix, Message("user", QUESTIONS[0])]
            quiet = stage.begin(f"cpu_{threads}_tok_s", "tokens a second", repeats)
            busy = stage.begin(f"cpu_{threads}_contended_tok_s", "tokens a second beside one busy process", repeats)
            first = stage.begin(f"cpu_{threads}_first_ms", "ms to the first token, static part cached", repeats)
            for counts in effort.rounds(stage, quiet.name, repeats, warmup=1):
                alone = model.speak(question, SHORT_TOKENS)
                with competitor():
                    beside = model.speak(question, SHORT_TOKENS)
                if counts:
                    quiet.add(alone.tokens_a_second)
                    busy.add(beside.tokens_a_second)
                    first.add(alone.first_token_s * 1000)
        finally:
            model.close()
        rows.append(
            {
                "threads": threads,
                "backend": "cpu",
                "tok_s_p50": round(quiet.p50, 2),
                "contended_tok_s_p50": round(busy.p50, 2),
                "first_token_ms_p50": round(first.p50, 1),
            }
        )
    npu = probe().npu
    stage.facts["accelerator"] = npu.detail
    if npu.state != "absent":
        stage.notes.append("a Hailo-10H is here, but this version has no backend for it yet: it was not measured")
    stage.values["choice"] = best(rows, cores)


def best(rows: list[dict[str, Any]], cores: int) -> dict[str, Any]:
    """The row to use: of those that leave a core for sound the fastest beside other work, fewer threads when close.

    All cores are chosen only where there is one. `rows` hold threads, contended_tok_s_p50 and the rest.
    """
    allowed = [row for row in rows if row["threads"] < max(2, cores)] or rows
    chosen = allowed[0]
    for row in sorted(allowed, key=lambda row: int(row["threads"])):
        if row["contended_tok_s_p50"] > chosen["contended_tok_s_p50"] * CLEARLY_FASTER:
            chosen = row
    return dict(chosen)


def store(settings: Settings, stage: Stage, model_id: str, conditions: dict[str, Any], *, standin: bool) -> Path:
    """Add the choice to `speed.json` in the data directory, keeping what it says of other models.

    {"llm": {id: tokens a second}, "choice": {id: {backend, threads, …, evidence}}}. Raises AssistantError.
    """
    path = settings.paths.data / SPEEDS
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    choice = stage.values["choice"]
    for section in ("llm", "choice"):
        if not isinstance(known.get(section), dict):
            known[section] = {}
    known["llm"][model_id] = choice["tok_s_p50"]
    known["choice"][model_id] = {
        **choice,
        "evidence": {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": stage.model,
            "stand_in": standin,
            "rows": stage.points["backends"],
            "accelerator": stage.facts["accelerator"],
            "cores": os.cpu_count(),
            "conditions": conditions,
        },
    }
    return write(path, json.dumps(known, indent=1) + "\n")
