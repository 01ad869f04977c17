import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from assistant.clock import Clock, SystemClock
from assistant.errors import AssistantError, ModelError
from assistant.llm import Message
from assistant.llm.confidence import Evidence
from assistant.llm.engine import AnswerEngine, DeadlineExceeded
from assistant.llm.llamacpp import LlamaCppModel
from assistant.workers import InlineWorker
from scripts.make_tiny_gguf import REPLY, write_tiny_gguf
from tests.llm.conftest import trust
from tests.virtual_time import LoopClock, run

QUESTION = [Message("user", "who are you")]


class Scripted:
    """A model that yields what it was given; an exception in the list is raised."""

    name = "scripted"

    def __init__(self, *pieces: str | Exception) -> None:
        self._script = pieces
        self.closed = False
        self.asked: list[int] = []

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> Iterator[str]:
        self.asked.append(max_tokens)
        try:
            for piece in self._script:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed = True


class Stuck:
    """A model whose step does not return until it is cancelled: a long prompt on a slow machine."""

    name = "stuck"

    def __init__(self) -> None:
        self.freed = threading.Event()

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> "Stuck":
        return self

    def __iter__(self) -> "Stuck":
        return self

    def __next__(self) -> str:
        self.freed.wait()
        raise StopIteration

    def cancel(self) -> None:
        self.freed.set()


class Late:
    """An inline model that takes a while of the clock for each piece."""

    name = "late"

    def __init__(self, *seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> Iterator[str]:
        for second in self.seconds:
            self.now += second
            yield f"{second:g} "

    def monotonic(self) -> float:
        return self.now


async def all_of(engine: AnswerEngine) -> str:
    return "".join([piece async for piece in engine.answer(QUESTION)])


def inline(model: object, clock: Clock | None = None) -> AnswerEngine:
    return AnswerEngine(model, clock or LoopClock(), worker=InlineWorker())  # type: ignore[arg-type]


def test_the_pieces_in_order() -> None:
    model = Scripted("a", "b", "c")
    assert run(all_of(inline(model))) == "abc"
    assert model.closed
    assert model.asked == [96]
    assert inline(model).name == "scripted"


def test_without_a_model_it_says_so() -> None:
    engine = inline(None)
    assert engine.name == ""
    with pytest.raises(ModelError, match="no language model is installed"):
        run(all_of(engine))


def test_an_error_comes_after_what_was_said() -> None:
    heard: list[str] = []

    async def talk() -> None:
        async for piece in inline(Scripted("a", AssistantError("it broke"))).answer(QUESTION):
            heard.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(AssistantError, match="broke"):
        run(talk())
    assert heard == ["a"]


def test_a_model_that_does_not_begin_is_given_up_at_the_deadline() -> None:
    model = Stuck()

    async def ask() -> float:
        engine = AnswerEngine(model, LoopClock(), deadline_s=12.0)
        with pytest.raises(DeadlineExceeded) as failure:
            await all_of(engine)
        assert str(failure.value).endswith(".")
        engine.close()
        return asyncio.get_running_loop().time()

    assert run(ask()) == pytest.approx(12.0)
    assert model.freed.is_set()


def test_the_deadline_is_for_each_step_not_for_the_whole_answer() -> None:
    slow = Late(5, 5, 5, 5)
    assert run(all_of(inline(slow, slow))) == "5 5 5 5 "  # type: ignore[arg-type]
    stalled = Late(5, 13)
    with pytest.raises(DeadlineExceeded):
        run(all_of(inline(stalled, stalled)))  # type: ignore[arg-type]


def test_a_reader_who_leaves_frees_the_model() -> None:
    model = Scripted(*"abcdef" * 50)

    async def leave() -> None:
        async with aclosing(inline(model).answer(QUESTION)) as pieces:
            async for _ in pieces:
                break
        await asyncio.sleep(0)

    run(leave())
    assert model.closed


def test_a_cancelled_reader_frees_a_model_in_the_middle_of_a_step() -> None:
    model = Stuck()

    async def interrupted() -> None:
        engine = AnswerEngine(model, SystemClock(), deadline_s=60.0)
        task = asyncio.create_task(all_of(engine))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        engine.close()

    asyncio.run(interrupted())
    assert model.freed.is_set()


def test_the_queue_is_bounded() -> None:
    made = 0

    class Eager(Scripted):
        def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> Iterator[str]:
            nonlocal made
            for _ in range(1000):
                made += 1
                yield "x"

    async def slow_reader() -> None:
        async with aclosing(inline(Eager()).answer(QUESTION)) as pieces:
            async for _ in pieces:
                for _ in range(300):
                    await asyncio.sleep(0)
                break

    run(slow_reader())
    assert 60 < made < 80


def test_with_the_real_engine_on_its_own_thread(tiny: Path, known: Path) -> None:
    model = LlamaCppModel(tiny, threads=1, cache=known)

    async def twice() -> list[str]:
        engine = AnswerEngine(model, SystemClock())
        answers = [await all_of(engine), await all_of(engine)]
        engine.close()
        return answers

    first, second = asyncio.run(twice())
    assert first == second == "This is a stand-in, caf\u00e9 or not. It knows nothing!"
    model.close()


def test_an_interrupted_real_answer_leaves_the_engine_free(tmp_path: Path, known: Path) -> None:
    model = LlamaCppModel(trust(write_tiny_gguf(tmp_path / "m.gguf", endless=True), known), threads=1, cache=known)

    async def interrupt() -> str:
        engine = AnswerEngine(model, SystemClock())
        async with aclosing(engine.answer(QUESTION, max_tokens=1900)) as pieces:
            async for _ in pieces:
                break
        async with aclosing(engine.answer(QUESTION, max_tokens=4)) as pieces:
            said = "".join([piece async for piece in pieces])
        engine.close()
        return said

    assert asyncio.run(interrupt()) == "This is a stand"


def test_the_environment_is_set_before_the_library_loads() -> None:
    code = "import os, assistant.llm.engine, sys; print(os.environ['GOMP_SPINCOUNT'], 'llama_cpp' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1000", "False"]


