"""The composition root: from settings to rooms that are ready for a conversation.

Engines are imported and loaded here and nowhere else, several at a time, so that the second start takes seconds;
a large language model goes on loading behind the first turns.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from assistant.answering import Answerer
from assistant.artifacts.selection import Selection, select
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.clock import Clock, SystemClock
from assistant.config import Settings
from assistant.conversation import Conversation, TurnObserver
from assistant.events import EventBus
from assistant.interpreting import Interpreter
from assistant.llm.prompt import Prompt
from assistant.nlu.home import Home, load_home
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding
from assistant.skills.registry import Skills
from assistant.speaking import Output, Speaker
from assistant.store import Store
from assistant.stt.endpoint import Endpointer, Limits
from assistant.stt.vosk import VoskRecognizer
from assistant.tts.piper import PiperVoice
from assistant.turn import Rooms
from assistant.wake import WakeEngine
from assistant.wake.micro import MicroWakeEngine
from assistant.workers import ThreadWorker

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class Appliance:
    """Everything that lives as long as the program."""

    settings: Settings
    selection: Selection
    home: Home
    rooms: Rooms
    conversation: Conversation
    skills: Skills
    loaded_s: dict[str, float] = field(default_factory=dict)
    """Seconds each part took to load."""
    loading: asyncio.Task[None] | None = None
    """The language model on its way, if one is."""
