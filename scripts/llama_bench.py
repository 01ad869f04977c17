"""The engine's decode speed against llama.cpp's own llama-bench, in turns: see scripts/llama_bench.

    scripts/llama_bench MODEL.gguf [--threads N] [--tokens N] [--repeats N]

Three figures a round, each the speed over the same number of tokens: an answer of the assistant's engine behind a
prompt of some 300 tokens (chosen, cleaned and handed out); llama-bench with as many tokens before it; llama-bench with
nothing before it, which is the least work that a token can be. By the clock, and in processor time, which of
llama-bench is what a second repetition adds to the first, a difference that needs many rounds.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.bench.llm import QUESTIONS, static_part
from assistant.bench.stopwatch import TimedModel
from assistant.errors import AssistantError
from assistant.llm import Message

LIMIT_S = 300.0
"""Seconds for one round of llama-bench."""


@dataclass(slots=True)
class Speeds:
    """Of one way to make tokens, a value a round."""

    name: str
    clock: list[float] = field(default_factory=list)
    """Tokens a second."""
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of processor a token."""

    def told(self) -> str:
        """One line: medians, lowest and highest."""
        return f"{self.name}: {_spread(self.clock, 2)} tok/s; {_spread(self.cpu, 2)} ms of processor a token"


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def theirs(command: Sequence[str], tokens: int) -> tuple[float, float]:
    """Tokens a second of llama-bench's generation test, and ms of processor a token. Raises AssistantError."""
    clock, busy = [], []
    for repetitions in (1, 2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wanted = [*command, "-n", str(tokens), "-r", str(repetitions), "-o", "json"]
        try:
            done = subprocess.run(wanted, capture_output=True, text=True, timeout=LIMIT_S, check=True)
            (row,) = [row for row in json.loads(done.stdout) if row["n_gen"] == tokens]
            clock.append(float(row["avg_ts"]))
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise AssistantError(f"llama-bench failed ({reason}); build it again") from error
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            raise AssistantError(f"llama-bench did not measure ({error}); build it again") from error
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.mean(clock), (busy[1] - busy[0]) / tokens * 1000


def compare(program: Path, path: Path, *, threads: int, tokens: int, repeats: int) -> list[str]:
    """Measure in turns; the lines to show. Raises AssistantError."""
    model = TimedModel(path, threads=threads, context=2048)
    try:
        messages = [static_part(model), Message("user", QUESTIONS[0])]
        depth = len(model.tokens(model.render(messages)))
        command = [str(program), "-m", str(path), "-t", str(threads), "-p", "0", "-ngl", "0"]
        ours = Speeds(f"an answer of {tokens} tokens behind {depth}")
        behind, empty = Speeds(f"llama-bench -n {tokens} -d {depth}"), Speeds(f"llama-bench -n {tokens}")
        model.speak(messages, 8)  # the weights come into memory
        for number in range(repeats):
            began = time.process_time()
            spoken = model.speak(messages, tokens + 1)
            busy = time.process_time() - began - spoken.steps[0].cpu_s
            if len(spoken.token_s) < tokens:
                raise AssistantError(
                    f"{path}: its answer ended after {len(spoken.token_s)} tokens; give fewer --tokens"
                )
            ours.clock.append(spoken.tokens_a_second)
            ours.cpu.append(busy / tokens * 1000)
            for speeds, more in ((behind, ["-d", str(depth)]), (empty, [])):
                speed, took = theirs([*command, *more], tokens)
                speeds.clock.append(speed)
                speeds.cpu.append(took)
            print(
                f"{number + 1}/{repeats}", *(each.told() for each in (ours, behind, empty)), sep="\n  ", file=sys.stderr
            )
    finally:
        model.close()
    lines = [each.told() for each in (ours, behind, empty)]
    for other, what in ((behind, f"-d {depth}"), (empty, "alone")):
        clock = [one / two for one, two in zip(ours.clock, other.clock, strict=True)]
        cpu = [two / one for one, two in zip(ours.cpu, other.cpu, strict=True)]
        lines.append(f"decode over llama-bench {what}, {repeats} rounds: by the clock {_spread(clock, 3)}, "
                     f"by the processor {_spread(cpu, 3)}")  # fmt: skip
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
