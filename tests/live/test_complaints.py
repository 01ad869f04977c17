"""Trouble with the sound: said once when it lasts, never at night, never over somebody; shown while it is there."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from assistant import events as ev
from assistant.appliance import Appliance
from assistant.audio.playback import Loudspeaker
from assistant.audio.watch import SoundWatch, Trouble
from assistant.clock import ManualClock
from assistant.errors import AudioError
from assistant.live.complaints import AGAIN_S, LASTS_S, Complaints
from assistant.live.device import complain, tell_of_loudspeaker
from assistant.texts import texts
from tests.fakes import FakeSkills, House
from tests.virtual_time import LoopClock, run

SENTENCES = texts("en", "trouble")


def trouble(kind: str, at: float, device: str = "microphone") -> ev.SoundTrouble:
    return ev.SoundTrouble(turn="", at=at, kind=kind, sentence=f"the {device}: {kind}", device=device)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


@pytest.fixture
def complaints(clock: ManualClock) -> Complaints:
    return Complaints(clock, SENTENCES)


def test_what_lasts_is_due_once_a_day(complaints: Complaints, clock: ManualClock) -> None:
    complaints.observe(trouble("zeros", clock.monotonic()))
    assert complaints.due == ""
    clock.advance(LASTS_S)
    assert complaints.due == SENTENCES["zeros"]
    complaints.said()
    assert complaints.due == ""
    for _ in range(3):  # a loose plug: it comes and goes
        complaints.observe(trouble("", clock.monotonic()))
        complaints.observe(trouble("zeros", clock.monotonic()))
        clock.advance(60.0)
        assert complaints.due == ""
    clock.advance(AGAIN_S)
    assert complaints.due == SENTENCES["zeros"]


def test_what_is_over_soon_is_not_due_and_another_kind_begins_anew(complaints: Complaints, clock: ManualClock) -> None:
    complaints.observe(trouble("gone", clock.monotonic()))
    clock.advance(LASTS_S - 1)
    complaints.observe(trouble("", clock.monotonic()))
    clock.advance(LASTS_S)
    assert complaints.due == ""
    complaints.observe(trouble("stuck", clock.monotonic()))
    clock.advance(LASTS_S - 1)
    complaints.observe(trouble("clipping", clock.monotonic()))
    clock.advance(2.0)
    assert complaints.due == ""
    clock.advance(LASTS_S)
    assert complaints.due == SENTENCES["clipping"]


def test_a_loudspeaker_that_is_gone_is_not_spoken_of(complaints: Complaints, clock: ManualClock) -> None:
    complaints.observe(trouble("gone", clock.monotonic(), "loudspeaker"))
    clock.advance(LASTS_S)
    assert complaints.due == ""
    complaints.observe(trouble("gone", clock.monotonic()))
    complaints.observe(trouble("", clock.monotonic(), "loudspeaker"))  # and its return ends nothing else
    clock.advance(LASTS_S)
    assert complaints.due == SENTENCES["gone"]


def test_there_is_a_sentence_for_every_kind() -> None:
    watch = SoundWatch("USB")
    kinds = {"gone"}
    for state, value in (("_zeros", 60.0), ("_stuck", 60.0), ("_clipped", 1.0), ("drift", 1.0)):
        setattr(watch, state, value)
        kinds.add(cast("Trouble", watch._judge()).kind)
        setattr(watch, state, 0.0)
    assert kinds == set(SENTENCES)


class Skills(FakeSkills):
    quiet = False


class Speaker:
    """The loudspeaker as it is asked here."""

    device: object | None = object()


class Kitchen:
    """A house in which the microphone is in trouble from second 0 on."""

    def __init__(self) -> None:
        self.house, self.speaker = House(skills=Skills()), Speaker()

    def lives(self, story: Callable[["Kitchen"], Coroutine[Any, Any, None]]) -> list[str]:
        """What was said of it while `story` happened."""

        async def job() -> None:
            self.conversation = self.house.open()
            self.complaints = Complaints(LoopClock(), SENTENCES)
            self.house.bus.subscribe(self.complaints.observe)
            self.house.bus.publish(trouble("zeros", 0.0))
            await story(self)

        run(job())
        return [event.text for event in self.house.events if isinstance(event, ev.SpeechOut)]

    async def look(self, seconds: float) -> None:
        """Every second somebody looks whether there is something to say."""
        appliance: Any = type("Appliance", (), {"rooms": self.house.rooms, "conversation": self.conversation})
        for _ in range(round(seconds)):
            await asyncio.sleep(1.0)
            await complain(cast("Appliance", appliance), cast("Loudspeaker", self.speaker), self.complaints)


def test_it_is_said_once_by_voice() -> None:
    async def story(kitchen: Kitchen) -> None:
        await kitchen.look(3600.0)

    assert " ".join(Kitchen().lives(story)) == SENTENCES["zeros"]


def test_nothing_is_said_in_the_quiet_hours_but_afterwards_if_it_lasts() -> None:
    async def story(kitchen: Kitchen) -> None:
        cast("Skills", kitchen.house.skills).quiet = True
        await kitchen.look(3600.0)
        assert not any(isinstance(event, ev.SpeechOut) for event in kitchen.house.events)
        cast("Skills", kitchen.house.skills).quiet = False
        await kitchen.look(2.0)

    assert " ".join(Kitchen().lives(story)) == SENTENCES["zeros"]


def test_it_waits_for_a_loudspeaker_and_is_said_again_when_nobody_heard_it() -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.speaker.device = None
        await kitchen.look(60.0)
        assert not any(isinstance(event, ev.SpeechOut) for event in kitchen.house.events)
        kitchen.speaker.device = object()
        drain = kitchen.house.loudspeaker.drain

        async def gone(turn: str = "") -> None:
            kitchen.house.loudspeaker.drain = drain  # type: ignore[method-assign]
            raise AudioError("loudspeaker: it is gone")

        kitchen.house.loudspeaker.drain = gone  # type: ignore[method-assign]
        await kitchen.look(1.0)
        assert kitchen.complaints.due
        await kitchen.look(5.0)

    assert " ".join(Kitchen().lives(story)) == " ".join([SENTENCES["zeros"]] * 2)


def test_nothing_is_said_into_a_turn_nor_of_what_is_over_when_it_ends() -> None:
    async def story(kitchen: Kitchen) -> None:
        kitchen.conversation._idle.clear()  # somebody speaks
        looking = asyncio.create_task(kitchen.look(30.0))
        await asyncio.sleep(60.0)
        assert not any(isinstance(event, ev.SpeechOut) for event in kitchen.house.events)
        kitchen.house.bus.publish(trouble("", 60.0))
        kitchen.conversation._idle.set()
        await looking

    assert Kitchen().lives(story) == []


def test_a_loudspeaker_s_trouble_is_told_as_its_own() -> None:
    async def story(kitchen: Kitchen) -> None:
        tell_of_loudspeaker(kitchen.house.rooms, "loudspeaker: it is gone")
        tell_of_loudspeaker(kitchen.house.rooms, "")

    kitchen = Kitchen()
    kitchen.lives(story)
    told = [(e.device, e.kind) for e in kitchen.house.events if isinstance(e, ev.SoundTrouble)]
    assert told == [("microphone", "zeros"), ("loudspeaker", "gone"), ("loudspeaker", "")]


def test_a_clock_that_is_set_changes_nothing(complaints: Complaints, clock: ManualClock) -> None:
    complaints.observe(trouble("zeros", clock.monotonic()))
    clock.jump(datetime(2031, 1, 1, tzinfo=UTC))
    assert complaints.due == ""
    clock.jump(datetime(1970, 1, 1, tzinfo=UTC))
    clock.advance(LASTS_S)
    assert complaints.due == SENTENCES["zeros"]
    complaints.said()
    clock.jump(datetime(2031, 1, 1, tzinfo=UTC))
    assert complaints.due == ""
