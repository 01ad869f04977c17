"""What was confirmed is there after the process was killed at a random moment."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.store import open_store

ROOT = Path(__file__).parents[2]


def kill_once(path: Path, seed: int) -> int:
    """Start the confirmer, let it confirm a random number of things, kill it, and look for all of them.

    Returns how many confirmations it had printed. The kill falls at a random place of the next request: the reader
    stops after a random number of lines, and the process runs on until the signal arrives.
    """
    rng = random.Random(seed)
    wanted = rng.randrange(1, 40)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.skills.confirmer", str(path), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) > wanted:
            break
    for _ in range(rng.randrange(0, 200_000)):
        pass  # not a wait for anything: it moves the kill within the request
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    errors = process.stderr.read().decode()
    assert process.wait() == -signal.SIGKILL, errors
    process.stdout.close()
    process.stderr.close()
    # a line that the kill cut off was never a whole confirmation
    said = [line.decode().split() for line in lines if line.endswith(b"\n")]
    confirmed = [(kind, word) for kind, word in (each for each in said if len(each) == 2)]
    store = open_store(path)
    assert store.repair is None, "the database is whole"
    timers = {row["name"] for row in store.rows("SELECT name FROM timers")}
    alarms = {row["words"] for row in store.rows("SELECT words FROM appointments WHERE kind = 'alarm'")}
    reminders = {row["words"] for row in store.rows("SELECT words FROM appointments WHERE kind = 'reminder'")}
    items = {row["words"] for row in store.rows("SELECT words FROM items")}
    store.close()
    last_clear = max((at for at, (kind, _) in enumerate(confirmed) if kind == "cleared"), default=-1)
    cleared_after = confirmed[last_clear + 1 :]
    there = {"alarm": alarms, "reminder": reminders, "item": items}
    for kind, word in confirmed:
        if kind in there:
            assert word in there[kind], f"{kind} {word} was confirmed and is lost (seed {seed})"
    for kind, word in cleared_after:
        if kind == "timer":
            assert word in timers, f"timer {word} was confirmed and is lost (seed {seed})"
    return len(confirmed)


def test_a_killed_process_loses_nothing_it_confirmed(tmp_path: Path):
    """A seeded sample; the same file goes from kill to kill, as after power cuts."""
    confirmed = sum(kill_once(tmp_path / "assistant.db", seed) for seed in range(15))
    assert confirmed > 100


@pytest.mark.long
def test_a_process_killed_500_times_loses_nothing_it_confirmed(tmp_path: Path):
    confirmed = 0
    for seed in range(1000, 1500):
        if seed % 5 == 0:
            path = tmp_path / f"assistant-{seed}.db"
        confirmed += kill_once(path, seed)
    print(f"500 kills, {confirmed} confirmations, none lost")
