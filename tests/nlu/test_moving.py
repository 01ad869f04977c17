"""A request to move an alarm names the old moment and the new one, and never becomes a second alarm."""

from datetime import date, time, timedelta

import pytest

from assistant.nlu.dialogue import Dialogue

THURSDAY, SUNDAY = date(2026, 3, 5), date(2026, 3, 8)


def old(hour: int, minute: int = 0, *, known: bool = False) -> dict[str, object]:
    return {"from_time": time(hour, minute), "from_time_known": known}


def new(hour: int, minute: int = 0, *, known: bool = False) -> dict[str, object]:
    return {"time": time(hour, minute), "pm_known": known}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("change my alarm from six to seven", old(6) | new(7)),
        ("move the six am alarm to eight am", old(6, known=True) | new(8, known=True)),
        ("make my seven o'clock alarm half past seven", old(7) | new(7, 30)),
        ("could you please move my alarm to ten to seven", new(6, 50)),
        ("change my alarm from six thirty to seven", old(6, 30) | new(7)),
        ("change my alarm from ten to seven to half past seven", old(6, 50) | new(7, 30)),
        ("change my alarm from six to ten to seven", old(6) | new(6, 50)),
        ("change my alarm from six to five past seven", old(6) | new(7, 5)),
        ("shift the alarm i set for six to nine", old(6) | new(9)),
        ("move my alarm at six to seven", old(6) | new(7)),
        ("change my alarm for six am to seven am", old(6, known=True) | new(7, known=True)),
        ("change the alarm to half past six tomorrow", new(6, 30) | {"day": THURSDAY}),
        ("move tomorrow's alarm to eight", {"from_day": THURSDAY} | new(8)),
        ("change my six am alarm tomorrow to eight", old(6, known=True) | {"from_day": THURSDAY} | new(8)),
        ("move my alarm to sunday", {"day": SUNDAY}),
        ("move my alarm from tomorrow to sunday", {"from_day": THURSDAY, "day": SUNDAY}),
        ("change my alarm from six to seven on weekdays", old(6) | new(7) | {"repeat": "weekdays"}),
        ("change my weekday alarm to seven", {"from_repeat": "weekdays"} | new(7)),
        ("set my six am alarm to seven", old(6, known=True) | new(7)),
        ("change the time of my alarm to seven", new(7)),
        ("i want to change my alarm from six am to seven am", old(6, known=True) | new(7, known=True)),
        ("push my alarm back by half an hour", {"duration": timedelta(minutes=30)}),
        ("delay my alarm by ten minutes", {"duration": timedelta(minutes=10)}),
        ("make my six am alarm thirty minutes later", old(6, known=True) | {"duration": timedelta(minutes=30)}),
        ("make my alarm an hour earlier", {"duration": timedelta(hours=1), "earlier": True}),
        ("bring my alarm forward by an hour", {"duration": timedelta(hours=1), "earlier": True}),
        ("change my alarm", {}),
        ("move alarm to eight", new(8)),
        ("move my wake up alarm from six to seven", old(6) | new(7)),
        ("change tomorrow's alarm from six to seven", {"from_day": THURSDAY} | old(6) | new(7)),
    ],
)
def test_what_is_moved_and_where(understanding, text, slots):
    (intent,) = understanding.understand(text)
    assert (intent.name, intent.kind, intent.tier) == ("AlarmMove", "alarm", "grammar")
    assert dict(intent.slots) == slots


@pytest.mark.parametrize(
    "text",
    [
        "alter the alarm so that it rings at seven and not at six",
        "my alarm is at six but please change that alarm so it is seven",
        "move the alarm which is at six so it goes off at seven",
        "reschedule my alarm for eight",
        "postpone my alarm by an hour",
        "move both alarms to eight",
        "change all my alarms to seven",
        "please adjust the alarm in the kitchen so it comes at nine",
    ],
)
def test_free_wording_asks_for_the_time_and_sets_none(understanding, text):
    """No pattern says which of two times is the new one; what is not sure is asked."""
    (intent,) = understanding.understand(text)
    assert intent.name in ("AlarmMove", "")
    assert not {"time", "duration", "day"} & set(intent.slots)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("set my alarm to seven", "AlarmSet"),
        ("set my alarm for six to seven", "AlarmSet"),
        ("i need to move house at seven so set an alarm for six", "AlarmSet"),
        ("make an alarm for half past seven", "AlarmSet"),
        ("wake me up at six", "AlarmSet"),
        ("delay it by ten minutes", None),
        ("make the timer five minutes longer", "TimerAdd"),
        ("add five minutes to the timer", "TimerAdd"),
        ("snooze the alarm for ten minutes", "AlarmSnooze"),
        ("cancel my six am alarm", "AlarmCancel"),
        ("turn off my alarm", "AlarmCancel"),
    ],
)
def test_other_requests_stay_what_they_were(understanding, text, name):
    intents = understanding.understand(text)
    assert "AlarmMove" not in [intent.name for intent in intents]
    if name is not None:
        assert intents[-1].name == name


def test_the_answer_and_a_correction_are_the_new_time(understanding):
    (asked,) = understanding.understand("change my six am alarm")
    (moved,) = understanding.understand("half past seven", Dialogue((asked,), "time", seconds_ago=2.0))
    assert (moved.name, dict(moved.slots)) == ("AlarmMove", old(6, known=True) | new(7, 30))
    (again,) = understanding.understand("no make it eight", Dialogue((moved,), seconds_ago=5.0))
    assert (again.name, dict(again.slots)) == ("AlarmMove", old(6, known=True) | new(8) | {"replaces": True})
