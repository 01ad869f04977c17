"""The seam between hearing and understanding: when are words believed, and when does the sound forbid it?"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import assistant
from assistant.artifacts.embedded import models_root
from assistant.audio.files import read
from assistant.clock import ManualClock
from assistant.dialogue.interpreting import Interpreter
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.home import load_home
from assistant.nlu.names import no_names
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding
from assistant.stt import Hypothesis, Transcription, Word
from assistant.stt.evidence import Evidence
from assistant.stt.graph import pronounce
from assistant.stt.network import PhoneNetwork

DEMO = Path(assistant.__file__).parent / "demo"
TIMER = read(DEMO / "timer.flac")


@pytest.fixture(scope="module")
def interpreter():
    clock = ManualClock(datetime(2026, 3, 4, 10, 0, tzinfo=UTC))
    understanding = Understanding(load_home(None), names=no_names, clock=clock)
    return Interpreter(understanding, SoundsLike(understanding, pronounce), ("okay nabu",))


@pytest.fixture(scope="module")
def network():
    return PhoneNetwork(models_root() / "embedded" / "hearing")


def heard(grammar: str, open_: str, confidence: float = 0.95, first_s: float = 0.3) -> Transcription:
    def hypothesis(text: str, source: str) -> Hypothesis:
        words = tuple(
            Word(word, first_s + 0.3 * at, first_s + 0.3 * at + 0.3, confidence) for at, word in enumerate(text.split())
        )
        return Hypothesis(text, confidence if text else 0.0, words, source)

    return Transcription(hypothesis(grammar, "grammar"), (hypothesis(open_, "open"),))


def asked(interpreter: Interpreter, transcription: Transcription) -> str:
    found = interpreter.interpret(transcription, Dialogue())
    return found.text if found.intents and found.intents[0].name else ""


def test_without_the_sound_the_words_decide(interpreter):
    said = "turn off the kitchen lights"
    assert asked(interpreter, heard(said, said)) == said
    assert asked(interpreter, heard("lights on", "", confidence=0.6)) == ""


def test_the_sound_forbids_what_was_not_said(interpreter, network):
    said = "turn off the kitchen lights"
    witness = Evidence(network.log_probabilities(TIMER))
    assert asked(interpreter, replace(heard(said, said), witness=witness)) == ""


def test_the_sound_chooses(interpreter, network):
    witness = Evidence(network.log_probabilities(TIMER))
    transcription = replace(heard("set a timer for two minutes", "set timer for ten minute"), witness=witness)
    assert asked(interpreter, transcription) == "set a timer for ten minutes"


def test_what_was_said_before_the_command_is_left_out(interpreter, network):
    """The wake phrase is in the sound and in the words; it speaks neither for nor against the command."""
    before = read(DEMO / "time.flac")
    witness = Evidence(network.log_probabilities(np.concatenate([before, TIMER])))
    begin_s = len(before) / 16_000 - 0.6  # two words of the phrase come first
    said = "okay nabu set a timer for ten minutes"
    assert asked(interpreter, replace(heard(said, said, first_s=begin_s), witness=witness)) == said[10:]


def test_free_wording_must_have_been_heard(interpreter, network):
    free = "make sure that all lamps are out before we leave"
    assert asked(interpreter, heard(free, free)) == free
    witness = Evidence(network.log_probabilities(TIMER))
    assert asked(interpreter, replace(heard(free, free), witness=witness)) == ""
