from datetime import date, time, timedelta
from pathlib import Path
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


def stored(device: Device) -> list[tuple[object, ...]]:
    return [tuple(row) for row in device.store.rows("SELECT * FROM appointments ORDER BY id")]


def at(hour: int, *, known: bool = False) -> dict[str, Any]:
    return {"time": time(hour), "pm_known": known}


SUNDAY, WEDNESDAY = date(2026, 11, 22), date(2026, 11, 25)  # it is Saturday, 5 pm


@pytest.mark.parametrize(
    ("there", "slots", "when"),
    [
        ({"time": time(18)}, at(7), "at 7 pm"),
        ({"day": SUNDAY}, at(11), "tomorrow at 11 am"),
        ({"day": SUNDAY}, at(5), "tomorrow at 5 pm"),  # from nine in the morning: nobody means five in the morning
        ({"time": time(7)}, at(6), "tomorrow at 6 am"),  # who gets up early moves it early
        ({"time": time(7)}, at(5) | {"day": WEDNESDAY}, "on Wednesday at 5 pm"),
        ({"day": SUNDAY}, at(5, known=True), "tomorrow at 5 am"),
        ({"day": SUNDAY}, {"day": WEDNESDAY}, "on Wednesday at 9 am"),
        ({"time": time(18)}, {"day": WEDNESDAY} | at(8), "on Wednesday at 8 pm"),
        ({"time": time(18)}, {"from_day": date(2026, 11, 21), "day": WEDNESDAY}, "on Wednesday at 6 pm"),
        ({"time": time(18)}, {"from_time": time(6), "from_time_known": False} | at(7), "at 7 pm"),
        ({"time": time(18)}, {"duration": timedelta(minutes=10)}, "at 6:10 pm"),
        ({"time": time(18)}, {"duration": timedelta(minutes=10), "earlier": True}, "at 5:50 pm"),
        ({"time": time(18)}, {"duration": timedelta(minutes=10), "from_now": True}, "in 10 minutes"),
        ({"duration": timedelta(minutes=20)}, {"duration": timedelta(minutes=10)}, "in 30 minutes"),
        ({"duration": timedelta(minutes=20)}, {"duration": timedelta(minutes=10), "from_now": True}, "in 10 minutes"),
        ({"time": time(9), "repeat": "thursday"}, at(8), "every Thursday at 8 am"),
        ({"time": time(9), "repeat": "thursday"}, at(9) | {"repeat": "friday"}, "every Friday at 9 am"),
    ],
)
def test_a_reminder_is_moved(device: Device, there: dict[str, Any], slots: dict[str, Any], when: str):
    device.say("ReminderSet", text="call the dentist", **there)
    before = stored(device)
    reply = device.say("ReminderMove", **slots)
    assert (reply.text, reply.outcome) == (f"Moved. I'll remind you {when}: call the dentist.", "done")
    device.restart()
    assert when in device.text("ReminderList")
    assert len(stored(device)) == 1
    device = Device()
    device.say("ReminderSet", text="call the dentist", **there)
    device.say("ReminderMove", **slots)
    assert device.text("Undo") == "The reminder is where it was."
    assert stored(device) == before


@pytest.mark.parametrize(
    ("slots", "moved"),
    [
        ({"text": "dentist"}, "call the dentist"),
        ({"text": "to call the dentist"}, "call the dentist"),
        ({"text": "plant"}, "water the plants"),
        ({"text": "the bin"}, "take out the bins"),
        ({"which": "next"}, "take out the bins"),
        ({"which": "last"}, "water the plants"),
        ({"from_time": time(8), "from_time_known": False}, "call the dentist"),
        ({"from_day": SUNDAY}, "water the plants"),
        # one is there on that day already: whoever names no other means this one
        ({"time": time(8)}, "feed the cat"),
    ],
)
def test_the_reminder_that_is_meant_is_moved(device: Device, slots: dict[str, Any], moved: str):
    device.say("ReminderSet", text="feed the cat", day=WEDNESDAY)
    device.say("ReminderSet", text="call the dentist", time=time(20))
    device.say("ReminderSet", text="take out the bins", time=time(19))
    device.say("ReminderSet", text="water the plants", day=SUNDAY)
    assert device.text("ReminderMove", day=WEDNESDAY, **slots).endswith(f"{moved}.")
    assert len(stored(device)) == 4


