"""What the welcome makes of the calls it heard: a lower threshold, or none."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import SAMPLE_RATE, Samples
from assistant.config import Paths, Settings, WakeSettings
from assistant.live import sensitivity as module
from assistant.live.calibration import Heard, calibration_file, thresholds
from assistant.live.sensitivity import HereSensitivity
from assistant.wake import WakeEngine
from assistant.wake.micro import BUNDLED, MicroWakeEngine
from tests.virtual_time import run

SHIPPED = BUNDLED["okay nabu"].threshold
TALK = [np.zeros(SAMPLE_RATE * 10, np.int16)]


@dataclass
class Listener:
    engines: list[WakeEngine] = field(default_factory=list)

    def listen_for(self, wake: WakeEngine) -> None:
        self.engines.append(wake)


@dataclass
class House:
    """What of an appliance is asked for."""

    settings: Settings
    loop: asyncio.AbstractEventLoop
    conversation: Listener


def chosen(
    data: Path, monkeypatch: pytest.MonkeyPatch, calls: tuple[float, ...], talk: tuple[float, ...] = (), **wake: object
) -> tuple[bool, list[WakeEngine]]:
    """Whether it listens more closely, and the engines that count then; `calls` and `talk` are the peaks heard."""

    def listen(_engine: MicroWakeEngine, sound: Samples) -> dict[str, Heard]:
        peaks = talk if sound.size == TALK[0].size else calls
        return {"okay nabu": Heard(sound.size / SAMPLE_RATE, peaks)}

    async def job() -> tuple[bool, list[WakeEngine]]:
        settings = Settings(paths=Paths(data=data, cache=data), wake=WakeSettings(**wake))
        house = House(settings, asyncio.get_running_loop(), Listener())
        here = HereSensitivity(house, house.conversation.listen_for)  # type: ignore[arg-type]
        closer = here(TALK, [np.zeros(SAMPLE_RATE, np.int16)] * 3, 3)
        await asyncio.sleep(0)
        return closer, house.conversation.engines

    monkeypatch.setattr(module, "listen", listen)
    return run(job())


def stored(data: Path) -> dict[str, float]:
    return thresholds(calibration_file(data), "")


def test_calls_that_are_heard_move_nothing(tmp_path, monkeypatch):
    assert chosen(tmp_path, monkeypatch, (0.99, 0.97, 0.95)) == (False, [])
    assert stored(tmp_path) == {}


def test_a_call_that_is_missed_lowers_the_threshold_to_it_and_that_counts_at_once(tmp_path, monkeypatch):
    closer, engines = chosen(tmp_path, monkeypatch, (0.99, 0.76, 0.95))
    assert closer
    assert stored(tmp_path) == {"okay nabu": 0.75}
    # one hears the room, the other the assistant's own voice
    assert [isinstance(each, MicroWakeEngine) and each.thresholds for each in engines] == [{"okay nabu": 0.75}] * 2
    assert engines[0] is not engines[1]
    # the same once more changes nothing
    assert chosen(tmp_path, monkeypatch, (0.99, 0.76, 0.95)) == (False, [])


def test_it_is_never_moved_up_nor_further_down_than_calibration_may(tmp_path, monkeypatch):
    assert chosen(tmp_path, monkeypatch, (0.99, 0.98, 0.97), talk=(0.9,) * 9)[0] is False
    chosen(tmp_path, monkeypatch, (0.4, 0.3, 0.3))
    assert stored(tmp_path).get("okay nabu", SHIPPED) >= SHIPPED - 0.2


@pytest.mark.parametrize("wake", [{"threshold": 0.9}, {"openwakeword": Path("own")}])
def test_what_the_settings_fix_stays(tmp_path, monkeypatch, wake):
    assert chosen(tmp_path, monkeypatch, (0.76, 0.76, 0.76), **wake) == (False, [])


def test_too_little_to_go_by_moves_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "TALK", [np.zeros(SAMPLE_RATE, np.int16)])
    assert chosen(tmp_path, monkeypatch, (0.76, 0.76, 0.76)) == (False, [])
