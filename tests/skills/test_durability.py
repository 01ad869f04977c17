"""What was confirmed is there after the process was killed at a random moment."""

import multiprocessing
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.store import open_store
from tests.skills.confirmer import confirm

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.skills.confirmer"])


def kill_once(path: Path, seed: int) -> int:
    """Start the confirmer, let it confirm a random number of things, kill it, and look for all of them.

    Returns how many confirmations it had printed. The kill falls at a random place of the next request: the reader
    stops after a random number of messages, and the process runs on until the signal arrives.
    """
    rng = random.Random(seed)
    wanted = rng.randrange(1, 40)
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=confirm, args=(path, seed, sender), daemon=True)
    process.start()
    sender.close()
    said: list[bytes] = []
    while len(said) <= wanted:
        said.append(receiver.recv_bytes())
    for _ in range(rng.randrange(0, 50_000)):
        pass  # not a wait for anything: it moves the kill within the request
    process.kill()
    # what it told between the last message read here and the signal counts too; a message cut off was never told
    with suppress(EOFError, OSError):
        while True:
            said.append(receiver.recv_bytes())
    receiver.close()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()
    confirmed = [(kind, word) for kind, word in (each.decode().split() for each in said[1:])]
    store = open_store(path)
    assert store.repair is None, "the database is whole"
    timers = {row["name"] for row in store.rows("SELECT name FROM timers")}
    alarms = {row["words"] for row in store.rows("SELECT words FROM appointments WHERE kind = 'alarm'")}
    reminders = {row["words"] for row in store.rows("SELECT words FROM appointments WHERE kind = 'reminder'")}
    items = {row["words"] for row in store.rows("SELECT words FROM items")}
    store.close()
    last_clearing = max((at for at, (kind, _) in enumerate(confirmed) if kind == "clearing"), default=-1)
    after_that = confirmed[last_clearing + 1 :]
    there = {"alarm": alarms, "reminder": reminders, "item": items}
    for kind, word in confirmed:
        if kind in there:
            assert word in there[kind], f"{kind} {word} was confirmed and is lost (seed {seed})"
    for kind, word in after_that:
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


SPOKEN = """
import sys
from pathlib import Path
from tests.skills.device import Device
device = Device(path=Path(sys.argv[1]))
for name, slots in (("TimerSet", {"duration": 600}), ("AlarmSet", {"duration": 600}), ("ListAdd", {"item": "milk"}),
                    ("ReminderSet", {"text": "call mum", "duration": 600})):
    sys.stdout.write("ask\\n"), sys.stdout.flush()
    sys.stdout.write("said " + device.text(name, **slots) + "\\n"), sys.stdout.flush()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="skipped: strace is not installed")
def test_the_log_is_flushed_before_a_confirmation_is_spoken(tmp_path: Path):
    """What SIGKILL cannot show: between the request and the words, the system was told to put the log on the disk."""
    trace, path = tmp_path / "trace", tmp_path / "assistant.db"
    subprocess.run(
        ["strace", "-y", "-e", "trace=fdatasync,fsync,write", "-o", trace, sys.executable, "-c", SPOKEN, path],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    calls = trace.read_text().splitlines()
    asked = [at for at, call in enumerate(calls) if '"ask\\n"' in call]
    said = [at for at, call in enumerate(calls) if '"said ' in call]
    assert len(asked) == len(said) == 4
    for start, end in zip(asked, said, strict=True):
        flushed = [call for call in calls[start:end] if call.startswith(("fdatasync(", "fsync(")) and "-wal>" in call]
        assert flushed, calls[start:end]
        assert flushed[-1].endswith("= 0")
