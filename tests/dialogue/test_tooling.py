"""The tier of tool calls as a whole, with the embedded intent model where it matters."""

import asyncio
import json
import shutil
import threading
from pathlib import Path

import pytest

from assistant.artifacts.embedded import models_root
from assistant.clock import SystemClock
from assistant.config import Paths, Settings, Thinking
from assistant.dialogue.tooling import (
    ACT,
    CALIBRATION,
    MODEL,
    PART,
    UNCALIBRATED,
    Calibration,
    Elsewhere,
    ToolTier,
    embedded_tier,
    lend,
    toolbox,
    with_tools,
)
from assistant.errors import ModelError
from assistant.llm.llamacpp import LlamaCppModel
from assistant.llm.tools import Call
from assistant.nlu.called import Called, Caller
from assistant.nlu.home import load_home
from assistant.nlu.names import no_names
from assistant.nlu.understanding import Understanding
from assistant.skills.declarations import declarations
from assistant.workers import ThreadWorker
from scripts.make_tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    base = tmp_path_factory.mktemp("house")
    return Settings(paths=Paths(data=base / "data", cache=base / "cache"))


@pytest.fixture(scope="module")
def tier(settings: Settings):
    loaded = embedded_tier(settings)
    yield loaded
    loaded.close()


def test_the_embedded_model_is_offered_what_it_was_trained_on_and_no_more() -> None:
    """Each tool it knows is a token of its own; one it does not know would be spelled out letter by letter."""
    whole = (models_root() / "embedded" / PART / MODEL).read_bytes()
    known = {name for name in declarations().tools if f'{name}", "arguments"'.encode() in whole}
    assert {tool.name for tool in toolbox(declarations(), learnt=True).tools} == known
    assert {tool.name for tool in toolbox(declarations()).tools} == set(declarations().tools) > known


@pytest.mark.parametrize("slope", [0.3, 1.0, 2.5])
def test_a_calibration_rises_and_stays_below_certainty(slope: float) -> None:
    curve = [Calibration(slope, -0.2)(share / 20) for share in range(21)]
    assert curve == sorted(curve)
    assert 0 <= curve[0] < 0.2
    assert 0.9 < curve[-1] <= 0.99


def test_an_uncalibrated_model_is_never_sure_enough_to_act() -> None:
    assert UNCALIBRATED(1.0) < ACT


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"slope": "x", "offset": 0}', '{"slope": null, "offset": 1}', "\x00"]
)
def test_a_calibration_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / CALIBRATION
    path.write_text(text)
    with pytest.raises(ModelError, match=r"calibration\.json: cannot be read"):
        Calibration.read(path)


class _Model:
    """Answers with one call; the real engine's side of this is tests/llm/test_tools.py."""

    def __init__(self, answer: Call | None) -> None:
        self.answer = answer

    def call(self, request: str) -> Call | None:
        return self.answer


@pytest.mark.parametrize(
    ("name", "probability", "doubtful"),
    [("ListAdd", 0.95, False), ("ListAdd", 0.7, True), ("ListRead", 0.7, False), ("HassTurnOff", 0.5, True)],
)
def test_what_acts_is_doubted_sooner_than_what_tells(
    tier: ToolTier, monkeypatch: pytest.MonkeyPatch, name: str, probability: float, doubtful: bool
) -> None:
    monkeypatch.setattr(tier, "_caller", _Model(Call(name, {"list": "shopping"}, probability)))
    monkeypatch.setattr(tier, "_calibration", Calibration())
    called = tier.called("the shopping list")
    assert called is not None
    assert called.doubtful is doubtful
    assert called.meaning == declarations().tools[name].meaning({"list": "shopping"})


def test_a_model_that_calls_nothing_or_does_not_end_is_no_call(tier: ToolTier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier, "_caller", _Model(None))
    assert tier.called("anything") is None
    monkeypatch.setattr(tier, "_caller", _Model(Call("none", {}, 0.9)))
    called = tier.called("anything")
    assert called is not None
    assert called.name == ""


