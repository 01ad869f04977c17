"""The engines these settings choose, loaded: for the appliance, and one by one for measurements and tools."""

import logging
from collections.abc import Collection, Sequence

from assistant.artifacts.selection import Choice, Selection, select
from assistant.audio import Samples
from assistant.clock import SystemClock
from assistant.config import Settings
from assistant.dialogue.interpreting import Interpreter
from assistant.dialogue.tooling import with_tools
from assistant.errors import AssistantError, StoreError
from assistant.live.calibration import calibration_file, thresholds
from assistant.nlu.home import load_home
from assistant.nlu.names import no_names
from assistant.nlu.own_files import OwnSkills, load_skills
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding
from assistant.store import Store, broken_store, memory_store, open_store
from assistant.stt import Recognizer, RecognizerStream
from assistant.stt.graph import pronounce
from assistant.stt.vosk import VoskRecognizer
from assistant.tts.cache import CachedVoice, voice_key
from assistant.tts.piper import PiperVoice
from assistant.wake import Wake, WakeEngine
from assistant.wake.micro import BUNDLED, MicroWakeEngine
from assistant.wake.openwakeword import OpenWakeWordEngine

logger = logging.getLogger(__name__)


class _Deaf:
    """Stands where sound would come in when only typed requests are served."""

    phrases: tuple[str, ...] = ()
    suspicion = 0.0

    def set_phrases(self, phrases: Sequence[str]) -> None:
        """Nothing listens."""

    def start(self, skip_s: float = 0.0) -> RecognizerStream:  # noqa: ARG002 - the recogniser's signature
        raise AssistantError("this was started for typed requests only; start it again with sound")

    def process(self, samples: Samples) -> Wake | None:  # noqa: ARG002 - the wake engine's signature
        """Nothing is heard."""
        return None

    def reset(self) -> None:
        """Nothing was heard."""


def load_voice(settings: Settings, selection: Selection | None = None, rate: float | None = None) -> CachedVoice:
    """The voice these settings choose, at their speed or at `rate`. Raises ModelError."""
    choice = (selection or select(settings)).tts
    path, rate = choice.require(), rate or settings.speaking.rate
    return CachedVoice(PiperVoice(path, rate=rate), voice_key(path, rate), settings.paths.cache / "phrases")


def load_hearing(settings: Settings, selection: Selection | None = None, *, hearing: bool = True) -> Recognizer:
    """The recogniser these settings choose; without `hearing` one that is never asked. Raises ModelError."""
    if not hearing:
        return _Deaf()
    choice: Choice = (selection or select(settings)).stt
    tried = settings.paths.cache / "working-models.json"
    return VoskRecognizer(choice.require(), cache=tried, patience=settings.limits.patience)


def load_wake(settings: Settings, *, hearing: bool = True) -> WakeEngine:
    """The wake engine these settings choose; without `hearing` one that is never fed. Raises ModelError."""
    if not hearing:
        return _Deaf()
    if settings.wake.openwakeword is not None:
        return OpenWakeWordEngine.from_directory(settings.wake.openwakeword, threshold=settings.wake.threshold)
    here = thresholds(calibration_file(settings.paths.data), settings.audio.microphone)
    return MicroWakeEngine(settings.wake.phrases, threshold=settings.wake.threshold or here)


def load_own(settings: Settings) -> OwnSkills:
    """The owner's sentence files; one with a mistake is left out, and the log says why."""
    own = load_skills(settings.paths.skills)
    for problem in own.problems:
        logger.warning("%s", problem)
    return own


def load_understanding(settings: Settings, without: Collection[str] = ()) -> Understanding:
    """Understanding alone, of this home and the owner's own sentences: for measurements and tools.

    `without` names tiers to leave out: "classifier", "llm".
    """
    understanding = Understanding(
        load_home(settings.paths.home),
        names=no_names,
        clock=SystemClock(),
        language=settings.language,
        own=load_own(settings),
        classify="classifier" not in without,
    )
    return understanding if "llm" in without else with_tools(understanding, settings)


def load_listening(settings: Settings) -> tuple[Recognizer, Interpreter]:
    """Hearing and understanding alone, with the grammar of this home: for measurements."""
    understanding = load_understanding(settings)
    recognizer = load_hearing(settings)
    recognizer.set_phrases(understanding.phrases())
    return recognizer, Interpreter(
        understanding, SoundsLike(understanding, pronounce), (*settings.wake.phrases, *BUNDLED)
    )


def open_memory(settings: Settings, *, keep: bool) -> Store:
    """The database; one that cannot be used is reported by the first reply, and everything else still works."""
    if not keep:
        return memory_store()
    try:
        return open_store(settings.paths.database)
    except StoreError as error:
        return broken_store(str(error))
