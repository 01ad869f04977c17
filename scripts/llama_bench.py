"""The engine's decode speed against llama.cpp's own llama-bench, in turns: see scripts/llama_bench.

    scripts/llama_bench MODEL.gguf [--threads N] [--tokens N] [--repeats N]

Three figures a round, each the speed over the same number of tokens: an answer of the assistant's engine behind a
prompt of some 300 tokens (chosen, cleaned and handed out); llama-bench with as many tokens before it; llama-bench with
nothing before it, which is the least work that a token can be.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.bench.llm import QUESTIONS, static_part
from assistant.bench.stopwatch import TimedModel
from assistant.errors import AssistantError
from assistant.llm import Message

LIMIT_S = 300.0
"""Seconds for one round of llama-bench."""


def theirs(program: Path, model: Path, *, threads: int, tokens: int, depth: int) -> float:
    """Tokens a second of llama-bench's generation test behind `depth` tokens. Raises AssistantError."""
    command = [str(program), "-m", str(model), "-t", str(threads), "-p", "0", "-n", str(tokens), "-d", str(depth)]
    try:
        done = subprocess.run(
            [*command, "-r", "1", "-ngl", "0", "-o", "json"],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        )
        (row,) = [row for row in json.loads(done.stdout) if row["n_gen"] == tokens]
        return float(row["avg_ts"])
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise AssistantError(f"llama-bench failed ({reason}); build it again") from error
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        raise AssistantError(f"llama-bench did not measure ({error}); build it again") from error


def told(name: str, speeds: Sequence[float]) -> str:
    """One line: median, lowest and highest."""
    return f"{name}: {statistics.median(speeds):.2f} tok/s ({min(speeds):.2f} to {max(speeds):.2f})"


def compare(program: Path, path: Path, *, threads: int, tokens: int, repeats: int) -> list[str]:
    """Measure in turns; the lines to show. Raises AssistantError."""
    model = TimedModel(path, threads=threads, context=2048)
    try:
        messages = [static_part(model), Message("user", QUESTIONS[0])]
        depth = len(model.tokens(model.render(messages)))
        model.speak(messages, 8)  # the weights come into memory
        ours: list[float] = []
        behind: list[float] = []
        empty: list[float] = []
        for number in range(repeats):
            spoken = model.speak(messages, tokens + 1)
            if len(spoken.token_s) < tokens:
                raise AssistantError(
                    f"{path}: its answer ended after {len(spoken.token_s)} tokens; give fewer --tokens"
                )
            ours.append(spoken.tokens_a_second)
            behind.append(theirs(program, path, threads=threads, tokens=tokens, depth=depth))
            empty.append(theirs(program, path, threads=threads, tokens=tokens, depth=0))
            print(f"{number + 1}/{repeats}: {ours[-1]:.2f} {behind[-1]:.2f} {empty[-1]:.2f}", file=sys.stderr)
    finally:
        model.close()
    lines = [
        told(f"an answer of {tokens} tokens behind {depth}", ours),
        told(f"llama-bench -n {tokens} -d {depth}", behind),
        told(f"llama-bench -n {tokens}", empty),
    ]
    for name, speeds in ((f"-d {depth}", behind), ("alone", empty)):
        ratios = [one / other for one, other in zip(ours, speeds, strict=True)]
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        lines.append(f"decode over llama-bench {name}: {statistics.median(ratios):.3f} ({spread}, {repeats} rounds)")
    return lines


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/llama_bench", description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("model", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=10)
    given = parser.parse_args(arguments)
    try:
        lines = compare(
            given.program, given.model, threads=given.threads, tokens=given.tokens, repeats=given.repeats
        )  # fmt: skip
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    print(*lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
