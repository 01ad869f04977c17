"""What people chose by voice, over what the settings say: at the start, and whenever they change it."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.artifacts.catalogue import Kind, load_catalogue
from assistant.artifacts.installed import find_installed
from assistant.artifacts.selection import Selection, select
from assistant.composition.engines import load_voice, load_wake
from assistant.config import Settings
from assistant.errors import ModelError
from assistant.live.notices import Notices
from assistant.skills.kit import Voice
from assistant.skills.preferences import Preferences
from assistant.skills.registry import preferences_of
from assistant.store import memory_store
from assistant.store.database import read_only
from assistant.texts import texts
from assistant.wake.micro import BUNDLED

if TYPE_CHECKING:
    from assistant.appliance import Appliance

EMBEDDED = "embedded"


def with_choices(settings: Settings, preferences: Preferences) -> Settings:
    """`settings` with the wake phrases, the voice and the speed of speech that are wanted now.

    While a new wake word has not been heard yet, the ones before it count as well.
    """
    known = {*BUNDLED, *settings.wake.phrases}
    wanted = dict.fromkeys(phrase for phrase in (*preferences.wake, *preferences.wake_before) if phrase in known)
    wake = settings.wake.model_copy(update={"phrases": tuple(wanted) or settings.wake.phrases})
    speaking = settings.speaking.model_copy(update={"model": preferences.voice, "rate": preferences.rate})
    return settings.model_copy(update={"wake": wake, "speaking": speaking})


def as_chosen(settings: Settings) -> Settings:
    """`settings` with what was chosen by voice here, for programs beside the assistant; nothing is changed."""
    try:
        rows = read_only(settings.paths.database, "SELECT key, value FROM facts WHERE key LIKE 'preference_%'")
        kept = memory_store()
        kept.put(**{key: json.loads(value) for key, value in rows})
    except (sqlite3.Error, ValueError):  # none yet, or a damaged one, which the start reports
        return settings
    return with_choices(settings, preferences_of(kept, settings))


def selected(given: Settings, preferences: Preferences) -> tuple[Settings, Selection]:
    """What runs with what was chosen by voice over `given`. A voice that was chosen so and cannot be used any more is
    given up for that of the settings, and that will be said: a choice must not leave the device without a voice."""
    settings = with_choices(given, preferences)
    selection = select(settings)
    if selection.tts.problem and preferences.voice != given.speaking.model:
        preferences.set("voice", given.speaking.model)
        Notices(given.paths.data).leave("voice", texts(given.language, "chosen")["voice_gone"])
        settings = with_choices(given, preferences)
        selection = select(settings)
    return settings, selection


def voices(settings: Settings, running: str) -> list[Voice]:
    """The voices that can be chosen, the best first; `running` is the id of the one that speaks."""
    catalogue = load_catalogue()
    found = []
    for entry in catalogue.of(Kind.TTS):
        try:
            there = find_installed(settings.paths.models, catalogue, entry.id) is not None
        except ModelError:  # a broken one is `assistant doctor`'s to name
            continue
        if there:
            found.append((entry.id, entry.title.partition(",")[0]))
    found.append((EMBEDDED, texts(settings.language, "chosen")[EMBEDDED]))
    return [Voice(id_, name, id_ == running) for id_, name in found]


def follow(appliance: "Appliance", given: Settings, stay_offline: Callable[[bool], None], *, hearing: bool) -> None:
    """Let what people change by voice count at once. `given` are the settings without their choices; on the skills'
    thread, while the loop runs."""
    preferences, rooms = appliance.rooms.skills.preferences, appliance.rooms
    conversation, loop = appliance.conversation, appliance.loop

    def changed(name: str) -> None:
        now = with_choices(given, preferences)
        if name in ("rate", "voice"):
            selection = select(now) if name == "voice" else appliance.selection
            rooms.speaker.voice = load_voice(now, selection)
            appliance.selection = selection
        elif name == "offline":
            stay_offline(preferences.offline)
        elif name in ("wake", "wake_before") and hearing and now.wake.phrases != appliance.settings.wake.phrases:
            engine = load_wake(now)
            _soon(loop, lambda: conversation.listen_for(engine))
        appliance.settings = now

    if preferences.offline:
        changed("offline")
    preferences.listeners.append(changed)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)
