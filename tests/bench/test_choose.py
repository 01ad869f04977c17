"""Which backend answers: the rule on given rows, the measurement on real and simulated backends, what is stored."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.artifacts.recommend import SLOWEST_TOKENS_S, read_speeds
from assistant.artifacts.selection import Choice
from assistant.bench.choose import Brake, Chooser, Interrupted, best, store, thread_counts
from assistant.bench.chosen import read_choice
from assistant.bench.figures import Effort, Stage
from assistant.composition.backends import Backend, conditions, key, present
from assistant.config import Settings
from assistant.errors import AssistantError, ModelError
from assistant.hardware.probe import HardwareReport, NpuReport, PowerReport
from tests.egress.test_door import house
from tests.simulators import hailo_ollama
from tests.simulators.hailo_platform import Card, install

ONCE = Effort(repeats=1, warmup=0)
ABSENT = NpuReport("absent", "no Hailo-10H is connected; the processor does its work")
READY = NpuReport("ready", "/dev/h1x-0, firmware 5.1.1", "", "/dev/h1x-0", "0001:01:00.0", "5.1.1")


def machine(cores: int = 4, npu: NpuReport = ABSENT) -> HardwareReport:
    return HardwareReport("Raspberry Pi 5", True, cores, 8000, 8000, PowerReport(50.0, ""), npu)


def row(threads: int, clause_ms: float, tok_s: float = 20.0, watts: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "backend": "cpu" if threads else "hailo",
        "threads": threads,
        "clause_ms": clause_ms,
        "contended_tok_s_p50": tok_s,
        "tok_s_p50": tok_s * 1.2,
        "board_w": watts,
    } | more


# -- the rule


def test_thread_counts_to_try():
    assert [thread_counts(cores) for cores in (1, 2, 4)] == [[1], [1, 2], [1, 2, 3, 4]]


def test_all_cores_are_never_chosen_where_there_are_several():
    assert best([row(1, 5000), row(2, 50)], 2)["threads"] == 1
    assert best([row(1, 5000)], 1)["threads"] == 1


@pytest.mark.parametrize(
    ("rows", "threads"),
    [
        ([row(1, 1000), row(2, 980), row(3, 950)], 1),
        ([row(1, 2000), row(2, 1000), row(3, 950)], 2),
        ([row(1, 2000), row(2, 1000), row(3, 800)], 3),
        ([row(0, 1050), row(3, 1000)], 0),
        ([row(0, 1500), row(3, 1000)], 3),
        ([row(0, 900), row(3, 1000)], 0),
    ],
    ids=["close", "two gain", "three gain", "a card that is close", "the processor is faster", "the card is faster"],
)
def test_more_cores_must_be_clearly_faster_and_either_may_win(rows, threads):
    assert best(rows, 4)["threads"] == threads
    assert best(rows[::-1], 4)["threads"] == threads


def test_between_equals_the_board_that_takes_less_power():
    rows = [row(0, 1000, watts=6.0), row(0, 990, watts=4.5, backend="hailo-ollama")]
    assert best(rows, 4)["backend"] == "hailo-ollama"


def test_what_is_slower_than_speech_gives_way_to_what_is_not():
    slow = row(0, 500, SLOWEST_TOKENS_S - 1)
    assert best([slow, row(3, 2000, 9.0)], 4)["threads"] == 3
    assert best([slow], 4)["threads"] == 0


def test_a_backend_that_failed_is_not_chosen():
    failed = {"backend": "hailo", "failed": "another program holds the accelerator"}
    assert best([failed, row(2, 1000)], 4)["threads"] == 2
    with pytest.raises(AssistantError, match=r"no backend could be measured \(hailo: another program"):
        best([failed], 4)
    with pytest.raises(AssistantError, match="none is set up"):
        best([], 4)


@given(
    st.lists(st.builds(row, st.integers(0, 4), st.floats(1, 1e5), st.floats(0.1, 100)), min_size=1), st.integers(1, 4)
)
def test_the_chosen_is_never_clearly_slower_than_another_that_was_allowed(rows, cores):
    chosen = best(rows, cores)
    allowed = [r for r in rows if r["threads"] < max(2, cores)] or rows
    assert chosen in allowed
    fluent = [r for r in allowed if r["contended_tok_s_p50"] >= SLOWEST_TOKENS_S] or allowed
    assert chosen["clause_ms"] <= 1.1 * min(r["clause_ms"] for r in fluent)


# -- what is here


def choice(path: Path | None = None, problem: str = "") -> Choice:
    return Choice("llm", "llama.cpp", "some-model" if path else "", "a model", "installed", path, problem=problem)


def settings_for(tmp_path: Path, **more: Any) -> Settings:
    return Settings(paths={"data": tmp_path / "data", "cache": tmp_path / "cache"}, **more)


def test_every_backend_that_is_set_up(tmp_path):
    accelerator = {"hef": tmp_path / "q.hef", "url": "http://127.0.0.1:8000", "model": "q:1b"}
    everything = settings_for(tmp_path, accelerator=accelerator)
    file = tmp_path / "m.gguf"
    assert [b.kind for b in present(everything, choice(file))] == ["cpu", "hailo", "hailo-ollama"]
    assert [b.kind for b in present(everything, choice())] == ["hailo", "hailo-ollama"]
    assert present(settings_for(tmp_path), choice()) == ()
    for kind in ("cpu", "hailo", "hailo-ollama"):
        named = settings_for(tmp_path, accelerator=accelerator, thinking={"backend": kind})
        assert [b.kind for b in present(named, choice(file))] == [kind]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("cpu", "no language model is installed"),
        ("hailo", "accelerator.hef is not"),
        ("hailo-ollama", "accelerator.url"),
    ],
)
def test_a_backend_that_is_named_is_never_replaced(tmp_path, kind, line):
    with pytest.raises(ModelError, match=f"thinking.backend is '{kind}', but {line}"):
        present(settings_for(tmp_path, thinking={"backend": kind}), choice())


def test_the_conditions_change_with_models_and_hardware(tmp_path):
    file = tmp_path / "m.gguf"
    file.write_bytes(b"one")
    backends = (Backend("cpu", "m", file), Backend("hailo", "q", tmp_path / "none.hef"))
    marks = [conditions(backends, machine()), conditions(backends[:1], machine()), conditions(backends, machine(2))]
    marks.append(conditions(backends, machine(npu=READY)))
    file.write_bytes(b"another")
    marks.append(conditions(backends, machine()))
    assert len(set(marks)) == 5
    assert conditions(backends, machine()) == marks[-1]


# -- measuring


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card(replies=[["One", " two", " three", " four", ".", "<|im_end|>"]])
    install(monkeypatch, made)
    return made


def chooser(settings: Settings, *backends: Backend, cores: int = 2, **more: Any) -> Chooser:
    return Chooser(Stage("choose"), settings, backends, machine(cores, more.pop("npu", ABSENT)), ONCE, **more)


def test_the_processor_and_the_card_are_measured_side_by_side_and_stored(small, tmp_path, card):
    settings = settings_for(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "speed.json").write_text('{"llm": {"other": 3.5}, "more": 1}')
    hef = tmp_path / "q.hef"
    hef.write_bytes(b"x")
    backends = (Backend("cpu", "some-model", small), Backend("hailo", str(hef), hef))
    measured = chooser(settings, *backends, npu=READY)
    winner = measured.measure()
    assert [(r["backend"], r["threads"]) for r in measured.stage.points["backends"]] == [
        ("cpu", 1),
        ("cpu", 2),
        ("hailo", 0),
    ]
    assert all(r["clause_ms"] > r["first_token_ms_p50"] > 0 for r in measured.stage.points["backends"])
    assert (card.holder, card.llms) == (None, 0)
    store(measured, {"load_1m": 0.5})
    speeds = read_speeds(settings)
    assert speeds["other"] == 3.5
    assert speeds["some-model"] > 0
    written = json.loads((tmp_path / "data" / "speed.json").read_text())
    assert written["more"] == 1
    evidence = written["choice"]["some-model"]["evidence"]
    assert (evidence["stand_in"], evidence["machine"]["accelerator"]) == (False, READY.detail)
    assert len(evidence["rows"]) == 3
    chosen = read_choice(settings, backends, measured.machine)
    assert chosen is not None
    assert (chosen.kind, chosen.threads, chosen.current) == (winner["backend"], winner["threads"], True)
    assert "tokens/s" in chosen.told()
    stale = read_choice(settings, backends, machine(4))
    assert stale is not None
    assert not stale.current


def test_a_card_that_fails_leaves_the_processor_and_its_reason(small, tmp_path, card):
    card.open_errors = ["failed with error: 76 (HAILO_INVALID_DRIVER_VERSION)"]
    hef = tmp_path / "q.hef"
    hef.write_bytes(b"x")
    measured = chooser(settings_for(tmp_path), Backend("cpu", "m", small), Backend("hailo", str(hef), hef), npu=READY)
    assert measured.measure()["backend"] == "cpu"
    assert "different versions" in measured.stage.points["backends"][-1]["failed"]
    assert any("different versions" in note for note in measured.stage.notes)


def test_a_card_without_a_word_to_measure(tmp_path, card):
    card.replies = [["<|im_end|>"]]
    hef = tmp_path / "q.hef"
    hef.write_bytes(b"x")
    with pytest.raises(AssistantError, match="it gave no answer to measure"):
        chooser(settings_for(tmp_path), Backend("hailo", str(hef), hef)).measure()
    assert card.holder is None


def test_the_server_is_measured_through_the_door_and_gives_the_card_free(tmp_path):
    async def test() -> None:
        async with hailo_ollama.running() as server, house(tmp_path, accelerator_url=server.url) as h:
            measured = chooser(settings_for(tmp_path), Backend("hailo-ollama", ""), service=h.client.accelerator)
            assert (await asyncio.to_thread(measured.measure))["backend"] == "hailo-ollama"
            assert server.loaded == ""

    asyncio.run(asyncio.wait_for(test(), 60))


def test_in_the_background_all_cores_are_left_alone(small, tmp_path):
    measured = chooser(settings_for(tmp_path), Backend("cpu", "m", small), all_cores=False)
    measured.measure()
    assert [r["threads"] for r in measured.stage.points["backends"]] == [1]


def test_the_brake_stops_before_during_and_after(small, tmp_path):
    brake = Brake()
    brake.pull()
    with pytest.raises(Interrupted):
        chooser(settings_for(tmp_path), Backend("cpu", "m", small), brake=brake).measure()

    class Endless:
        """Generates until it is cancelled from another thread."""

        def __init__(self) -> None:
            self.over = threading.Event()

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            if self.over.is_set():
                raise StopIteration
            return "word"

        def cancel(self) -> None:
            self.over.set()

    brake, endless = Brake(), Endless()
    pieces = brake.watch(endless)
    assert next(pieces) == "word"
    threading.Thread(target=brake.pull).start()
    with pytest.raises(Interrupted):
        list(pieces)
    endless.over.wait(10)


# -- the stored file


@pytest.mark.parametrize(
    "text",
    ["", "[1]", "noise", '{"llm": 3, "choice": "x"}', '{"choice": {"m": 3}}',
     '{"choice": {"m": {"backend": "gpu", "threads": 1}}}',
     '{"choice": {"m": {"backend": "cpu", "threads": true}}}',
     '{"choice": {"m": {"backend": "cpu", "threads": 900}}}',
     '{"choice": {"m": {"backend": "cpu", "threads": 1, "evidence": []}}}',
     '{"choice": {"m": {"backend": [], "threads": 1}}}'],
)  # fmt: skip
def test_a_damaged_file_is_no_choice_and_is_begun_anew(text, tmp_path):
    settings = Settings(paths={"data": tmp_path})
    (tmp_path / "speed.json").write_text(text)
    backends = (Backend("cpu", "m", None),)
    assert read_choice(settings, backends, machine()) is None
    made = chooser(settings, *backends)
    made.stage.values["choice"] = row(1, 1000)
    made.stage.points["backends"] = [row(1, 1000)]
    store(made, {})
    assert read_speeds(settings) == {"m": 24.0}
    assert read_choice(settings, backends, made.machine) is not None


def test_without_backends_there_is_no_choice(tmp_path):
    assert read_choice(settings_for(tmp_path), (), machine()) is None
    assert key((Backend("hailo-ollama", ""),)) == "hailo-ollama"
