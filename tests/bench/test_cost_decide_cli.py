"""`assistant cost` and `assistant decide` as they are typed."""

import json
import sys
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from assistant.bench import cost_presets
from assistant.cli import COMMANDS
from assistant.store import open_store
from assistant.store.traffic import count
from tests.bench.test_cost_measured import used_ledger


@pytest.fixture
def nothing_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device of which nobody has used anything yet."""
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, command):
    """Run `assistant ARGS`; (status, standard output, standard error)."""
    monkeypatch.setitem(COMMANDS, "cost", "assistant.cli.cost:cost")
    monkeypatch.setitem(COMMANDS, "decide", "assistant.cli.decide:decide")

    def run(*arguments: object, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", StringIO(typed))
        found: tuple[int, str, str] = command(*arguments)
        return found

    return run


@pytest.mark.parametrize("preset", cost_presets.names())
def test_cost_prints_a_preset_for_people_and_for_programs(call, preset: str) -> None:
    status, out, err = call("cost", "--preset", preset)
    assert (status, err) == (0, "")
    assert "Break-even" in out
    assert "differs" not in out
    status, out, err = call("cost", "--preset", preset, "--json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    for side in ("edge", "cloud", "hybrid"):
        assert {"per_request", "per_month", "per_year", "first_year"} <= set(found[side])
    assert {"requests_per_month", "month"} <= set(found["break_even"])
    assert found["inputs"]["origins"]["edge.price"] == f"preset {preset}"


def test_cost_of_the_first_example_in_json(call) -> None:
    found = json.loads(call("cost", "--preset", "kit-200k", "--json")[1])
    assert (found["edge"]["per_request"], found["cloud"]["per_request"]) == (0.00075, 0.002)
    assert found["break_even"]["requests_per_year"] == 75_000


def test_cost_reads_what_it_wrote(call, tmp_path: Path) -> None:
    _, out, _ = call("cost", "--preset", "hat-100k", "--edge-watts", 7, "--toml")
    (tmp_path / "mine.toml").write_text(out, encoding="utf-8")
    _, direct, _ = call("cost", "--preset", "hat-100k", "--edge-watts", 7, "--json")
    _, again, _ = call("cost", "--file", tmp_path / "mine.toml", "--json")
    assert json.loads(again)["edge"] == json.loads(direct)["edge"]
    assert json.loads(again)["edge"]["parts_per_month"]["power"] == pytest.approx(7 * 0.72 * 0.15)


def test_flags_stand_above_the_file_and_the_file_above_the_preset(call, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[edge]\nprice = 100.0\nlife_months = 10.0\n", encoding="utf-8")
    found = json.loads(call("cost", "--preset", "kit-200k", "--file", file, "--edge-price", 50, "--json")[1])
    assert found["inputs"]["origins"]["edge.price"] == "--edge-price"
    assert found["inputs"]["origins"]["edge.life_months"] == str(file)
    assert found["edge"]["parts_per_month"]["hardware"] == 5.0


def test_cost_takes_measured_traffic(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path))
    ledger = used_ledger(tmp_path / "door")
    found = json.loads(call("cost", "--preset", "kit-200k", "--ledger", ledger.path, "--json")[1])
    assert found["measured"]["questions"] == 20
    assert found["inputs"]["load"]["requests_per_month"] == pytest.approx(20 / 4 * 730 / 24)
    assert found["hybrid"]["share_escalated"] == 0.4
    assert found["cloud"]["per_request"] == pytest.approx(0.002)
    assert found["inputs"]["origins"]["hybrid.share"] == "measured"
    status, out, _ = call("cost", "--preset", "kit-200k", "--ledger", ledger.path)
    assert status == 0
    assert "20 questions in 4.0 days, 8 released; 4 calls cost" in out


def test_cost_takes_the_turns_that_were_counted(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path))
    used_ledger(tmp_path / "door")
    store = open_store(tmp_path / "assistant.db")
    for day in (1, 2, 4):
        for route in ["command"] * 10 + ["local"] * 2 + ["cloud"] * 3:
            count(store, date(2026, 3, day), route)
    store.close()
    found = json.loads(call("cost", "--preset", "kit-200k", "--measured", "--json")[1])
    assert found["measured"]["questions"] == 45
    assert found["inputs"]["load"]["requests_per_month"] == pytest.approx(45 / 4 * 730 / 24)
    assert found["hybrid"]["share_escalated"] == pytest.approx(0.2)
    assert found["cloud"]["per_request"] == pytest.approx(0.002)


def test_cost_needs_two_days_of_counts(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_PATHS__DATA", str(tmp_path))
    store = open_store(tmp_path / "assistant.db")
    count(store, date(2026, 3, 1), "command")
    store.close()
    status, _, err = call("cost", "--preset", "kit-200k", "--measured")
    assert status == 1
    assert "turns of 1 days are counted, too few" in err


def test_cost_draws(call, tmp_path: Path) -> None:
    status, out, _ = call("cost", "--preset", "pi-2m", "--plot", tmp_path / "p.html")
    assert status == 0
    assert str(tmp_path / "p.html") in out
    assert (tmp_path / "p.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("cost",), 2, "nothing to calculate with"),
        (("cost", "--preset", "kit-20k"), 2, "did you mean 'kit-200k'"),
        (("cost", "--preset", "kit-200k", "--edge-price", "-1"), 2, "--edge-price: "),
        (("cost", "--preset", "kit-200k", "--edge-price", "nan"), 2, "--edge-price: "),
        (("cost", "--preset", "kit-200k", "--edge-life-months", "0"), 2, "--edge-life-months: "),
        (("cost", "--preset", "kit-200k", "--load-requests-per-year", "1e400"), 2, "--load-requests-per-year: "),
        (("cost", "--preset", "kit-200k", "--edge-price", "much"), 2, "'much' is not a valid float"),
        (("cost", "--edge-price", "5"), 2, "cloud is missing"),
        (("cost", "--file", "absent.toml"), 2, "absent.toml: cannot be read"),
        (("cost", "--preset", "kit-200k", "--measured"), 1, "nothing has been counted yet"),
        (("cost", "--preset", "kit-200k", "--measured", "--turns", "x"), 2, "give only one of"),
        (("decide", "--latency", "7", "--defaults"), 2, "--latency must be 0, 1, 2 or 3"),
        (("decide", "--file", "absent.toml"), 2, "absent.toml: cannot be read"),
        (("decide", "--weight", "latency"), 2, "expected KEY=NUMBER"),
        (("decide", "--cost-preset", "none", "--defaults"), 2, "no preset is called"),
        (("decide",), 2, "no answer for latency"),
    ],
)
@pytest.mark.usefixtures("nothing_counted")
def test_wrong_use_is_one_line(call, arguments: tuple[str, ...], status: int, said: str) -> None:
    found, out, err = call(*arguments)
    assert (found, out) == (status, "")
    assert said in err
    assert [line for line in err.splitlines() if line.startswith("assistant: ")] == [err.splitlines()[-1]]
    assert "Traceback" not in err


def test_decide_asks_and_answers(call) -> None:
    status, out, err = call("decide", typed="\n" * 7)
    assert status == 0
    assert "Run it on the device (edge)." in out
    assert "How soon must an answer begin to sound" in err
    assert "How soon" not in out
    status, out, _ = call("decide", "--json", typed="0\n0\n0\n0\n0\n0\n0\n")
    found = json.loads(out)
    assert (status, found["decision"]) == (0, "cloud")
    assert {each["from"] for each in found["answers"].values()} == {"answered"}


def test_decide_asks_again_after_nonsense(call) -> None:
    status, out, err = call("decide", "--json", typed="9\nx\n3\n" + "\n" * 6)
    assert status == 0
    assert json.loads(out)["answers"]["latency"]["score"] == 3
    assert "is not in the range" in err


def test_decide_reads_a_file(call, tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text("[answers]\nlatency_ms = 400\nmodel_billions = 13.0\n[weights]\nlatency = 2.0\n", encoding="utf-8")
    status, out, _ = call("decide", "--file", file, "--defaults", "--json")
    found = json.loads(out)
    assert (status, found["decision"]) == (0, "hybrid")
    assert found["answers"]["latency"] == {"score": 3, "meaning": "within 0.6 s", "weight": 2.0, "from": "given"}
    assert found["answers"]["cost"]["from"] == "default"
    assert found["ruled_out"]["edge"] == ["model_size"]
    assert found["reasons"]
    assert found["decisive"]
    file.write_text("answers = 3\n", encoding="utf-8")
    assert call("decide", "--file", file)[0] == 2
    file.write_text("[replies]\n", encoding="utf-8")
    assert "unknown table 'replies'" in call("decide", "--file", file)[2]


def test_decide_takes_the_cost_from_the_calculation(call) -> None:
    found = json.loads(call("decide", "--cost-preset", "kit-200k", "--defaults", "--json")[1])
    assert found["answers"]["cost"]["score"] == 3  # 0.375 times the cloud


def test_every_change_is_told_in_words(call) -> None:
    status, out, _ = call("decide", "--defaults", "--model-size", "0")
    assert status == 0
    assert "What would change it:" in out
    assert "if model_size were “up to 8 billion” instead of “over 8 billion parameters”: on the device" in out
