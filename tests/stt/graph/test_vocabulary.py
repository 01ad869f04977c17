"""The embedded model can write every word that understanding expects, and the words of any home can be added."""

import tomllib
from pathlib import Path

import pytest

from assistant.nlu.home import SAMPLE_HOME
from assistant.nlu.numbers import say_number, say_ordinal
from assistant.stt.graph import missing_words, pronounce
from assistant.stt.graph.hmm import TRANSITION_LOGS
from scripts.hearing.graph import home_words
from scripts.hearing.sampling import Sampler
from scripts.hearing.sentences import DAYS, MONTHS, Grammar

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "models" / "embedded" / "hearing"
CURE = "run: assistant models rebuild-graph (or python -m scripts.hearing.graph models/embedded/hearing)"


def test_every_word_of_the_sentence_files_is_in_the_vocabulary():
    missing = missing_words(MODEL, Sampler(Grammar()).words())
    assert not missing, f"the hearing model lacks {sorted(missing)}; {CURE}"


def test_every_word_of_the_sample_home_is_in_the_vocabulary():
    assert tomllib.loads(SAMPLE_HOME.read_text("utf-8"))["areas"]
    assert not missing_words(MODEL, home_words()), CURE


def test_numbers_days_and_wake_phrases_are_in_the_vocabulary():
    numbers = " ".join([*map(say_number, range(1000)), *map(say_ordinal, range(1, 32))])
    wake = "okay nabu hey jarvis mycroft alexa"
    clock = "o'clock a m p m quarter half past to noon midnight percent degrees point minus"
    assert not missing_words(MODEL, [*numbers.split(), *wake.split(), *clock.split(), *DAYS, *MONTHS])


def test_the_unused_transition_is_the_one_after_the_last():
    """libvosk removes this label while composing; a used one would tear holes into words."""
    assert (MODEL / "graph" / "disambig_tid.int").read_text("utf-8").split() == [str(len(TRANSITION_LOGS))]


@pytest.mark.corpora
def test_the_words_of_a_foreign_home_can_be_pronounced():
    home = ROOT.parent / "shared" / "corpora" / "home.toml"
    if not home.exists():
        pytest.skip("skipped: no corpora")
    data = tomllib.loads(home.read_text("utf-8"))
    for row in (*data["areas"], *data["entities"]):
        for word in row["name"].split():
            assert pronounce(word)
