"""The welcome from its first word to its last, in virtual time: real turns, skills and sentences, a scripted person."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from assistant import events as ev
from assistant.audio import FRAME_SAMPLES, FRAME_SECONDS, Samples
from assistant.clock import SystemClock
from assistant.config import Place, Quiet, Settings
from assistant.dialogue.interpreting import Heard, Interpreter
from assistant.errors import AudioError
from assistant.live.welcome import MOST_TRIES, REQUEST, Welcome
from assistant.nlu.dialogue import Dialogue
from assistant.nlu.home import load_home
from assistant.nlu.names import no_names
from assistant.nlu.understanding import Understanding
from assistant.skills.timekeeping import Source
from assistant.stt import Transcription
from tests.fakes import SILENCE, VOICE, WAKE, FakeLoudspeaker, FakeRecognizer, House, sound
from tests.skills.device import Device
from tests.virtual_time import LoopClock, run

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 21, 18, 0, tzinfo=BERLIN)
CALL = "(calls)"


class Clear(Interpreter):
    """Understands with the real sentences; what is said is heard clearly."""

    def interpret(self, transcription: Transcription, dialogue: Dialogue) -> Heard:
        text = self.said(transcription.chosen.text)
        return replace(self.read(text, dialogue), source="open") if text else Heard("", (), "open", 0.0)


@cache
def interpreter() -> Interpreter:
    understanding = Understanding(load_home(None), names=no_names, clock=SystemClock(), classify=False)
    return Clear(understanding, None, ("okay nabu",))


class Loudspeaker(FakeLoudspeaker):
    """Plays in virtual time; can be stopped, and be missing."""

    missing = False

    async def drain(self, turn: str = "") -> None:
        while self.waiting_s > 0:
            await asyncio.sleep(0.1)
            self.waiting_s -= 0.1
        self.waiting_s = 0.0
        if self.missing:
            raise AudioError("loudspeaker: it is gone; plug one in")

    def stop(self, turn: str = "") -> None:
        super().stop(turn)
        self.waiting_s = 0.0


class Person:
    """A microphone in a room with somebody who answers: to each sentence the first of `answers` whose beginning fits
    what was asked; None and what is missing are silence."""

    name = "microphone"
    live = True

    def __init__(self, house: House, answers: list[tuple[str, str | None]]) -> None:
        self.house, self.answers = house, list(answers)
        self.waiting: deque[Samples] = deque()
        self.plugged = asyncio.Event()
        self.plugged.set()
        self.asked: list[str] = []
        self.asked_twice = asyncio.Event()
        self._said = ""
        house.bus.subscribe(self.hear)

    def hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.ReplyClause) and event.turn == "welcome":
            self._said = f"{self._said} {event.text}".strip()
        if isinstance(event, ev.SpeechOver) and event.turn == "welcome" and self._said:
            self.asked.append(self._said)
            if len(self.asked) == 2:
                self.asked_twice.set()
            said, self._said = self._said, ""
            for index, (begins, answer) in enumerate(self.answers):
                if re.search(begins, said):
                    del self.answers[index]
                    self.say(answer)
                    return

    def say(self, words: str | None, after_s: float = 0.6) -> None:
        """Speak after a moment."""
        if words is None:
            return
        call, _, rest = words.partition(" ") if words.startswith(CALL) else ("", "", words)
        parts = [(SILENCE, after_s)] + ([(WAKE, 0.6)] if call else [])
        if rest:
            self.house.recognizer.script = [rest]
            # clear of the wake phrase as the recogniser is given it
            parts += [(VOICE, 0.2 + 0.3 * len(rest.split()))]
        samples = sound(*parts, (SILENCE, 0.2))
        self.waiting.extend(samples.reshape(-1, FRAME_SAMPLES))

    async def frames(self) -> AsyncIterator[Samples]:
        while True:
            await self.plugged.wait()
            await asyncio.sleep(FRAME_SECONDS)
            yield self.waiting.popleft() if self.waiting else np.zeros(FRAME_SAMPLES, np.int16)


class Scene:
    """A house at its first start."""

    def __init__(self, tmp_path: Path, start: datetime = EVENING, *, quiet: str = "", **device: Any) -> None:
        self.settings = Settings(place=Place(time_zone="Europe/Berlin"), quiet=Quiet(hours=quiet))
        self.device = Device(start, settings=self.settings, **device)
        self.data = tmp_path
        self.calibrated: list[tuple[float, float, int]] = []
        self.closer, self.offered = False, True

    def sensitivity(self, without: list[Samples], spoken: list[Samples], said: int) -> bool:
        seconds = [round(len(each) * FRAME_SECONDS, 1) for each in (without, spoken)]
        self.calibrated.append((seconds[0], seconds[1], said))
        return self.closer

    def play(
        self,
        *answers: tuple[str, str | None],
        seconds: float = 75.0,
        act: Callable[["Scene"], object] = lambda _: None,
    ) -> list[str]:
        """What the welcome said, each sentence that was answered or not."""

        async def job() -> list[str]:
            # each start is a program of its own on the same memory
            self.device.restart()
            self.house = House(skills=self.device.skills)
            self.house.recognizer = FakeRecognizer([""], confidence=0.95)
            self.house.interpreter = interpreter()  # type: ignore[assignment]
            self.loudspeaker = self.house.loudspeaker = Loudspeaker()
            self.conversation = self.house.open()
            self.person = Person(self.house, list(answers))
            welcome = Welcome(
                self.house.rooms, self.conversation, lambda: ("okay nabu",), self.sensitivity, self.data,
                offered=self.offered,
            )  # fmt: skip
            self.welcome = welcome
            self.house.bus.subscribe(welcome.observe)
            tasks = [
                asyncio.create_task(self.conversation.run(self.person)),
                asyncio.create_task(welcome.run()),
                asyncio.create_task(self.tick()),
            ]
            acting = asyncio.ensure_future(self.acting(act))
            await asyncio.sleep(seconds)
            for task in (*tasks, acting):
                task.cancel()
            results = await asyncio.gather(*tasks, acting, return_exceptions=True)
            welcome.close()
            for result in results:
                if isinstance(result, Exception):
                    raise result
            return self.person.asked

        return run(job())

    async def acting(self, act: Callable[["Scene"], object]) -> None:
        done = act(self)
        if asyncio.iscoroutine(done):
            await done

    async def tick(self) -> None:
        """The skills' clock goes with the loop's."""
        while True:
            await asyncio.sleep(0.5)
            self.device.clock.advance(0.5)

    @property
    def done(self) -> bool:
        return bool(self.device.store.get("welcome_done"))

    @property
    def volume(self) -> int:
        return self.device.skills.preferences.volume


def beginnings(said: list[str]) -> list[str]:
    return [" ".join(each.split()[:3]) for each in said]


HELLO, LOUD, CALLS = ("Hello", "yes"), ("voice loud enough", "yes"), ("call me from", CALL)
ONCE, LAST = ("Once more", CALL), ("third time", CALL)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_from_the_first_word_to_the_last_without_a_button(scene: Scene):
    said = scene.play(HELLO, LOUD, CALLS, ONCE, LAST)
    assert beginnings(said) == [
        "Hello. I am", "I can hear", "Good. Now call", "I heard you.", "I heard you.", "That is all."
    ]  # fmt: skip
    assert scene.done
    ((_, _, calls),) = scene.calibrated
    assert calls == 3
    assert all(trace.outcome in ("done", "cancelled") for trace in scene.house.traces)
    # once is enough
    assert scene.play(seconds=15) == []


def test_the_volume_is_set_by_ear(scene: Scene):
    said = scene.play(
        HELLO, ("voice loud enough", "louder"), ("better", "a little louder"), ("as loud as", "quieter"),
        ("better", "that's fine"), seconds=50,
    )  # fmt: skip
    assert scene.volume == 85
    assert beginnings(said)[1:5] == ["I can hear", "Is this better?", "That is as", "Is this better?"]


def test_a_call_that_is_missed_is_asked_for_again_and_the_threshold_learns_of_it(scene: Scene):
    scene.closer = True
    said = scene.play(HELLO, LOUD, ("call me from", "someone mumbles"), ("did not hear you call", CALL), ONCE, LAST)
    assert "did not hear you call" in said[3]
    assert scene.calibrated[0][2] == 4
    assert said[-2].startswith("From now on I listen")
    assert said[-1].startswith("That is all.")


def test_one_who_is_never_heard_is_told_what_to_do(scene: Scene):
    mumbles = [("(call me from|hear you call)", "someone mumbles")] * 6
    said = scene.play(HELLO, LOUD, *mumbles, seconds=110)
    assert said[-2].startswith("I hardly hear my name here.")
    assert scene.calibrated[0][2] == 6
    assert scene.done


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ("Hello", "skip"),
        ("Hello", "no"),
        ("Hello", "never mind"),
        ("Hello", "stop"),
        ("loud enough", "skip the welcome"),
    ],
)
def test_it_can_be_skipped_and_is_not_offered_again(scene: Scene, word: str, when: str):
    said = scene.play(*([HELLO] if when != "Hello" else []), (when, word), seconds=25)
    assert said[-1].startswith("All right.")
    assert scene.done
    assert scene.play(seconds=15) == []


def test_nobody_answers_and_it_is_offered_at_the_next_starts_but_not_for_ever(scene: Scene):
    for _ in range(MOST_TRIES):
        said = scene.play(seconds=40)
        assert beginnings(said) == ["Hello. I am", "I did not", "Nobody answers. That"]
    assert not scene.done
    assert scene.play(seconds=15) == []


def test_one_who_goes_away_in_the_middle_is_not_waited_for(scene: Scene):
    said = scene.play(HELLO, LOUD)
    assert said[-1].startswith("Nobody answers.")
    assert not scene.done
    assert scene.play(HELLO, LOUD, CALLS, ONCE, LAST)[-1].startswith("That is all.")


def test_a_slow_one_is_asked_twice(scene: Scene):
    said = scene.play(("did not get an answer", "yes"), LOUD, CALLS, ONCE, LAST)
    assert said[-1].startswith("That is all.")


def test_a_request_instead_of_an_answer_is_served(scene: Scene):
    said = scene.play(("Hello", "what time is it"), ("did not get an answer", "yes"), LOUD, CALLS, ONCE, LAST)
    assert "TimeNow" in [event.intent for event in scene.house.events if isinstance(event, ev.IntentMatched)]
    assert said[-1].startswith("That is all.")


def test_two_requests_instead_of_an_answer_end_it_for_now(scene: Scene):
    said = scene.play(("Hello", "what time is it"), ("did not get an answer", "flip a coin"))
    assert said[-1].startswith("We can go on")
    assert not scene.done


def test_a_wake_word_silences_it_and_the_request_is_served(scene: Scene):
    async def act(scene: Scene) -> None:
        await asyncio.sleep(6.5)  # in the middle of the first sentence
        assert scene.loudspeaker.waiting_s > 0
        scene.person.say(f"{CALL} what time is it", 0.1)
        await asyncio.sleep(1.5)
        assert scene.conversation.busy
        assert scene.loudspeaker.waiting_s == 0

    said = scene.play(act=act, seconds=30)
    assert any(trace.outcome == "done" for trace in scene.house.traces)
    assert len(said) <= 3


def test_a_request_behind_a_call_is_served_and_ends_it_for_now(scene: Scene):
    said = scene.play(HELLO, LOUD, ("call me from", f"{CALL} flip a coin"))
    assert said[-1].startswith("We can go on")
    assert scene.house.traces[-1].outcome == "done"


def test_stop_and_the_button_end_it_in_silence(scene: Scene):
    async def act(scene: Scene) -> None:
        await asyncio.sleep(6.5)
        scene.loudspeaker.stop()
        scene.house.bus.publish(ev.Silenced(turn="", at=LoopClock().monotonic()))

    said = scene.play(act=act, seconds=20)
    assert beginnings(said) == ["Hello. I am"]
    assert scene.done


def test_without_a_microphone_it_waits_for_one(scene: Scene):
    async def act(scene: Scene) -> None:
        scene.person.plugged.clear()
        await asyncio.sleep(40)
        assert scene.person.asked == []
        scene.person.plugged.set()

    said = scene.play(HELLO, LOUD, CALLS, ONCE, LAST, act=act, seconds=110)
    assert said[-1].startswith("That is all.")


def test_a_microphone_that_sends_nothing_but_zeros_is_none(scene: Scene):
    async def act(scene: Scene) -> None:
        trouble = ev.SoundTrouble(turn="", at=0.0, kind="zeros", sentence="switched off?")
        scene.house.bus.publish(trouble)
        await asyncio.sleep(20)
        assert scene.person.asked == []
        scene.house.bus.publish(ev.SoundTrouble(turn="", at=0.0, kind="", sentence=""))

    assert scene.play(HELLO, LOUD, CALLS, ONCE, LAST, act=act, seconds=90)[-1].startswith("That is all.")


def test_a_microphone_that_goes_away_in_the_middle_is_waited_for(scene: Scene):
    async def act(scene: Scene) -> None:
        await scene.person.asked_twice.wait()
        scene.person.plugged.clear()
        await asyncio.sleep(100)
        scene.person.plugged.set()

    said = scene.play(
        HELLO, ("voice loud enough", None), HELLO, LOUD, CALLS, ONCE, LAST, act=act, seconds=200
    )  # fmt: skip
    assert beginnings(said)[:4] == ["Hello. I am", "I can hear", "Hello. I am", "I can hear"]
    assert said[-1].startswith("That is all.")


def test_without_a_loudspeaker_it_waits_for_one(scene: Scene):
    async def act(scene: Scene) -> None:
        scene.loudspeaker.missing = True
        await asyncio.sleep(30)
        scene.loudspeaker.missing = False
        scene.person.answers = [HELLO, LOUD, CALLS, ONCE, LAST]

    said = scene.play(act=act, seconds=120)
    assert said[-1].startswith("That is all.")
    assert scene.done


def test_at_night_and_in_quiet_hours_it_waits(tmp_path: Path):
    night = Scene(tmp_path, datetime(2026, 11, 21, 23, 0, tzinfo=BERLIN))
    assert night.play(seconds=15) == []
    quiet = Scene(tmp_path, quiet="17:00-20:00")
    assert quiet.play(seconds=15) == []
    # a clock that nothing has set says nothing about the night: somebody has just switched it on
    unset = Scene(tmp_path, datetime(2026, 11, 21, 3, 0, tzinfo=BERLIN), source=Source.NONE)
    assert beginnings(unset.play(seconds=15))[:1] == ["Hello. I am"]


def test_it_comes_again_on_request_even_at_night(tmp_path: Path):
    scene = Scene(tmp_path, datetime(2026, 11, 21, 23, 0, tzinfo=BERLIN))
    scene.device.store.put(welcome_done=True)

    async def act(scene: Scene) -> None:
        await asyncio.sleep(10)
        scene.person.say(f"{CALL} start the welcome again")

    said = scene.play(LOUD, CALLS, ONCE, LAST, act=act)
    assert beginnings(said)[0] == "I can hear"
    assert said[-1].startswith("That is all.")


def test_the_command_asks_for_it_too(scene: Scene):
    scene.offered = False
    assert scene.play(seconds=15) == []
    (scene.data / REQUEST).touch()
    said = scene.play(HELLO, LOUD, CALLS, ONCE, LAST)
    assert beginnings(said)[0] == "Hello. I am"
    assert not (scene.data / REQUEST).exists()


def test_where_nobody_can_play_it_the_skill_says_so():
    device = Device()
    assert device.say("WelcomeStart").outcome == "refused"
    assert device.text("WelcomeSkip") == "There is nothing to skip."
