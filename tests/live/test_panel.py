"""The button and the light around whole turns, in virtual time, on gpiozero's mock pins."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from assistant import events as ev
from assistant.config import Settings, load_settings
from assistant.errors import UsageError
from assistant.live.panel import Panel, open_panel
from assistant.routing.door import DoorError
from assistant.skills import Reply
from tests.fakes import SILENCE, VOICE, WAKE, FakeSkills, House, ScriptedSource, sound
from tests.virtual_time import run

BUTTON, LED = 23, 24
DAY = sound((SILENCE, 60.0))


class Preferences:
    def __init__(self, **kept: bool) -> None:
        self.offline = self.microphone_closed = False
        vars(self).update(kept)
        self.listeners: list[Callable[[str], None]] = []

    def set(self, name: str, value: bool) -> None:
        setattr(self, name, value)
        for listener in self.listeners:
            listener(name)


class Skills(FakeSkills):
    """Skills with something that rings and with preferences."""

    def __init__(self, reply: Reply | None = None, **kept: bool) -> None:
        super().__init__(reply)
        self.preferences = Preferences(**kept)
        self.rings = False

    def stop_ringing(self) -> bool:
        rang, self.rings = self.rings, False
        return rang


class Kitchen:
    """A house with a button, a light and somebody at the button."""

    def __init__(
        self, *script: str, settings: Settings | None = None, reply: Reply | None = None, **kept: bool
    ) -> None:
        self.skills = Skills(reply, **kept)
        self.house = House(*(script or ("what time is it",)), skills=self.skills)
        self.settings = settings or Settings()
        self.pins = MockFactory(pin_class=MockPWMPin)
        self.door: list[tuple[float, bool]] = []
        self.closed_fails = ""

    async def close_door(self, on: bool) -> None:
        if self.closed_fails:
            raise DoorError(self.closed_fails)
        self.door.append((asyncio.get_running_loop().time(), on))

    @contextlib.asynccontextmanager
    async def open(self, samples: Any = DAY) -> AsyncIterator[Panel]:
        self.conversation = self.house.open()
        async with open_panel(
            self.settings, self.conversation, self.conversation._rooms, self.close_door, factory=self.pins
        ) as panel:
            task = asyncio.create_task(self.conversation.run(ScriptedSource(samples, live=True)))
            try:
                yield panel
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def kept(self, name: str) -> bool:
        return bool(vars(self.skills.preferences)[name])

    def hears(self) -> bool:
        return self.conversation.unmuted.is_set()

    def down(self) -> None:
        self.pins.pin(BUTTON).drive_low()

    def up(self) -> None:
        self.pins.pin(BUTTON).drive_high()

    async def hold(self, seconds: float) -> None:
        self.down()
        await asyncio.sleep(seconds)
        self.up()
        await asyncio.sleep(0.05)

    async def light(self, seconds: float = 4.0) -> set[float]:
        """Every level the LED takes within some seconds."""
        levels = set()
        for _ in range(round(seconds / 0.02)):
            levels.add(round(self.pins.pin(LED).state, 2))
            await asyncio.sleep(0.02)
        return levels

    def happened(self, kind: type[ev.Event]) -> list[ev.Event]:
        return [event for event in self.house.events if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def _pins_let_go() -> Iterator[None]:
    yield
    MockFactory().reset()


def scene(kitchen: Kitchen, act: Callable[[Panel], Coroutine[Any, Any, None]], samples: Any = DAY) -> None:
    async def job() -> None:
        async with kitchen.open(samples) as panel:
            await asyncio.sleep(0.5)
            await act(panel)

    run(job())


def test_a_press_begins_a_turn_that_is_served_to_its_end() -> None:
    kitchen = Kitchen()

    async def act(panel: Panel) -> None:
        await kitchen.hold(0.2)
        await asyncio.sleep(5)

    scene(kitchen, act, sound((SILENCE, 0.6), (VOICE, 1.3), (SILENCE, 20.0)))
    woken = kitchen.happened(ev.WakeDetected)[0]
    assert isinstance(woken, ev.WakeDetected)
    assert woken.phrase == "button"
    assert woken.at == pytest.approx(0.52, abs=0.03)  # the next frame after the finger
    assert kitchen.house.traces[0].outcome == "done"
    assert kitchen.house.voice.said == ["It is half past seven."]


def test_a_second_press_says_that_the_request_is_over() -> None:
    kitchen = Kitchen("tell me everything you know")

    async def act(panel: Panel) -> None:
        await kitchen.hold(0.1)
        await asyncio.sleep(2.0)
        await kitchen.hold(0.1)
        await asyncio.sleep(3.0)

    scene(kitchen, act, sound((VOICE, 30.0)))  # a kitchen so loud that nothing sounds like silence
    ended = kitchen.happened(ev.SpeechEnded)[0]
    assert isinstance(ended, ev.SpeechEnded)
    assert ended.rule == "button"
    assert ended.at == pytest.approx(2.65, abs=0.05)
    assert kitchen.house.traces[0].outcome in {"done", "failed"}


def test_a_press_while_it_speaks_is_silence_at_once_and_no_new_turn() -> None:
    kitchen = Kitchen(reply=Reply("This is a long story about a very small device in a kitchen."))

    async def act(panel: Panel) -> None:
        await asyncio.sleep(2.0)
        assert kitchen.happened(ev.SpeechOut)
        assert kitchen.house.loudspeaker.stopped == 0
        kitchen.down()
        await asyncio.sleep(0.0)
        await asyncio.sleep(0.01)
        assert kitchen.house.loudspeaker.stopped == 1
        kitchen.up()
        await asyncio.sleep(4.0)

    scene(kitchen, act, sound((WAKE, 0.5), (VOICE, 1.3), (SILENCE, 20.0)))
    assert [trace.outcome for trace in kitchen.house.traces] == ["cancelled"]


def test_a_press_stops_what_rings_and_what_announces_it() -> None:
    kitchen = Kitchen()

    async def act(panel: Panel) -> None:
        rooms = kitchen.conversation._rooms
        kitchen.skills.rings = True
        rooms.bus.publish(ev.Ringing(turn="timer-1", at=0.0, on=True))
        await kitchen.hold(0.1)
        assert not kitchen.skills.rings
        rooms.bus.publish(ev.Ringing(turn="timer-1", at=0.0, on=False))
        kitchen.skills.rings = True

        async def words() -> AsyncIterator[str]:
            yield "Your timer for the eggs is up."

        saying = asyncio.create_task(rooms.speaker.say("timer-2", words()))
        await asyncio.sleep(0.1)
        await kitchen.hold(0.1)
        assert kitchen.house.loudspeaker.stopped == 2
        assert not kitchen.skills.rings
        await saying
        await kitchen.hold(0.1)  # now it means listening again
        await asyncio.sleep(0.1)
        assert kitchen.conversation.busy

    scene(kitchen, act)


def test_a_hold_closes_the_microphone_and_another_opens_it() -> None:
    kitchen = Kitchen()

    async def act(panel: Panel) -> None:
        await kitchen.hold(1.9)
        assert kitchen.hears()
        kitchen.conversation.stop()
        await kitchen.hold(2.1)
        assert not kitchen.hears()
        assert kitchen.kept("microphone_closed")
        assert not kitchen.conversation.busy  # the turn that the press began was given up
        heard = len(kitchen.house.recognizer.fed)
        await kitchen.hold(0.1)  # a press on a deaf device does not listen
        await asyncio.sleep(3.0)
        assert len(kitchen.house.recognizer.fed) == heard
        assert await kitchen.light() == {0.0, 1.0}  # it winks
        await kitchen.hold(2.1)
        assert kitchen.hears()
        assert not kitchen.kept("microphone_closed")
        await asyncio.sleep(3.0)
        assert await kitchen.light() == {0.0}

    scene(kitchen, act)
    assert not kitchen.door


def test_nothing_is_heard_while_the_microphone_is_closed() -> None:
    kitchen = Kitchen()

    async def act(panel: Panel) -> None:
        kitchen.conversation.mute(on=True)
        await asyncio.sleep(10.0)

    scene(kitchen, act, sound((SILENCE, 1.0), (WAKE, 0.5), (VOICE, 1.3), (SILENCE, 20.0)))
    assert not kitchen.happened(ev.WakeDetected)
    assert not kitchen.house.recognizer.fed


def test_a_long_hold_closes_the_door_and_another_opens_it() -> None:
    kitchen = Kitchen()

    async def act(panel: Panel) -> None:
        began = asyncio.get_running_loop().time()
        await kitchen.hold(6.5)
        ((at, on),) = kitchen.door
        assert on
        assert at == pytest.approx(began + 6.0, abs=0.02)
        assert kitchen.kept("offline")
        # the hold on the way is taken back
        assert kitchen.hears()
        assert not kitchen.kept("microphone_closed")
        assert await kitchen.light(5.0) == {0.0, 1.0}
        await kitchen.hold(6.5)
        assert [on for _, on in kitchen.door] == [True, False]
        assert not kitchen.kept("offline")

    scene(kitchen, act)


def test_a_door_that_cannot_be_closed_shows_an_error_and_remembers_nothing() -> None:
    kitchen = Kitchen()
    kitchen.closed_fails = "the door does not answer; it may not be running"

    async def act(panel: Panel) -> None:
        await kitchen.hold(6.5)
        assert not kitchen.kept("offline")
        failed = kitchen.happened(ev.TurnEnded)[-1]
        assert isinstance(failed, ev.TurnEnded)
        assert failed.reason == kitchen.closed_fails

    scene(kitchen, act)


def test_what_was_left_closed_stays_closed_after_a_restart_where_a_button_can_open_it() -> None:
    kitchen = Kitchen(microphone_closed=True, offline=True)

    async def act(panel: Panel) -> None:
        assert not kitchen.hears()
        assert await kitchen.light(2.5) == {0.0, 1.0}

    scene(kitchen, act)
    without = Kitchen(microphone_closed=True, settings=Settings(hardware={"button_pin": 0}))

    async def hears(panel: Panel) -> None:
        assert without.hears()

    scene(without, hears)


def test_staying_offline_by_voice_is_shown() -> None:
    kitchen = Kitchen()

    async def act(panel: Panel) -> None:
        assert await kitchen.light() == {0.0}
        kitchen.skills.preferences.set("offline", True)
        assert await kitchen.light() == {0.0, 1.0}

    scene(kitchen, act)


def test_a_machine_without_pins_or_with_broken_ones_serves_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def job(**options: Any) -> Any:
        house = House("what time is it", skills=Skills())
        conversation = house.open()
        async with open_panel(Settings(), conversation, conversation._rooms, **options):
            await conversation.run(ScriptedSource(sound((WAKE, 0.5), (VOICE, 1.3), (SILENCE, 2.0))))
        return house.traces[0].outcome

    assert run(job(root=tmp_path)) == "done"
    assert not caplog.records

    class Broken(MockFactory):  # type: ignore[misc]
        def pin(self, name: object) -> Any:
            raise OSError("GPIO busy")

    assert run(job(factory=Broken())) == "done"
    assert [record.getMessage() for record in caplog.records] == [
        "light: GPIO 24 cannot be used (GPIO busy); set hardware.light and its pins",
        "button: GPIO 23 cannot be used (GPIO busy); set hardware.button_pin",
    ]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("button_pin = 24", "hardware: button and light share a pin"),
        ("button_pin = 1", "hardware: pin 1 belongs to the board"),
        ('light = "rgb"\nrgb_pins = [24, 24, 25]', "share a pin"),
        ("led_pin = 40", "hardware.led_pin: input should be less than or equal to 27"),
        ('light = "disco"', "hardware.light"),
    ],
)
def test_wrong_wiring_is_one_line(tmp_path: Path, lines: str, complaint: str) -> None:
    file = tmp_path / "assistant.toml"
    file.write_text(f"[hardware]\n{lines}\n")
    with pytest.raises(UsageError, match=complaint):
        load_settings(file)
