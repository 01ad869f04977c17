"""Quiet hours: which hours are meant, when they hold, what waits for their end."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Quiet, Settings
from assistant.skills.kit import Announcement
from assistant.skills.quiet_hours import QuietHours, meant
from tests.skills.device import Device

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7))
TODAY = datetime(2026, 11, 21, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("begins", "ends", "known", "hours"),
    [
        (time(10), time(7), (False, False), "22:00-07:00"),
        (time(22), time(7), (True, False), "22:00-07:00"),
        (time(9, 30), time(6, 30), (False, True), "21:30-06:30"),
        (time(12), time(6), (False, False), "00:00-06:00"),
        (time(10), time(12), (False, False), "22:00-00:00"),
        (time(1), time(3), (False, False), "01:00-03:00"),
        (time(13), time(3), (True, False), "13:00-15:00"),
        (time(11), time(8), (True, True), "11:00-08:00"),
    ],
)
def test_which_hours_are_meant(begins: time, ends: time, known: tuple[bool, bool], hours: str):
    assert str(meant(begins, ends, begins_known=known[0], ends_known=known[1])) == hours


def test_no_hours_are_no_hours():
    assert meant(time(7), time(7), begins_known=True, ends_known=True) is None


@pytest.mark.parametrize("clock", [time(22), time(23, 59), time(0), time(6, 59)])
def test_over_midnight(clock: time):
    assert NIGHT.hold(datetime.combine(TODAY, clock))


@pytest.mark.parametrize("clock", [time(7), time(12), time(21, 59)])
def test_by_day(clock: time):
    assert not NIGHT.hold(datetime.combine(TODAY, clock))
    assert QuietHours(time(13), time(15)).hold(TODAY.replace(hour=14))


@given(st.times(), st.times())
def test_what_is_written_is_read(begins: time, ends: time):
    hours = QuietHours(begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0))
    assert QuietHours.read(str(hours)) == (hours if hours.begins != hours.ends else None)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str):
    hours = QuietHours.read(text)
    try:
        assert Quiet(hours=text).hours == text
    except ValueError:
        assert hours is None
    else:
        assert (hours is not None) == bool(text)


def test_set_told_undone_and_ended(device: Device):
    assert device.text("QuietHoursStatus") == "I have no quiet hours."
    reply = device.say("QuietHoursSet", begins=time(10), begins_known=False, ends=time(7), ends_known=False)
    assert "from 10 pm until 7 am" in reply.text
    assert device.text("QuietHoursStatus") == "My quiet hours are from 10 pm until 7 am."
    device.restart()
    assert str(device.skills.preferences.quiet) == "22:00-07:00"
    device.say("QuietHoursSet", begins=time(13), ends=time(15))
    assert device.text("Undo") == "My quiet hours are from 10 pm until 7 am."
    assert device.text("QuietHoursOff") == "No quiet hours any more."
    assert device.skills.preferences.quiet is None
    assert device.text("QuietHoursOff") == "I have no quiet hours."


@pytest.mark.parametrize("slots", [{}, {"begins": time(6, 50)}, {"begins": "ten", "ends": 7}])
def test_without_two_times_it_says_how(device: Device, slots: dict[str, Any]):
    reply = device.say("QuietHoursSet", **slots)
    assert reply.outcome == "refused"
    assert "From when until when" in reply.text
    assert device.say("QuietHoursSet", begins=time(7), ends=time(7)).outcome == "refused"
    assert device.skills.preferences.quiet is None


def test_the_settings_count_until_they_are_changed_by_voice():
    device = Device(settings=Settings(quiet=Quiet(hours="21:00-6:30")))
    assert device.text("QuietHoursStatus") == "My quiet hours are from 9 pm until 6:30 am."


def test_what_nobody_asked_for_waits_for_the_morning_and_what_was_asked_for_comes():
    device = Device(datetime(2026, 11, 21, 23, 0, tzinfo=BERLIN))
    device.say("QuietHoursSet", begins=time(22), ends=time(7))
    assert device.skills.quiet
    device.skills._notices.append(Announcement("notice-any", "Something is the case."))
    device.say("TimerSet", duration=timedelta(minutes=5))
    device.say("ReminderSet", text="call mum", duration=timedelta(minutes=5))
    assert device.skills.due() == []
    device.clock.advance(301)
    assert sorted(each.kind for each in device.skills.due()) == ["reminder", "timer"]
    device.clock.advance(8 * 3600)
    assert [each.text for each in device.skills.due() if each.kind == "notice"] == ["Something is the case."]
    assert not device.skills.quiet
