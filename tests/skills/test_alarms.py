from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.skills.device import Device


@pytest.mark.parametrize(
    ("slots", "when"),
    [
        ({"time": time(6), "pm_known": False}, "6 pm today"),
        ({"time": time(4), "pm_known": False}, "4 am tomorrow"),
        ({"time": time(6), "pm_known": True}, "6 am tomorrow"),
        ({"time": time(6), "pm_known": False, "day": date(2026, 11, 22)}, "6 am tomorrow"),
        ({"time": time(6), "pm_known": False, "day": date(2026, 11, 21)}, "6 pm today"),
        ({"time": time(6, 45), "repeat": "weekdays"}, "6:45 am every weekday"),
        ({"time": time(8, 5), "repeat": "saturday,sunday"}, "8:05 am every Saturday and Sunday"),
        ({"time": time(12), "day": date(2026, 11, 25)}, "noon on Wednesday"),
        ({"time": time(0), "day": date(2026, 12, 24)}, "midnight on Thursday the 24th of December"),
        ({"duration": timedelta(minutes=90)}, "6:30 pm today"),
    ],
)
def test_the_confirmation_says_what_was_understood(device: Device, slots: dict[str, Any], when: str):
    reply = device.say("AlarmSet", **slots)
    assert reply.text in (f"Alarm set for {when}.", f"Okay, an alarm for {when}.")
    assert when in device.text("AlarmStatus")


@pytest.mark.parametrize(
    "slots",
    [
        {"time": time(7), "day": date(2026, 11, 20)},
        {"time": time(16), "day": date(2026, 11, 21)},
        {"time": time(7), "day": date(9999, 12, 31)},
        {"duration": timedelta.max},
        {"duration": timedelta(minutes=-5)},
        {"time": time(7), "repeat": "someday"},
        {"time": time(7), "name": "n" * 10_000},
    ],
)
def test_impossible_alarms_store_nothing(device: Device, slots: dict[str, Any]):
    reply = device.say("AlarmSet", **slots)
    assert reply.outcome == "refused"
    assert len(reply.text) < 120
    assert device.store.rows("SELECT * FROM appointments") == []


def test_asks_for_the_time(device: Device):
    reply = device.say("AlarmSet")
    assert (reply.expects_answer, reply.asks) == (True, "time")


def test_rings_snoozes_and_stops(device: Device):
    device.say("AlarmSet", time=time(18))
    device.clock.advance(3599)
    assert device.skills.due() == []
    device.clock.advance(1)
    (rings,) = device.skills.due()
    assert (rings.text, rings.rings) == ("It's 6 pm.", True)
    assert "6:09 pm" in device.text("AlarmSnooze")
    assert device.skills.ringing() == []
    device.clock.advance(541)
    assert [each.id for each in device.skills.due()] == [rings.id]
    device.say("Stop")
    assert device.text("AlarmStatus") in ("You have no alarms.", "No alarm is set.")
    assert device.text("AlarmSnooze") == "No alarm is ringing."


def test_a_snooze_keeps_its_length_when_the_clock_jumps(device: Device):
    device.say("AlarmSet", time=time(18))
    device.clock.advance(3600)
    device.skills.due()
    device.say("AlarmSnooze", duration=timedelta(minutes=5))
    device.clock.jump(datetime(2026, 11, 21, 23, tzinfo=device.zone))
    assert device.skills.due() == []
    device.clock.advance(301)
    assert len(device.skills.due()) == 1


def rings(device: Device, days: int) -> list[str]:
    """When something came due in so many days, looked at every quarter of an hour; each is stopped."""
    rang = []
    for _ in range(days * 24 * 4):
        device.clock.advance(900)
        for each in device.skills.due():
            rang.append(device.clock.now().strftime("%a %H:%M"))
            device.skills.acknowledge(each.id)
    return rang


def test_a_repeated_alarm_rings_every_time_and_can_be_left_out_once(device: Device):
    device.say("AlarmSet", time=time(6, 45), repeat="weekdays")
    assert "on Monday" in device.text("AlarmCancel", day=date(2026, 11, 23))
    assert rings(device, 9) == ["Tue 06:45", "Wed 06:45", "Thu 06:45", "Fri 06:45", "Mon 06:45"]


