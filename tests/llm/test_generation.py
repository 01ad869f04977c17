"""A reply whose model is asked about it: what it says counts, and the reply goes on as if nothing had been asked."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.clock import SystemClock
from assistant.errors import AssistantError
from assistant.llm import ChecksItself, Message
from assistant.llm.confidence import Evidence
from assistant.llm.engine import CHECK_S, AnswerEngine
from assistant.llm.generation import LEAST, behind, starts, verdict
from assistant.llm.llamacpp import LlamaCppModel
from assistant.workers import InlineWorker, ThreadWorker
from scripts.make_tiny_gguf import write_tiny_gguf
from tests.llm.conftest import trust
from tests.llm.test_templates import FAMILIES

ASKED = [Message("system", "Be brief."), Message("user", "who are you")]
QUESTION, YES, NO = "Is that right?", "yes", "no"


def opened(folder: Path, known: Path, *reply: str, template: str | None = None, context: int = 2048) -> LlamaCppModel:
    """A model that answers whatever it is asked with `reply`."""
    more = {} if template is None else {"template": template}
    path = write_tiny_gguf(folder / "tiny.gguf", reply, **more)  # type: ignore[arg-type]
    return LlamaCppModel(trust(path, known), threads=1, context=context, cache=known)


@pytest.fixture
def yes(tmp_path: Path, known: Path) -> Iterator[LlamaCppModel]:
    model = opened(tmp_path, known, "Y", "es", " it", " is", ".", " Quite", " so", "!")
    yield model
    model.close()


@pytest.mark.parametrize(("word", "low", "high"), [("Yes", 0.99, 1.0), ("yes", 0.99, 1.0), ("NO", 0.0, 0.01)])
def test_the_models_first_word_about_its_answer_counts(
    tmp_path: Path, known: Path, word: str, low: float, high: float
) -> None:
    model = opened(tmp_path, known, *word[:2], " it", " is", ".")
    reply = model.stream(ASKED)
    next(reply)
    found = reply.check(3, QUESTION, YES, NO)
    model.close()
    assert found is not None
    assert low <= found <= high


def test_a_model_that_says_neither_has_no_opinion(tmp_path: Path, known: Path) -> None:
    model = opened(tmp_path, known, "Perhaps", " it", " is", ".")
    reply = model.stream(ASKED)
    next(reply)
    assert reply.check(3, QUESTION, YES, NO) is None
    model.close()


@pytest.mark.parametrize("after", [1, 2, 4, 6])
def test_the_answer_goes_on_as_if_nothing_had_been_asked(yes: LlamaCppModel, after: int) -> None:
    whole = yes.stream(ASKED)
    text = "".join(whole)
    yes.forget()
    reply = yes.stream(ASKED)
    begun = "".join(next(reply) for _ in range(after))
    held = list(yes._held)
    assert reply.check(2, QUESTION, YES, NO) is not None
    assert yes._held == held
    assert begun + "".join(reply) == text
    assert reply.probabilities == pytest.approx(whole.probabilities, abs=1e-4)


def test_only_what_was_said_so_far_is_judged(yes: LlamaCppModel, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = yes.stream(ASKED)
    for _ in range(6):
        next(reply)
    before = list(yes._held)
    read: list[list[int]] = []
    decode = yes._decode

    def note(tokens: list[int]) -> bool:
        found = decode(tokens)
        read.append(list(yes._held))
        return found

    monkeypatch.setattr(yes, "_decode", note)
    reply.check(len("Yes it is."), QUESTION, YES, NO)
    prompt = yes.tokens(yes.render(ASKED))
    assert read[0] == before[: len(prompt) + 5] + behind(yes, QUESTION)


def test_a_whole_answer_can_be_judged_too(yes: LlamaCppModel) -> None:
    reply = yes.stream(ASKED)
    text = "".join(reply)
    reply.cancel()
    assert (reply.check(len(text), QUESTION, YES, NO) or 0) > 0.9


def test_a_reply_that_was_left_or_overtaken_is_not_judged(yes: LlamaCppModel) -> None:
    reply = yes.stream(ASKED)
    next(reply)
    reply.cancel()
    assert reply.check(3, QUESTION, YES, NO) is None
    first = yes.stream(ASKED)
    next(first)
    second = yes.stream([Message("user", "and you")])
    next(second)
    assert first.check(3, QUESTION, YES, NO) is None
    assert "".join(second)


def test_without_room_nothing_is_asked_and_the_answer_goes_on(tmp_path: Path, known: Path) -> None:
    context = 120
    model = opened(tmp_path, known, "Yes", " it", " is", ".", context=context)
    long = "Is that right? " * 20
    reply = model.stream(ASKED)
    first = next(reply)
    assert reply.check(3, long, YES, NO) is None
    assert first + "".join(reply) == "Yes it is."
    model.close()


def test_a_check_that_was_stopped_is_none_and_the_answer_goes_on(
    yes: LlamaCppModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = yes.stream(ASKED)
    first = next(reply)
    decode, calls = yes._decode, 0

    def stop_first(tokens: list[int]) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:  # while the question is read
            reply.stop_check()
        return decode(tokens)

    monkeypatch.setattr(yes, "_decode", stop_first)
    assert reply.check(3, QUESTION, YES, NO) is None
    assert first + "".join(reply) == "Yes it is. Quite so!"
    assert reply.check(3, QUESTION, YES, NO) is None, "nor is another begun"


def test_who_leaves_during_a_check_leaves_the_answer_too(yes: LlamaCppModel, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = yes.stream(ASKED)
    next(reply)
    decode = yes._decode

    def leave(tokens: list[int]) -> bool:
        reply.cancel()
        return decode(tokens)

    monkeypatch.setattr(yes, "_decode", leave)
    assert reply.check(3, QUESTION, YES, NO) is None
    assert list(reply) == []


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_the_question_stands_in_the_models_own_marks(tmp_path: Path, known: Path, name: str) -> None:
    model = opened(tmp_path, known, "Yes", " it", " is", ".", template=FAMILIES[name][0])
    whole = model.render([*ASKED, Message("assistant", "Yes it is."), Message("user", QUESTION)])
    found = model.tokens("Yes it is.") + behind(model, QUESTION)
    assert model.tokens(whole)[-len(found) :] == found
    model.close()


def test_the_words_are_known_in_every_spelling(yes: LlamaCppModel) -> None:
    assert len(starts(yes, YES)) >= 2
    assert not set(starts(yes, YES)) & set(starts(yes, NO)) - set(yes.tokens(" "))


@given(st.lists(st.floats(-50, 50, width=32), min_size=4, max_size=20))
def test_a_verdict_is_a_chance_or_none(logits: list[float]) -> None:
    found = verdict(np.array(logits, np.float32), [0, 1], [1, 2])
    shares = np.exp(np.array(logits) - max(logits))
    both = (shares[0] + shares[2]) / shares.sum()
    if found is None:
        assert both < LEAST * 1.01
    else:
        assert found == pytest.approx(shares[0] / (shares[0] + shares[2]), abs=1e-6)


# -- the engine: bounded in time ---------------------------------------------------------------------


class Reply:
    """A reply that thinks about itself for as long as it is let."""

    def __init__(self, opinion: float | None = 0.25, *, forever: bool = False, error: str = "") -> None:
        self.opinion, self.forever, self.error = opinion, forever, error
        self.asked = 0
        self.stopped = threading.Event()

    def check(self, letters: int, question: str, yes: str, no: str) -> float | None:
        self.asked += 1
        assert (letters, yes, no) == (6, "yes", "no")
        assert yes in question
        if self.error:
            raise AssistantError(self.error)
        if self.forever:
            self.stopped.wait(60)
            return None
        return self.opinion

    def stop_check(self) -> None:
        self.stopped.set()


class Jumping(SystemClock):
    """Each look at it is further on than a check may take."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        self.now_s += 2 * CHECK_S
        return self.now_s


def checked(engine: AnswerEngine, reply: object) -> float | None:
    evidence = Evidence("It is.", (0.5,), reply=reply)
    asyncio.run(engine.check(evidence, 6))
    return evidence.check


def test_the_engine_hands_the_opinion_over() -> None:
    engine = AnswerEngine(None, SystemClock(), worker=InlineWorker())
    assert isinstance(Reply(), ChecksItself)
    assert checked(engine, Reply()) == 0.25
    assert checked(engine, Reply(None)) is None
    assert checked(engine, iter(())) is None, "a card's reply cannot be asked"
    assert checked(engine, Reply(error="broken")) is None


def test_a_machine_that_is_too_slow_is_not_asked_again() -> None:
    engine = AnswerEngine(None, Jumping(), worker=InlineWorker())
    checked(engine, Reply())
    after = Reply()
    assert checked(engine, after) is None
    assert after.asked == 0


def test_a_check_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.llm.engine.CHECK_S", 0.0)
    worker = ThreadWorker("model")
    engine = AnswerEngine(None, SystemClock(), worker=worker)
    reply = Reply(forever=True)
    assert checked(engine, reply) is None
    assert reply.stopped.is_set()
    worker.close()
