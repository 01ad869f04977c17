"""What was chosen by voice, over the settings: for the assistant itself and for programs beside it."""

from pathlib import Path

import pytest

from assistant.composition.chosen import as_chosen, selected, voices, with_choices
from assistant.config import Paths, Settings, WakeSettings
from assistant.live.notices import Notices
from assistant.skills.preferences import Preferences
from assistant.skills.registry import preferences_of
from assistant.store import memory_store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=Paths(data=tmp_path, cache=tmp_path / "cache"))


def chosen(settings: Settings, **values: float | str) -> Preferences:
    preferences = preferences_of(memory_store(), settings)
    preferences.change(**values)
    return preferences


def test_the_new_wake_word_and_for_a_while_the_one_before(settings: Settings):
    now = with_choices(settings, chosen(settings, wake="alexa", wake_before="okay nabu"))
    assert now.wake.phrases == ("alexa", "okay nabu")
    assert with_choices(settings, chosen(settings, wake="alexa")).wake.phrases == ("alexa",)
    assert with_choices(settings, chosen(settings)) == settings


def test_a_word_that_nothing_listens_for_is_passed_over(settings: Settings):
    assert with_choices(settings, chosen(settings, wake="computer")).wake.phrases == ("okay nabu",)
    own = settings.model_copy(update={"wake": WakeSettings(phrases=("computer",))})
    assert with_choices(own, chosen(own)).wake.phrases == ("computer",)


def test_a_voice_that_cannot_be_used_any_more_is_given_up_and_that_is_said(settings: Settings):
    preferences = chosen(settings, voice="piper-john", wake="alexa")
    now, selection = selected(settings, preferences)
    assert (preferences.voice, now.speaking.model, selection.tts.id) == ("", "", "embedded")
    assert now.wake.phrases == ("alexa",)
    ((name, text),) = Notices(settings.paths.data).pending()
    assert name == "voice"
    assert "cannot be used any more" in text
    Notices(settings.paths.data).withdraw("voice")
    _, selection = selected(settings, chosen(settings, voice="embedded"))
    assert (selection.tts.id, Notices(settings.paths.data).pending()) == ("embedded", [])


def test_the_embedded_voice_is_always_there(settings: Settings):
    (voice,) = voices(settings, "embedded")
    assert (voice.id, voice.name, voice.running) == ("embedded", "built in", True)


def test_programs_beside_it_read_what_was_chosen(settings: Settings):
    assert as_chosen(settings) == settings
    store = open_store(settings.paths.database)
    preferences_of(store, settings).change(wake="hey jarvis", rate=1.3)
    while_it_runs = as_chosen(settings)
    store.close()
    assert as_chosen(settings) == while_it_runs
    assert (while_it_runs.wake.phrases, while_it_runs.speaking.rate) == (("hey jarvis",), 1.3)
    settings.paths.database.write_bytes(b"no database" * 100)
    assert as_chosen(settings) == settings