# -- reading ahead ---------------------------------------------------------------------------------------------------


class Reader(Scripted):
    """Notes what it was given to read; a reading lasts until `let` or a cancel."""

    def __init__(self) -> None:
        super().__init__("yes")
        self.readings: asyncio.Queue[Reading] = asyncio.Queue()

    def ahead(self, messages: Sequence[Message]) -> "Reading":
        reading = Reading(messages[-1].content)
        self.readings.put_nowait(reading)
        return reading


class Reading:
    def __init__(self, words: str) -> None:
        self.words = words
        self.let = threading.Event()
        self.begun = threading.Event()
        self.cancelled = False

    def __iter__(self) -> "Reading":
        return self

    def __next__(self) -> str:
        self.begun.set()
        self.let.wait()
        raise StopIteration

    def cancel(self) -> None:
        self.cancelled = True
        self.let.set()


def words(text: str) -> list[Message]:
    return [Message("system", "s"), Message("user", text)]


async def begun(model: Reader) -> Reading:
    reading = await model.readings.get()
    await asyncio.to_thread(reading.begun.wait)
    return reading


def test_words_that_go_on_are_read_after_those_before_them() -> None:
    async def job() -> None:
        model = Reader()
        engine = AnswerEngine(model, SystemClock())
        engine.anticipate(words("why"))
        first = await begun(model)
        engine.anticipate(words("why is"))
        engine.anticipate(words("why is the"))
        assert not first.cancelled
        first.let.set()
        second = await begun(model)
        assert second.words == "why is the"  # the one in between has nothing to add
        second.let.set()
        engine.close()

    asyncio.run(job())


def test_words_that_were_heard_otherwise_end_the_reading() -> None:
    async def job() -> None:
        model = Reader()
        engine = AnswerEngine(model, SystemClock())
        engine.anticipate(words("wine"))
        first = await begun(model)
        engine.anticipate(words("why is"))
        assert first.cancelled
        second = await begun(model)
        assert second.words == "why is"
        second.let.set()
        engine.close()

    asyncio.run(job())


@pytest.mark.parametrize(("asked", "stops"), [("when is it", True), ("why is the sky blue\n(It is late.)", False)])
def test_a_question_ends_the_reading_of_other_words_at_once(asked: str, stops: bool) -> None:
    async def job() -> None:
        model = Reader()
        engine = AnswerEngine(model, SystemClock())
        engine.anticipate(words("why is the"))
        reading = await begun(model)
        engine.anticipate(words("why is the sky"))
        answer = asyncio.ensure_future(anext(engine.answer(words(asked))))
        await asyncio.sleep(0)
        assert reading.cancelled == stops
        reading.let.set()
        assert await answer == "yes"
        assert model.readings.empty()  # what waited is not read any more
        engine.close()

    asyncio.run(job())


def test_a_model_that_cannot_read_ahead_is_left_alone() -> None:
    async def job() -> str:
        engine = inline(Scripted("a"))
        engine.anticipate(words("why"))
        return await all_of(engine)

    assert run(job()) == "a"
    assert inline(None).anticipate(words("why")) is None  # type: ignore[func-returns-value]


def test_a_reading_that_fails_is_left_to_the_question() -> None:
    class Failing(Scripted):
        def ahead(self, messages: Sequence[Message]) -> Iterator[str]:
            return (self.fail() for _ in range(1))

        def fail(self) -> str:
            raise AssistantError("broken")

    async def job() -> str:
        engine = inline(Failing("a"))
        engine.anticipate(words("why"))
        for _ in range(5):
            await asyncio.sleep(0)
        return await all_of(engine)

    assert run(job()) == "a"


def test_with_the_real_engine_the_words_are_held_when_the_question_comes(tiny: Path, known: Path) -> None:
    model = LlamaCppModel(tiny, threads=1, cache=known)

    async def job() -> tuple[int, int]:
        engine = AnswerEngine(model, SystemClock())
        engine.anticipate(words("why is the sky"))
        assert engine._reading is not None
        await engine._reading
        held = len(model._held)
        assert [piece async for piece in engine.answer(words("why is the sky blue"))]
        engine.close()
        return held, len(model.certain(words("why is the sky")))

    held, certain = asyncio.run(job())
    assert held == certain > 0
    model.close()


@pytest.mark.parametrize("pieces", [(), (" ", "\n")])
def test_a_model_that_says_nothing_ends_in_a_sentence(pieces: tuple[str, ...]) -> None:
    with pytest.raises(AssistantError, match="no answer to that"):
        run(all_of(inline(Scripted(*pieces))))


def test_the_probabilities_come_with_the_words(tiny: Path, known: Path) -> None:
    model = LlamaCppModel(tiny, threads=1, cache=known)
    evidence = Evidence()

    async def job() -> None:
        engine = AnswerEngine(model, SystemClock())
        assert [piece async for piece in engine.answer(QUESTION, evidence=evidence)]
        engine.close()

    asyncio.run(job())
    assert len(evidence.probabilities) == len(REPLY) + 1  # the sentence and its end
    assert all(0 < share <= 1 for share in evidence.probabilities)
    model.close()
