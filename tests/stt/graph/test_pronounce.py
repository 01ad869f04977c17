"""Pronunciations: the dictionary, plurals of listed words, and espeak-ng's rules for the rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.stt.graph import PHONES, pronounce
from assistant.stt.graph.ipa import phones_from_ipa
from assistant.stt.graph.phones import Pronunciation
from assistant.stt.graph.pronounce import _espeak


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("kitchen", "K IH CH AH N"),
        ("Nabu", "N AA B UW"),
        ("thermostats", "TH ER M AH S T AE T S"),
        ("fritzbox", "F R IH T S B AA K S"),
        ("zigbees", "Z IH G B IY Z"),
        ("ecobee’s", "IY K OW B IY Z"),
        ("blinkenlights", "B L IH NG K AH N L AY T S"),
    ],
)
def test_known_and_guessed_words(word, phones):
    assert tuple(phones.split()) in pronounce(word)


@pytest.mark.parametrize("word", ["", " ", "two words", "7", "..", "a1", "'"])
def test_what_is_no_word_is_refused(word):
    with pytest.raises(ModelError, match="cannot be pronounced"):
        pronounce(word)


@pytest.mark.parametrize("word", ["Ünal", "José", "Zoë", "Łukasz"])
def test_names_with_accents_are_said(word):
    assert pronounce(word)


@settings(max_examples=200, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=12))
def test_any_letters_give_known_phones_or_a_plain_refusal(word):
    try:
        readings = pronounce(word)
    except ModelError:
        assert word[0] == "'"  # a word that begins with a letter is never refused
    else:
        assert readings
        assert all(reading and set(reading) <= set(PHONES) for reading in readings)


@given(st.text(max_size=20))
def test_any_string_as_ipa_gives_known_phones(text):
    assert set(phones_from_ipa(text)) <= set(PHONES)


def test_espeak_and_dictionary_agree_on_common_words():
    """The fallback is good enough: on listed words it comes within a quarter of the dictionary's phones."""
    words = [
        "kitchen",
        "bedroom",
        "radio",
        "garage",
        "window",
        "monday",
        "thirty",
        "seven",
        "banana",
        "computer",
        "volume",
        "weather",
        "morning",
        "jacket",
    ]
    wrong = sum(min(_distance(r, phones_from_ipa(_espeak(word))) for r in pronounce(word)) for word in words)
    assert wrong <= 0.25 * sum(len(pronounce(word)[0]) for word in words)


def _distance(left: Pronunciation, right: Pronunciation) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]
