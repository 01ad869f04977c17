"""From edges to meanings, in virtual time."""

import asyncio

import pytest
from gpiozero.pins.mock import MockFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.hardware.button import HOLD_S, LONG_HOLD_S, Button, Gestures, Meanings
from assistant.hardware.gpio import GpioError
from tests.virtual_time import run


def meanings(seen: list[tuple[float, str]]) -> Meanings:
    def note(name: str) -> None:
        seen.append((round(asyncio.get_running_loop().time(), 3), name))

    return Meanings(lambda: note("press"), lambda: note("hold"), lambda: note("long hold"))


def gestures(*pauses: float) -> list[tuple[float, str]]:
    """Down at 0, up after the first pause, down after the second, and so on."""
    seen: list[tuple[float, str]] = []

    async def job() -> None:
        button = Gestures(meanings(seen), asyncio.get_running_loop())
        for number, pause in enumerate((0.0, *pauses)):
            await asyncio.sleep(pause)
            (button.up if number % 2 else button.down)()
        await asyncio.sleep(20.0 if len(pauses) % 2 else 0.0)

    run(job())
    return seen


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.1, ["press"]),
        (1.99, ["press"]),
        (2.01, ["press", "hold"]),
        (5.99, ["press", "hold"]),
        (6.01, ["press", "hold", "long hold"]),
        (60.0, ["press", "hold", "long hold"]),
    ],
)
def test_how_long_the_button_is_down_makes_the_meaning(seconds: float, expected: list[str]) -> None:
    seen = gestures(seconds)
    assert [name for _, name in seen] == expected
    assert [at for at, _ in seen] == [0.0, HOLD_S, LONG_HOLD_S][: len(seen)]


def test_a_bouncing_contact_is_one_press() -> None:
    assert [name for _, name in gestures(0.004, 0.003, 0.005, 0.002, 0.1)] == ["press"]
    assert [name for _, name in gestures(0.1, 0.2, 0.1)] == ["press", "press"]


@given(pauses=st.lists(st.floats(0.001, 8.0), min_size=1, max_size=30).filter(lambda p: len(p) % 2 == 1))
@settings(max_examples=60)
def test_no_sequence_of_edges_means_more_than_it_should(pauses: list[float]) -> None:
    seen = gestures(*pauses)
    downs = (len(pauses) + 1) // 2
    names = [name for _, name in seen]
    assert 1 <= names.count("press") <= downs
    assert names.count("long hold") <= names.count("hold") <= names.count("press")
    assert names.count("hold") <= sum(pause >= HOLD_S - 1e-6 for pause in pauses[::2])


def test_a_real_pin_s_edges_arrive_on_the_loop() -> None:
    seen: list[tuple[float, str]] = []
    factory = MockFactory()

    async def job() -> None:
        button = Button(23, factory, meanings(seen))
        factory.pin(23).drive_low()
        await asyncio.sleep(3.0)
        factory.pin(23).drive_high()
        await asyncio.sleep(10.0)
        factory.pin(23).drive_low()
        await asyncio.sleep(0.1)
        button.close()
        await asyncio.sleep(10.0)

    run(job())
    assert seen == [(0.0, "press"), (2.0, "hold"), (13.0, "press")]


def test_a_pin_that_is_taken_is_one_line() -> None:
    factory = MockFactory()

    async def job() -> None:
        button = Button(23, factory, meanings([]))
        with pytest.raises(GpioError, match=r"^button: GPIO 23 cannot be used \(.*\); set hardware.button_pin$"):
            Button(23, factory, meanings([]))
        button.close()

    run(job())
