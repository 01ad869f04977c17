import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.llm.cleaning import MARKERS, Cleaner


def clean(*pieces: str) -> str:
    cleaner = Cleaner()
    return "".join(cleaner.push(piece) for piece in pieces) + cleaner.flush()


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        (["Hello there."], "Hello there."),
        (["<think>hm, what", " now</think>\n\nHello."], "Hello."),
        (["<thi", "nk>a</th", "ink>b"], "b"),
        (["a<think>b"], "a"),
        (["Hello.<|im", "_end|>", "user: more"], "Hello."),
        (["Hello.</s>x"], "Hello."),
        (["a < b and <thing>"], "a < b and <thing>"),
        (["  Hello"], "Hello"),
        (["a", " ", "b"], "a b"),
        (["<think></think>"], ""),
        ([], ""),
    ],
)
def test_thoughts_and_markers_go(pieces: list[str], left: str) -> None:
    assert clean(*pieces) == left


def test_nothing_waits_without_need() -> None:
    cleaner = Cleaner()
    assert cleaner.push("Hello") == "Hello"
    assert cleaner.push(" <") == " "
    assert cleaner.push("3") == "<3"


def test_after_the_end_nothing_counts() -> None:
    cleaner = Cleaner()
    assert cleaner.push("a<|im_end|>b") == "a"
    assert cleaner.ended
    assert (cleaner.push("c"), cleaner.flush()) == ("", "")


parts = st.lists(
    st.sampled_from(["<think>", "</think>", "<|im_end|>", "<", "|", "im", "think", ">", " ", "a", "b\n", "</"]),
    max_size=25,
)


@given(parts, st.integers(1, 5))
def test_how_the_text_is_cut_makes_no_difference(text: list[str], size: int) -> None:
    whole = "".join(text)
    assert clean(*(whole[start : start + size] for start in range(0, len(whole), size))) == clean(whole)


@given(parts)
def test_no_marker_gets_through(text: list[str]) -> None:
    left = clean("".join(text))
    assert not any(marker in left for marker in (*MARKERS, "<think>")) or "".join(text).count("<") > 1
    assert len(left) <= len("".join(text))
