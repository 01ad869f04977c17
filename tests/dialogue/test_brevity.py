import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.dialogue.brevity import asks_for_more, brief, end_of


def cut(*pieces: str, sentences: int = 2) -> tuple[str, int]:
    """What is passed on, and how many pieces were taken for it."""
    taken = 0

    async def made() -> AsyncGenerator[str]:
        nonlocal taken
        for piece in pieces:
            taken += 1
            yield piece

    async def job() -> str:
        return "".join([piece async for piece in brief(made(), sentences)])

    return asyncio.run(job()), taken


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("One. Two. Three. Four.", "One. Two."),
        ("One. Two.", "One. Two."),
        ("Only one", "Only one"),
        ("", ""),
        (
            "It costs 3.50 euros, Dr. Smith says. Yes! And more. Still more.",
            "It costs 3.50 euros, Dr. Smith says. Yes!",
        ),
        ('"Why?" she asked. Nobody knew. They left.', '"Why?" she asked. Nobody knew.'),
        ("1. Bread\n2. Milk\n3. Eggs\n4. Salt\n", "1. Bread\n2. Milk"),
        ("Wait... what? No. Yes.", "Wait... what? No."),
    ],
)
def test_two_sentences_are_enough(text: str, left: str) -> None:
    assert cut(text)[0] == left
    assert cut(*text)[0].rstrip() == left


@given(
    st.lists(st.sampled_from(["One", " two", ". ", "! ", "\n", ", ", "A", "3.5", "e.g. "]), max_size=30),
    st.integers(1, 7),
    st.integers(1, 3),
)
def test_how_the_text_comes_makes_no_difference(parts: list[str], size: int, sentences: int) -> None:
    text = "".join(parts)
    left, _ = cut(*(text[start : start + size] for start in range(0, len(text), size)), sentences=sentences)
    assert text.startswith(left)
    end = end_of(text, sentences)
    if end is None:
        assert left == text
    else:
        assert left.rstrip() == text[:end].rstrip()


def test_what_follows_is_not_even_made() -> None:
    _, taken = cut("One. ", "Two. ", "Three", ". ", "Four. ", "Five.")
    assert taken == 3


@pytest.mark.parametrize(
    "question",
    ["explain how a fridge works", "tell me a story", "give me a recipe for soup", "tell me more", "why, in detail"],
)
def test_some_questions_want_more(question: str) -> None:
    assert asks_for_more(question)


@pytest.mark.parametrize(
    "question", ["why is the sky blue", "how far is the moon", "who wrote hamlet", "what is the plainest language"]
)
def test_most_do_not(question: str) -> None:
    assert not asks_for_more(question)
