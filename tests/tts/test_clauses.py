import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.tts.clauses import FIRST_SOFT, LATER_SOFT, LONGEST, ClauseSplitter, split


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("It is 3.5 degrees. Fine.", ["It is 3.5 degrees.", "Fine."]),
        ("Dr. Smith and Mrs. Jones agree. Good.", ["Dr. Smith and Mrs. Jones agree.", "Good."]),
        ("Use herbs, e.g. thyme. Done.", ["Use herbs, e.g. thyme.", "Done."]),
        ("It starts at 7:45 p.m. tomorrow.", ["It starts at 7:45 p.m. tomorrow."]),
        ("It starts at 7:45 p.m. Be there.", ["It starts at 7:45 p.m.", "Be there."]),
        ("See https://a.example/b.c?d=e. Bye.", ["See https://a.example/b.c?d=e.", "Bye."]),
        ("J. R. Hartley wrote it. Yes.", ["J. R. Hartley wrote it.", "Yes."]),
        ("No. 5 is alive.", ["No. 5 is alive."]),
        ("No. It is not.", ["No.", "It is not."]),
        ("So am I. You too.", ["So am I.", "You too."]),
        ("Well... yes.", ["Well... yes."]),
        ("Wait\u2026 What?", ["Wait\u2026", "What?"]),
        ('"Never." He left.', ['"Never."', "He left."]),
        ('"Why?" she asked.', ['"Why?" she asked.']),
        ("Here:\n1. milk\n2. eggs\n- bread", ["Here:", "1. milk", "2. eggs", "- bread"]),
        ("1. Milk 2. Eggs", ["1. Milk 2. Eggs"]),
        ("On Jan. 5 it snowed. Really.", ["On Jan. 5 it snowed.", "Really."]),
        ("The U.S. Army, etc. and so on.", ["The U.S. Army, etc. and so on."]),
        ("Milk, eggs.", ["Milk, eggs."]),
        ("Really?! Yes!", ["Really?!", "Yes!"]),
        ("It was 1,000,000 or so, they say.", ["It was 1,000,000 or so,", "they say."]),
        ("", []),
        (" \n ", []),
        ("word", ["word"]),
    ],
)
def test_where_texts_are_cut(text: str, clauses: list[str]) -> None:
    assert split(text) == clauses


def test_the_first_clause_comes_early_and_later_ones_are_whole() -> None:
    text = "Your timer for the pasta, the long one, has two minutes left. The oven, the lamp, and the fan are on."
    assert split(text) == [
        "Your timer for the pasta,",
        "the long one, has two minutes left.",
        "The oven, the lamp, and the fan are on.",
    ]


def test_the_first_clause_is_handed_out_before_the_sentence_ends() -> None:
    splitter = ClauseSplitter()
    assert splitter.push("Your timer for the pasta,") == []
    assert splitter.push(" the") == ["Your timer for the pasta,"]


def test_a_clause_is_certain_only_when_the_next_word_begins() -> None:
    splitter = ClauseSplitter()
    assert splitter.push("It is 3.") == []
    assert splitter.push("5 degrees. ") == []
    assert splitter.push("Warm") == ["It is 3.5 degrees."]
    assert splitter.flush() == ["Warm"]
    assert splitter.flush() == []


def test_text_without_an_end_is_cut_at_a_space() -> None:
    clauses = split("word " * 200)
    assert all(len(clause) <= LONGEST for clause in clauses)
    assert " ".join(clauses).split() == ["word"] * 200


pieces = st.lists(
    st.sampled_from([
        "Dr. Smith", "e.g.", "3.5", "7:45 p.m.", "Yes.", "No. 5", "and then", ",", ", ", " \u2014 ", "\u2014", "...",
        "\u2026",
        "\n", "\n- ", "1. ", '"', "'", ")", "(", "https://a.b/c.d", "J. R.", "I.", "?", "! ", " ", "  ",
        "\u00e9t\u00e9",
        "U.S. ",
        "A long stretch of words without any mark in it", "x" * 90, "5 - 3", "etc. ", "; ", ": ",
    ]),
    max_size=40,
)  # fmt: skip


@given(pieces)
def test_no_letter_is_lost_or_added(text: list[str]) -> None:
    whole = "".join(text)
    assert "".join("".join(split(whole)).split()) == "".join(whole.split())


@given(pieces, st.integers(1, 30))
def test_how_it_arrives_makes_no_difference(text: list[str], size: int) -> None:
    whole = "".join(text)
    splitter = ClauseSplitter()
    streamed = [clause for start in range(0, len(whole), size) for clause in splitter.push(whole[start : start + size])]
    assert [*streamed, *splitter.flush()] == split(whole)


@given(st.text(max_size=400))
def test_any_text_at_all(text: str) -> None:
    clauses = split(text)
    assert "".join("".join(clauses).split()) == "".join(text.split())
    assert all(clause == clause.strip() and clause for clause in clauses)


def test_the_thresholds_are_ordered() -> None:
    assert 15 <= FIRST_SOFT <= 20 < LATER_SOFT < LONGEST