def test_which_alarm_is_cancelled(device: Device):
    device.say("AlarmSet", time=time(7))
    device.say("AlarmSet", time=time(20))
    reply = device.say("AlarmCancel")
    assert reply.text == "Which one: 8 pm today or 7 am tomorrow?"
    assert reply.asks == "time"
    assert "8 pm" in device.text("AlarmCancel", time=time(8), pm_known=False)
    assert device.say("AlarmCancel", time=time(9)).outcome == "refused"
    device.say("Undo")
    assert "2 alarms" in device.text("AlarmCancel", all=True)
    device.say("Undo")
    assert "2 alarms" in device.text("AlarmStatus")
    assert device.text("AlarmStatus", day=date(2026, 11, 25)) == "You have no alarm on Wednesday."


def test_the_same_alarm_twice_is_one(device: Device):
    device.say("AlarmSet", time=time(7))
    assert "already" in device.text("AlarmSet", time=time(7))
    assert len(device.store.rows("SELECT * FROM appointments")) == 1


def test_missed_while_off_is_told_once(device: Device):
    device.say("AlarmSet", time=time(18))
    device.say("AlarmSet", time=time(18, 30), repeat="daily")
    device.power_cut(4 * 3600)
    told = device.skills.boot()
    assert [each.text for each in told] == [
        "You had an alarm at 6 pm today, but I couldn't ring it.",
        "You had an alarm at 6:30 pm today, but I couldn't ring it.",
    ]
    assert not any(each.rings for each in told)
    for each in told:
        device.skills.acknowledge(each.id)
    device.restart()
    assert device.skills.boot() == []
    assert "6:30 pm every day" in device.text("AlarmStatus")


def test_back_within_minutes_it_still_rings(device: Device):
    device.say("AlarmSet", time=time(18))
    device.clock.advance(3590)
    device.power_cut(60)
    (told,) = device.skills.boot()
    assert told.rings


def test_the_power_fails_while_it_rings(device: Device):
    device.say("AlarmSet", time=time(18))
    device.clock.advance(3600)
    (rings,) = device.skills.due()
    device.power_cut(30)
    assert [each.id for each in device.skills.boot()] == [rings.id]
    device.say("Stop")
    device.power_cut(30)
    assert device.skills.boot() == []


def test_nobody_stops_it(device: Device):
    device.say("AlarmSet", time=time(18), repeat="daily")
    device.clock.advance(3600)
    device.skills.due()
    device.clock.advance(901)
    assert device.skills.due() == []
    assert device.skills.ringing() == []
    assert "6 pm every day" in device.text("AlarmStatus")


def test_the_place_moves_to_another_zone(tmp_path):
    path = tmp_path / "a.db"
    device = Device(path=path)
    device.say("AlarmSet", time=time(7))
    device.say("AlarmSet", time=time(8), repeat="daily")
    device.store.close()
    moved = Device(device.clock.now(), path=path, zone="America/New_York")
    times = [row["due"] for row in moved.store.rows("SELECT due FROM appointments ORDER BY due")]
    assert [datetime.fromtimestamp(each, moved.zone).isoformat() for each in times] == [
        "2026-11-22T07:00:00-05:00",
        "2026-11-22T08:00:00-05:00",
    ]


def test_a_missed_alarm_cannot_be_snoozed(device: Device):
    device.say("AlarmSet", time=time(18))
    device.power_cut(4 * 3600)
    assert device.text("AlarmSnooze") == "No alarm is ringing."
    assert device.skills.ringing() == []


def stored(device: Device) -> list[tuple[object, ...]]:
    return [tuple(row) for row in device.store.rows("SELECT * FROM appointments ORDER BY id")]


SIX: dict[str, Any] = {"from_time": time(6), "from_time_known": False}
SEVEN: dict[str, Any] = {"time": time(7), "pm_known": False}


