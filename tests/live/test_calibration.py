"""The wake threshold from recorded minutes: arithmetic, the real engine, the command."""

import asyncio
import json
import math
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assistant import demo
from assistant.audio import FRAME_SAMPLES, Samples
from assistant.audio.files import read, write_wav
from assistant.audio.noise import quiet
from assistant.cli import calibrate, cli
from assistant.composition.engines import load_wake
from assistant.config import Settings
from assistant.errors import AssistantError
from assistant.live import calibration
from assistant.live.calibration import (
    Calibrated,
    Heard,
    binomial_bounds,
    choose,
    listen,
    poisson_bounds,
    store,
    thresholds,
)
from assistant.wake.micro import MicroWakeEngine

NOW = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
PHRASE = "okay nabu"


def heard(*peaks: float, minutes: float = 5.0) -> Heard:
    return Heard(minutes * 60, peaks)


@pytest.mark.parametrize(
    ("false", "spoken", "said", "threshold", "why"),
    [
        ((), (0.99,) * 10, 10, 0.85, "nothing speaks against the shipped one"),
        ((0.5,), (0.99,) * 9 + (0.80,), 10, 0.79, "one quiet voice more, and nothing false"),
        ((0.9,), (0.99,) * 10, 10, 0.90, "the television is kept out"),
        ((0.9,), (0.99,) * 5 + (0.88,) * 5, 10, 0.85, "keeping it out would lose half of the phrases"),
        ((), (0.99,) * 9 + (0.4,), 10, 0.85, "a few minutes may not open it that far"),
        ((), (), 3, 0.85, "heard nothing at all: nothing to go by"),
    ],
)
def test_a_threshold_is_moved_only_where_the_recordings_ask_for_it(
    false: tuple[float, ...], spoken: tuple[float, ...], said: int, threshold: float, why: str
) -> None:
    result = choose(PHRASE, 0.85, [heard(*false)], [heard(*spoken)], said)
    assert result.threshold == pytest.approx(threshold), why


@given(
    false=st.lists(st.floats(0.3, 1.0), max_size=8),
    spoken=st.lists(st.floats(0.3, 1.0), max_size=12),
    said=st.integers(1, 12),
    shipped=st.sampled_from([0.85, 0.93, 0.97, 0.99]),
)
def test_what_is_reported_is_what_the_threshold_does(
    false: list[float], spoken: list[float], said: int, shipped: float
) -> None:
    result = choose(PHRASE, shipped, [heard(*false)], [heard(*spoken)], said)
    assert max(0.5, shipped - 0.2) - 1e-9 <= result.threshold <= 0.99
    assert result.false_accepts == sum(peak > result.threshold for peak in false)
    assert result.missed == said - min(said, sum(peak > result.threshold for peak in spoken))
    as_shipped = choose(PHRASE, shipped, [heard(*false)], [heard(*spoken)], said)
    assert as_shipped == result


def test_bounds_agree_with_published_tables() -> None:
    assert list(poisson_bounds(0)) == pytest.approx([0.0, 3.689], abs=0.001)
    assert list(poisson_bounds(10)) == pytest.approx([4.795, 18.390], abs=0.001)
    assert list(binomial_bounds(0, 10)) == pytest.approx([0.0, 0.3085], abs=0.0001)
    assert list(binomial_bounds(10, 10)) == pytest.approx([0.6915, 1.0], abs=0.0001)
    assert list(binomial_bounds(1, 10)) == pytest.approx([0.0025, 0.4450], abs=0.0001)


@given(count=st.integers(0, 60), more=st.integers(0, 60))
def test_bounds_hold_the_truth_in_the_middle(count: int, more: int) -> None:
    low, high = poisson_bounds(count)
    assert 0.0 <= low <= count <= high < math.inf
    if count + more:
        low, high = binomial_bounds(count, count + more)
        assert 0.0 <= low <= count / (count + more) <= high <= 1.0


def test_a_report_says_how_uncertain_it_is() -> None:
    lines = Calibrated(PHRASE, 0.8, 0.85, 0, 5 / 60, 1, 10).lines()
    assert lines[0] == "“okay nabu”: threshold 0.80 (shipped: 0.85)"
    assert lines[1] == "  heard 9 of 10; missed 10% (between 0% and 45% with 95 % certainty)"
    assert lines[2] == ("  false accepts: 0 in 5.0 minutes, 0.0 an hour (between 0.0 and 44.3 with 95 % certainty)")


def test_too_little_to_go_by_is_said() -> None:
    with pytest.raises(AssistantError, match="needs sound without the wake phrase"):
        choose(PHRASE, 0.85, [], [heard(0.9)], 1)


