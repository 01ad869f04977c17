"""Quantise a language model to several types, measure each on this machine, and recommend one.

    scripts/convert_model SOURCE.gguf --types Q4_0,Q4_K_M,Q8_0 --out DIR [--tasks TASKS.jsonl] [--text TEXT.txt]

For each type: size, 50th and 95th percentile of a token's time, the share of tasks solved and the perplexity of a text,
the last two also for the source itself. A task is one JSON object a line, {"text": "...", "class": "..."}: the model is
asked which of the file's classes the text belongs to, and the class to whose name it gives the highest probability a
token counts. The best within the limits is the one that solves most, then the fastest.

The source should be F16, BF16 or F32: quantising what is quantised already loses twice, and needs --again.
"""

import argparse
import ctypes
import json
import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.bench.figures import Effort, Stage, percentile
from assistant.bench.llm import QUESTIONS, SHORT_TOKENS
from assistant.bench.machine import as_json, machine, moment
from assistant.bench.quantise import known_kind, quantise
from assistant.bench.report import write
from assistant.bench.stopwatch import TimedModel
from assistant.errors import AssistantError, UsageError
from assistant.evaluation.manifest import read_manifest
from assistant.llm import Message
from assistant.llm.gguf import read_header

import llama_cpp  # isort: skip - after the engine, which prepares the process for it