@pytest.mark.parametrize(
    ("there", "slots", "when"),
    [
        ({"time": time(6)}, {**SIX, **SEVEN}, "7 am tomorrow"),
        ({"time": time(18)}, {**SIX, **SEVEN}, "7 pm today"),
        ({"time": time(6)}, {"time": time(8), "pm_known": True}, "8 am tomorrow"),
        ({"time": time(6)}, {"time": time(19), "pm_known": True}, "7 pm today"),
        ({"time": time(23)}, {"time": time(1), "pm_known": False}, "1 am tomorrow"),
        ({"time": time(6)}, {"day": date(2026, 11, 25)}, "6 am on Wednesday"),
        ({"time": time(6)}, {"day": date(2026, 11, 25), "time": time(9), "pm_known": False}, "9 am on Wednesday"),
        ({"time": time(6)}, {"from_day": date(2026, 11, 22), **SEVEN}, "7 am tomorrow"),
        ({"time": time(6)}, {"duration": timedelta(minutes=30)}, "6:30 am tomorrow"),
        ({"time": time(6)}, {"duration": timedelta(hours=1), "earlier": True}, "5 am tomorrow"),
        ({"duration": timedelta(minutes=90)}, {"time": time(7), "pm_known": False}, "7 pm today"),
        ({"duration": timedelta(minutes=90)}, {"duration": timedelta(minutes=10)}, "6:40 pm today"),
        ({"time": time(6), "repeat": "weekdays"}, {**SIX, **SEVEN}, "7 am every weekday"),
        ({"time": time(6), "repeat": "weekdays"}, {"from_repeat": "weekdays", **SEVEN}, "7 am every weekday"),
        ({"time": time(6), "repeat": "weekdays"}, {**SIX, **SEVEN, "repeat": "daily"}, "7 am every day"),
        ({"time": time(23), "repeat": "friday"}, {"duration": timedelta(hours=2)}, "1 am every Saturday"),
    ],
)
def test_an_alarm_is_moved(device: Device, there: dict[str, Any], slots: dict[str, Any], when: str):
    device.say("AlarmSet", **there)
    before = stored(device)
    reply = device.say("AlarmMove", **slots)
    assert (reply.text, reply.outcome) == (f"Your alarm is at {when} now.", "done")
    device.restart()
    assert when in device.text("AlarmStatus")
    assert len(stored(device)) == 1
    device = Device()
    device.say("AlarmSet", **there)
    device.say("AlarmMove", **slots)
    assert device.text("Undo") == "The alarm is where it was."
    assert stored(device) == before


def test_the_one_that_was_named_is_moved_and_rings_then(device: Device):
    for hour in (6, 7, 8):
        device.say("AlarmSet", time=time(hour))
    assert "9 am tomorrow" in device.text("AlarmMove", **SIX, time=time(9), pm_known=False)
    assert "7 am tomorrow, 8 am tomorrow and 9 am tomorrow" in device.text("AlarmStatus")
    rang = []
    for _ in range(24 * 4):
        device.clock.advance(900)
        for each in device.skills.due():
            rang.append(device.clock.now().hour)
            device.skills.acknowledge(each.id)
    assert rang == [7, 8, 9]


def test_a_day_tells_which_one_is_moved(device: Device):
    device.say("AlarmSet", time=time(6), day=date(2026, 11, 22))
    device.say("AlarmSet", time=time(8), day=date(2026, 11, 23))
    reply = device.say("AlarmMove", **SEVEN, day=date(2026, 11, 23))
    assert reply.text == "Your alarm is at 7 am on Monday now."


