"""`assistant welcome` leaves a request for the assistant that runs, or for the next one."""

from pathlib import Path

import pytest

from assistant.live.welcome import REQUEST
from assistant.service.lock import only_instance


@pytest.fixture
def call(monkeypatch, command, tmp_path: Path):
    """Run it on this test's data; (status, standard output, standard error)."""
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    return lambda: command("welcome")


def test_for_the_one_that_runs(call, tmp_path):
    with only_instance(tmp_path / "data"):
        assert call() == (0, "It begins in a moment.\n", "")
    assert (tmp_path / "data" / REQUEST).exists()


def test_for_the_next_one(call, tmp_path):
    status, out, _ = call()
    assert (status, "when the assistant is started" in out) == (0, True)
    assert (tmp_path / "data" / REQUEST).exists()


def test_a_place_that_cannot_be_written_is_named(call, tmp_path):
    (tmp_path / "data").write_text("a file")
    status, _, err = call()
    assert (status, len(err.splitlines())) == (1, 1)
    assert "check paths.data" in err
