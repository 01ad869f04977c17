"""The light: which state it shows, and in what pattern."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin
from hypothesis import given
from hypothesis import strategies as st

from assistant import events as ev
from assistant.hardware.gpio import GpioError
from assistant.hardware.light import ERROR_S, LEAVING_S, GpioLamp, Light
from assistant.hardware.patterns import PATTERNS, Colour
from tests.virtual_time import run


class Lamp:
    def __init__(self) -> None:
        self.shown: list[tuple[float, Colour, float]] = []
        self.fails = False

    def show(self, colour: Colour, level: float, floor: float) -> None:
        if self.fails:
            raise OSError("the wire is loose")
        self.shown.append((asyncio.get_running_loop().time(), colour, level))

    def close(self) -> None:
        pass


def event(kind: Callable[..., ev.Event], turn: str = "0001", **facts: Any) -> ev.Event:
    return kind(turn=turn, at=0.0, **facts)


WOKEN = event(ev.WakeDetected, phrase="okay nabu", score=0.9, stream_s=1.0)
ENDED = event(ev.SpeechEnded, rule="complete", stream_s=2.0, last_speech_s=1.8)
SOUND = event(ev.SpeechOut, samples=np.zeros(160, np.int16), sample_rate=16_000)
OVER = event(ev.SpeechOver)
DONE = event(ev.TurnEnded, outcome="done")
FAILED = event(ev.TurnEnded, outcome="failed")


def states(*happened: ev.Event) -> list[str]:
    """What is shown after each event."""

    async def job() -> list[str]:
        light, seen = Light(Lamp(), asyncio.get_running_loop()), list[str]()
        for each in happened:
            light.observe(each)
            seen.append(light.state)
        light.close()
        return seen

    return run(job())


def test_a_turn_from_its_wake_word_to_its_end() -> None:
    assert states(WOKEN, ENDED, SOUND, OVER, DONE) == ["listening", "thinking", "speaking", "", ""]


def test_the_first_light_comes_with_the_wake_word_itself() -> None:
    async def job() -> None:
        lamp = Lamp()
        Light(lamp, asyncio.get_running_loop()).observe(WOKEN)
        assert lamp.shown == [(0.0, PATTERNS["listening"].colour, 1.0)]

    run(job())


def test_woken_for_nothing_is_dark_at_once() -> None:
    nothing = event(ev.SpeechEnded, rule="nothing", stream_s=7.0, last_speech_s=1.0)
    assert states(WOKEN, nothing, event(ev.TurnEnded, outcome="nothing")) == ["listening", "", ""]


def test_a_question_of_ours_listens_again() -> None:
    assert states(WOKEN, ENDED, SOUND, OVER, DONE, event(ev.ListeningAgain, turn="0002"))[-1] == "listening"


def test_the_end_of_an_interrupted_turn_does_not_darken_the_one_that_took_over() -> None:
    again = event(ev.WakeDetected, turn="0002", phrase="okay nabu", score=0.9, stream_s=5.0)
    assert states(WOKEN, ENDED, SOUND, again, event(ev.TurnEnded, outcome="cancelled"), OVER)[3:] == ["listening"] * 3


def test_an_announcement_speaks_and_then_is_dark() -> None:
    sound = event(ev.SpeechOut, turn="timer-1", samples=np.zeros(160, np.int16), sample_rate=16_000)
    assert states(sound, event(ev.SpeechOver, turn="timer-1")) == ["speaking", ""]


def test_what_leaves_the_device_is_shown_above_all_else() -> None:
    leaving, stayed = event(ev.Leaving, on=True), event(ev.Leaving, on=False)
    assert states(WOKEN, ENDED, leaving, event(ev.Ringing, on=True), SOUND)[2:] == ["leaving"] * 3
    # and for at least one round of its pattern
    assert states(leaving, stayed) == ["leaving", "leaving"]


def test_times_of_what_shows_for_a_while() -> None:
    async def job() -> None:
        light = Light(Lamp(), asyncio.get_running_loop())
        light.observe(event(ev.Leaving, on=True))
        light.observe(event(ev.Leaving, on=False))
        light.observe(FAILED)
        await asyncio.sleep(LEAVING_S - 0.01)
        assert light.state == "leaving"
        await asyncio.sleep(0.02)
        assert light.state == "error"
        await asyncio.sleep(ERROR_S)
        assert light.state == ""
        # a second question that leaves while the first still shows
        light.observe(event(ev.Leaving, on=True))
        light.observe(event(ev.Leaving, on=False))
        light.observe(event(ev.Leaving, on=True))
        await asyncio.sleep(10)
        assert light.state == "leaving"

    run(job())


def test_states_that_last_show_between_turns() -> None:
    async def job() -> None:
        light = Light(Lamp(), asyncio.get_running_loop())
        light.set("offline", on=True)
        light.set("muted", on=True)
        assert light.state == "muted"
        light.observe(SOUND)
        assert light.state == "speaking"
        light.observe(OVER)
        assert light.state == "muted"
        light.set("muted", on=False)
        assert light.state == "offline"
        light.set("offline", on=False)
        assert light.state == ""
        light.close()

    run(job())


def test_trouble_with_the_sound_shows_until_all_is_well_again() -> None:
    gone = ev.SoundTrouble(turn="", at=0.0, kind="gone", sentence="The microphone is gone.")
    well = ev.SoundTrouble(turn="", at=0.0, kind="", sentence="")
    assert states(gone, SOUND, OVER, DONE, well) == ["trouble", "speaking", "trouble", "trouble", ""]


def test_darkness_and_a_steady_light_cost_no_wakeups() -> None:
    async def job() -> int:
        lamp = Lamp()
        light = Light(lamp, asyncio.get_running_loop())
        light.observe(WOKEN)
        await asyncio.sleep(8.0)
        light.observe(DONE)
        await asyncio.sleep(3600.0)
        return len(lamp.shown)

    assert run(job()) == 2


def test_blinks_are_shown_one_by_one() -> None:
    async def job() -> list[float]:
        lamp = Lamp()
        light = Light(lamp, asyncio.get_running_loop())
        light.set("leaving", on=True)
        await asyncio.sleep(1.59)
        light.close()
        assert [level for _, _, level in lamp.shown] == [1.0, 0.0] * 4
        return [round(at, 2) for at, _, _ in lamp.shown]

    assert run(job()) == [0.0, 0.12, 0.24, 0.36, 0.8, 0.92, 1.04, 1.16]


def shape(name: str, seconds: float = 16.0) -> tuple[float, ...]:
    return tuple(round(PATTERNS[name].level(number * 0.02), 2) for number in range(round(seconds / 0.02)))


def test_every_state_has_a_shape_of_its_own() -> None:
    shapes = {name: shape(name) for name in PATTERNS}
    assert len(set(shapes.values())) == len(PATTERNS)
    assert all(max(each) == 1.0 for each in shapes.values())


@given(name=st.sampled_from(sorted(PATTERNS)), seconds=st.floats(0, 100_000))
def test_patterns_stay_in_range_and_always_move_on(name: str, seconds: float) -> None:
    pattern = PATTERNS[name]
    assert 0.0 <= pattern.level(seconds) <= 1.0
    wait = pattern.next_change_s(seconds)
    assert (wait is None) == (not pattern.period_s)
    if wait is not None:
        assert 1e-5 < wait <= pattern.period_s  # a wait that moves no clock on would spin


def test_a_plain_and_a_coloured_lamp() -> None:
    factory = MockFactory(pin_class=MockPWMPin)
    plain = GpioLamp((24,), factory, brightness=0.5)
    plain.show((1.0, 0.0, 0.0), 1.0, 0.3)
    assert factory.pin(24).state == 0.5
    plain.show((1.0, 0.0, 0.0), 0.0, 0.3)
    assert factory.pin(24).state == 0.0
    plain.close()
    coloured = GpioLamp((24, 25, 22), factory)
    coloured.show((1.0, 0.5, 0.0), 0.0, 0.3)
    assert [round(factory.pin(pin).state, 2) for pin in (24, 25, 22)] == [0.3, 0.15, 0.0]
    coloured.close()
    inverted = GpioLamp((24,), factory, active_high=False)
    inverted.show((1.0, 1.0, 1.0), 1.0, 0.0)
    assert factory.pin(24).state == 0.0
    inverted.close()


def test_pins_that_cannot_be_dimmed_are_reported_in_one_line() -> None:
    with pytest.raises(GpioError, match=r"^light: GPIO 24 cannot be used \(.*\); set hardware.light and its pins$"):
        GpioLamp((24,), MockFactory(pin_class=MockPin))


def test_a_loose_wire_is_logged_once_and_the_turn_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def job() -> None:
        lamp = Lamp()
        light = Light(lamp, asyncio.get_running_loop())
        lamp.fails = True
        for _ in range(3):
            light.observe(WOKEN)
            light.observe(DONE)

    run(job())
    assert [record.getMessage() for record in caplog.records] == ["the light failed"]
