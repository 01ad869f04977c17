"""Traffic read from a real ledger, and from turns."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.bench.cost_measured import from_ledger, from_turns
from assistant.clock import ManualClock
from assistant.errors import StoreError
from assistant.routing.ledger import Ledger

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def used_ledger(directory: Path, *, days: int = 4, start: datetime = START) -> Ledger:
    """A day: three questions kept, one released and answered for money, one repeated for nothing, one light."""
    clock = ManualClock(start)
    ledger = Ledger(directory, clock)
    for _ in range(days):
        for _ in range(3):
            ledger.append("kept", {"reason": "private"})
        ticket = ledger.append("escalate", {"reason": "hard and harmless"}, ticket_for=b"body")
        ledger.append("sent", {"ticket": ticket, "bytes_out": 400, "cost": 0.01})
        ledger.append("done", {"ticket": ticket, "cost": 0.002, "outcome": "answered"})
        again = ledger.append("escalate", {"reason": "hard and harmless"}, ticket_for=b"body")
        ledger.append("done", {"ticket": again, "cost": 0.0, "outcome": "answered from an earlier answer"})
        ledger.append("hub", {"reason": "light.turn_on", "bytes_out": 80})
        ledger.append("asked", {"reason": "consent was never asked"})
        clock.advance(86_400)
    ledger.append("switch", {"reason": "stay offline"})
    return ledger


def test_a_ledger_tells_load_share_and_price(tmp_path: Path) -> None:
    ledger = used_ledger(tmp_path)
    traffic = from_ledger(ledger.path)
    assert (traffic.questions, traffic.released, traffic.calls) == (20, 8, 4)
    assert traffic.cost == pytest.approx(0.008)
    assert traffic.days == pytest.approx(4.0)
    given = traffic.inputs()
    assert given["load"]["requests_per_month"] == pytest.approx(20 / 4 * 730 / 24)
    assert given["hybrid"]["share"] == pytest.approx(0.4)
    assert given["cloud"]["price_per_request"] == pytest.approx(0.002)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    ledger = used_ledger(tmp_path)
    before = {path.name: hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()}
    from_ledger(ledger.path)
    assert {path.name: hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()} == before


def test_a_ledger_that_is_in_use_is_read_with_its_newest_entries(tmp_path: Path) -> None:
    ledger = used_ledger(tmp_path)
    with ledger._open() as held:
        held.execute("SELECT count(*) FROM entries").fetchone()
        ledger.append("kept", {"reason": "private"})
        assert ledger.path.with_name("ledger.db-wal").exists()
        assert from_ledger(ledger.path).questions == 21


def test_an_interrupted_call_costs_what_was_set_aside(tmp_path: Path) -> None:
    ledger = used_ledger(tmp_path)
    ticket = ledger.append("escalate", {"reason": "hard and harmless"}, ticket_for=b"body")
    ledger.append("sent", {"ticket": ticket, "bytes_out": 400, "cost": 0.01})
    assert ledger.close_open_calls() == [ticket]
    assert from_ledger(ledger.path).cost == pytest.approx(0.018)


def test_hours_before_the_clock_was_set_are_no_period(tmp_path: Path) -> None:
    used_ledger(tmp_path, days=2, start=datetime(1970, 1, 1, tzinfo=UTC))
    ledger = used_ledger(tmp_path, days=2)
    traffic = from_ledger(ledger.path)
    assert traffic.questions == 20
    assert traffic.days == pytest.approx(2.0)


def test_erased_entries_are_no_questions(tmp_path: Path) -> None:
    ledger = used_ledger(tmp_path)
    ledger.erase()
    with pytest.raises(StoreError, match="no question is in the ledger yet"):
        from_ledger(ledger.path)


def test_no_ledger_is_a_plain_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"ledger\.db: there is no ledger yet"):
        from_ledger(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def test_less_than_a_day_is_too_little(tmp_path: Path) -> None:
    clock = ManualClock(START)
    ledger = Ledger(tmp_path, clock)
    ledger.append("kept", {"reason": "private"})
    clock.advance(timedelta(hours=5).total_seconds())
    ledger.append("kept", {"reason": "private"})
    with pytest.raises(StoreError, match=r"covers 5\.0 hours"):
        from_ledger(ledger.path)


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_what_is_no_ledger_is_a_plain_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "no.db"
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        from_ledger(path)
    assert "\n" not in str(caught.value)


def test_turns_tell_the_share(tmp_path: Path) -> None:
    path = tmp_path / "turns.jsonl"
    routes = ["command", "command", "local", "cloud", None]
    path.write_text("\n".join(json.dumps({"turn": "1", "route": route}) for route in routes) + "\n\n", encoding="utf-8")
    traffic = from_turns(path)
    assert (traffic.questions, traffic.released, traffic.per_month) == (4, 1, None)
    assert traffic.inputs() == {"hybrid": {"share": 0.25}}


@pytest.mark.parametrize("content", ["", "{}\n", "[1]\n", "nonsense", '{"route": null}\n', "[" * 100_000])
def test_what_are_no_turns_is_a_plain_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "turns.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StoreError, match=r"turns\.jsonl: "):
        from_turns(path)
    with pytest.raises(StoreError, match="cannot be read"):
        from_turns(tmp_path / "absent.jsonl")
