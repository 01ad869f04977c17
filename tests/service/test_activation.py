"""The door opened by the first word on its socket, with systemd's own tool in systemd's place."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.routing.door import DoorClient
from tests.service.test_run import PATIENCE_S

ACTIVATE = shutil.which("systemd-socket-activate")


@pytest.mark.skipif(ACTIVATE is None, reason="skipped: systemd-socket-activate is not installed (Debian: systemd)")
def test_the_first_word_starts_the_door_on_the_socket_that_was_passed(tmp_path: Path) -> None:
    settings, address = tmp_path / "assistant.toml", tmp_path / "door.sock"
    settings.write_text(f'[paths]\ndata = "{tmp_path / "data"}"\ncache = "{tmp_path / "cache"}"\n')
    door = [sys.executable, "-m", "assistant.egress.process", "--socket", str(address), "--toml", str(settings)]
    process = subprocess.Popen(
        [str(ACTIVATE), "--listen", str(address), f"--setenv=PATH={os.environ['PATH']}", *door],
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        # "Listening on …": nothing but the socket is there yet
        assert process.stderr is not None
        assert "Listening on" in process.stderr.readline()
        inode = address.stat().st_ino

        async def first_word() -> bool:
            async with asyncio.timeout(PATIENCE_S):
                while not (status := await DoorClient(address).status()).running:  # noqa: ASYNC110 - a process
                    await asyncio.sleep(0.1)
            return status.running

        assert asyncio.run(first_word())
        assert stat.S_ISSOCK(address.stat().st_mode)
        assert address.stat().st_ino == inode  # it serves on the one it was given, and made none of its own
        process.send_signal(signal.SIGTERM)  # systemd-socket-activate has become the door
        out, _ = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out) == (0, "ready\n")
        assert address.exists()  # it belongs to the manager
    finally:
        process.kill()
        process.wait()
