from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.recurrence import instant, next_instant, repeat_words, weekdays

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "day", "clock", "rings"),
    [
        # the clock goes from 2:00 to 3:00: the hour between does not exist, and rings when it would have begun
        (BERLIN, date(2027, 3, 28), time(2, 0), "2027-03-28T03:00:00+02:00"),
        (BERLIN, date(2027, 3, 28), time(2, 30), "2027-03-28T03:00:00+02:00"),
        (BERLIN, date(2027, 3, 28), time(1, 59), "2027-03-28T01:59:00+01:00"),
        (BERLIN, date(2027, 3, 28), time(3, 0), "2027-03-28T03:00:00+02:00"),
        (NEW_YORK, date(2027, 3, 14), time(2, 15), "2027-03-14T03:00:00-04:00"),
        # the clock goes from 3:00 back to 2:00: the first of both rings
        (BERLIN, date(2026, 10, 25), time(2, 30), "2026-10-25T02:30:00+02:00"),
        (BERLIN, date(2026, 10, 25), time(3, 0), "2026-10-25T03:00:00+01:00"),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T01:30:00-04:00"),
    ],
)
def test_local_times_around_a_change(zone: ZoneInfo, day: date, clock: time, rings: str):
    assert datetime.fromtimestamp(instant(day, clock, zone), zone).isoformat() == rings


def test_an_ambiguous_time_happens_once():
    found = []
    now = datetime(2026, 10, 24, 12, tzinfo=BERLIN).timestamp()
    for _ in range(3):
        now = next_instant(time(2, 30), BERLIN, now)
        found.append(datetime.fromtimestamp(now, BERLIN).date().day)
    assert found == [25, 26, 27]


def test_weekdays_both_ways():
    assert weekdays("weekdays") == frozenset(range(5))
    assert weekdays("Monday, fridays") == {0, 4}
    assert weekdays("") == frozenset()
    assert repeat_words(frozenset({5, 6})) == "weekends"
    assert repeat_words(weekdays("daily")) == "daily"
    with pytest.raises(ValueError, match="someday"):
        weekdays("someday")


def test_a_skipped_date_is_left_out():
    now = datetime(2026, 11, 21, 12, tzinfo=BERLIN).timestamp()
    found = next_instant(time(7), BERLIN, now, repeat=weekdays("monday"), skip=date(2026, 11, 23))
    assert datetime.fromtimestamp(found, BERLIN) == datetime(2026, 11, 30, 7, tzinfo=BERLIN)


moments = st.integers(1_735_689_600, 1_893_456_000).map(lambda each: datetime.fromtimestamp(each, UTC))

zones = st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")])
repeats = st.sets(st.integers(0, 6)).map(frozenset)


@given(moments, st.times().map(lambda each: each.replace(microsecond=0)), zones, repeats)
def test_the_next_occurrence_is_the_next(now: datetime, clock: time, zone: ZoneInfo, repeat: frozenset[int]):
    found = next_instant(clock, zone, now.timestamp(), repeat=repeat)
    local = datetime.fromtimestamp(found, zone)
    assert 0 < found - now.timestamp() <= (8 if repeat else 2) * 86_400
    assert not repeat or local.weekday() in repeat
    assert local.time() == clock or local.time() > clock, "never earlier than wanted on its day"
    assert (datetime.combine(local.date(), local.time()) - datetime.combine(local.date(), clock)) <= timedelta(hours=1)
    again = next_instant(clock, zone, found, repeat=repeat)
    gone = datetime.fromtimestamp(again, zone).date() - local.date()
    assert gone.days in (range(1, 8) if repeat else (1,)), "once for every date"


@given(moments, st.times().map(lambda each: each.replace(microsecond=0)), zones, st.integers(0, 6 * 3600 - 1))
def test_what_rang_does_not_ring_again_after_a_small_step_back(now: datetime, clock: time, zone: ZoneInfo, step: int):
    rang = next_instant(clock, zone, now.timestamp())
    assert next_instant(clock, zone, rang - step, rang_for=rang) > rang


def test_after_a_wrong_date_was_corrected_the_day_counts_again():
    rang = datetime(2026, 11, 29, 7, tzinfo=BERLIN).timestamp()
    now = datetime(2026, 11, 21, 12, tzinfo=BERLIN).timestamp()
    found = next_instant(time(7), BERLIN, now, rang_for=rang)
    assert datetime.fromtimestamp(found, BERLIN) == datetime(2026, 11, 22, 7, tzinfo=BERLIN)
