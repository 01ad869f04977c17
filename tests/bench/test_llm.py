"""The stopwatch and the measurements on a tiny stand-in; no duration is judged."""

import json
import subprocess

import pytest

from assistant.bench.concurrency import counts_of, measure_concurrency
from assistant.bench.figures import Effort, Stage
from assistant.bench.llm import CALLS, JSON_GRAMMAR, NEW_TOKENS, competitor, measure_llm, static_part
from assistant.bench.machine import Moment
from assistant.bench.stopwatch import Grammar, TimedModel
from assistant.bench.sustained import measure_sustained, seconds_of
from assistant.errors import AssistantError, ModelError, UsageError
from assistant.llm import Message

QUESTION = [Message("system", "Be short. " * 40), Message("user", "Why?")]
ONCE = Effort(repeats=1, warmup=0)


@pytest.fixture
def model(small, known):
    made = TimedModel(small, threads=1, context=512, cache=known)
    yield made
    made.close()


def test_the_first_step_reads_the_prompt_and_each_other_one_token(model):
    said = model.speak(QUESTION, 8)
    prompt = len(model.tokens(model.render(QUESTION)))
    assert said.steps[0].tokens == prompt
    assert [step.tokens for step in said.steps[1:]] == [1] * (len(said.steps) - 1)
    assert len(said.token_s) == len(said.steps) - 1
    assert said.began <= said.steps[0].began <= said.steps[-1].ended <= said.ended


def test_what_is_held_is_not_read_again_until_it_is_forgotten(model):
    prompt = len(model.tokens(model.render(QUESTION)))
    assert model.read(QUESTION).tokens == prompt
    other = [QUESTION[0], Message("user", "How?")]
    assert model.speak(other, 1).steps[0].tokens < prompt / 2
    model.forget()
    assert model.speak(other, 1).steps[0].tokens == len(model.tokens(model.render(other)))


def test_a_state_from_a_file_continues_as_if_it_had_been_read(model, tmp_path):
    # read in the same two parts as below: other parts round otherwise, and random weights turn that into other words
    model.forget()
    model.read(QUESTION[:1])
    straight = "".join(model.stream(QUESTION, max_tokens=12))
    model.forget()
    model.read(QUESTION[:1])
    size = model.keep(tmp_path / "state")
    assert size == (tmp_path / "state").stat().st_size
    model.forget()
    assert model.restore(tmp_path / "state") > 0
    model.steps.clear()
    assert "".join(model.stream(QUESTION, max_tokens=12)) == straight
    assert model.steps[0].tokens < len(model.tokens(model.render(QUESTION))) / 2


def test_a_state_that_is_none_is_one_line(model, tmp_path):
    (tmp_path / "state").write_bytes(b"noise" * 20)
    with pytest.raises(AssistantError, match="is no state of this language model"):
        model.restore(tmp_path / "state")


@pytest.mark.parametrize("call", CALLS)
def test_the_grammar_takes_tool_calls_and_refuses_other_words(model, call):
    json.loads(call)
    grammar = Grammar(model, JSON_GRAMMAR)
    try:
        grammar.begin()
        tokens = [token for token in model.tokens(call) if token != model._bos]
        for token in tokens:
            assert grammar.allows(token)
            grammar.accept(token)
        grammar.begin()
        (word,) = [token for token in model.tokens("x") if token != model._bos]
        assert not grammar.allows(word)
        assert grammar.allows(tokens[0])
        grammar.mask()  # may be called at any place
    finally:
        grammar.close()


def test_a_grammar_that_is_none_is_refused(model):
    with pytest.raises(AssistantError, match="refuses this grammar"):
        Grammar(model, "root ::= nosuchrule")


def test_the_static_part_has_the_length_that_was_asked_for(model):
    for tokens in (120, 300):
        length = len(model.tokens(model.render([static_part(model, tokens), Message("user", "")])))
        assert tokens - 20 <= length <= tokens


def test_a_whole_measurement(small, known):
    stage = Stage("llm")
    measure_llm(stage, small, Effort(repeats=2, warmup=0), threads=1, context=1024, cache=known)
    assert {
        "ttft_warm_over_cold", "prefix_restore_ms", "grammar_decode_over_plain", "decode_contended_over_quiet"
    } <= set(stage.values)  # fmt: skip
    assert all(series.values for series in stage.series.values())
    assert all(value > 0 for series in stage.series.values() for value in series.values)
    new = stage.facts["new_tokens_warm"]
    assert 0 < new[0] <= new[1] <= NEW_TOKENS
    assert stage.model == "stand-in of tiny (random weights)"


def test_a_file_that_is_no_model_is_one_line(tmp_path):
    (tmp_path / "x.gguf").write_text("no model")
    with pytest.raises(ModelError, match="is no GGUF"):
        measure_llm(Stage("llm"), tmp_path / "x.gguf", ONCE, threads=1, context=512)


def test_the_competitor_runs_and_is_gone_afterwards(monkeypatch):
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def noted(*args, **kwargs):
        started.append(real(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    with competitor():
        assert started[0].poll() is None
    assert started[0].returncode is not None


# -- sustained, concurrency ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h", 3600), ("45", 45), ("1.5m", 90)])
def test_times(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "-5s", "0", "25h", "nan", "1d", "1e9"])
def test_times_that_make_no_sense(text):
    with pytest.raises(UsageError, match="give a time such as"):
        seconds_of(text)


def test_the_moment_throttling_began_is_noted(model):
    now = iter(range(0, 10_000, 4))
    seen = iter([(), (), ("throttled",), (), (), ()])

    def look() -> Moment:
        flags = next(seen)
        return Moment(0.1, 60.0, 2400, flags, flags, None, None)

    stage = Stage("sustained")
    measure_sustained(stage, model, 40, clock=lambda: float(next(now)), look=look, every_s=8)
    points = stage.points["sustained"]
    assert [point["t_s"] for point in points] == [8, 16, 24, 32, 40]
    assert stage.values["throttled_at_s"] == 24
    assert stage.values["sustained_over_first"] > 0
    assert all(point["tok_s"] > 0 for point in points)


def test_concurrency_counts_the_steps_of_all(small):
    stage = Stage("concurrency")
    measure_concurrency(stage, small, [1, 3], ONCE, threads=1)
    one, three = stage.points["concurrency"]
    assert (one["at_once"], three["at_once"]) == (1, 3)
    assert one["each_over_first_row"] == 1
    assert three["all_tok_s"] == pytest.approx(3 * three["each_tok_s"], rel=0.01)


@pytest.mark.parametrize("text", ["", "0", "a", "1,,2", "65", "1.5", "-1"])
def test_counts_that_make_no_sense(text):
    with pytest.raises(UsageError, match="whole numbers"):
        counts_of(text)


def test_counts():
    assert counts_of("1,2, 4") == [1, 2, 4]
