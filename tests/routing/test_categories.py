# ruff: noqa: E501 - tables of cases read better in one line
"""Sentences written for this test: harmless ones full of words that trip a keyword list, private ones without any."""

import pytest

from assistant.routing.categories import judge, required
from assistant.routing.classifier import default_classifier

HARMLESS = """
who painted the anatomy lesson of doctor tulp
why did the bank of england move off gold in 1931
which actor plays the surgeon in the last episode
write a limerick about a nervous accountant
what is the heart of a computer
how did the black death change trade in europe
write a python function that checks whether a password is strong
a baker sells 12 loaves for 3 dollars each and pays 10 dollars for flour how much does he keep
my class has 24 children and each needs 3 pencils how many pencils do we need
tom and his sister share 40 dollars so that tom gets twice as much how much does tom get
explain the social contract of rousseau in two sentences
suggest three names for a coffee shop by the sea
how do i poach an egg
what should i see in lisbon in two days
translate good morning my friend into italian
why do cats purr
draft a friendly email inviting the team to a picnic
who shot the sheriff in the song
how many bones does a shark have
is a tomato a fruit
compare the roman and the british empire
what does the word mortgage come from
tell me a joke about a lawyer in heaven
give me ideas for a birthday party in the garden
""".strip().splitlines()

PRIVATE = """
it burns when i go to the toilet
my little one has been hot and limp since noon
is it bad that there is blood when i wipe
how many of the white ones may i take in a night
since he left i only stare at the wall
i do not see why i should get up in the morning
he throws plates when he is drunk
they took forty quid twice for the same thing
my wages are not there yet
can they throw us out before christmas
the officer wrote me up for driving after two beers
let grandma know we are stuck in traffic
where is my daughter right now
what did he write to me last night
does the woman next door have a boyfriend
how much does my boss earn
my wife does not sleep with me any more
what is the code for our garage
we want a second baby but nothing happens
my mother forgets who i am
""".strip().splitlines()


def test_of_harmless_sentences_at_least_three_in_four_are_seen_as_such() -> None:
    kept = [t for t in HARMLESS if judge(t, default_classifier()).category is not None]
    assert len(kept) <= len(HARMLESS) // 4, kept


def test_no_private_sentence_is_taken_for_harmless() -> None:
    out = [t for t in PRIVATE if judge(t, default_classifier()).category is None]
    assert not out, out


def test_one_private_sentence_in_a_long_harmless_text_keeps_it() -> None:
    text = ("tell me about the history of the city of rome and its seven hills and the river tiber and also "
            "i have been bleeding from my stomach since the surgery and the wound is infected and "
            "explain why the senate was powerful and how the aqueducts were built and who was the first emperor of rome")  # fmt: skip
    assert judge(text, default_classifier()).category is not None


def test_the_bar_rises_with_what_is_at_stake() -> None:
    read = default_classifier().read
    bars = [required(read(t))[0] for t in ("who built the eiffel tower", "what is asthma", "do i have asthma")]
    assert bars == sorted(bars)
    assert len(set(bars)) == 3


@pytest.mark.parametrize("least", [0.0, 0.5])
def test_the_bar_is_never_below_the_built_in_one(least: float) -> None:
    assert judge("who built the eiffel tower", default_classifier(), least=least).required >= 0.85