def test_thresholds_are_kept_by_microphone_and_used(tmp_path: Path) -> None:
    file = calibration.calibration_file(tmp_path)
    store(file, "", [Calibrated(PHRASE, 0.8, 0.85, 0, 0.1, 1, 10)], NOW)
    store(file, "USB", [Calibrated("alexa", 0.95, 0.93, 0, 0.1, 1, 10)], NOW)
    assert thresholds(file, "") == {PHRASE: 0.8}
    settings = Settings.model_validate({"paths": {"data": tmp_path}, "wake": {"phrases": [PHRASE, "alexa"]}})
    engine = load_wake(settings)
    assert isinstance(engine, MicroWakeEngine)
    assert engine.thresholds == {PHRASE: 0.8, "alexa": 0.93}
    settings = settings.model_copy(update={"audio": settings.audio.model_copy(update={"microphone": "USB"})})
    engine = load_wake(settings)
    assert isinstance(engine, MicroWakeEngine)
    assert engine.thresholds == {PHRASE: 0.85, "alexa": 0.95}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"": 1}', '{"": {"okay nabu": {"threshold": 7}}}', '{"": {"okay nabu": 1}}']
)
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "calibration.json"
    file.write_text(text)
    assert thresholds(file, "") == {}
    store(file, "", [Calibrated(PHRASE, 0.8, 0.85, 0, 0.1, 1, 10)], NOW)
    assert thresholds(file, "") == {PHRASE: 0.8}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings: a quiet room, a request without its phrase, and the phrase three times."""
    directory = tmp_path_factory.mktemp("room")
    write_wav(directory / "quiet.wav", quiet(20.0, seed=3), 16_000)
    said = [read(request.file) for request in list(demo.requests())[:3]]
    write_wav(directory / "wake.wav", np.concatenate([quiet(1.0, seed=1), *said]), 16_000)
    write_wav(directory / "talk.wav", said[0][-32_000:], 16_000)
    return directory


def test_the_real_engine_s_peaks(room: Path) -> None:
    engine = MicroWakeEngine((PHRASE,))
    silence, spoken = (listen(engine, read(room / name))[PHRASE] for name in ("quiet.wav", "wake.wav"))
    assert silence == Heard(20.0, ())
    assert len(spoken.peaks) == 3
    assert min(spoken.peaks) > 0.85


def command(tmp_path: Path, *words: str) -> tuple[int, str]:
    config = tmp_path / "assistant.toml"
    config.write_text(f'[paths]\ndata = "{tmp_path / "data"}"\n')
    done = CliRunner().invoke(cli, ["--config", str(config), "calibrate", *words], standalone_mode=False)
    if isinstance(done.exception, AssistantError):
        return 1, str(done.exception)
    assert done.exception is None, done.exception
    return int(done.return_value or 0), done.output


def test_from_files(tmp_path: Path, room: Path) -> None:
    files = ["--quiet", str(room / "quiet.wav"), "--talk", str(room / "talk.wav"), "--wake", str(room / "wake.wav")]
    status, out = command(tmp_path, *files, "--times", "3", "--json")
    assert status == 0
    found = json.loads(out.splitlines()[0])
    assert (found["phrase"], found["threshold"], found["missed"], found["false_accepts"]) == (PHRASE, 0.85, 0, 0)
    assert found["hours"] == pytest.approx(22 / 3600, abs=1e-4)
    assert found["false_per_hour_95"][1] == pytest.approx(3.689 / (22 / 3600), rel=0.01)
    assert thresholds(tmp_path / "data" / "calibration.json", "") == {PHRASE: 0.85}
    status, out = command(tmp_path, *files, "--no-keep")  # how often it is said is counted by the pauses
    assert status == 0
    assert "threshold 0.85" in out
    assert "stored" not in out


def test_half_of_the_recordings_are_not_enough(tmp_path: Path, room: Path) -> None:
    status, message = command(tmp_path, "--quiet", str(room / "quiet.wav"))
    assert status
    assert "give --wake and at least one of" in message


def test_a_guided_recording_asks_step_by_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("click.pause", lambda *_, **__: None)
    taken = 0

    async def microphone(device: str) -> AsyncGenerator[Samples]:
        nonlocal taken
        assert device == ""
        while True:
            taken += 1
            yield np.full(FRAME_SAMPLES, taken % 1000, np.int16)

    without, said = asyncio.run(calibrate.record(Settings(), PHRASE, microphone))
    assert [sound.size / 16_000 for sound in without] == [60.0, 120.0, 120.0]
    assert said[0].size / 16_000 == 40.0
    assert taken == (60 + 120 + 120 + 40) * 50
    prompts = capsys.readouterr().err
    assert "10 of 10: say it now" in prompts
    assert "television" in prompts
