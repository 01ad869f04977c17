from dataclasses import replace

import pytest

from assistant.nlu import Class, Intent
from assistant.skills.declarations import declarations
from assistant.skills.registry import context
from tests.skills.device import Device

EXACT_WORDS_ONLY = {
    # answers and interruptions: a guess at them would be worse than asking again
    "Yes", "No", "Stop", "NeverMind", "Thanks", "Greeting", "TimerStop",
    # their values are whole expressions, which their own small grammars read
    "Calculate", "ConvertUnits",
    # a guess must not change what it listens for, how it speaks, or when it keeps quiet
    "QuietHoursSet", "QuietHoursOff", "QuietHoursStatus", "WakeWordSet", "WakeWordStatus", "VoiceNext", "VoiceSet",
    "VoiceStatus", "WelcomeStart", "WelcomeSkip",
    # which of two times or lengths is the new one is told by the words between them
    "AlarmMove", "TimerChange", "ReminderMove",
    # the clock is set by exact words, and only where nothing else sets it
    "ClockSet",
    # what Home Assistant's own sentences say, served as the same thing under another name
    "HassToggle", "HassGetWeather", "HassMediaSearchAndPlay", "HassSetVolume", "HassSetVolumeRelative",
    "HassMediaPlayerMute", "HassMediaPlayerUnmute", "HassMediaNext", "HassMediaPause", "HassMediaPrevious",
    "HassMediaUnpause", "HassClimateSetFanMode",
}  # fmt: skip


def test_every_intent_that_is_served_is_declared_or_needs_exact_words(device: Device):
    assert set(declarations().tools) | EXACT_WORDS_ONLY == device.skills.intents


def test_every_slot_is_described_and_every_choice_is_a_slot():
    found = declarations()
    assert {slot for tool in found.tools.values() for slot in tool.slots} == set(found.slots)
    assert set(found.choices) <= set(found.slots)


def test_a_meaning_names_only_slots_that_are_declared_and_leaves_out_what_was_not_said():
    for tool in declarations().tools.values():
        full = tool.meaning({slot: f"<{slot}>" for slot in tool.slots})
        assert "{" not in full
        assert "[" not in full
        bare = tool.meaning({})
        assert bare
        assert "<" not in bare
    timer = declarations().tools["TimerSet"]
    assert timer.meaning({"duration": "ten minutes"}) == "set a timer for ten minutes"
    assert timer.meaning({"name": "egg", "duration": "ten minutes"}) == "set a timer for ten minutes called egg"


DOUBTED = Intent(
    "ListAdd", Class.REMINDERS_LISTS, {"item": "milk", "list": "shopping"}, confidence=0.6, tier="llm",
    sentence="add milk to the shopping list", doubtful=True,
)  # fmt: skip


def test_a_doubtful_call_is_asked_back_and_done_after_a_yes(device: Device):
    asked = device.skills.handle(DOUBTED, context("1", "milk please"))
    assert asked.text == "Did you mean: add milk to the shopping list?"
    assert asked.expects_answer
    assert asked.asks == "confirm"
    assert "milk" not in device.text("ListRead", list="shopping")
    # reading the list dropped the question, so it is asked anew
    device.skills.handle(DOUBTED, context("3", "milk please"))
    assert "milk" in device.text("Yes").lower()
    assert "milk" in device.text("ListRead", list="shopping").lower()


def test_after_a_no_nothing_is_done(device: Device):
    device.skills.handle(DOUBTED, context("1", "milk please"))
    assert device.say("No").outcome == "refused"
    assert "milk" not in device.text("ListRead", list="shopping").lower()


def test_without_doubt_it_is_done_at_once(device: Device):
    reply = device.skills.handle(replace(DOUBTED, doubtful=False), context("1", "milk please"))
    assert not reply.expects_answer
    assert "milk" in device.text("ListRead", list="shopping").lower()


@pytest.mark.parametrize("name", sorted(EXACT_WORDS_ONLY))
def test_what_needs_exact_words_is_served_but_not_offered(device: Device, name: str):
    assert name in device.skills.intents
    assert name not in declarations().tools
