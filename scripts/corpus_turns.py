"""Whole turns over recordings that nobody here made: a wake clip, a short pause, then a request.

    PYTHONPATH=. .venv/bin/python scripts/corpus_turns.py ../shared/corpora [--out turns.jsonl] [--wake alexa]
    PYTHONPATH=. .venv/bin/python scripts/corpus_turns.py ../shared/corpora --hesitant   # a pause before the last slot

Prints a Markdown table of wake found, exact words, right class and slots, and time per stage. "Right" compares with
what the assistant itself understands of the words that were really said.
"""

import argparse
import asyncio
import json
import random
import statistics
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from assistant.appliance import open_appliance
from assistant.audio import Samples
from assistant.audio.files import frames, read
from assistant.audio.noise import quiet
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.bench.turn import PAUSE_S as HESITATION_S
from assistant.bench.turn import Clip as Request
from assistant.bench.turn import hesitate, was_cut_off
from assistant.config import load_settings
from assistant.evaluation.speech import spoken_form, summary
from assistant.events import SpeechEnded
from assistant.nlu.dialogue import Dialogue
from assistant.observers.trace import TurnTrace

PAUSE_S = (0.1, 0.5)
"""Between the wake clip and the request: people hardly pause."""


class Clip:
    """Sound in memory as a source."""

    live = False

    def __init__(self, name: str, samples: Samples) -> None:
        self.name, self._samples = name, samples

    async def frames(self) -> AsyncIterator[Samples]:
        """The frames."""
        for frame in frames(self._samples):
            yield frame


class Collect:
    """Keeps every trace."""

    def __init__(self) -> None:
        self.traces: list[TurnTrace] = []

    def begun(self, trace: TurnTrace) -> None:
        """Nothing to keep yet."""

    def ended(self, trace: TurnTrace) -> None:
        """Keep it."""
        self.traces.append(trace)


async def measure(root: Path, phrase: str, seed: int, *, hesitant: bool, every: int) -> list[dict[str, Any]]:
    """One row a request."""
    rows = [json.loads(line) for line in (root / "audio/manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    calls = [row for row in rows if row.get("keyword") == phrase]
    requests = [row for row in rows if row["file"].startswith("home/") and row["text"]][::every]
    chosen, collect, made = random.Random(seed), Collect(), list[dict[str, Any]]()
    settings = load_settings()
    settings = settings.model_copy(
        update={
            "wake": settings.wake.model_copy(update={"phrases": (phrase,)}),
            "paths": settings.paths.model_copy(update={"home": root / "home.toml"}),
        }
    )
    async with open_appliance(settings, observers=(collect,), keep=False) as appliance:
        interpreter = appliance.rooms.interpreter
        detector = SpeechDetector(SileroVad(appliance.selection.vad.require()))
        for number, row in enumerate(requests):
            call = chosen.choice(calls)
            request: Request | None = Request(row["file"], read(root / "audio" / row["file"]), 0.0)
            if hesitant and request is not None:
                request = hesitate(request, appliance.rooms.recognizer, chosen.uniform(*HESITATION_S))
            if request is None:
                continue  # too short to hesitate in
            sound = np.concatenate(
                [
                    quiet(1.0, seed=number),
                    read(root / "audio" / call["file"]),
                    quiet(chosen.uniform(*PAUSE_S), seed=number + 1),
                    request.samples,
                    quiet(2.0, seed=number + 2),
                ]
            )
            detector.reset()
            spoken = Request(row["file"], sound, detector.feed(sound).last_speech_s or 0.0)
            before = len(collect.traces)
            appliance.conversation.forget()
            await appliance.conversation.run(Clip(row["file"], sound))
            turn = collect.traces[before].as_json() if len(collect.traces) > before else None
            heard = collect.traces[before].understood() if turn else None
            ended = collect.traces[before].first(SpeechEnded) if turn else None
            truth = interpreter.read(spoken_form(row["text"]), Dialogue()).intents
            made.append(
                {
                    "file": row["file"],
                    "recorded": row["recorded"],
                    "said": spoken_form(row["text"]),
                    "command": any(intent.name for intent in truth),
                    "woke": turn is not None,
                    "turn": turn,
                    "cut": ended is not None and was_cut_off(ended, spoken),
                    "exact": bool(turn) and turn["transcript"] == spoken_form(row["text"]),
                    "right": heard == summary(truth),
                }
            )
    return made


def table(rows: list[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    out = ["| | clips | wake found | exact words | right class and slots |", "|---|---|---|---|---|"]
    for name, kept in (("recorded by people", True), ("neural voices", False)):
        group = [row for row in rows if row["recorded"] is kept and row["command"]]
        count = len(group)
        cells = [f"{sum(row[key] for row in group)}/{count}" for key in ("woke", "exact", "right")]
        out.append(f"| {name} | {count} | {' | '.join(cells)} |")
    out += ["", "| stage | p50 ms | p95 ms |", "|---|---|---|"]
    for stage in ("endpoint", "stt_final", "understand", "tts_first_audio", "speech_end_to_first_audio"):
        values = sorted(v for row in rows if row["turn"] and (v := row["turn"]["timings_ms"][stage]) is not None)
        if values:
            p95 = values[min(len(values) - 1, int(0.95 * len(values)))]
            out.append(f"| {stage} | {statistics.median(values):.0f} | {p95:.0f} |")
    rules: dict[str, int] = {}
    for row in rows:
        if row["turn"] and row["turn"]["endpoint_rule"]:
            rules[row["turn"]["endpoint_rule"]] = rules.get(row["turn"]["endpoint_rule"], 0) + 1
    woken = [row for row in rows if row["woke"] and row["command"]]
    out += ["", f"Cut off: {sum(row['cut'] for row in woken)} of {len(woken)} commands"]
    out += ["", "End of speech by rule: " + ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))]
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--out", type=Path, help="one JSON object a request")
    parser.add_argument("--wake", default="alexa", help="the wake phrase whose clips stand before the requests")
    parser.add_argument("--hesitant", action="store_true", help="with a pause of 0.4 to 0.8 s before the last slot")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th request")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = asyncio.run(
        measure(options.corpora, options.wake, options.seed, hesitant=options.hesitant, every=options.every)
    )
    if options.out:
        options.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
