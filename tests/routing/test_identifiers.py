"""Identifiers, written and spoken."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.routing.identifiers import Kind, find, number_kind, spelled_share
from tests.routing.secrets import card, iban, say_digits


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my card is 4111 1111 1111 1111", Kind.CARD),
        ("four one one one one one one one one one one one one one one one", Kind.CARD),
        ("double four one two double three nine eight seven six please", Kind.PHONE),
        ("call 07700 900123", Kind.PHONE),
        ("ring +44 20 7946 0958 now", Kind.PHONE),
        ("GB82 WEST 1234 5698 7654 32", Kind.IBAN),
        ("g b eight two w e s t one two three four five six nine eight seven six five four three two", Kind.IBAN),
        ("my insurance number is AB123456C", Kind.NATIONAL_ID),
        ("write to mara at example dot org", Kind.EMAIL),
        ("221 Baker Street", Kind.ADDRESS),
        ("two two one baker street", Kind.ADDRESS),
        ("via roma 12", Kind.ADDRESS),
        ("goethestrasse 17", Kind.ADDRESS),
        ("po box 77", Kind.ADDRESS),
        ("SW1A 1AA", Kind.ADDRESS),
        ("i was born on the 3rd of may 1990", Kind.BIRTH_DATE),
        ("date of birth 3/5/1990", Kind.BIRTH_DATE),
        ("the pin is one two three four", Kind.SECRET),
        ("my password is tulip", Kind.SECRET),
        ("alarm code: 4711", Kind.SECRET),
        ("the car is BD51 SMR", Kind.PLATE),
        ("bravo delta five one sierra mike romeo", Kind.PLATE),
        ("z w space double one f r s", Kind.PLATE),
        ("my name is mara quill", Kind.NAME),
        ("the router is 192.168.1.20", Kind.DEVICE),
    ],
)
def test_found(text: str, kind: Kind) -> None:
    assert kind in {f.kind for f in find(text)}, find(text)


@pytest.mark.parametrize(
    "text",
    [
        "what is two thousand one hundred plus three",
        "a house costs 250,000 dollars",
        "the battle of hastings was in 1066",
        "who lives three blocks down the street",
        "what is the 7th planet",
        "pi is 3.14159265",
        "how many legs do 12 spiders have",
        "play the 1975",
        "what is covid-19",
        "is an mp3 better than a 4k video",
        "who won the 100 metres in 2012",
        "what is a good password",
        "when was mozart born",
    ],
)
def test_harmless(text: str) -> None:
    assert not find(text), find(text)


@given(st.integers(0, 2**32))
def test_every_card_is_found_however_it_is_said(seed: int) -> None:
    rng = random.Random(seed)
    number = card(rng)
    assert number_kind(number) is Kind.CARD
    for text in (number, f"it is {say_digits(number, rng)} thanks"):
        assert find(text), text


@given(st.integers(0, 2**32))
def test_every_bank_account_is_found(seed: int) -> None:
    assert Kind.IBAN in {f.kind for f in find(f"from {iban(random.Random(seed))} to you")}


def test_names_of_this_house_are_found_in_any_spelling() -> None:
    names = ("Ottilie Tollemache",)
    for text in (
        "where is ottilie",
        "Tollemache's car",
        "o t t i l i e t o l l e m a c h e",
        "ring Ottilie Tollemache",
    ):
        assert Kind.NAME in {f.kind for f in find(text, names)}, text
    assert not find("a total mess", names)


@given(st.text(max_size=300))
def test_any_text_gives_ranges_inside_it(text: str) -> None:
    for f in find(text, ("Mara",)):
        assert 0 <= f.start < f.end <= len(text)


def test_dictation_is_recognised() -> None:
    assert spelled_share("b d five one double seven") > 0.9
    assert spelled_share("who wrote the origin of species") == 0
    assert spelled_share("") == 0
