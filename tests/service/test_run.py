"""`assistant run` under a service manager: the real program, real engines, a real notify socket."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.manager import Manager

PATIENCE_S = 120.0
"""How long a busy machine may take; what it really takes stands in docs/service.md."""


def start(tmp_path: Path, manager: Manager | None) -> "subprocess.Popen[str]":
    settings = tmp_path / "assistant.toml"
    settings.write_text(f'[paths]\ndata = "{tmp_path / "data"}"\ncache = "{tmp_path / "cache"}"\n')
    known = {name: value for name, value in os.environ.items() if not name.startswith(("NOTIFY_", "WATCHDOG_"))}
    told = manager.environment(WATCHDOG_USEC="1500000") if manager else {}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.service.appliance_here", "--config", str(settings), "run"],
        cwd=Path(__file__).parents[2], env={**known, **told}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with Manager(tmp_path / "notify") as manager:
        yield manager


def until(manager: Manager, process: "subprocess.Popen[str]", state: str) -> dict[str, str]:
    while not (heard := manager.next(PATIENCE_S)).get(state):
        assert heard, f"{state} never came; the program said: {process.communicate(timeout=5)}"
    return heard


def test_ready_signs_of_life_a_second_instance_and_a_polite_end(tmp_path: Path, manager: Manager) -> None:
    process = start(tmp_path, manager)
    try:
        assert until(manager, process, "READY") == {"READY": "1", "STATUS": "listening"}
        until(manager, process, "WATCHDOG")
        until(manager, process, "WATCHDOG")
        other = start(tmp_path, None)
        out, err = other.communicate(timeout=PATIENCE_S)
        assert other.returncode == 1
        assert err.startswith(f"assistant: an assistant is running already (process {process.pid}) with the data in ")
        assert err.count("\n") == 1
        process.send_signal(signal.SIGTERM)
        assert until(manager, process, "STOPPING") == {"STOPPING": "1", "STATUS": "stopping"}
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert (out, err) == ("", "")  # what it has to say is for the journal
    finally:
        process.kill()
        process.wait()
