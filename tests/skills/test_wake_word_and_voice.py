"""Wake word and voice, changed by voice."""

import pytest

from assistant.config import Settings
from assistant.errors import ModelError
from assistant.skills.kit import Voice
from tests.skills.device import Device

WORDS = ("okay nabu", "hey jarvis", "hey mycroft", "alexa")


@pytest.fixture
def device() -> Device:
    return Device(settings=Settings(), wake_words=WORDS)


def test_a_new_wake_word_is_asked_back_and_the_old_one_counts_until_it_was_heard(device: Device):
    preferences = device.skills.preferences
    reply = device.say("WakeWordSet", wake_word="alexa")
    assert (reply.text, reply.asks) == ("Shall I listen for alexa instead of okay nabu?", "confirm")
    assert preferences.wake == ("okay nabu",)
    assert device.text("Yes").startswith("From now on I listen for alexa.")
    assert (preferences.wake, preferences.wake_before) == (("alexa",), ("okay nabu",))
    device.restart()
    assert device.skills.preferences.wake_before == ("okay nabu",)
    # another change before the first was heard: the word that is known to work is the one that is kept
    device.say("WakeWordSet", wake_word="hey jarvis")
    device.say("Yes")
    preferences = device.skills.preferences
    assert (preferences.wake, preferences.wake_before) == (("hey jarvis",), ("okay nabu",))
    preferences.change(wake_before="")
    assert device.text("WakeWordStatus").startswith("I listen for hey jarvis.")


def test_a_no_changes_nothing_and_an_undo_takes_it_back(device: Device):
    device.say("WakeWordSet", wake_word="alexa")
    assert device.say("No").outcome == "refused"
    assert device.skills.preferences.wake == ("okay nabu",)
    device.say("WakeWordSet", wake_word="alexa")
    device.say("Yes")
    assert device.text("Undo") == "I listen for okay nabu again."
    assert (device.skills.preferences.wake, device.skills.preferences.wake_before) == (("okay nabu",), ())


def test_only_bundled_words(device: Device):
    assert device.say("WakeWordSet", wake_word="computer").outcome == "refused"
    assert "hey mycroft or alexa" in device.text("WakeWordSet")
    assert device.text("WakeWordSet", wake_word="okay nabu") == "I listen for okay nabu already."


def test_an_own_model_is_changed_in_the_settings():
    assert Device().say("WakeWordSet", wake_word="alexa").outcome == "refused"


def test_changed_settings_count_again(device: Device):
    device.say("WakeWordSet", wake_word="alexa")
    device.say("Yes")
    device.settings = Settings(wake={"phrases": ["hey jarvis"]})
    device.restart()
    assert device.skills.preferences.wake == ("hey jarvis",)


class Cabinet:
    """Installed voices; the one that was chosen last speaks."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.device: Device | None = None

    def __call__(self) -> list[Voice]:
        chosen = self.device.skills.preferences.voice if self.device else ""
        ids = [name.lower() for name in self.names]
        running = chosen if chosen in ids else ids[0]
        return [Voice(id_, name, id_ == running) for id_, name in zip(ids, self.names, strict=True)]


def with_voices(*names: str) -> Device:
    cabinet = Cabinet(*names)
    device = cabinet.device = Device(voices=cabinet)
    return device


def test_the_next_voice_and_one_by_its_name():
    device = with_voices("Kristin", "John", "built in")
    assert set(device.skills.names().voices) == {"Kristin", "John", "built in"}
    assert "John" in device.text("VoiceNext")
    assert device.skills.preferences.voice == "john"
    assert "built in" in device.text("VoiceSet", voice="Built In")
    assert device.text("VoiceSet", voice="built in") == "I speak with built in already."
    device.say("Undo")
    assert device.skills.preferences.voice == "john"
    assert device.say("VoiceSet", voice="Amy").outcome == "refused"
    assert device.text("VoiceStatus") == "I could also speak with Kristin or built in."


def test_with_one_voice_it_says_so():
    device = with_voices("built in")
    assert device.say("VoiceNext").outcome == "refused"
    assert device.text("VoiceNext").startswith("I have only this one voice.")
    assert device.text("VoiceStatus").startswith("I have only this one voice.")


def test_a_voice_that_cannot_be_loaded_is_not_kept():
    device = with_voices("Kristin", "John")

    def listener(name: str) -> None:
        if device.skills.preferences.voice == "john":
            raise ModelError("piper-john: is damaged")

    device.skills.preferences.listeners.append(listener)
    reply = device.say("VoiceNext")
    assert reply.outcome == "failed"
    assert "piper-john: is damaged" in reply.text
    assert device.skills.preferences.voice == ""
