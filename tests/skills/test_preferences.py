"""What was changed last counts: by voice, or in the settings."""

from assistant.skills.preferences import Preferences
from assistant.store import memory_store


def test_a_change_by_voice_outlives_a_restart_and_yields_to_changed_settings():
    store = memory_store()
    Preferences(store, volume=70, rate=1.0).set("volume", 30)
    assert Preferences(store, volume=70, rate=1.0).volume == 30
    assert Preferences(store, volume=50, rate=1.0).volume == 50
    Preferences(store, volume=50, rate=1.0).set("volume", 20)
    assert Preferences(store, volume=50, rate=1.0).volume == 20


def test_what_was_kept_before_settings_were_noted_stays():
    store = memory_store()
    store.put(preference_rate=1.3)
    assert Preferences(store, volume=70, rate=1.0).rate == 1.3
