"""A new wake word stays once it was heard, and goes when it was not: in virtual time, with the real skills."""

import asyncio
from collections.abc import Awaitable, Callable

from assistant import events as ev
from assistant.live.wake_trial import TRIAL_S, WakeTrial
from assistant.skills.registry import Skills
from assistant.wake import WakeEngine
from tests.fakes import FakeWake, House
from tests.skills.device import Device
from tests.virtual_time import run

WORDS = ("okay nabu", "hey jarvis", "alexa")


class Scene:
    """Skills and a trial around them; `heard` is what its guard was given."""

    def __init__(self, device: Device | None = None) -> None:
        self.device = device or Device(wake_words=WORDS)
        self.house = House(skills=self.device.skills)
        self.guards: list[WakeEngine] = []

    @property
    def skills(self) -> Skills:
        return self.device.skills

    def play(self, act: Callable[["Scene"], Awaitable[None]]) -> "Scene":
        async def job() -> None:
            conversation = self.house.open()
            trial = WakeTrial(self.house.rooms, conversation, FakeWake, self.guards.append)
            self.house.bus.subscribe(trial.observe)
            task = asyncio.create_task(trial.run())
            await asyncio.sleep(0.1)
            await act(self)
            task.cancel()
            trial.close()

        run(job())
        return self

    def choose(self, word: str) -> None:
        self.device.say("WakeWordSet", wake_word=word)
        self.device.say("Yes")

    def wake(self, phrase: str) -> None:
        self.house.bus.publish(ev.WakeDetected(turn="1", at=0.0, phrase=phrase, score=1.0, stream_s=0.0))

    @property
    def words(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.skills.preferences.wake, self.skills.preferences.wake_before


def test_one_that_is_heard_stays() -> None:
    async def act(scene: Scene) -> None:
        scene.choose("alexa")
        await asyncio.sleep(TRIAL_S - 1)
        scene.wake("okay nabu")  # out of habit
        await asyncio.sleep(0.5)
        assert scene.words == (("alexa",), ("okay nabu",))
        scene.wake("alexa")
        await asyncio.sleep(2 * TRIAL_S)

    scene = Scene().play(act)
    assert scene.words == (("alexa",), ())
    assert scene.house.voice.said == []
    assert scene.guards


def test_one_that_is_not_heard_goes_and_that_is_said() -> None:
    async def act(scene: Scene) -> None:
        scene.choose("alexa")
        await asyncio.sleep(TRIAL_S + 5)

    scene = Scene().play(act)
    assert scene.words == (("okay nabu",), ())
    assert " ".join(scene.house.voice.said).startswith("I have not heard alexa for two minutes")


def test_an_undo_ends_it_in_silence() -> None:
    async def act(scene: Scene) -> None:
        scene.choose("alexa")
        await asyncio.sleep(10)
        scene.device.say("Undo")
        await asyncio.sleep(2 * TRIAL_S)

    scene = Scene().play(act)
    assert scene.words == (("okay nabu",), ())
    assert scene.house.voice.said == []


def test_another_word_begins_anew() -> None:
    async def act(scene: Scene) -> None:
        scene.choose("alexa")
        await asyncio.sleep(TRIAL_S - 1)
        scene.choose("hey jarvis")
        await asyncio.sleep(TRIAL_S - 1)
        assert scene.words == (("hey jarvis",), ("okay nabu",))
        await asyncio.sleep(10)

    assert Scene().play(act).words == (("okay nabu",), ())


def test_one_from_before_a_power_cut_is_judged_afterwards() -> None:
    async def nothing(scene: Scene) -> None:
        scene.choose("alexa")

    scene = Scene().play(nothing)
    scene.device.restart()

    async def act(again: Scene) -> None:
        assert again.words == (("alexa",), ("okay nabu",))
        await asyncio.sleep(TRIAL_S + 5)

    assert Scene(scene.device).play(act).words == (("okay nabu",), ())


def test_two_are_judged_one_after_the_other() -> None:
    async def act(scene: Scene) -> None:
        scene.choose("alexa")
        await asyncio.sleep(5)
        scene.wake("alexa")
        await asyncio.sleep(5)
        scene.choose("hey jarvis")
        await asyncio.sleep(TRIAL_S + 5)

    assert Scene().play(act).words == (("alexa",), ())
