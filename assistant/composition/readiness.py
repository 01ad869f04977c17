"""What makes the first turns as quick as the later ones, and what turns teach for the next start."""

from contextlib import suppress

from assistant.config import Hearing
from assistant.errors import StoreError
from assistant.nlu.dialogue import NO_DIALOGUE
from assistant.store import Store
from assistant.stt import Hypothesis, Transcription
from assistant.stt.endpoint import Endpointer, Limits, Pauses
from assistant.texts import texts
from assistant.tts.cache import CachedVoice
from assistant.tts.clauses import ClauseSplitter
from assistant.tts.speakable import speakable
from assistant.turn import Rooms

PAUSES = "speech_pauses"
"""What the pauses learnt are stored as."""


def patient(settings: Hearing, store: Store) -> Endpointer:
    """The end of speech with what was learnt of this household's pauses. On the store's thread."""
    limits = Limits(silence_s=settings.silence_s, longest_s=settings.longest_s)
    return Endpointer(limits, Pauses.recalled(store.get(PAUSES), limits.silence_s))


def keep_pauses(rooms: Rooms) -> None:
    """Keep what the last turn taught about pauses; losing it in a power cut costs nothing. On the store's thread."""
    learnt, store = rooms.endpointer.pauses.learnt, rooms.skills.kit.store
    if store.get(PAUSES) != learnt:
        with suppress(StoreError):  # no room, or no database: what a person asks to be kept says so
            store.put_lazily(speech_pauses=[*learnt])


async def get_ready(rooms: Rooms) -> None:
    """Behind the first turns: understand something spoken once, which builds what the search for sentences needs, and
    speak the fixed sentences into the cache."""
    heard, voice = Transcription(Hypothesis("turn on the light", 1.0)), rooms.speaker.voice
    await rooms.thinking.run(lambda: rooms.interpreter.interpret(heard, NO_DIALOGUE))
    if not isinstance(voice, CachedVoice):
        return
    for words in fixed_clauses(rooms.language):
        # one at a time: a reply must not wait for all of them
        await rooms.speaker.worker.run(voice.keep, [words])


def fixed_clauses(language: str) -> list[str]:
    """The turn's own sentences, cut and written as the voice is given them."""
    found: list[str] = []
    for text in texts(language).values():
        splitter = ClauseSplitter()
        found += [speakable(clause, language) for clause in (*splitter.push(text), *splitter.flush())]
    return found
