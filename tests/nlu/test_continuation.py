"""How a sentence that is still being spoken would end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.stt.endpoint import Ending

WAITING = (Ending.UNFINISHED, Ending.TRAILING)


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        # nothing that changes the meaning can follow
        ("turn off the kitchen lights", Ending.CLOSED),
        ("turn off the kitchen lights please", Ending.CLOSED),
        ("add milk to the shopping list", Ending.CLOSED),
        ("cancel all timers", Ending.CLOSED),
        ("never mind", Ending.CLOSED),
        # a phrase may follow
        ("turn on the lights", Ending.OPTIONAL),
        ("what time is it", Ending.OPTIONAL),
        ("set a timer for ten minutes", Ending.OPTIONAL),
        # a value may be longer, or follow at once
        ("stop", Ending.OPEN),
        ("turn the volume to fifty", Ending.OPEN),
        ("set an alarm for half past six", Ending.OPEN),
        ("play the beatles", Ending.OPEN),
        # no request yet
        ("turn", Ending.UNFINISHED),
        ("turn off the living", Ending.UNFINISHED),
        ("turn on the kitchen", Ending.UNFINISHED),
        ("set a timer for ten", Ending.UNFINISHED),
        ("gibberish words here", Ending.UNFINISHED),
        # the last word promises more
        ("turn off the", Ending.TRAILING),
        ("set a timer for", Ending.TRAILING),
        ("set a timer for one hour and", Ending.TRAILING),
        ("turn on the lights in the", Ending.TRAILING),
        ("remind me to", Ending.TRAILING),
        # questions of any kind
        ("who is ada lovelace", Ending.OTHER),
        ("why is the sky blue", Ending.OTHER),
        ("", Ending.OTHER),
    ],
)
def test_endings(understanding, said, ending):
    assert understanding.ending(said) is ending


@pytest.mark.parametrize(
    "sentence",
    [
        "set an alarm for half past six tomorrow morning",
        "turn on the kitchen lights",
        "set a timer for one hour and ten minutes",
        "what's the temperature in the kitchen",
        "set the brightness of the reading lamp to twenty percent",
    ],
)
def test_no_word_before_the_last_slot_closes_a_sentence(understanding, sentence):
    words = sentence.split()
    for end in range(1, len(words)):
        assert understanding.ending(" ".join(words[:end])) is not Ending.CLOSED, words[:end]


@pytest.mark.parametrize("tail", ["please", "now", "right now", "for me", "thanks"])
def test_courtesy_changes_nothing(understanding, tail):
    assert understanding.ending(f"turn off the kitchen lights {tail}") is Ending.CLOSED


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120))
def test_any_words_are_judged(understanding, said):
    assert understanding.ending(said) in Ending


def test_what_is_closed_is_understood(understanding):
    closed = [said for said in understanding.phrases()[::53] if understanding.ending(said) is Ending.CLOSED]
    assert len(closed) > 20
    for said in closed:
        assert understanding.in_grammar(said) is not None, said
