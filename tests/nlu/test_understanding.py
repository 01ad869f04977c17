"""Tier 1 end to end on the sample home: what people say, and what it means."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.nlu import Class, Intent
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.understanding import Understanding
from assistant.stt.endpoint import Ending


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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("turn off the lights and set a timer for ten minutes", ["HassTurnOff", "TimerSet"]),
        ("add milk to the shopping list and play some jazz", ["ListAdd", "MusicPlay"]),
        ("turn on the desk lamp and the reading lamp", ["HassTurnOn", "HassTurnOn"]),
        ("turn off the desk lamp and the reading lamp", ["HassTurnOff", "HassTurnOff"]),
        ("set alarms for two pm and three pm", ["AlarmSet", "AlarmSet"]),
        ("remind me to lock the door and turn off the lights", ["ReminderSet"]),
        ("add bread and butter to the shopping list", ["ListAdd"]),
    ],
)
def test_requests_in_one_sentence(understanding, text, names):
    assert [intent.name for intent in understanding.understand(text)] == names


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("set a timer for ten minutes no fifteen", {"duration": timedelta(minutes=15)}),
        ("set a timer for ten minutes i mean an hour", {"duration": timedelta(hours=1)}),
        ("volume forty no make that fifty", {"level": 50}),
    ],
)
def test_a_slip_put_right_in_the_same_breath(understanding, text, slots):
    (intent,) = understanding.understand(text)
    assert dict(intent.slots) == slots


def follow(understanding: Understanding, first: str, then: str, **more: Any) -> Intent:
    before = tuple(understanding.understand(first))
    (intent,) = understanding.understand(then, Dialogue(last_intents=before, **more))
    return intent


@pytest.mark.parametrize(
    ("first", "then", "name", "slots"),
    [
        (
            "set a timer for ten minutes",
            "no, fifteen",
            "TimerSet",
            {"duration": timedelta(minutes=15), "replaces": True},
        ),
        (
            "set a timer for ten minutes",
            "no i said an hour",
            "TimerSet",
            {"duration": timedelta(hours=1), "replaces": True},
        ),
        (
            "set an alarm for seven am",
            "make it eight am",
            "AlarmSet",
            {"time": time(8), "pm_known": True, "replaces": True},
        ),
        ("turn off the kitchen lights", "and in the bedroom?", "HassTurnOff", {"domain": "light", "area": "Bedroom"}),
        ("turn on the desk lamp", "and the reading lamp", "HassTurnOn", {"name": "Reading Lamp"}),
        ("what's the weather tomorrow", "and on friday?", "WeatherQuery", {"day": date(2026, 3, 6)}),
        ("what's the weather", "what about in paris", "WeatherQuery", {"place": "paris"}),
        ("set the volume to forty", "no fifty", "VolumeSet", {"level": 50, "replaces": True}),
    ],
)
def test_words_that_lean_on_the_last_request(understanding, first, then, name, slots):
    intent = follow(understanding, first, then)
    assert intent.name == name
    assert dict(intent.slots) == slots


@pytest.mark.parametrize(
    ("first", "pending", "then", "slots"),
    [
        ("set a timer", "duration", "ten minutes", {"duration": timedelta(minutes=10)}),
        ("set an alarm", "time", "at seven am tomorrow", {"time": time(7), "pm_known": True, "day": date(2026, 3, 5)}),
        ("set a reminder", "text", "feed the cat", {"text": "feed the cat"}),
    ],
)
def test_an_answer_fills_the_slot_that_was_asked_for(understanding, first, pending, then, slots):
    intent = follow(understanding, first, then, pending=pending)
    assert intent.name == understanding.understand(first)[0].name
    assert dict(intent.slots) == slots


@pytest.mark.parametrize(
    ("pending", "then", "name"),
    [
        ("duration", "never mind", "NeverMind"),
        ("confirm", "yes", "Yes"),
        ("confirm", "no", "No"),
        ("", "cancel that", "Undo"),
    ],
)
def test_an_open_question_does_not_hold_the_person(understanding, pending, then, name):
    assert follow(understanding, "set a timer", then, pending=pending).name == name


def test_a_follow_up_long_after_is_no_follow_up(understanding):
    assert (
        follow(understanding, "turn off the kitchen lights", "and in the bedroom", seconds_ago=600).name
        != "HassTurnOff"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("it's way too dark in here", Class.LIGHTS),
        ("gimme ten minutes on the clock", Class.TIMER),
        ("um could you like turn the music down a bit please", Class.VOLUME),
        ("do i need an umbrella this afternoon", Class.WEATHER),
        ("the roomba should clean the den", Class.SMART_HOME),
        ("how about some smooth jazz", Class.MUSIC),
    ],
)
def test_paraphrases(understanding, text, kind):
    (intent,) = understanding.understand(text)
    assert intent.kind is kind


@pytest.mark.parametrize(
    "text",
    [
        "who is the president of france",
        "how do i bake a sourdough loaf",
        "send an email to my boss",
        "book a table for two at an italian restaurant",
        "what's the balance of my savings account",
        "tell me a joke",
        "translate good morning into spanish",
        "order a pizza",
        "call me a taxi to the airport",
        "why is the sky blue",
        "post a photo on instagram",
        "what is the capital of peru",
    ],
)
def test_what_is_no_home_command_does_nothing(understanding, text):
    (intent,) = understanding.understand(text)
    assert intent.kind is Class.OUT_OF_SCOPE


def test_a_device_that_is_not_here_keeps_its_class(understanding):
    (intent,) = understanding.understand("start the dishwasher please")
    assert intent.kind is Class.SMART_HOME
    assert "name" not in intent.slots
    assert intent.unresolved["name"] == "dishwasher"


@pytest.mark.parametrize("text", ["turn off the lights in ten minutes", "in ten minutes turn off the lights"])
def test_later_is_never_now(understanding, text):
    (intent,) = understanding.understand(text)
    assert intent.name == "TimerSet"
    assert dict(intent.slots) == {"command": "turn off the lights", "duration": timedelta(minutes=10)}


def test_a_device_at_a_time_is_never_switched_now(understanding):
    for text in ("start the coffee maker at seven am", "have the coffee machine running by seven am"):
        (intent,) = understanding.understand(text)
        assert not intent.name.startswith("Hass"), text


@pytest.mark.parametrize("text", ["lights", "timer", "kitchen", "the"])
def test_a_noun_alone_asks_for_nothing(understanding, text):
    assert understanding.understand(text)[0].name == ""


def test_a_list_may_be_called_like_a_feast(understanding):
    (intent,) = understanding.understand("delete the christmas list")
    assert (intent.name, intent.unresolved) == ("ListDelete", {"list": "christmas"})


def test_an_impossible_date_is_said_to_be_one(understanding):
    (intent,) = understanding.understand("remind me to pay the rent on february thirtieth")
    assert intent.name == "ReminderSet"
    assert "day" not in intent.slots
    assert intent.unresolved["day"] == "february thirtieth"


@pytest.mark.parametrize(
    ("text", "name", "slots"),
    [
        ("what's fifteen percent of eighty", "Calculate", {"expression": "15 / 100 * 80"}),
        ("how many ounces are in a pound", "ConvertUnits", {"amount": 1, "from_unit": "pound", "to_unit": "ounces"}),
        ("what is 12*5", "Calculate", {"expression": "12 * 5"}),
        ("divide ninety by six", "Calculate", {"expression": "90 / 6"}),
    ],
)
def test_sums(understanding, text, name, slots):
    (intent,) = understanding.understand(text)
    assert (intent.name, dict(intent.slots)) == (name, slots)


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_answered(understanding, text):
    intents = understanding.understand(text)
    assert intents
    assert all(isinstance(intent.kind, Class) for intent in intents)


SAMPLES = """turn on off the kitchen lights set a timer for ten minutes and no and add milk to my list remind me play
what's weather tomorrow alarm seven pm volume up cancel all please 50% :)) ?! who is café наушники 🙂"""
PIECES = st.sampled_from(SAMPLES.split())


