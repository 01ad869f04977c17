from hypothesis import given
from hypothesis import strategies as st

from assistant.llm.guard import BLANKS, CIRCLES, LEAST, LONGEST_CIRCLE, Guard


def lost_after(tokens: list[int], text: str = "x") -> int | None:
    """After how many tokens the guard stops; None when it never does."""
    guard = Guard()
    return next((number for number, token in enumerate(tokens, 1) if guard.lost(token, text)), None)


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=LONGEST_CIRCLE, unique=True))
def test_a_circle_is_stopped_in_its_third_round_at_the_latest(circle: list[int]) -> None:
    stopped = lost_after(circle * 20)
    assert stopped is not None
    assert stopped == len(circle) * max(CIRCLES, -(-LEAST // len(circle)))


@given(st.lists(st.integers(0, 50_000), max_size=400, unique=True))
def test_words_that_do_not_repeat_are_never_stopped(tokens: list[int]) -> None:
    assert lost_after(tokens) is None


@given(st.lists(st.integers(0, 50_000), min_size=12, max_size=LONGEST_CIRCLE, unique=True))
def test_saying_something_twice_is_allowed(tokens: list[int]) -> None:
    assert lost_after(tokens * 2) is None


def test_a_short_echo_is_style() -> None:
    assert lost_after([1, 2, 3, 4, 4, 4, 4, 5, 6]) is None


def test_white_space_without_end_is_stopped() -> None:
    guard = Guard()
    assert [guard.lost(number, " \n") for number in range(BLANKS + 1)] == [False] * BLANKS + [True]


def test_white_space_between_words_is_not() -> None:
    guard = Guard()
    assert not any(guard.lost(number, " " if number % 5 else "word") for number in range(200))
