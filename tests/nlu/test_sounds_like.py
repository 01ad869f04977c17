"""Sounds-like matching: misheard commands are found again, other speech is not made into one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.nlu.features import OPPOSITES, habitual
from assistant.nlu.phonetics import distance
from assistant.nlu.sounds_like import SoundsLike
from assistant.stt import Hypothesis, Transcription
from assistant.stt.graph import pronounce


@pytest.fixture(scope="module")
def sounds_like(understanding):
    return SoundsLike(understanding, pronounce)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("turn of the kitchen lights", "turn off the kitchen lights"),
        ("said a timer for ten minutes", "set a timer for ten minutes"),
        ("set a time or for tent minutes", "set a timer for ten minutes"),
        ("what dime is it", "what time is it"),
        ("lock the fund door", "lock the front door"),
        ("wake me up at seven dirty", "wake me up at seven thirty"),
        ("turn on the bed side lamb", "turn on the bedside lamp"),
        ("turn off the kitchen lights", "turn off the kitchen lights"),
    ],
)
def test_a_misheard_command_is_found(sounds_like, heard, said):
    match = sounds_like.nearest(heard)
    assert match is not None
    assert match.sentence == said
    assert 0 <= match.score < 0.3
    assert 0 < match.confidence <= 1


@pytest.mark.parametrize(
    "heard",
    [
        "who was the president of france",
        "how do i bake a cake",
        "i went to the market yesterday with my sister",
        "the quick brown fox jumps over the lazy dog",
        "cheese is good",
        "[unk]",
        "[unk] [unk] the [unk]",
        "",
        "alexa",
        "jarvis",
    ],
)
def test_other_speech_is_rejected(sounds_like, heard):
    assert sounds_like.nearest(heard) is None


def test_the_second_hypothesis_helps(sounds_like):
    chosen = Hypothesis("turn on the reading lamb lamb", 0.6)
    other = Hypothesis("turn on the reading lamp", 0.5)
    match = sounds_like.match(Transcription(chosen, (other,)))
    assert match is not None
    assert match.sentence == "turn on the reading lamp"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_borne(sounds_like, text):
    sounds_like.nearest(text)


def test_like_sounds_are_nearer_than_unlike_ones():
    assert distance(("B", "EH", "D"), ("B", "EH", "D")) == 0
    assert distance(("B", "EH", "D"), ("B", "EH", "T")) < distance(("B", "EH", "D"), ("B", "EH", "S"))
    assert distance(("P", "IY"), ("B", "IY")) < distance(("P", "IY"), ("M", "IY"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("turn on the lamp", "turn off the lamp"),
        ("turn on my kitchen lights", "turn off my kitchen lights"),
        ("turn the volume up", "turn the volume down"),
        ("open the blinds", "close the blinds"),
        ("lock the front door", "unlock the front door"),
        ("start the vacuum", "stop the vacuum"),
        ("mute", "unmute"),
        ("pause the music", "resume the music"),
        ("make it brighter", "make it dimmer"),
    ],
)
def test_no_habit_favours_one_of_two_opposites(understanding, one, other):
    assert understanding.surprise(one) == understanding.surprise(other)


def test_a_lamp_that_was_to_be_put_on_is_not_put_out_by_habit(understanding):
    """ "Turn off my" was 4.5 bits more usual than "turn on my", which is more than a vowel taken for its neighbour."""
    assert understanding.surprise("turn on the lamp") < understanding.surprise("turn off my lamp")


def test_each_opposite_stands_for_itself_or_another():
    assert not set(OPPOSITES) & set(OPPOSITES.values())
    assert habitual(["turn", "off", "the", "kitchen", "lights"]) == habitual(["turn", "on", "the", "bedroom", "lamp"])