@settings(max_examples=120, deadline=None)
@given(
    st.lists(PIECES, max_size=14),
    st.lists(PIECES, max_size=6),
    st.sampled_from(["", "duration", "time", "text", "confirm"]),
)
def test_any_words_in_any_dialogue_are_answered(understanding, words, then, pending):
    before = tuple(understanding.understand(" ".join(words)))
    assert understanding.understand(" ".join(then), Dialogue(last_intents=before, pending=pending))


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "timer " * 2_000, "\x00" * 10_000, "🙂" * 10_000, "set a timer for " + "9" * 9_000]
)
def test_very_long_text_is_answered(understanding, text):
    assert understanding.understand(text)
    assert understanding.ending(text) in tuple(Ending)


@pytest.mark.parametrize(
    "text", ["cancel the rice timer", "please get rid of my rice timer now", "delete the timer called rice"]
)
def test_another_timer_than_those_that_run_is_not_cancelled_in_their_place(understanding, text):
    (intent,) = understanding.understand(text)
    assert intent.name == "TimerCancel"
    assert intent.slots == {}
    assert intent.unresolved == {"name": "rice"}


@pytest.mark.parametrize("text", ["cancel the kitchen timer", "get rid of the last timer"])
def test_a_timer_without_a_name_is_any(understanding, text):
    (intent,) = understanding.understand(text)
    assert (intent.name, intent.unresolved) == ("TimerCancel", {})
