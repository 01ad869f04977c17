from datetime import date, time, timedelta
from typing import Any

import pytest

from tests.skills.device import Device


def test_spoken_when_due(device: Device):
    text = device.text("ReminderSet", text="to call my mum", time=time(18))
    assert "call your mum" in text
    assert "at 6 pm" in text
    device.clock.advance(3601)
    (due,) = device.skills.due()
    assert "call your mum" in due.text
    assert not due.rings
    device.skills.acknowledge(due.id)
    assert device.text("ReminderList") == "You have no reminders."


def test_not_yet_spoken_when_the_power_failed(device: Device):
    device.say("ReminderSet", text="call mum", time=time(18))
    device.clock.advance(3601)
    (due,) = device.skills.due()
    device.power_cut(10)
    assert [each.id for each in device.skills.boot()] == [due.id]
    device.skills.acknowledge(due.id)
    device.power_cut(10)
    assert device.skills.boot() == []


@pytest.mark.parametrize(
    ("slots", "when"),
    [
        ({"duration": timedelta(minutes=20)}, "in 20 minutes"),
        ({"time": time(6), "pm_known": False}, "at 6 pm"),
        ({"time": time(5), "pm_known": False, "day": date(2026, 11, 25)}, "on Wednesday at 5 pm"),
        ({"time": time(9), "pm_known": False, "day": date(2026, 11, 25)}, "on Wednesday at 9 am"),
        ({"day": date(2026, 11, 22)}, "tomorrow at 9 am"),
        ({"day": date(2026, 11, 21)}, "at 6 pm"),
        ({"time": time(19), "repeat": "thursday"}, "every Thursday at 7 pm"),
    ],
)
def test_when(device: Device, slots: dict[str, Any], when: str):
    assert f" {when} " in device.text("ReminderSet", text="water the plants", **slots).replace(":", " ")
    assert when in device.text("ReminderList")


@pytest.mark.parametrize(
    "slots",
    [
        {"text": "x" * 10_000, "time": time(18)},
        {"text": "x", "duration": timedelta(seconds=-5)},
        {"text": "x", "duration": timedelta.max},
        {"text": "x", "day": date(2026, 11, 20)},
        {"text": "x", "day": date(9000, 1, 1)},
        {"text": "x", "time": time(9), "repeat": "blursday"},
    ],
)
def test_impossible_reminders_store_nothing(device: Device, slots: dict[str, Any]):
    reply = device.say("ReminderSet", **slots)
    assert reply.outcome == "refused"
    assert len(reply.text) < 120
    assert device.store.rows("SELECT * FROM appointments") == []


def test_asks_for_what_is_missing(device: Device):
    assert device.say("ReminderSet").asks == "text"
    assert device.say("ReminderSet", text="call mum").asks == "time"


def test_cancelled_by_some_of_its_words(device: Device):
    device.say("ReminderSet", text="call the dentist about the tooth", time=time(18))
    device.say("ReminderSet", text="take out the bins", time=time(19))
    assert device.say("ReminderCancel").asks == "text"
    assert "dentist" in device.text("ReminderCancel", text="the dentist")
    assert device.say("ReminderCancel", text="feed the unicorn").outcome == "refused"
    device.say("Undo")
    assert "2 reminders" in device.text("ReminderCancel", all=True)
    assert device.text("ReminderCancel") == "You have no reminders."


def test_missed_while_off(device: Device):
    device.say("ReminderSet", text="call mum", time=time(18))
    device.power_cut(86_400)
    assert [each.text for each in device.skills.boot()] == ["I should have reminded you at 6 pm yesterday: call mum."]


def test_in_a_while_survives_a_jump_and_a_cut(device: Device):
    device.say("ReminderSet", text="call mum", duration=timedelta(minutes=20))
    device.clock.advance(300)
    device.power_cut(300)
    device.skills.boot()
    device.clock.advance(599)
    assert device.skills.due() == []
    device.clock.advance(2)
    assert len(device.skills.due()) == 1
