"""One assistant on one set of data."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.service.lock import AlreadyRunning, only_instance

HOLD = (
    "import sys; from pathlib import Path; from assistant.service.lock import only_instance\n"
    "with only_instance(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


def test_the_second_is_told_who_the_first_is_and_a_crash_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    with other.stdin, other.stdout:
        assert other.stdout.readline() == "held\n"
        expected = rf"^an assistant is running already \(process {other.pid}\)"
        with pytest.raises(AlreadyRunning, match=expected) as told, only_instance(data):
            pass
        assert "\n" not in str(told.value)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    with only_instance(data):
        assert (data / "running.lock").read_text() == str(os.getpid())
    with only_instance(data):
        pass


def test_data_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AssistantError, match=r"running\.lock: cannot be made"), only_instance(tmp_path / "file"):
        pass
