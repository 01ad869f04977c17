from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Place, Settings
from assistant.skills.calendar import easter, named_day, next_named
from tests.skills.device import Device


def test_now(device: Device):
    assert device.text("TimeNow") in ("It's 5 pm.", "5 pm.")
    device.clock.advance(7 * 3600)
    assert "midnight" in device.text("TimeNow").lower()
    device.clock.advance(6 * 60)
    assert "12:06 am" in device.text("TimeNow")


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("tokyo", "In Tokyo it's 1 am tomorrow."),
        ("new york", "It's 11 am in New York."),
        ("NYC", "It's 11 am in NYC."),
        ("the uk", "It's 4 pm in the UK."),
        ("honolulu", "It's 6 am in Honolulu."),
        ("middle earth", "I don't know what time it is in middle earth."),
    ],
)
def test_elsewhere(device: Device, place: str, text: str):
    assert device.text("TimeNow", place=place) == text
    assert device.text("TimeNow", unresolved={"place": place}) == text


@pytest.mark.parametrize(
    ("intent", "slots", "text"),
    [
        ("DateToday", {}, "It's Saturday, the 21st of November."),
        ("DateToday", {"day": date(2026, 11, 22)}, "Tomorrow is Sunday, the 22nd of November."),
        ("DateToday", {"day": date(2026, 11, 20)}, "Yesterday was Friday, the 20th of November."),
        ("DateToday", {"day": date(2027, 1, 12)}, "That's a Tuesday, the 12th of January 2027."),
        ("DayOfWeek", {"day": date(2027, 1, 12)}, "That's a Tuesday, the 12th of January 2027."),
        ("DayOfWeek", {"day": date(2026, 12, 3)}, "That's a Thursday, the 3rd of December."),
        ("DayOfWeek", {}, "It's Saturday, the 21st of November."),
        ("WeekNumber", {}, "It's week 47."),
        ("DaysUntil", {"day": date(2026, 12, 25), "event": "christmas"}, "34 days until Christmas."),
        ("DaysUntil", {"event": "easter"}, "127 days until Easter."),
        ("DaysUntil", {"event": "thanksgiving"}, "5 days until Thanksgiving."),
        ("DaysUntil", {"day": date(2026, 12, 1)}, "10 days until the 1st of December."),
        ("DaysUntil", {"day": date(2026, 11, 22)}, "Tomorrow is the 22nd of November."),
        ("DaysUntil", {"day": date(2026, 11, 21)}, "Today is the 21st of November."),
        ("DaysUntil", {"day": date(2026, 11, 20)}, "That was 1 day ago, the 20th of November."),
        ("DaysUntil", {"event": "the end of days"}, "I don't know when the end of days is."),
        ("Sunset", {}, "The sun set at 4:05 pm."),
        ("Sunrise", {"day": date(2026, 11, 22)}, "The sun rises tomorrow at 7:40 am."),
    ],
)
def test_answers(device: Device, intent: str, slots: dict[str, Any], text: str):
    assert device.text(intent, **slots) == text


def test_what_is_missing_is_asked_for_or_said(device: Device):
    assert device.say("DaysUntil").asks == "day"
    assert device.say("DaysUntil", unresolved={"day": "my birthday"}).text == "I don't know when my birthday is."
    nowhere = Device(settings=Settings(place=Place(time_zone="Europe/Berlin")))
    reply = nowhere.say("Sunset")
    assert (reply.outcome, "place.latitude" in reply.text) == ("failed", True)
    north = Device(settings=Settings(place=Place(time_zone="Europe/Oslo", latitude=78.2, longitude=15.6)))
    assert north.text("Sunrise", day=date(2026, 12, 21)) == "The sun doesn't rise there on that day."


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)), (1961, date(1961, 4, 2)), (2000, date(2000, 4, 23)),
    ],
)  # fmt: skip
def test_easter(year: int, day: date):
    assert easter(year) == day


@given(st.integers(1900, 2199))
def test_easter_is_a_sunday_in_spring(year: int):
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_named_days():
    assert named_day("4.thursday.11", 2026) == date(2026, 11, 26)
    assert named_day("easter-2", 2026) == date(2026, 4, 3)
    assert next_named("12-25", date(2026, 12, 25)) == date(2026, 12, 25)
    assert next_named("12-25", date(2026, 12, 26)) == date(2027, 12, 25)


def test_a_set_clock_can_be_undone():
    device = Device(datetime(2026, 11, 21, 17, 0, tzinfo=ZoneInfo("Europe/Berlin")))
    device.source = type(device.source).BATTERY
    device.skills.due()
    device.say("ClockSet", time=time(17, 10), pm_known=True)
    assert "5:10 pm" in device.text("TimeNow")
    device.say("Undo")
    assert "5 pm" in device.text("TimeNow")