TYPES = "Q4_0,Q4_K_M,Q5_K_M,Q8_0"
WINDOW = 256
"""Tokens of text read at a time for the perplexity; the second half of each window is counted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model must keep to be recommended; None: no limit."""

    mb: float | None = None
    token_ms: float | None = None
    accuracy_drop: float | None = None
    perplexity_rise: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one file."""

    kind: str
    file: str
    mb: float
    token_ms_p50: float
    token_ms_p95: float
    tokens: int
    accuracy: float | None
    accuracy_change: float | None
    perplexity: float | None
    perplexity_change: float | None


class Judge(TimedModel):
    """The appliance's engine, asked for probabilities instead of words."""

    def log_probabilities(self, tokens: Sequence[int], begin: int) -> list[float]:
        """Natural logarithm of the probability of each of `tokens[begin:]`, given all tokens before it; begin >= 1.

        What the engine still holds of an equal beginning is not read again.
        """
        same = 0
        for held, wanted in zip(self._held, tokens[: begin - 1], strict=False):
            if held != wanted:
                break
            same += 1
        llama_cpp.llama_memory_seq_rm(llama_cpp.llama_get_memory(self._context), 0, same, -1)
        self._held = list(tokens[:same])
        if begin - 1 > same:
            self._decode(list(tokens[same : begin - 1]))
        size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        found: list[float] = []
        for place in range(begin - 1, len(tokens) - 1):
            self._decode([tokens[place]])
            pointer = llama_cpp.llama_get_logits_ith(self._context, -1)
            logits = ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float * size)).contents
            found.append(_log_softmax(logits, tokens[place + 1]))
        return found

    def closest(self, question: Sequence[Message], answers: Sequence[str]) -> str:
        """The answer whose tokens are the most probable on average."""
        prompt = self.tokens(self.render(question))
        scores: dict[str, float] = {}
        for answer in answers:
            tokens = [*prompt, *self._plain(answer)]
            found = self.log_probabilities(tokens, len(prompt))
            scores[answer] = sum(found) / len(found)
        return max(scores, key=lambda answer: scores[answer])

    def _plain(self, text: str) -> list[int]:
        tokens = self.tokens(text)
        return tokens[1:] if self._begins_with_bos else tokens

    def perplexity(self, text: str) -> float:
        """Of `text`, over windows of WINDOW tokens. Raises UsageError for a text that is too short."""
        tokens = self._plain(text)
        windows = [tokens[start : start + WINDOW] for start in range(0, len(tokens), WINDOW)]
        whole = [window for window in windows if len(window) == WINDOW]
        if not whole:
            raise UsageError(f"--text: has {len(tokens)} tokens; at least {WINDOW} are needed")
        total = [p for window in whole for p in self.log_probabilities(window, WINDOW // 2)]
        return math.exp(-sum(total) / len(total))


def _log_softmax(logits: "ctypes.Array[ctypes.c_float]", token: int) -> float:
    import numpy as np

    values = np.frombuffer(logits, np.float32).astype(np.float64)
    top = values.max()
    return float(values[token] - top - np.log(np.exp(values - top).sum()))


def ask(text: str, classes: Sequence[str]) -> list[Message]:
    """The question that a task is."""
    names = ", ".join(classes)
    return [
        Message("system", f"Say which kind of request it is. Answer with one of: {names}."),
        Message("user", text),
    ]


def accuracy(model: Judge, tasks: Sequence[dict[str, Any]], effort: Effort, stage: Stage) -> float:
    """The share of tasks solved."""
    classes = sorted({str(task["class"]) for task in tasks})
    solved = 0
    for task, _ in zip(tasks, effort.rounds(stage, "tasks", len(tasks), warmup=0), strict=True):
        solved += model.closest(ask(str(task["text"]), classes), classes) == task["class"]
    return solved / len(tasks)


def measure(  # noqa: PLR0917 - what is measured, on what, against what
    path: Path, kind: str, threads: int, tasks: Sequence[dict[str, Any]], text: str, effort: Effort, source: Row | None
) -> Row:
    """Everything about one file."""
    stage = Stage(kind)
    model = Judge(path, threads=threads, context=2048)
    try:
        times: list[float] = []
        for number, counts in enumerate(effort.rounds(stage, "tokens")):
            said = model.speak([Message("user", QUESTIONS[number % len(QUESTIONS)])], SHORT_TOKENS)
            times += said.token_s if counts else ()
        if not times:
            raise AssistantError(f"{path}: ends its answer with the first token, so its speed cannot be measured")
        solved = accuracy(model, tasks, effort, stage) if tasks else None
        puzzled = model.perplexity(text) if text else None
    finally:
        model.close()
    return Row(
        kind=kind,
        file=str(path),
        mb=round(path.stat().st_size / 1e6, 1),
        token_ms_p50=round(percentile(times, 0.5) * 1000, 3),
        token_ms_p95=round(percentile(times, 0.95) * 1000, 3),
        tokens=len(times),
        accuracy=None if solved is None else round(solved, 4),
        accuracy_change=_change(solved, source.accuracy if source else None),
        perplexity=None if puzzled is None else round(puzzled, 3),
        perplexity_change=_change(puzzled, source.perplexity if source else None),
    )


def _change(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else round(now - before, 4)


def refused(row: Row, limits: Limits) -> str:
    """Why a row is outside the limits; "" when it is inside."""
    if limits.mb is not None and row.mb > limits.mb:
        return f"{row.mb:g} MB is over {limits.mb:g}"
    if limits.token_ms is not None and row.token_ms_p95 > limits.token_ms:
        return f"95 % of its tokens take up to {row.token_ms_p95:g} ms, over {limits.token_ms:g}"
    lost, risen = -(row.accuracy_change or 0.0), row.perplexity_change or 0.0
    if limits.accuracy_drop is not None and lost > limits.accuracy_drop:
        return f"it solves {lost:.1%} fewer tasks than the source, over {limits.accuracy_drop:.1%}"
    if limits.perplexity_rise is not None and risen > limits.perplexity_rise:
        return f"its perplexity is {risen:g} higher than the source's, over {limits.perplexity_rise:g}"
    return ""


def recommend(rows: Sequence[Row], limits: Limits) -> Row | None:
    """Within the limits: most tasks solved, then lowest time a token, then smallest."""
    inside = [row for row in rows if not refused(row, limits)]
    return min(inside, key=lambda row: (-(row.accuracy or 0.0), row.token_ms_p50, row.mb), default=None)


def convert(source: Path, kinds: Sequence[str], out: Path, *, threads: int, again: bool) -> dict[str, Path]:
    """Quantise `source` to each type, file by file. Raises AssistantError."""
    read_header(source)
    try:
        out.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(out).free
    except OSError as error:
        raise AssistantError(f"{out}: cannot be used ({error.strerror}); choose another --out") from error
    needed = source.stat().st_size * len(kinds)
    if free < needed:
        raise AssistantError(f"{out}: has {free // 10**6} MB free, and up to {needed // 10**6} MB are needed")
    made: dict[str, Path] = {}
    for kind in kinds:
        print(f"quantising to {kind} …", file=sys.stderr)
        made[kind] = quantise(source, out / f"{source.stem}-{kind}.gguf", kind, threads=threads, again=again)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--types", default=TYPES)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tasks", type=Path, help="JSON lines with text and class")
    parser.add_argument("--text", type=Path, help="a text for the perplexity")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=50, help=f"answers of {SHORT_TOKENS} tokens for the times")
    parser.add_argument("--again", action="store_true", help="the source may be quantised already")
    parser.add_argument("--most-mb", type=float)
    parser.add_argument("--most-token-ms", type=float)
    parser.add_argument("--most-accuracy-drop", type=float, help="0.02: at most two of a hundred tasks fewer")
    parser.add_argument("--most-perplexity-rise", type=float)
    parser.add_argument("--json", type=Path, help="write the result here")
    given = parser.parse_args(arguments)
    try:
        return _run(given)
    except UsageError as error:
        print(f"convert_model: {error}", file=sys.stderr)
        return 2
    except AssistantError as error:
        print(f"convert_model: {error}", file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    if given.repeats < 1 or given.threads < 1:
        raise UsageError("--repeats and --threads are at least 1")
    kinds = [known_kind(kind.strip()) for kind in given.types.split(",")]
    tasks = read_manifest(given.tasks, "text", "class") if given.tasks else []
    text = _text(given.text) if given.text else ""
    limits = Limits(given.most_mb, given.most_token_ms, given.most_accuracy_drop, given.most_perplexity_rise)
    before, effort = moment(), Effort(given.repeats, 1)
    made = convert(given.source, kinds, given.out, threads=given.threads, again=given.again)
    rows: list[Row] = []
    interrupted = False
    try:
        for kind, path in {"source": given.source, **made}.items():
            rows.append(measure(path, kind, given.threads, tasks, text, effort, rows[0] if rows else None))
    except KeyboardInterrupt:
        interrupted = True
        print("convert_model: stopped; what follows is partial", file=sys.stderr)
    chosen = recommend(rows[1:], limits)
    _print(rows, limits, chosen)
    if given.json:
        result = {
            "partial": interrupted, "source": str(given.source), "tasks": len(tasks), "limits": asdict(limits),
            "rows": [asdict(row) for row in rows], "recommended": chosen.kind if chosen else None,
            "machine": machine(), "conditions": {"start": as_json(before), "end": as_json(moment())},
        }  # fmt: skip
        write(given.json, json.dumps(result, indent=1) + "\n")
    return 130 if interrupted else 0 if chosen else 1


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is no text that can be read; check the path") from error


def _print(rows: Sequence[Row], limits: Limits, chosen: Row | None) -> None:
    print("type      MB       token p50 / p95 ms   tasks solved (change)   perplexity (change)")
    for row in rows:
        solved = "–" if row.accuracy is None else f"{row.accuracy:.3f} ({_signed(row.accuracy_change)})"
        puzzled = "–" if row.perplexity is None else f"{row.perplexity:g} ({_signed(row.perplexity_change)})"
        times = f"{row.token_ms_p50:g} / {row.token_ms_p95:g}"
        print(f"{row.kind:9} {row.mb:<8g} {times:20} {solved:23} {puzzled}")
    for row in rows[1:]:
        if why := refused(row, limits):
            print(f"{row.kind}: outside the limits, {why}")
    print(f"recommended: {chosen.kind} ({chosen.file})" if chosen else "nothing is within the limits")


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+g}"


if __name__ == "__main__":
    sys.exit(main())
