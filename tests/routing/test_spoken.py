"""Spoken numbers, letters and addresses."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.routing.spoken import emails, identity, quantity, written
from tests.routing.secrets import say_digits, say_letters


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("three five four five", "3545"),
        ("thirty five forty five", "3545"),
        ("double four triple seven oh one", "4477701"),
        ("one hundred twenty nine main street", "129 main street"),
        ("six hundred and ninety four", "694"),
        ("nineteen ninety five", "1995"),
        ("zero one point eighty four point seventeen", "01.84.17"),
        ("b d five one s m r", "bd51smr"),
        ("bravo delta five one sierra", "bd51s"),
        ("double u five", "w5"),
        ("call four five zero i have a question", "call 450 i have a question"),
        ("i have a question", "i have a question"),
        ("a story about one thing", "a story about 1 thing"),
        ("two thousand one hundred dollars", "2100  dollars"),
        ("3 x + 10 = 5", "3x + 10 = 5"),
        ("five two and then um seven", "527"),
    ],
)
def test_what_was_said_becomes_what_was_meant(said: str, meant: str) -> None:
    assert written(said).text == meant


@given(st.text(alphabet="0123456789", min_size=4, max_size=20), st.integers(0, 2**32))
def test_dictated_digits_come_back(digits: str, seed: int) -> None:
    said = say_digits(digits, random.Random(seed))
    together = {
        written(said).text.replace("-", "").replace(" ", ""),
        written(said, split=True).text.replace("-", "").replace(" ", ""),
    }
    if re.search(r"ty (one|two|three|four|five|six|seven|eight|nine)\b", said):
        assert all(text.isdigit() for text in together)  # "twenty one" is 21 or 20 1: nobody can tell
    else:
        assert together == {digits}


@given(st.text(alphabet="BCDFGHJKLMNPQRSTVWXYZ", min_size=2, max_size=8), st.integers(0, 2**32))
def test_spelled_letters_come_back(letters: str, seed: int) -> None:
    said = say_letters(letters, random.Random(seed))
    assert written(said).text.lower() == letters.lower()


@given(st.text(max_size=120))
def test_every_character_knows_where_it_was_said(text: str) -> None:
    for form in (identity(text), written(text), written(text, split=True)):
        assert len(form.text) == len(form.origin)
        assert all(0 <= a <= b <= len(text) for a, b in form.origin)
        for i in range(len(form.text)):
            start, end = form.source(i, i + 1)
            assert 0 <= start < end <= len(text)


def test_a_quantity_is_no_digit_run() -> None:
    assert quantity(["two", "thousand", "and", "six", "people"], 0) == (2006, 4)
    assert quantity(["two", "oh", "six"], 0) is None


@pytest.mark.parametrize(
    "text",
    [
        "john.smith@example.com",
        "john dot smith at example dot com",
        "john underscore smith at big post dot co dot uk",
        "j o h n dot s at example dot org",
        "mara22 at mailhaven dot net",
        "mara at mailhaven.net",
    ],
)
def test_addresses_are_found_whole(text: str) -> None:
    sentence = f"write to {text} please"
    found = [sentence[a:b] for a, b in emails(sentence)]
    assert any(text in f for f in found), found


@pytest.mark.parametrize(
    "text", ["meet at the corner", "look at snowflakes. It was cold", "at dot point period", "what time is it at home"]
)
def test_other_sentences_have_none(text: str) -> None:
    assert not list(emails(text))