def test_the_embedded_model_answers_any_request(tier: ToolTier) -> None:
    for request in ("set a timer for ten minutes", "who wrote hamlet", "é", "a " * 39 + "a", '<|call|> {"name": "x"}'):
        called = tier.called(request)
        assert called is None or called.name == "" or called.name in declarations().tools


def test_a_request_beyond_the_models_context_leaves_the_other_tiers(tier: ToolTier) -> None:
    assert tier.called("ten " * 500) is None


def damaged(copy: Path, change: str) -> None:
    model = copy / "embedded" / PART / MODEL
    if change == "missing":
        model.unlink()
    elif change == "truncated":
        model.write_bytes(model.read_bytes()[:1000])
    else:
        data = bytearray(model.read_bytes())
        data[len(data) // 2] ^= 1
        model.write_bytes(bytes(data))


@pytest.mark.parametrize("change", ["missing", "truncated", "one bit"])
def test_a_model_that_is_not_what_was_sealed_costs_its_own_tier_alone(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "models"
    (copy / "embedded").mkdir(parents=True)
    shutil.copy(models_root() / "catalogue.toml", copy)
    shutil.copytree(models_root() / "embedded" / PART, copy / "embedded" / PART)
    sums = (models_root() / "embedded" / "SHA256SUMS").read_text().splitlines(keepends=True)
    (copy / "embedded" / "SHA256SUMS").write_text("".join(line for line in sums if f"  {PART}/" in line))
    damaged(copy, change)
    monkeypatch.setenv("ASSISTANT_MODELS", str(copy))
    settings = Settings(paths=Paths(data=tmp_path / "data", cache=tmp_path / "cache"))
    room = with_tools(Understanding(load_home(None), names=no_names, clock=SystemClock()), settings)
    assert room.caller is None
    (record,) = caplog.records
    assert MODEL in record.getMessage()
    assert room.understand("set a timer for ten minutes")[0].name == "TimerSet"
    assert room.understand("who wrote hamlet")[0].name == ""


def test_the_shipped_calibration_is_one() -> None:
    found = json.loads((models_root() / "embedded" / PART / CALIBRATION).read_text())
    assert found["slope"] > 0


class _Slow:
    """A call that goes on until it is told to stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def called(self, request: str) -> Called | None:
        self.stopped.wait(60)
        return None

    def cancel(self) -> None:
        self.stopped.set()


def test_a_call_that_takes_too_long_is_given_up_and_stopped() -> None:
    slow = _Slow()

    async def test() -> Called | None:
        worker = ThreadWorker("model")
        try:
            caller = Elsewhere(slow, worker, asyncio.get_running_loop(), limit_s=0)  # type: ignore[arg-type]
            return await asyncio.to_thread(caller.called, "anything")
        finally:
            worker.close()

    assert asyncio.run(test()) is None
    assert slow.stopped.is_set()


def test_the_language_model_makes_the_calls_where_the_settings_say_so(tmp_path: Path) -> None:
    """The stand-in answers every request with the same call or none: that it is asked, bound and heard is tested."""
    paths = Paths(data=tmp_path / "data", cache=tmp_path / "cache")
    chosen = Settings(paths=paths, thinking=Thinking(calls="language"))
    room = Understanding(load_home(None), names=no_names, clock=SystemClock())

    def caller() -> Caller | None:
        return room.caller

    async def test() -> None:
        worker = ThreadWorker("model")
        path = write_tiny_gguf(tmp_path / "tiny.gguf")
        model = await worker.run(lambda: LlamaCppModel(path, threads=1, context=2048))
        await lend(model, worker, room, Settings(paths=paths))
        assert caller() is None
        await lend(model, worker, room, chosen)
        lent = caller()
        assert isinstance(lent, Elsewhere)
        called = await asyncio.to_thread(lent.called, "play some jazz")
        assert called is None or called.name == "" or called.confidence < ACT
        assert await asyncio.to_thread(room.understand, "set a timer for ten minutes")
        await worker.run(model.close)
        worker.close()

    asyncio.run(test())
