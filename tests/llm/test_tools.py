"""Tool calls, by models that run for real: one of random weights says anything, so what holds is the binding itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError
from assistant.llm import Message
from assistant.llm.llamacpp import LlamaCppModel
from assistant.llm.tools import NONE, Tool, Toolbox, ToolCaller, runs
from scripts.make_tiny_gguf import write_tiny_gguf
from tests.llm.conftest import trust
from tests.llm.test_templates import FAMILIES

TOOLBOX = Toolbox(
    tools=(
        Tool("TimerSet", "start a timer", ("name", "duration")),
        Tool("HassTurnOn", "turn something on", ("domain", "name", "area")),
        Tool("Repeat", "say it again"),
    ),
    slots={"name": "what it is called", "duration": "how long", "domain": "light or nothing", "area": "the room"},
    choices={"domain": ("light",)},
)
SLOTS = {tool.name: tool.slots for tool in TOOLBOX.tools}

WORDS = st.lists(st.text(st.sampled_from("abcdefgz0123456789'.:é-+*()[]\\^$|"), min_size=1, max_size=8), max_size=12)


@pytest.fixture(scope="module")
def model(babbling: Path, known: Path) -> Iterator[LlamaCppModel]:
    loaded = LlamaCppModel(babbling, threads=1, context=1024, cache=known)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def caller(model: LlamaCppModel) -> ToolCaller:
    return ToolCaller(model, TOOLBOX)


@given(WORDS)
@settings(max_examples=40, deadline=None)
def test_whatever_a_model_babbles_a_call_names_a_tool_and_holds_words_of_the_request(
    caller: ToolCaller, words: list[str]
) -> None:
    request = " ".join(words)
    call = caller.call(request)
    if call is None:  # it went on for too long, as a vocabulary of single letters can
        assert len(request) > 24
        return
    assert 0 <= call.probability <= 1
    if call.name == NONE:
        assert not call.arguments
        return
    for slot, value in call.arguments.items():
        assert slot in SLOTS[call.name]
        assert value == "light" if slot == "domain" else f" {value} " in f" {request} "


@given(WORDS.filter(bool), st.data())
def test_the_pattern_takes_every_run_of_words_and_nothing_else(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    pattern = re.compile(runs(words))
    run = " ".join(words[start:end])
    assert pattern.search(run)
    assert pattern.search(f" {run}")
    assert not pattern.search(f"{run} y")
    assert not pattern.search("y")


def test_an_empty_request_calls_nothing(caller: ToolCaller) -> None:
    call = caller.call("")
    assert call is not None
    assert call.name == NONE


def test_the_prefix_is_the_same_for_every_request_and_read_once(model: LlamaCppModel, caller: ToolCaller) -> None:
    prefix = model.certain([TOOLBOX.system(), Message("user", "")])
    assert len(prefix) > 100  # the tools stand in it
    for request in ("boil an egg", "light in the hall"):
        prompt = model.tokens(model.render([TOOLBOX.system(), Message("user", request)]))
        assert prompt[: len(prefix)] == prefix


def test_a_request_longer_than_the_context_is_one_line(caller: ToolCaller) -> None:
    with pytest.raises(AssistantError, match="too long"):
        caller.call("word " * 2000)


@pytest.mark.parametrize("family", FAMILIES)
def test_calls_are_bound_under_every_familys_template(family: str, tmp_path: Path, known: Path) -> None:
    path = trust(write_tiny_gguf(tmp_path / "model.gguf", template=FAMILIES[family][0]), known)
    loaded = LlamaCppModel(path, threads=1, context=1024, cache=known)
    try:
        call = ToolCaller(loaded, TOOLBOX).call("play some jazz in the kitchen")
    finally:
        loaded.close()
    assert call is not None
    assert call.name in (NONE, *SLOTS)
