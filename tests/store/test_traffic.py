"""Counting turns: by day and route, and nothing else."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant import events as ev
from assistant.clock import ManualClock
from assistant.errors import StoreError
from assistant.observers.trace import TurnTrace
from assistant.observers.traffic import TrafficCounter
from assistant.store import broken_store, open_store
from assistant.store.traffic import Day, count, forget_old, read
from assistant.workers import InlineWorker

NOON = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def decided(turn: str, route: str) -> TurnTrace:
    trace = TurnTrace(turn, "typed")
    trace.observe(ev.RouteDecided(turn=turn, at=1.0, where=route, reason="secret words"))
    return trace


def test_turns_are_counted_by_day_and_route(tmp_path: Path) -> None:
    path = tmp_path / "assistant.db"
    store, clock = open_store(path), ManualClock(NOON)

    async def use() -> None:
        counter = TrafficCounter(store, clock, InlineWorker())
        for route in ("command", "command", "local"):
            counter.ended(decided("t", route))
        counter.ended(TurnTrace("t", "typed"))  # nothing was heard: no turn was decided
        await counter.settle()
        clock.advance(86_400)
        counter.ended(decided("t", "cloud"))
        await counter.settle()

    asyncio.run(use())
    assert read(path) == [
        Day(date(2026, 11, 21), {"command": 2, "local": 1}),
        Day(date(2026, 11, 22), {"cloud": 1}),
    ]
    store.close()
    assert len(read(path)) == 2
    assert b"secret words" not in path.read_bytes()


def test_old_counts_go(tmp_path: Path) -> None:
    store = open_store(tmp_path / "assistant.db")
    count(store, date(2025, 1, 1), "command")
    count(store, date(2026, 11, 21), "command")
    forget_old(store, date(2026, 11, 21))
    assert [day.day for day in read(tmp_path / "assistant.db")] == [date(2026, 11, 21)]


def test_a_store_that_cannot_be_written_costs_no_turn() -> None:
    async def use() -> None:
        counter = TrafficCounter(broken_store("no disk"), ManualClock(NOON), InlineWorker())
        counter.ended(decided("t", "local"))
        await counter.settle()

    asyncio.run(use())


def test_what_is_no_count_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing has been counted yet"):
        read(tmp_path / "assistant.db")
    (tmp_path / "assistant.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="holds no counts that can be read"):
        read(tmp_path / "assistant.db")
