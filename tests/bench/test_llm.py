"""The stopwatch and the measurements on a tiny stand-in; no duration is judged."""

import subprocess
import threading

import pytest

from assistant.audio import FRAME_SAMPLES
from assistant.bench.concurrency import counts_of, measure_concurrency
from assistant.bench.contention import BACKLOG_S, Ticker, competitor
from assistant.bench.figures import Effort, Stage
from assistant.bench.llm import NEW_TOKENS, TEXT_SCHEMA, measure_llm, static_part
from assistant.bench.machine import Moment
from assistant.bench.stopwatch import Library, TimedModel
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


def test_bound_words_are_json_and_timed(model):
    said = model.write(QUESTION, TEXT_SCHEMA, 24)
    assert len(said.token_s) > 2
    assert sum(step.tokens for step in said.steps[1:]) <= 24
    assert model.mask_s(TEXT_SCHEMA) > 0


def test_the_engine_alone_reads_behind_the_prompt(model):
    assert model.bare(QUESTION, 5) > 0
    assert len(model._held) == len(model.tokens(model.render(QUESTION))) + 5
    assert "".join(model.stream(QUESTION, max_tokens=4)) is not None
    assert model._held[: len(model.tokens(model.render(QUESTION)))] == model.tokens(model.render(QUESTION))


def test_the_library_reads_the_whole_prompt_each_time(small):
    library = Library(small, threads=1, context=512)
    read: list[int] = []
    evaluate = library._llama.eval

    def noted(tokens):
        read.append(len(tokens))
        evaluate(tokens)

    library._llama.eval = noted
    try:
        for _ in range(2):
            assert library.cold(QUESTION) > 0
    finally:
        library.close()
    assert read[0] == read[-1] > 100


def test_frames_that_wait_are_late_and_only_those_beyond_the_buffer_are_missed():
    now = [0.0]
    taken = iter([0.001, 0.050, 0.001, 0.001, BACKLOG_S + 1, 0.001])
    fed: list[int] = []

    def process(samples):
        fed.append(len(samples))
        now[0] += next(taken)

    def wait(seconds):
        now[0] += seconds
        return len(fed) == 6

    ticker = Ticker(process, clock=lambda: now[0], wait=wait)
    ticker.run()
    seen = ticker.lateness
    assert fed == [FRAME_SAMPLES] * 6
    assert len(seen.seconds) == 6
    # the second takes 50 ms; the third and fourth catch up what it cost
    assert [round(each, 3) for each in seen.seconds[:4]] == [0.001, 0.05, 0.031, 0.012]
    assert (seen.late, seen.missed) == (4, 2)  # the last one waited as long as the one that hung


def test_the_ticker_runs_only_meanwhile():
    fed = threading.Event()
    ticker = Ticker(lambda samples: fed.set())
    with ticker.beside() as seen:
        assert fed.wait(60)
    count = len(seen.seconds)
    assert count >= 1
    assert not any(thread.name == "ticker" for thread in threading.enumerate())


def test_the_static_part_has_the_length_that_was_asked_for(model):
    for tokens in (120, 300):
        length = len(model.tokens(model.render([static_part(model, tokens), Message("user", "")])))
        assert tokens - 20 <= length <= tokens


def test_a_reading_is_not_stopped_by_what_was_cancelled_before(model):
    messages = [static_part(model, 120), Message("user", "What is it?")]
    left = model.stream(messages)
    next(left)
    left.cancel()
    model.unlearn()
    assert model.bare(messages, 2) > 0
    assert model._held[:-2] == model.tokens(model.render(messages))


def test_a_whole_measurement(small, known):
    stage = Stage("llm")
    measure_llm(stage, small, Effort(repeats=2, warmup=0), threads=1, context=1024, cache=known)
    assert {
        "ttft_warm_over_cold", "prefix_restore_ms", "grammar_decode_over_plain", "decode_contended_over_quiet",
        "decode_over_bare", "audio_frames", "audio_frames_missed", "audio_frames_late"
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


def test_cold_is_cold_even_when_the_static_part_was_prepared(model):
    prompt = len(model.tokens(model.render(QUESTION)))
    model.prepare([QUESTION[0], Message("user", "")])
    model.forget()
    assert model.speak(QUESTION, 1).steps[0].tokens < prompt / 2
    model.unlearn()
    assert model.speak(QUESTION, 1).steps[0].tokens == prompt
