"""`assistant audit` from the outside."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.cli import cli
from assistant.clock import ManualClock
from assistant.errors import AssistantError
from assistant.routing.consent import write_consent
from assistant.routing.ledger import Ledger


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    clock = ManualClock(datetime(2026, 3, 14, 12, tzinfo=UTC))
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path / "data"))
    directory = tmp_path / "data" / "door"
    directory.mkdir(parents=True)
    ledger = Ledger(directory, clock)
    write_consent(directory, clock, given=True, wording="May I?")
    ledger.append("kept", {"reason": "medical", "category": "medical"})
    ledger.append("sent", {"ticket": 9, "bytes_out": 700, "host": "api.example.com"})
    return ledger


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["audit", *arguments], standalone_mode=False)
    if isinstance(result.exception, AssistantError):
        raise result.exception
    assert result.exception is None, result.output
    return result.return_value, result.output


def test_show_reads_like_a_statement(book: Ledger) -> None:
    status, out = run("show")
    assert status == 0
    assert "stayed here" in out
    assert out.splitlines()[-1] == "total: 700 bytes out, 0.000000 spent, 2 entries"
    assert [json.loads(line)["kind"] for line in run("show", "--json")[1].splitlines()] == ["kept", "sent"]


def test_verify_says_whole_and_not_whole(book: Ledger, tmp_path: Path) -> None:
    assert run("verify") == (0, "2 entries, whole (every entry checked)\n")
    moved = tmp_path / "seed"
    (book.directory / "ledger.seed").rename(moved)
    assert run("verify", "--seed", str(moved))[0] == 0
    moved.rename(book.directory / "ledger.seed")
    with closing(sqlite3.connect(book.path)) as db:
        db.execute("DELETE FROM entries WHERE seq = 2")
        db.commit()
    status, out = run("verify")
    assert status == 1
    assert "2 entries were written, 1 are there" in out


def test_export_holds_all_and_a_checkpoint_that_verifies(book: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "export.json"
    assert run("export", "--out", str(out))[0] == 0
    bundle = json.loads(out.read_text())
    assert len(bundle["entries"]) == 2
    assert bundle["consent"]["wording"] == "May I?"
    assert run("verify", "--checkpoint", str(out))[0] == 0
    with pytest.raises(AssistantError, match="is no checkpoint"):
        run("verify", "--checkpoint", str(book.path))
    with pytest.raises(AssistantError, match="cannot be written"):
        run("export", "--out", str(tmp_path / "no" / "where"))


def test_erase_empties_and_still_verifies(book: Ledger) -> None:
    assert run("erase", "--yes") == (0, "2 entries emptied; the chain stays verifiable\n")
    assert run("verify")[0] == 0


def test_no_ledger_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path))
    with pytest.raises(AssistantError, match="no ledger yet"):
        run("show")
