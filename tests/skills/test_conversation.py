from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest

from assistant import events as ev
from assistant.config import Cloud, Settings
from assistant.observers.trace import TurnTrace
from assistant.skills.kit import SentEntry
from assistant.skills.timekeeping import Source
from tests.skills.device import Device


def test_repeat(device: Device):
    assert device.text("Repeat") == "I haven't said anything yet."
    said = device.text("TimerSet", duration=timedelta(minutes=3))
    assert device.text("Repeat") == said
    device.clock.advance(1801)
    assert device.text("Repeat") == "I haven't said anything yet."


def test_speed_has_steps_ends_and_an_undo(device: Device):
    assert device.skills.preferences.rate == 1.0
    device.say("SpeakSlower")
    assert device.skills.preferences.rate == 0.9
    device.restart()
    assert device.skills.preferences.rate == 0.9, "remembered"
    device.say("SpeakFaster")
    device.say("Undo")
    assert device.skills.preferences.rate == 0.9
    for _ in range(10):
        device.say("SpeakFaster")
    assert device.text("SpeakFaster") == "That's as fast as I can speak."


def test_yes_and_no_without_a_question(device: Device):
    assert device.text("Yes") == "I didn't ask anything."
    assert device.say("No").outcome == "done"


def test_nothing_to_undo(device: Device):
    assert device.text("Undo") == "There's nothing recent to undo."
    device.say("TimerSet", duration=60)
    device.clock.advance(601)
    assert device.text("Undo") == "There's nothing recent to undo."


def test_an_unknown_intent_is_answered(device: Device):
    assert device.say("MakeCoffee").outcome == "failed"


@pytest.mark.parametrize(
    ("unresolved", "text"),
    [
        ({"day": "february thirtieth"}, "There is no such date as february thirtieth."),
        ({"time": "twenty five o'clock"}, "There is no such time as twenty five o'clock."),
        ({"duration": "a couple of whiles"}, "I don't understand a couple of whiles as a length of time."),
    ],
)
def test_values_that_do_not_exist(device: Device, unresolved: dict[str, str], text: str):
    reply = device.say("TimerSet", duration=60, unresolved=unresolved)
    assert reply.text == text
    assert reply.outcome == "refused"
    assert device.store.rows("SELECT * FROM timers") == []


def test_why_tells_what_happened():
    trace = TurnTrace("1", "typed")
    for event in (
        ev.SpeechEnded(turn="1", at=1.0, rule="complete", stream_s=2.3, last_speech_s=2.0),
        ev.Transcript(turn="1", at=1.1, text="set a timer for ten minutes", confidence=0.9, source="grammar"),
        ev.IntentMatched(
            turn="1",
            at=1.2,
            tier="grammar",
            intent="TimerSet",
            kind="timer",
            slots={},
            confidence=1,
            sentence="set a timer",
        ),
        ev.RouteDecided(turn="1", at=1.2, where="command", reason="a skill"),
    ):
        trace.observe(event)
    text = Device(trace=lambda: trace).text("Why")
    assert "I heard: set a timer for ten minutes." in text
    assert "my sentence: set a timer." in text
    assert "on this device" in text
    assert Device().text("Why") == "I haven't done anything yet."


class _Book:
    def __init__(self, entries: list[SentEntry]) -> None:
        self.entries = entries
        self.since: datetime | None = None

    def sent_since(self, since: datetime) -> list[SentEntry]:
        self.since = since
        return [entry for entry in self.entries if entry.at >= since]


def test_what_did_you_send_today(device: Device):
    assert device.text("WhatSent") in ("Nothing.", "Nothing has left this device today.")
    at = device.clock.now()
    entries = [SentEntry(at - timedelta(hours=hours), "cloud", "a question", 300 + hours) for hours in (30, 5, 4, 3, 2)]
    book = _Book(entries)
    text = Device(ledger=book).text("WhatSent")
    assert text == (
        "Today 4 requests left this device: a question to the cloud, 302 bytes, at 3 pm, a question to the cloud, "
        "303 bytes, at 2 pm and a question to the cloud, 304 bytes, at 1 pm, and 1 before that."
    )
    assert book.since == datetime(2026, 11, 21, tzinfo=device.zone), "the day begins at the place's midnight"


def test_the_book_may_speak_for_itself():
    device = Device(ledger=lambda now: f"Today is {now:%d %B}: two questions.")
    assert device.text("WhatSent") == "Today is 21 November: two questions."


def test_offline_is_remembered_and_announced_to_listeners(device: Device):
    heard: list[str] = []
    device.skills.preferences.listeners.append(heard.append)
    device.say("StayOffline")
    assert device.skills.preferences.offline
    assert heard == ["offline"]
    assert "already" in device.text("StayOffline")
    device.restart()
    assert device.skills.preferences.offline
    device.say("GoOnline")
    assert not device.skills.preferences.offline


def test_greetings_and_models(device: Device):
    assert device.text("Greeting").startswith("Hello")
    assert device.text("Thanks")
    assert device.text("NeverMind")
    assert device.text("WhatModel") == "Only my own rules are at work, no language model."
    assert Device(models=lambda: ["Vosk", "Piper"]).text("WhatModel") == "I run on Vosk and Piper, all on this device."
    assert "timers" in device.text("Help")


def test_two_ways_to_say_it_never_the_same_twice_running(device: Device):
    said = [device.text("Thanks") for _ in range(6)]
    assert all(one != other for one, other in pairwise(said))


def test_a_correction_replaces_what_was_just_done(device: Device):
    device.say("TimerSet", duration=timedelta(minutes=50))
    assert "15 minute" in device.text("TimerSet", duration=timedelta(minutes=15), replaces=True)
    assert device.text("TimerStatus") == "15 minutes left."
    device.say("ListAdd", item="milk")
    device.say("TimerSet", duration=timedelta(minutes=5), replaces=True)
    assert len(device.store.rows("SELECT * FROM timers")) == 2, "another request came between"
    assert "milk" in device.text("ListRead")


def test_the_time_is_told_in_answer_to_the_question():
    device = Device(source=Source.NONE)
    reply = device.say("TimeNow")
    assert (reply.expects_answer, reply.asks) == (True, "time")
    assert device.text("TimeNow", time=time(19, 30), pm_known=True).startswith("Thank you. It's 7:30 pm")


def test_the_settings_word_stands_above_the_voice():
    device = Device(settings=Settings(cloud=Cloud(stay_offline=True)))
    assert device.text("GoOnline").startswith("My settings keep me offline")
    assert not device.skills.preferences.offline
