import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError
from assistant.llm import Message
from assistant.llm.llamacpp import LlamaCppModel, probability

QUESTION = [Message("system", "Answer with a tool call."), Message("user", "boil an egg")]

TIMER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"const": "set_timer"},
        "minutes": {"type": "integer", "minimum": 1, "maximum": 90},
        "label": {"type": "string", "maxLength": 12},
    },
    "required": ["name", "minutes"],
    "additionalProperties": False,
}
LIGHT: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"const": "turn_on"}, "room": {"enum": ["kitchen", "hall", "living room"]}},
    "required": ["name", "room"],
    "additionalProperties": False,
}
TOOLS: dict[str, Any] = {"anyOf": [TIMER, LIGHT]}


@pytest.fixture(scope="module")
def model(babbling: Path, known: Path) -> Iterator[LlamaCppModel]:
    loaded = LlamaCppModel(babbling, threads=1, context=1024, cache=known)
    yield loaded
    loaded.close()


def written(model: LlamaCppModel, schema: dict[str, Any], question: str = "boil an egg", most: int = 128) -> str:
    constraint = model.masks.json(schema)
    said = "".join(model.constrained([QUESTION[0], Message("user", question)], constraint, max_tokens=most))
    assert constraint.complete
    return said


@settings(max_examples=25, deadline=None)
@given(question=st.text(max_size=40))
def test_even_random_weights_write_a_whole_call(model: LlamaCppModel, question: str) -> None:
    call = json.loads(written(model, TOOLS, question))
    if call["name"] == "set_timer":
        assert 1 <= call["minutes"] <= 90
        assert set(call) <= {"name", "minutes", "label"}
    else:
        assert call["room"] in LIGHT["properties"]["room"]["enum"]


names = st.text("abcdefgh_", min_size=1, max_size=8)
schemas = st.recursive(
    st.one_of(
        st.just({"type": "boolean"}),
        st.just({"type": "integer", "minimum": -5, "maximum": 500}),
        st.lists(st.text("abc é\"\\", max_size=6), min_size=1, max_size=4, unique=True).map(lambda e: {"enum": e}),
        st.just({"type": "string", "maxLength": 6}),
    ),
    lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3).map(
        lambda found: {
            "type": "object", "properties": found, "required": list(found), "additionalProperties": False
        }
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(schema=schemas)
def test_any_schema_is_kept(model: LlamaCppModel, schema: dict[str, Any]) -> None:
    check(json.loads(written(model, schema, most=400)), schema)


def check(value: Any, schema: dict[str, Any]) -> None:
    match schema:
        case {"enum": allowed}:
            assert value in allowed
        case {"type": "boolean"}:
            assert isinstance(value, bool)
        case {"type": "integer"}:
            assert -5 <= value <= 500
        case {"type": "string"}:
            assert len(value) <= 6
        case {"properties": inner}:
            assert set(value) == set(inner)
            for name, part in inner.items():
                check(value[name], part)


def test_what_leaves_no_choice_is_read_at_once_and_not_counted(model: LlamaCppModel) -> None:
    constraint = model.masks.json({"const": "nothing else is possible here"})
    generation = model.constrained(QUESTION, constraint)
    assert json.loads("".join(generation)) == "nothing else is possible here"
    assert generation.probabilities == []


def test_every_choice_has_a_probability(model: LlamaCppModel) -> None:
    generation = model.constrained(QUESTION, model.masks.json(LIGHT))
    said = "".join(generation)
    assert json.loads(said)["name"] == "turn_on"
    assert 1 <= len(generation.probabilities) < len(model.tokens(said))
    assert all(0 < share < 1 for share in generation.probabilities)


def test_the_mask_and_the_single_check_agree(model: LlamaCppModel) -> None:
    constraint = model.masks.json(TOOLS)
    constraint.begin()
    constraint.forced()
    while not constraint.finished:
        mask = constraint.mask()
        assert len(mask) == len(model.masks)
        allowed = np.flatnonzero(mask)
        assert len(allowed)
        for token in [*allowed[:40].tolist(), *range(0, len(mask), 97)]:
            assert constraint.allows(token) == mask[token]
        constraint.accept(int(allowed[-1]))
        constraint.forced()


def test_the_likeliest_allowed_token_is_chosen(model: LlamaCppModel) -> None:
    constraint = model.masks.json({"enum": ["a", "b"]})
    constraint.begin()
    constraint.forced()
    a, b = (token for token in range(256) if constraint.allows(token))
    logits = np.zeros(len(model.masks), np.float32)
    logits[b] = 1
    logits[300] = 9
    assert constraint.choose(logits) == b
    logits[a] = 2
    assert constraint.choose(logits) == a


def test_a_token_that_is_not_allowed_is_refused_in_one_line(model: LlamaCppModel) -> None:
    constraint = model.masks.json(TOOLS)
    constraint.begin()
    with pytest.raises(AssistantError, match="left the form"):
        constraint.accept(model.tokens("x")[-1])


def test_a_short_allowance_ends_before_the_value_is_whole(model: LlamaCppModel) -> None:
    constraint = model.masks.json(TOOLS)
    said = "".join(model.constrained(QUESTION, constraint, max_tokens=3))
    assert len(said) < 40
    assert not constraint.complete
    assert json.loads(written(model, TOOLS))  # and the next one is not touched by it


def test_it_can_be_stopped(model: LlamaCppModel) -> None:
    generation = model.constrained(QUESTION, model.masks.json(TOOLS))
    next(generation)
    generation.cancel()
    assert list(generation) == []


@pytest.mark.parametrize("schema", [{"type": "nosuch"}, {"type": "string", "format": "no-such-format"}])
def test_a_schema_that_cannot_be_kept_is_one_line(model: LlamaCppModel, schema: dict[str, Any]) -> None:
    with pytest.raises(AssistantError, match="no text can be bound") as failure:
        model.masks.json(schema)
    assert "\n" not in str(failure.value)


def test_markers_of_the_format_are_no_text(model: LlamaCppModel) -> None:
    constraint = model.masks.json({"type": "string", "maxLength": 30})
    constraint.begin()
    constraint.accept(model.tokens('"')[-1])
    mask = constraint.mask()
    assert not mask[model._bos]
    assert mask[model.tokens("a")[-1]]


def test_the_probability_is_the_softmax() -> None:
    logits = np.array([1.0, 2.0, 3.0], np.float32)
    shares = [probability(logits, token) for token in range(3)]
    assert sum(shares) == pytest.approx(1)
    assert shares == pytest.approx([0.0900, 0.2447, 0.6652], abs=1e-4)
    assert probability(np.array([-1e30, 80.0, 3e38], np.float32), 1) == 0
