"""Tier 1 end to end on the sample home: what people say, and what it means."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from assistant.clock import ManualClock
from assistant.nlu import Class
from assistant.nlu.home import load_home
from assistant.nlu.names import Names
from assistant.nlu.understanding import Understanding

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture(scope="module")
def understanding():
    names = Names(timers=("pasta", "eggs"), lists=("shopping", "to do"))
    return Understanding(load_home(None), names=lambda: names, clock=ManualClock(NOW))


@pytest.mark.parametrize(
    ("text", "name", "slots"),
    [
        ("set a timer for ten minutes", "TimerSet", {"duration": timedelta(minutes=10)}),
        (
            "Please could you set a pasta timer for an hour and a half?",
            "TimerSet",
            {"name": "pasta", "duration": timedelta(minutes=90)},
        ),
        ("cancel the pasta timer", "TimerCancel", {"name": "pasta"}),
        ("cancel all timers", "TimerCancel", {"all": True}),
        ("how much time is left on the eggs timer", "TimerStatus", {"name": "eggs"}),
        ("add five minutes to the timer", "TimerAdd", {"duration": timedelta(minutes=5)}),
        (
            "wake me up at half past six tomorrow morning",
            "AlarmSet",
            {"time": time(6, 30), "pm_known": True, "day": date(2026, 3, 5)},
        ),
        (
            "set an alarm for every weekday at 6:45",
            "AlarmSet",
            {"time": time(6, 45), "pm_known": False, "repeat": "weekdays"},
        ),
        (
            "remind me to take out the bins at seven pm",
            "ReminderSet",
            {"text": "take out the bins", "time": time(19), "pm_known": True},
        ),
        ("add milk and eggs to the shopping list", "ListAdd", {"item": "milk and eggs", "list": "shopping"}),
        ("what's on my grocery list", "ListRead", {"list": "shopping"}),
        ("what time is it", "TimeNow", {}),
        ("volume fifty percent", "VolumeSet", {"level": 50}),
        ("turn off the kitchen lights", "HassTurnOff", None),
        ("set the desk lamp to red", "HassLightSet", {"name": "Desk Lamp", "color": "red"}),
        ("never mind", "NeverMind", {}),
        ("what did you send today", "WhatSent", {"day": date(2026, 3, 4)}),
    ],
)
def test_means(understanding, text, name, slots):
    (intent,) = understanding.understand(text)
    assert intent.name == name
    assert intent.tier == "grammar"
    if slots is not None:
        assert dict(intent.slots) == slots


@pytest.mark.parametrize(
    "text", ["", "   ", "who is ada lovelace", "play who is the president", "\x00\x01", "🙂🙂", "привет", "x " * 5000]
)
def test_is_no_command(understanding, text):
    (intent,) = understanding.understand(text)
    assert intent.kind is Class.OUT_OF_SCOPE
    assert intent.name == ""


def test_an_unknown_list_is_kept_as_unresolved(understanding):
    (intent,) = understanding.understand("add nails to the hardware list")
    assert (intent.name, intent.unresolved, intent.slots) == ("ListAdd", {"list": "hardware"}, {"item": "nails"})
