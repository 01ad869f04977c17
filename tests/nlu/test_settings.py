"""What people say to change the assistant itself, and what it must not take from others."""

from datetime import time

import pytest

from assistant.clock import SystemClock
from assistant.nlu.home import load_home
from assistant.nlu.names import Names
from assistant.nlu.understanding import Understanding


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    names = Names(voices=("John", "built in"))
    return Understanding(load_home(None), names=lambda: names, clock=SystemClock(), classify=False)


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("be quiet from ten at night until seven", "QuietHoursSet", {"begins": time(22), "ends": time(7)}),
        ("quiet hours from half past nine until six thirty am", "QuietHoursSet", {"ends": time(6, 30)}),
        ("please don't disturb me between eleven and eight", "QuietHoursSet", {"begins_known": False}),
        ("quiet hours from ten to seven", "QuietHoursSet", {"begins": time(10), "ends": time(7)}),
        ("quiet hours ten to seven", "QuietHoursSet", {"begins": time(10), "ends": time(7)}),
        ("keep quiet from twenty two to seven", "QuietHoursSet", {"begins": time(22), "ends": time(7)}),
        ("quiet hours from a quarter to ten to seven", "QuietHoursSet", {"begins": time(9, 45), "ends": time(7)}),
        ("set quiet hours", "QuietHoursSet", {}),
        ("quiet hours off", "QuietHoursOff", {}),
        ("turn off the quiet hours", "QuietHoursOff", {}),
        ("when are your quiet hours", "QuietHoursStatus", {}),
        ("change your wake word to alexa", "WakeWordSet", {"wake_word": "alexa"}),
        ("can i call you jarvis", "WakeWordSet", {"wake_word": "hey jarvis"}),
        ("change your wake word", "WakeWordSet", {}),
        ("what is your wake word", "WakeWordStatus", {}),
        ("use another voice", "VoiceNext", {}),
        ("speak with the voice john", "VoiceSet", {"voice": "john"}),
        ("use the built in voice", "VoiceSet", {"voice": "built in"}),
        ("what other voice do you have", "VoiceStatus", {}),
        ("start the welcome again", "WelcomeStart", {}),
        ("introduce yourself", "WelcomeStart", {}),
        ("skip the welcome", "WelcomeSkip", {}),
        ("that's fine", "Yes", {}),
        # others' sentences stay theirs
        ("be quiet", "Stop", {}),
        ("skip", "MusicNext", {}),
        ("make it quieter", "VolumeDown", {}),
        ("set the volume to ten", "VolumeSet", {}),
        ("set an alarm for seven", "AlarmSet", {}),
        ("speak slower", "SpeakSlower", {}),
        ("who are you", "WhatModel", {}),
    ],
)
def test_it_is_understood(understanding: Understanding, said: str, intent: str, slots: dict[str, object]):
    (found,) = understanding.understand(said)
    assert found.name == intent
    assert {name: found.slots[name] for name in slots} == slots
