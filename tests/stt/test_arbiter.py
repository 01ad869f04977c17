import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.stt import Hypothesis
from assistant.stt.arbiter import arbitrate


def heard(text: str, confidence: float, source: str) -> Hypothesis:
    return Hypothesis(text, confidence if text else 0.0, (), source)


@pytest.mark.parametrize(
    ("grammar", "open_", "whole", "winner", "why"),
    [
        (("stop", 0.9), ("stop", 0.6), True, "grammar", "agree"),
        (("turn on the light", 0.8), ("turn on the lice", 0.9), True, "grammar", "a whole sentence"),
        (("turn on the light", 0.5), ("who wrote hamlet", 0.95), True, "open", "in doubt"),
        (("turn on the color of", 0.9), ("who wrote hamlet", 0.8), False, "open", "no sentence"),
        (("turn on the color of", 0.9), ("ho rot", 0.3), False, "grammar", "clearly surer"),
        (("", 0), ("who wrote hamlet", 0.3), False, "open", "no word of its own"),
        (("[unk] [unk]", 0.99), ("who wrote hamlet", 0.3), False, "open", "no word of its own"),
        (("stop", 0.4), ("", 0), True, "grammar", "only the grammar"),
        (("turn on [unk]", 0.8), ("turn on the radio", 0.75), False, "open", "no sentence"),
        (("", 0), ("", 0), False, "open", "neither"),
    ],
)
def test_the_choice_and_its_reason(
    grammar: tuple[str, float], open_: tuple[str, float], whole: bool, winner: str, why: str
) -> None:
    result = arbitrate(heard(*grammar, "grammar"), heard(*open_, "open"), whole=whole)
    assert result.chosen.source == winner
    assert why in result.reason


texts = st.lists(st.sampled_from(["stop", "the", "light", "[unk]", "hamlet"]), max_size=4).map(" ".join)


@given(texts, st.floats(0, 1), texts, st.floats(0, 1), st.booleans())
def test_always_one_of_the_two_and_the_other_is_kept(a: str, ca: float, b: str, cb: float, whole: bool) -> None:
    grammar, open_ = heard(a, ca, "grammar"), heard(b, cb, "open")
    result = arbitrate(grammar, open_, whole=whole)
    assert {result.chosen.source, result.others[0].source} == {"grammar", "open"}
    assert result.reason
    if result.chosen.source == "grammar":
        assert any(word != "[unk]" for word in a.split())


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_surer_grammar_never_loses_what_it_had_won(first: float, more: float, open_: float, whole: bool) -> None:
    low, high = sorted((first, more))
    other = heard("who wrote hamlet", open_, "open")
    if arbitrate(heard("stop", low, "grammar"), other, whole=whole).chosen.source == "grammar":
        assert arbitrate(heard("stop", high, "grammar"), other, whole=whole).chosen.source == "grammar"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_whole_sentence_is_believed_rather_than_a_mixture(grammar: float, open_: float) -> None:
    biased, other = heard("stop", grammar, "grammar"), heard("who wrote hamlet", open_, "open")
    if arbitrate(biased, other).chosen is biased:
        assert arbitrate(biased, other, whole=True).chosen is biased
