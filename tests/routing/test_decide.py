# ruff: noqa: E501 - tables of cases read better in one line
"""The decision: every branch with its reason, in its order, and shut when in doubt."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.routing import decide as room
from assistant.routing.categories import Category
from assistant.routing.decide import Ask, Context, Escalate, Local, Refuse, Request, decide

OPEN = Context(consent=True, configured=True, model="m", budget_left=1.0, cost=0.01, rate_left=5)
HARMLESS = Request("why is the sky blue on earth and red on mars")


def test_a_hard_and_harmless_question_may_leave() -> None:
    decision = decide(HARMLESS, OPEN)
    assert isinstance(decision, Escalate)
    assert HARMLESS.text.encode() in decision.payload.body
    assert decision.reason == "hard and harmless"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"configured": False}, "no service is set up"),
        ({"stay_offline": True}, "staying offline"),
        ({"consent": False}, "no consent"),
        ({"local_confidence": 0.8}, "the local answer is good enough"),
        ({"connected": False}, "no network"),
        ({"cost": 1.01}, "the budget is used up"),
        ({"rate_left": 0}, "too many questions in a short time"),
        ({"breaker_closed": False}, "the service has been failing"),
    ],
)
def test_each_closed_gate_names_itself(change: dict[str, Any], reason: str) -> None:
    assert decide(HARMLESS, replace(OPEN, **change)) == Local(reason)


def test_the_gates_stand_in_their_order() -> None:
    everything_shut = replace(OPEN, configured=False, stay_offline=True, consent=False, local_confidence=1, connected=False,
                              budget_left=0, rate_left=0, breaker_closed=False)  # fmt: skip
    opened: list[dict[str, Any]] = [{"configured": True}, {"stay_offline": False}, {"consent": True}, {"local_confidence": 0.0}, {"connected": True},
                                    {"budget_left": 1.0}, {"rate_left": 5}, {"breaker_closed": True}]  # fmt: skip
    reasons = []
    context = everything_shut
    for change in opened:
        reasons.append(decide(HARMLESS, context).reason)
        context = replace(context, **change)
    assert reasons == ["no service is set up", "staying offline", "no consent", "the local answer is good enough", "no network",
                       "the budget is used up", "too many questions in a short time", "the service has been failing"]  # fmt: skip
    assert isinstance(decide(HARMLESS, context), Escalate)


def test_consent_is_asked_for_only_where_a_question_would_leave() -> None:
    never_asked = replace(OPEN, consent=None)
    assert isinstance(decide(HARMLESS, never_asked), Ask)
    assert isinstance(decide(Request("what helps against my migraine"), never_asked), Local)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("what helps against my migraine", Category.MEDICAL),
        ("can i take two sleeping tablets with wine", Category.MEDICAL),
        ("i feel hopeless and cannot stop crying", Category.MENTAL),
        ("how much do i still owe on my mortgage", Category.FINANCIAL),
        ("the cash machine kept my bank card", Category.FINANCIAL),
        ("my landlord wants to evict me next week", Category.LEGAL),
        ("text jonas that i will be late", Category.OTHERS),
    ],
)
def test_private_matters_stay(text: str, category: Category) -> None:
    decision = decide(Request(text), OPEN)
    assert isinstance(decision, Local)
    assert decision.category is category


def test_what_was_asked_to_be_sent_and_may_not_is_refused_aloud() -> None:
    decision = decide(Request("what helps against my migraine", insist=True), OPEN)
    assert isinstance(decision, Refuse)
    assert decision.category is Category.MEDICAL
    assert isinstance(decide(replace(HARMLESS, insist=True), replace(OPEN, connected=False)), Local)


def test_identifiers_keep_a_question_here() -> None:
    decision = decide(Request("tell me about the number 4111 1111 1111 1111"), OPEN)
    assert isinstance(decision, Local)
    assert decide(Request("compose a poem for ottilie about the sea"), replace(OPEN, names=("Ottilie",))) != decision


def test_a_name_leaves_as_a_placeholder_and_comes_back() -> None:
    decision = decide(Request("compose a funny poem for ottilie about the sea"), replace(OPEN, names=("Ottilie",)))
    assert isinstance(decision, Escalate)
    assert b"ottilie" not in decision.payload.body.lower()
    assert decision.payload.restored("Dear [name A]") == "Dear ottilie"


def test_history_passes_the_same_gate_or_nothing_does() -> None:
    fine = decide(replace(HARMLESS, history=("how far away is mars",)), OPEN)
    assert isinstance(fine, Escalate)
    assert b"how far away is mars" in fine.payload.body
    for earlier in ("i have a rash on my leg", "my pin is four seven one one", "call me on 07700 900123"):
        assert isinstance(decide(replace(HARMLESS, history=(earlier,)), OPEN), Local)


def test_the_bar_can_be_raised_and_never_lowered() -> None:
    assert isinstance(decide(HARMLESS, replace(OPEN, least_harmless=0.0)), Escalate)
    assert isinstance(decide(Request("what helps against my migraine"), replace(OPEN, least_harmless=0.0)), Local)
    assert isinstance(decide(HARMLESS, replace(OPEN, least_harmless=1.0)), Local)


def test_people_whose_questions_stay() -> None:
    context = replace(OPEN, kept_local=frozenset({"child"}))
    assert decide(replace(HARMLESS, person="child"), context) == Local("this person's questions stay here")
    assert isinstance(decide(replace(HARMLESS, person="mara"), context), Escalate)


@pytest.mark.parametrize("text", ["", "   ", "mm", "x" * 2001])
def test_nothing_and_too_much(text: str) -> None:
    assert isinstance(decide(Request(text), OPEN), Local)


@pytest.mark.parametrize("broken", ["find", "judge", "redact", "build", "inspect"])
def test_a_failure_anywhere_keeps_the_question(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("boom")

    monkeypatch.setattr(room, broken, fail)
    assert decide(HARMLESS, OPEN) == Local("the gate itself failed")


@given(st.text(max_size=200))
def test_any_text_gets_a_decision_and_the_same_one_twice(text: str) -> None:
    assert decide(Request(text), OPEN) == decide(Request(text), OPEN)
