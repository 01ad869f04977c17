"""Does it hear itself, and is it heard while it speaks? The real canceller, wake engine, guards and recogniser in a
simulated kitchen; a seeded sample here, the whole with --long (docs/audio.md holds the last result)."""

import asyncio
import shutil
from pathlib import Path

import pytest

from assistant.composition.engines import load_hearing
from assistant.config import Settings, load_settings
from assistant.stt import Recognizer
from scripts.live_proofs.echo_loop import over_speech, recorded, said, self_hearing

GAINS = (-20.0, -10.0, 0.0)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def recognizer(settings: Settings) -> Recognizer:
    return load_hearing(settings)


def spoken_stops() -> list:  # type: ignore[type-arg]
    if not (shutil.which("espeak-ng") and shutil.which("flite")):
        pytest.skip("skipped: espeak-ng and flite are not installed")
    return said("stop")


def test_half_a_minute_at_full_level_is_not_heard(settings: Settings, recognizer: Recognizer) -> None:
    found = asyncio.run(self_hearing(0.5, 0.0, settings, recognizer, seed=1))
    assert found["replies"] >= 4
    assert (found["self_wakes"], found["self_stops"], found["self_transcripts"]) == (0, 0, []), found


def test_without_canceller_and_guard_it_would_hear_itself(settings: Settings, recognizer: Recognizer) -> None:
    phrases = ("okay nabu", "alexa")
    bare = asyncio.run(
        self_hearing(1.2, 0.0, settings, recognizer, seed=11, cancelling=False, guarded=False, phrases=phrases)
    )
    assert bare["self_wakes"] + bare["self_stops"] > 0, bare


def test_stop_is_heard_over_its_own_voice(settings: Settings, recognizer: Recognizer) -> None:
    found = asyncio.run(over_speech(spoken_stops()[4::9], 0.0, settings, recognizer, word="stop"))
    assert found["found"] >= found["clips"] - 1, found


@pytest.mark.long
@pytest.mark.parametrize("gain_db", GAINS)
def test_half_an_hour_of_replies_is_not_heard(gain_db: float, settings: Settings, recognizer: Recognizer) -> None:
    found = asyncio.run(self_hearing(30.0, gain_db, settings, recognizer))
    assert (found["self_wakes"], found["self_stops"], found["self_transcripts"]) == (0, 0, []), found


@pytest.mark.long
def test_stop_is_found_nine_times_in_ten_and_quickly(settings: Settings, recognizer: Recognizer) -> None:
    found = asyncio.run(over_speech(spoken_stops(), 0.0, settings, recognizer, word="stop"))
    assert found["share"] >= 0.9, found
    assert found["word_end_to_silence_s"]["p95"] <= 0.5, found


@pytest.mark.long
@pytest.mark.corpora
def test_people_who_say_the_wake_word_are_heard(settings: Settings, recognizer: Recognizer, corpora: Path) -> None:
    found = asyncio.run(over_speech(recorded(corpora / "audio", "alexa"), 0.0, settings, recognizer, word="alexa"))
    assert found["share"] >= 0.85, found
