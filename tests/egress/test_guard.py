"""Breaker, rate, money and kept answers, in virtual time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.clock import ManualClock
from assistant.egress.guard import Breaker, Rate
from assistant.egress.purse import MOST_ANSWERS, Purse, forget_answers

START = datetime(2026, 3, 30, 23, 0, tzinfo=UTC)


def test_the_breaker_opens_rests_tries_once_and_closes() -> None:
    clock = ManualClock(START)
    breaker = Breaker(clock, failures=3, seconds=60)

    def closed() -> bool:
        return breaker.closed

    for _ in range(2):
        breaker.failed()
        assert closed()
    breaker.failed()
    assert not closed()
    clock.advance(59)
    assert not closed()
    clock.advance(1)
    assert closed()
    breaker.begin()
    assert not closed()  # one at a time
    breaker.failed()
    assert not closed()
    clock.advance(60)
    breaker.begin()
    breaker.abandoned()
    assert closed()
    breaker.succeeded()
    breaker.failed()
    assert closed()


def test_the_rate_counts_both_windows() -> None:
    rate = Rate(per_minute=2, per_day=100)
    assert rate.left == 2
    assert rate.take()
    assert rate.take()
    assert not rate.take()
    assert rate.left == 0
    assert not Rate(per_minute=9, per_day=0).take()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def purse(tmp_path: Path, clock: ManualClock) -> Purse:
    return Purse(tmp_path, clock, day=1.0, month=2.5)


def test_the_upper_bound_is_taken_first_and_settled_after(purse: Purse) -> None:
    assert purse.charge(1, 0.4)
    assert purse.left() == pytest.approx(0.6)
    purse.settle(1, 0.1)
    assert purse.left() == pytest.approx(0.9)
    purse.settle(1, 5.0)
    assert purse.left() == pytest.approx(0.9)  # never more than was taken


def test_what_is_not_there_cannot_be_taken(purse: Purse, clock: ManualClock) -> None:
    assert not purse.charge(1, 1.01)
    assert purse.charge(2, 1.0)
    assert not purse.charge(3, 0.000001)
    clock.advance(3600)
    assert purse.left() == pytest.approx(1.0)  # a new day, the same month
    assert purse.charge(4, 1.0)
    clock.advance(86_400)
    assert purse.charge(5, 0.9)  # a new month


def test_money_and_switch_survive_a_restart(tmp_path: Path, clock: ManualClock, purse: Purse) -> None:
    purse.charge(1, 0.75)
    purse.offline = True
    again = Purse(tmp_path, clock, day=1.0, month=2.5)
    assert again.left() == pytest.approx(0.25)
    assert again.offline


def test_each_limit_is_announced_once(purse: Purse, clock: ManualClock) -> None:
    assert purse.warnings() == ()
    purse.charge(1, 0.8)
    assert purse.warnings() == ("80 % of today's budget for outside questions is used",)
    assert purse.warnings() == ()
    purse.charge(2, 0.2)
    assert purse.warnings() == ("100 % of today's budget for outside questions is used",)
    assert purse.warnings() == ()
    clock.advance(3600)
    purse.charge(3, 1.0)
    assert purse.warnings() == (
        "100 % of today's budget for outside questions is used",
        "80 % of this month's budget for outside questions is used",
    )


def test_answers_are_kept_for_their_time_without_the_question(purse: Purse, clock: ManualClock, tmp_path: Path) -> None:
    purse.remember(b"who wrote hamlet", "Shakespeare did.", 100)
    assert purse.recall(b"who wrote hamlet") == "Shakespeare did."
    assert purse.recall(b"who wrote Hamlet") is None
    assert not any(b"hamlet" in p.read_bytes() for p in tmp_path.iterdir())
    clock.advance(101)
    assert purse.recall(b"who wrote hamlet") is None


def test_only_so_many_answers_are_kept_and_all_can_be_forgotten(
    purse: Purse, clock: ManualClock, tmp_path: Path
) -> None:
    for i in range(MOST_ANSWERS // 50):
        purse.remember(f"{i}".encode(), "x", 100 + i)
    forget_answers(tmp_path, clock)
    assert purse.recall(b"1") is None
    forget_answers(tmp_path / "nowhere", clock)


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), max_size=12))
def test_the_budget_is_never_overspent(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[float, float]]
) -> None:
    purse = Purse(tmp_path_factory.mktemp("purse"), ManualClock(START), day=1.0, month=1.5)
    spent = 0.0
    for ticket, (upper, actual) in enumerate(calls, 1):
        if purse.charge(ticket, upper):
            purse.settle(ticket, actual)
            spent += min(upper, actual)
    assert spent <= 1.0 + 1e-5
    assert purse.left() == pytest.approx(max(0.0, 1.0 - spent), abs=1e-4)
