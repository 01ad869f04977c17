"""The stopwatch and the measurements on a tiny stand-in; no duration is judged."""

import json
import subprocess

import pytest

from assistant.artifacts.recommend import read_speeds
from assistant.bench.choose import best, measure_choice, store, thread_counts
from assistant.bench.chosen import chosen_threads
from assistant.bench.concurrency import counts_of, measure_concurrency
from assistant.bench.figures import Effort, Stage
from assistant.bench.llm import CALLS, JSON_GRAMMAR, NEW_TOKENS, competitor, measure_llm, static_part
from assistant.bench.machine import Moment
from assistant.bench.stopwatch import Grammar, TimedModel
from assistant.bench.sustained import measure_sustained, seconds_of
from assistant.config import Settings
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


# -- choosing -------------------------------------------------------------------------------------------------------


def row(threads: int, contended: float) -> dict[str, float]:
    return {"threads": threads, "contended_tok_s_p50": contended, "tok_s_p50": contended * 1.2}


def test_thread_counts_to_try():
    assert [thread_counts(cores) for cores in (1, 2, 4)] == [[1], [1, 2], [1, 2, 3, 4]]


def test_all_cores_are_never_chosen_where_there_are_several():
    assert best([row(1, 5), row(2, 50)], 2)["threads"] == 1
    assert best([row(1, 5)], 1)["threads"] == 1


def test_more_threads_must_be_clearly_faster():
    assert best([row(1, 10), row(2, 10.5), row(3, 10.9)], 4)["threads"] == 1
    assert best([row(1, 10), row(2, 19), row(3, 20)], 4)["threads"] == 2
    assert best([row(1, 10), row(2, 9), row(3, 14)], 4)["threads"] == 3


def test_the_choice_is_stored_where_recommendations_read_it(small, known, tmp_path):
    settings = Settings(paths={"data": tmp_path / "data"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "speed.json").write_text('{"llm": {"other": 3.5}, "more": 1}')
    stage = Stage("choose")
    measure_choice(stage, small, ONCE, context=512, cores=2, cache=known)
    store(settings, stage, "some-model", {"load_1m": 0.5}, standin=True)
    speeds = read_speeds(settings)
    assert speeds["other"] == 3.5
    assert chosen_threads(settings, "some-model") == stage.values["choice"]["threads"]
    assert chosen_threads(settings, "other") is None
    assert speeds["some-model"] == stage.values["choice"]["tok_s_p50"] > 0
    written = json.loads((tmp_path / "data" / "speed.json").read_text())
    assert written["more"] == 1
    evidence = written["choice"]["some-model"]["evidence"]
    assert evidence["stand_in"] is True
    assert [point["threads"] for point in evidence["rows"]] == [1, 2]


@pytest.mark.parametrize("text", ["", "[1]", '{"llm": 3, "choice": "x"}', "noise"])
def test_a_damaged_list_of_speeds_is_begun_anew(text, tmp_path):
    settings = Settings(paths={"data": tmp_path})
    (tmp_path / "speed.json").write_text(text)
    stage = Stage("choose", values={"choice": {"tok_s_p50": 7.0}}, facts={"accelerator": ""}, points={"backends": []})
    assert chosen_threads(settings, "m") is None
    store(settings, stage, "m", {}, standin=False)
    assert read_speeds(settings) == {"m": 7.0}


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
