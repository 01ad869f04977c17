import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.stt import Hypothesis
from assistant.stt.arbiter import CLEAR_LEAD, arbitrate


def heard(text: str, confidence: float, source: str) -> Hypothesis:
    return Hypothesis(text, confidence if text else 0.0, (), source)


@pytest.mark.parametrize(
    ("grammar", "open_", "winner", "why"),
    [
        (("stop", 0.9), ("stop", 0.6), "grammar", "agree"),
        (("turn on the light", 0.9), ("turn on the lice", 0.8), "grammar", "preferred"),
        (("turn on the light", 0.5), ("who wrote hamlet", 0.95), "open", "clearly surer"),
        (("", 0), ("who wrote hamlet", 0.3), "open", "no word of its own"),
        (("[unk] [unk]", 0.99), ("who wrote hamlet", 0.3), "open", "no word of its own"),
        (("stop", 0.4), ("", 0), "grammar", "only the grammar"),
        (("turn on [unk]", 0.8), ("turn on the radio", 0.75), "open", "unknown sounds"),
        (("turn on [unk]", 0.95), ("turn in the rain go", 0.4), "grammar", "in spite of"),
        (("", 0), ("", 0), "open", "neither"),
    ],
)
def test_the_choice_and_its_reason(grammar: tuple[str, float], open_: tuple[str, float], winner: str, why: str) -> None:
    result = arbitrate(heard(*grammar, "grammar"), heard(*open_, "open"))
    assert result.chosen.source == winner
    assert why in result.reason


texts = st.lists(st.sampled_from(["stop", "the", "light", "[unk]", "hamlet"]), max_size=4).map(" ".join)


@given(texts, st.floats(0, 1), texts, st.floats(0, 1))
def test_always_one_of_the_two_and_the_other_is_kept(a: str, ca: float, b: str, cb: float) -> None:
    grammar, open_ = heard(a, ca, "grammar"), heard(b, cb, "open")
    result = arbitrate(grammar, open_)
    assert {result.chosen.source, result.others[0].source} == {"grammar", "open"}
    assert result.reason
    if result.chosen.source == "grammar":
        assert any(word != "[unk]" for word in a.split())


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_surer_grammar_never_loses_what_it_had_won(first: float, more: float, open_: float) -> None:
    low, high = sorted((first, more))
    other = heard("who wrote hamlet", open_, "open")
    if arbitrate(heard("stop", low, "grammar"), other).chosen.source == "grammar":
        assert arbitrate(heard("stop", high, "grammar"), other).chosen.source == "grammar"


def test_the_lead_is_measured_in_confidence() -> None:
    assert 0 < CLEAR_LEAD < 1