@pytest.mark.parametrize(
    ("there", "slots", "says"),
    [
        ([], {**SIX, **SEVEN}, "You have no alarms."),
        ([{"time": time(6)}], {"from_time": time(5), "from_time_known": False, **SEVEN}, "I found no such alarm."),
        ([{"time": time(6)}], {"from_day": date(2026, 11, 27), **SEVEN}, "I found no such alarm."),
        ([{"time": time(6)}], {"from_repeat": "weekdays", **SEVEN}, "I found no such alarm."),
        (
            [{"time": time(6)}, {"time": time(8)}],
            SEVEN,
            "Several could be meant, so I moved none: 6 am tomorrow and 8 am tomorrow.",
        ),
        (
            [{"time": time(6)}, {"time": time(18)}],
            {**SIX, **SEVEN},
            "Several could be meant, so I moved none: 6 pm today and 6 am tomorrow.",
        ),
        ([{"time": time(6)}, {"time": time(7)}], {**SIX, **SEVEN}, "You already have an alarm for 7 am tomorrow."),
        ([{"time": time(6)}], {**SEVEN, "day": date(2026, 11, 20)}, "That time has already passed."),
        ([{"time": time(6)}], {"day": date.max}, "That's too far ahead for me."),
        ([{"time": time(6)}], {"duration": timedelta.max}, "That's too far ahead for me."),
        ([{"time": time(6)}], {"duration": timedelta(days=3), "earlier": True}, "That time has already passed."),
        (
            [{"time": time(6), "repeat": "daily"}],
            {"duration": timedelta(days=3)},
            "That's too far for an alarm that repeats.",
        ),
        (
            [{"time": time(6), "repeat": "weekdays"}],
            {"day": date(2026, 11, 28)},
            "That alarm rings every weekday, so say which day's alarm I should move, and to what time.",
        ),
        ([{"time": time(6)}], {**SEVEN, "repeat": "someday"}, "There is no such date as someday."),
    ],
)
def test_what_cannot_be_moved_stays(device: Device, there: list[dict[str, Any]], slots: dict[str, Any], says: str):
    for each in there:
        device.say("AlarmSet", **each)
    before = stored(device)
    reply = device.say("AlarmMove", **slots)
    assert reply.outcome == "refused"
    assert reply.text in (says, "No alarm is set.") if not there else reply.text == says
    assert not reply.expects_answer
    assert stored(device) == before


def test_one_day_of_a_repeated_alarm_is_moved(device: Device):
    device.say("AlarmSet", time=time(6, 45), repeat="weekdays")
    before = stored(device)
    text = device.text("AlarmMove", from_day=date(2026, 11, 24), time=time(8), pm_known=False)
    assert text == "Just this once, your alarm is at 8 am on Tuesday."
    device.say("Undo")
    assert stored(device) == before
    device.say("AlarmMove", day=date(2026, 11, 24), time=time(8), pm_known=False)
    again = device.say("AlarmMove", day=date(2026, 11, 25), time=time(8), pm_known=False)
    assert (again.text, again.outcome) == (
        "I can leave out a repeated alarm on one day only, and that is on Tuesday already.",
        "refused",
    )
    assert rings(device, 5) == ["Mon 06:45", "Tue 08:00", "Wed 06:45", "Thu 06:45"]


def test_asks_where_to_move_it(device: Device):
    device.say("AlarmSet", time=time(6))
    reply = device.say("AlarmMove", from_time=time(6), from_time_known=False)
    assert (reply.text, reply.expects_answer, reply.asks) == ("To what time?", True, "time")


def test_a_ringing_alarm_is_put_off_by_a_snooze(device: Device):
    device.say("AlarmSet", time=time(18))
    device.clock.advance(3600)
    device.skills.due()
    assert "6:10 pm" in device.text("AlarmMove", duration=timedelta(minutes=10))
    assert device.skills.ringing() == []


def test_a_snoozed_alarm_can_be_moved(device: Device):
    device.say("AlarmSet", time=time(18), repeat="daily")
    device.clock.advance(3600)
    device.skills.due()
    device.say("AlarmSnooze")
    assert device.text("AlarmMove", time=time(18, 30), pm_known=True) == "Your alarm is at 6:30 pm every day now."
    device.clock.advance(1799)
    assert device.skills.due() == []
    device.clock.advance(2)
    assert len(device.skills.due()) == 1


def test_a_moved_alarm_outlives_a_power_cut(tmp_path: Path):
    device = Device(path=tmp_path / "assistant.db")
    device.say("AlarmSet", time=time(18))
    device.say("AlarmMove", time=time(19))
    device.power_cut(600)
    assert device.skills.boot() == []
    assert "7 pm today" in device.text("AlarmStatus")
    device.clock.advance(2 * 3600 - 601)
    assert device.skills.due() == []
    device.clock.advance(2)
    assert len(device.skills.due()) == 1


def test_a_correction_moves_it_elsewhere(device: Device):
    device.say("AlarmSet", time=time(6))
    device.say("AlarmMove", **SIX, **SEVEN)
    text = device.text("AlarmMove", **SIX, time=time(8), pm_known=False, replaces=True)
    assert "8 am tomorrow" in text
    assert len(stored(device)) == 1
