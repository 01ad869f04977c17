"""Which model is loaded at the start, and the one measurement in the background: never while somebody speaks."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.artifacts.selection import select
from assistant.bench.choose import store
from assistant.composition.at_work import Started, at_work, last_start
from assistant.composition.backends import Backend
from assistant.composition.local_model import QUIET_S, TRIES, FirstChoice, LocalAnswers
from assistant.config import Settings
from assistant.dialogue.answering import Answerer
from assistant.llm.prompt import Prompt
from assistant.observers.trace import TurnTrace
from assistant.workers import InlineWorker, ThreadWorker
from scripts.make_tiny_gguf import write_tiny_gguf
from tests.bench.test_choose import choice, chooser, row, settings_for
from tests.virtual_time import LoopClock, run

TURN: Any = TurnTrace


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    return write_tiny_gguf(tmp_path / "tiny.gguf")


@pytest.fixture
def hef(tmp_path: Path) -> Path:
    path = tmp_path / "q.hef"
    path.write_bytes(b"x")
    return path


def measured(settings: Settings, *backends: Backend, best: int = 0, **more: Any) -> None:
    """Store a choice as if it had been measured on this very machine."""
    from assistant.hardware.probe import probe

    made = chooser(settings, *backends)
    made.machine = probe()
    rows = [row(more.get("threads", 1), 1000), row(0, 900, backend="hailo")]
    made.stage.points["backends"], made.stage.values["choice"] = rows, rows[best]
    store(made, {})


def answers(settings: Settings, path: Path | None, **more: Any) -> tuple[LocalAnswers, Answerer]:
    answerer = Answerer(None, Prompt())
    made = LocalAnswers(settings, choice(path), answerer, clock=LoopClock(), worker=InlineWorker(), **more)
    return made, answerer


async def asked(answerer: Answerer) -> str:
    return "".join([piece async for piece in (await answerer.answer("who are you")).pieces])


def test_without_a_measurement_the_processor_answers(tmp_path, gguf, card, hef):
    async def test() -> None:
        made, answerer = answers(settings_for(tmp_path, accelerator={"hef": hef}), gguf)
        await made.start()
        assert made.running is not None
        assert (made.running.kind, made.unmeasured) == ("cpu", True)
        assert await asked(answerer)
        assert card.prompts == []
        await made.close()

    run(test())


def test_the_measured_choice_is_loaded(tmp_path, gguf, card, hef):
    async def test() -> None:
        settings = settings_for(tmp_path, accelerator={"hef": hef})
        made, answerer = answers(settings, gguf)
        measured(settings, *made.backends, best=1)
        await made.start()
        assert made.running is not None
        assert (made.running.kind, made.unmeasured) == ("hailo", False)
        assert made.told == "q on the Hailo-10H"
        assert last_start(settings.paths.cache) == Started("hailo", made.told)
        assert await asked(answerer) == "Hello."
        await made.close()
        assert (card.holder, card.llms) == (None, 0)

    run(test())


def test_a_chosen_card_that_fails_is_said_and_the_processor_answers(tmp_path, gguf, card, hef, caplog):
    card.open_errors = ["failed with error: 76 (HAILO_INVALID_DRIVER_VERSION)"]

    async def test() -> None:
        settings = settings_for(tmp_path, accelerator={"hef": hef})
        made, answerer = answers(settings, gguf)
        measured(settings, *made.backends, best=1)
        await made.start()
        assert made.running is not None
        assert made.running.kind == "cpu"
        assert made.told.endswith(" on the processor")
        kept = last_start(settings.paths.cache)
        assert kept is not None
        assert (kept.kind, kept.model) == ("cpu", made.told)
        assert [line.partition(":")[0] for line in kept.failed] == ["the Hailo-10H in this process"]
        assert await asked(answerer)
        await made.close()
        assert made.told == ""

    with caplog.at_level(logging.ERROR):
        run(test())
    assert "the Hailo-10H in this process: " in caplog.text
    assert "different versions" in caplog.text


async def nothing_answers(settings: Settings, gguf: Path) -> None:
    """Starting leaves no backend running, and a question gets the truth."""
    made, answerer = answers(settings, gguf)
    await made.start()
    assert made.running is None
    assert "no language model" in await asked(answerer)
    await made.close()


def test_a_backend_that_is_named_is_never_replaced(tmp_path, gguf, card, hef, caplog):
    async def test() -> None:
        for settings in (
            settings_for(tmp_path, thinking={"backend": "hailo-ollama"}),
            settings_for(tmp_path, thinking={"backend": "hailo"}, accelerator={"hef": tmp_path / "none.hef"}),
            settings_for(tmp_path, thinking={"backend": "hailo-ollama"}, accelerator={"url": "http://127.0.0.1:9"}),
        ):
            await nothing_answers(settings, gguf)

    with caplog.at_level(logging.ERROR):
        run(test())
    for line in ("accelerator.url is not set", "there is no such file", "through the door only"):
        assert line in caplog.text


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "cut short"),
        (lambda path: path.write_bytes(b"no model"), "is no GGUF"),
        (lambda path: write_tiny_gguf(path, architecture="no-such-thing"), "unknown model architecture"),
        (lambda path: write_tiny_gguf(path, template=None), "no chat template"),
    ],
)
def test_a_model_that_is_none_costs_answers_alone(tmp_path, gguf, caplog, spoil, says):
    """Everything else of the house is open by then: what was wrong is one line in the log and one in the doctor."""
    spoil(gguf)
    settings = settings_for(tmp_path)

    with caplog.at_level(logging.ERROR):
        run(nothing_answers(settings, gguf))
    (record,) = caplog.records
    assert says in record.getMessage()
    kept = last_start(settings.paths.cache)
    assert kept is not None
    assert kept.kind == ""
    assert says in kept.failed[0]


def test_measured_threads_are_used_unless_a_number_is_set(tmp_path, gguf):
    settings = settings_for(tmp_path)
    made, _ = answers(settings, gguf)
    measured(settings, *made.backends, threads=5)

    async def test(settings: Settings) -> int:
        made, _ = answers(settings, gguf)
        await made.start()
        await made.close()
        assert not made.unmeasured
        return made._threads

    assert run(test(settings)) == 5
    assert run(test(settings_for(tmp_path, thinking={"threads": 2}))) == 2


# -- measuring in the background


class Doubles:
    """Counts what is asked of it instead of loading models."""

    def __init__(self, unmeasured: bool = True) -> None:
        self.unmeasured, self.changed = unmeasured, 0

    async def change(self, idle: Callable[[], Any]) -> None:
        await idle()
        self.changed += 1


async def ready() -> None:
    pass


def first(answers: Doubles, tmp_path: Path) -> FirstChoice:
    return FirstChoice(answers, settings_for(tmp_path), None)  # type: ignore[arg-type]


def test_it_waits_for_a_quiet_minute_and_a_turn_stops_it(tmp_path):
    began: list[float] = []
    stopped: list[float] = []

    async def measure(watcher: FirstChoice) -> bool:
        began.append(asyncio.get_running_loop().time())
        stop = asyncio.Event()
        watcher.stopped_by(stop.set)
        try:
            async with asyncio.timeout(30):
                await stop.wait()
        except TimeoutError:
            return True
        stopped.append(asyncio.get_running_loop().time())
        return False

    async def test() -> None:
        double = Doubles()
        watcher = first(double, tmp_path)
        task = asyncio.create_task(watcher.run(ready, measure))
        await asyncio.sleep(QUIET_S - 1)
        watcher.begun(TURN)
        await asyncio.sleep(100)  # a long turn
        assert began == []
        watcher.ended(TURN)
        await asyncio.sleep(QUIET_S + 10)
        watcher.begun(TURN)
        await asyncio.sleep(1)
        assert (len(began), double.changed) == (1, 0)
        assert stopped == [began[0] + 10]
        watcher.ended(TURN)
        await task
        assert (len(began), double.changed) == (2, 1)

    run(test())


def test_it_gives_up_until_the_next_start(tmp_path):
    tried = []

    async def measure(_: FirstChoice) -> bool:
        tried.append(1)
        return False

    double = Doubles()

    async def test() -> None:
        await first(double, tmp_path).run(ready, measure)

    run(test())
    assert (len(tried), double.changed) == (TRIES, 0)


def test_nothing_is_measured_twice(tmp_path):
    async def measure(_: FirstChoice) -> bool:
        raise AssertionError

    async def test() -> None:
        await first(Doubles(unmeasured=False), tmp_path).run(ready, measure)

    run(test())


def test_a_whole_first_start_measures_stores_and_changes_over(tmp_path, gguf, card, hef, monkeypatch):
    """Real measurement of the tiny model and the simulated card; the clock alone is not real."""
    monkeypatch.setattr("assistant.composition.local_model.QUIET_S", 0.0)
    card.replies = [["One", " two", " three", " four", ".", "<|im_end|>"]]

    async def test() -> None:
        settings = settings_for(tmp_path, accelerator={"hef": hef}, thinking={"context": 512})
        answerer = Answerer(None, Prompt())
        worker = ThreadWorker("answering")
        made = LocalAnswers(settings, choice(gguf), answerer, clock=LoopClock(), worker=worker)
        await made.start()
        before = made.unmeasured
        await FirstChoice(made, settings, None).run(ready)
        assert (before, made.unmeasured) == (True, False)
        stored = json.loads((tmp_path / "data" / "speed.json").read_text())["choice"]["some-model"]
        assert made.running is not None
        assert made.running.kind == stored["backend"]
        assert {r["backend"] for r in stored["evidence"]["rows"]} == {"cpu", "hailo"}
        assert await asked(answerer)
        await made.close()
        worker.close()
        assert card.holder is None

    asyncio.run(asyncio.wait_for(test(), 100))


def test_what_runs_is_named_with_the_one_that_really_answers(tmp_path):
    selection = select(settings_for(tmp_path))
    without = at_work(selection, "")
    assert "llama.cpp with embedded intent model" in without
    assert at_work(selection, "q on the Hailo-10H") == [*without, "q on the Hailo-10H"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "x", "model": "", "failed": []}', '{"kind": "cpu"}'])
def test_a_damaged_note_of_the_last_start_counts_as_none(tmp_path, text):
    (tmp_path / "last-start.json").write_text(text)
    assert last_start(tmp_path) is None


def test_a_cache_that_cannot_be_written_is_one_warning(tmp_path, caplog):
    (tmp_path / "cache").write_text("a file")
    Started("cpu", "m").keep(tmp_path / "cache")
    assert "cannot be written" in caplog.text