def test_a_moved_reminder_is_spoken_then(device: Device):
    device.say("ReminderSet", text="call mum", time=time(18))
    device.say("ReminderMove", **at(7))
    device.clock.advance(2 * 3600 - 1)
    assert device.skills.due() == []
    device.clock.advance(2)
    assert "call mum" in device.skills.due()[0].text


def test_asks_which_reminder_and_where_to(device: Device):
    device.say("ReminderSet", text="call the dentist", time=time(18))
    reply = device.say("ReminderMove")
    assert (reply.text, reply.asks) == ("To when shall I move it: call the dentist?", "time")
    device.say("ReminderSet", text="take out the bins", time=time(19))
    reply = device.say("ReminderMove", **at(8))
    assert (reply.text, reply.asks) == ("Which one: call the dentist or take out the bins?", "text")
    assert reply.expects_answer


@pytest.mark.parametrize(
    ("there", "slots", "says"),
    [
        ([], at(7), "You have no reminders."),
        ([{"time": time(18)}], at(7) | {"text": "unicorn"}, "I found no such reminder."),
        ([{"time": time(18)}], at(7) | {"from_day": WEDNESDAY}, "I found no such reminder."),
        ([{"time": time(18)}], {"day": date(2026, 11, 20)}, "That time has already passed."),
        ([{"time": time(18)}], {"day": date.max}, "That's too far ahead for me."),
        ([{"time": time(18)}], {"duration": timedelta.max}, "That's too far ahead for me."),
        ([{"time": time(18)}], {"duration": timedelta.max, "from_now": True}, "That's too far ahead for me."),
        ([{"time": time(18)}], {"duration": timedelta(0), "from_now": True}, "That time has already passed."),
        ([{"time": time(18)}], {"duration": timedelta(days=1), "earlier": True}, "That time has already passed."),
        ([{"time": time(18)}], at(7) | {"repeat": "blursday"}, "There is no such date as blursday."),
        (
            [{"time": time(9), "repeat": "daily"}],
            {"duration": timedelta(days=3)},
            "That's too far for a reminder that repeats.",
        ),
        (
            [{"time": time(9), "repeat": "daily"}],
            {"duration": timedelta(hours=3), "from_now": True},
            "That reminder comes every day, so say which day's I should move, and to what time.",
        ),
    ],
)
def test_what_cannot_be_moved_stays(device: Device, there: list[dict[str, Any]], slots: dict[str, Any], says: str):
    for each in there:
        device.say("ReminderSet", text="call mum", **each)
    before = stored(device)
    assert device.text("ReminderMove", **slots) == says
    assert stored(device) == before


def test_one_day_of_a_repeated_reminder_is_moved(device: Device):
    device.say("ReminderSet", text="take my pills", time=time(9), repeat="daily")
    text = device.text("ReminderMove", from_day=date(2026, 11, 23), **at(11))
    assert text == "Just this once, I'll remind you on Monday at 11 am: take your pills."
    spoken = []
    for _ in range(3 * 24):
        device.clock.advance(3600)
        for each in device.skills.due():
            spoken.append(device.clock.now().strftime("%a %H"))
            device.skills.acknowledge(each.id)
    assert spoken == ["Sun 09", "Mon 11", "Tue 09"]


def test_a_moved_reminder_outlives_a_power_cut(tmp_path: Path):
    device = Device(path=tmp_path / "assistant.db")
    device.say("ReminderSet", text="call mum", time=time(18))
    device.say("ReminderMove", **at(7))
    device.power_cut(600)
    assert "at 7 pm" in device.text("ReminderList")


def test_a_correction_moves_it_elsewhere(device: Device):
    device.say("ReminderSet", text="call mum", time=time(18))
    device.say("ReminderMove", **at(7))
    assert "at 8 pm" in device.text("ReminderMove", replaces=True, **at(8))
    assert len(stored(device)) == 1
