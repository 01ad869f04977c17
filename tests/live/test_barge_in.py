"""Interrupting a reply, in virtual time: real conversation, real guards, a loudspeaker that keeps time."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import events as ev
from assistant.audio import FRAME_SECONDS, Samples
from assistant.live.barge_in import CONFIRM_SECONDS, DUCK_SECONDS, BargeIn
from assistant.live.own_voice import OwnSound, OwnWords
from assistant.skills import Reply
from assistant.stt.spotting import SECOND_LOOK_SECONDS, Spotted, Verdict
from assistant.tts import AudioChunk
from assistant.workers import InlineWorker
from tests.fakes import SILENCE, VOICE, WAKE, FakeSkills, FakeWake, House, ScriptedSource, sound
from tests.virtual_time import LoopClock, run

COUGH = 20_000
STEP = 21_000
STOP = 22_000
"""More loudness codes: what the scripted stop listeners react to. COUGH is nothing to them."""


class TimedLoudspeaker:
    """Plays in virtual time, can be held, and notes when it was to be heard."""

    def __init__(self) -> None:
        self.ducked = False
        self.left: dict[str, float] = {}
        self.holding = ""
        self.heard: list[tuple[float, str, bool]] = []
        """Every 20 ms in which something sounded: when, whose, how."""
        self.stopped = 0

    @property
    def sounding(self) -> bool:
        return any(left > 0 for turn, left in self.left.items() if turn != self.holding)

    def play(self, chunk: AudioChunk, turn: str = "") -> None:
        self.left[turn] = self.left.get(turn, 0.0) + len(chunk.samples) / chunk.sample_rate

    async def drain(self, turn: str = "") -> None:
        while self.left.get(turn, 0.0) > 1e-6:
            await asyncio.sleep(FRAME_SECONDS)
            if turn != self.holding:
                self.left[turn] -= FRAME_SECONDS
                self.heard.append((asyncio.get_running_loop().time(), turn, self.ducked))
        self.left.pop(turn, None)

    def stop(self, turn: str = "") -> None:
        self.stopped += 1
        for each in [turn] if turn else list(self.left):
            self.left.pop(each, None)

    def hold(self, turn: str) -> None:
        self.holding = turn

    def release(self) -> None:
        self.holding = ""

    def silent_between(self, begins: float, ends: float) -> bool:
        return not any(begins < at < ends for at, _, _ in self.heard)


class ScriptedSpotter:
    """Hears "stop" in STOP, and something like it in STEP: a suspicion that SECOND_LOOK_SECONDS dispel."""

    def __init__(self, *, decides: bool = True) -> None:
        self.fed = 0
        self._decides = decides
        self._suspected_at = -1

    def feed(self, samples: Samples) -> Spotted | None:
        self.fed += samples.size
        if np.isin(samples, STOP).any():
            self._suspected_at = -1
            return Spotted("stop", Verdict.SAID)
        if self._suspected_at < 0 and np.isin(samples, STEP).any():
            self._suspected_at = self.fed
            return Spotted("stop", Verdict.SUSPECTED)
        if self._decides and 0 <= self._suspected_at <= self.fed - SECOND_LOOK_SECONDS * 16_000:
            self._suspected_at = -1
            return Spotted("stop", Verdict.NOT_SAID)
        return None

    def reset(self) -> None:
        self._suspected_at = -1


def kitchen(
    house: House, samples: Samples, *, own: OwnSound | None = None, decides: bool = True
) -> tuple[TimedLoudspeaker, list[float], ScriptedSpotter]:
    """Let `house` hear `samples` live; the loudspeaker, and when stop was obeyed."""
    stops: list[float] = []
    spotter = ScriptedSpotter(decides=decides)

    async def job() -> TimedLoudspeaker:
        loudspeaker = TimedLoudspeaker()
        house.loudspeaker = loudspeaker  # type: ignore[assignment]
        conversation = house.open()
        words = OwnWords(LoopClock())
        barge_in = BargeIn(loudspeaker, own or OwnSound(None, None), words, spotter, InlineWorker())

        def stopped() -> None:
            stops.append(asyncio.get_running_loop().time())
            conversation.stop()

        barge_in.stopped = stopped
        house.bus.subscribe(words.observe)
        house.bus.subscribe(barge_in.observe)
        conversation.barge_in = barge_in
        await conversation.run(ScriptedSource(samples, live=True))
        return loudspeaker

    return run(job()), stops, spotter


LONG = Reply("word " * 60)
"""Six seconds, from about second 2.3 on."""
REQUEST = ((WAKE, 0.5), (VOICE, 1.5), (SILENCE, 2.0))


def test_a_wake_word_silences_at_once_and_the_next_request_ends_the_reply() -> None:
    house = House("what time is it", "turn on the lamp", skills=FakeSkills(LONG))
    parts = sound(*REQUEST, (WAKE, 0.5), (VOICE, 1.3), (SILENCE, 9.0))
    loudspeaker, _, _ = kitchen(house, parts)
    assert [trace.outcome for trace in house.traces] == ["cancelled", "done"]
    # detected at 4.5 s: silent until the second reply
    second = min(at for at, turn, _ in loudspeaker.heard if turn == "0002")
    assert loudspeaker.silent_between(4.56, second)
    assert any(4.0 < at < 4.5 for at, _, _ in loudspeaker.heard)


def test_a_wake_word_without_words_lets_the_reply_go_on_where_it_was() -> None:
    house = House("what time is it", skills=FakeSkills(LONG))
    loudspeaker, _, _ = kitchen(house, sound(*REQUEST, (WAKE, 0.5), (SILENCE, 15.0)))
    outcomes = {trace.turn: trace.outcome for trace in house.traces}
    assert outcomes == {"0001": "done", "0002": "nothing"}
    assert loudspeaker.silent_between(4.56, 8.0)
    assert len(loudspeaker.heard) * FRAME_SECONDS == pytest.approx(6.0, abs=0.05)
    assert house.kinds().count("TurnEnded") == 2


def test_words_made_of_the_own_voice_s_last_echo_let_the_reply_go_on() -> None:
    house = House("what time is it", "turn on the lamp", skills=FakeSkills(LONG))
    house.recognizer.imagines_s = 1.5
    loudspeaker, _, _ = kitchen(house, sound(*REQUEST, (WAKE, 0.5), (VOICE, 0.06), (SILENCE, 15.0)))
    assert {trace.turn: trace.outcome for trace in house.traces} == {"0001": "done", "0002": "nothing"}
    assert len(house.skills.handled) == 1
    assert len(loudspeaker.heard) * FRAME_SECONDS == pytest.approx(6.0, abs=0.05)


def test_a_suspicion_ducks_and_a_cough_changes_nothing_else() -> None:
    house = House("what time is it", skills=FakeSkills(LONG))
    loudspeaker, stops, _ = kitchen(house, sound(*REQUEST, (COUGH, 0.5), (SILENCE, 9.0)))
    assert [trace.outcome for trace in house.traces] == ["done"]
    assert not any(ducked for _, _, ducked in loudspeaker.heard)
    assert len(loudspeaker.heard) * FRAME_SECONDS == pytest.approx(6.0, abs=0.05)
    assert stops == []


def test_what_begins_like_the_wake_word_ducks_for_a_moment() -> None:
    class Almost(FakeWake):
        def process(self, samples: Samples) -> None:
            super().process(samples)

    house = House("what time is it", skills=FakeSkills(LONG))

    async def job() -> TimedLoudspeaker:
        loudspeaker = TimedLoudspeaker()
        barge_in = BargeIn(loudspeaker, OwnSound(None, None), OwnWords(LoopClock()), None, InlineWorker())
        loudspeaker.play(AudioChunk(np.ones(16_000 * 5, np.int16), 16_000), "x")
        playing = asyncio.create_task(loudspeaker.drain("x"))
        for number in range(150):
            await asyncio.sleep(FRAME_SECONDS)
            barge_in.feed(np.zeros(320, np.int16), 0.6 if 50 <= number < 55 else 0.1)
        playing.cancel()
        return loudspeaker

    ducked = [at for at, _, low in run(job()).heard if low]
    assert min(ducked) == pytest.approx(1.02, abs=0.05)
    assert max(ducked) - min(ducked) == pytest.approx(0.1 + DUCK_SECONDS, abs=0.06)
    assert house.traces == []


def test_the_chime_after_a_detection_is_not_ducked_by_it() -> None:
    async def job() -> TimedLoudspeaker:
        loudspeaker = TimedLoudspeaker()
        barge_in = BargeIn(loudspeaker, OwnSound(None, None), OwnWords(LoopClock()), None, InlineWorker())
        barge_in.feed(np.zeros(320, np.int16), 1.0)
        barge_in.observe(ev.WakeDetected(turn="1", at=0.0, phrase="okay nabu", score=0.9, stream_s=0.0))
        loudspeaker.play(AudioChunk(np.ones(16_000, np.int16), 16_000), "1")
        playing = asyncio.create_task(loudspeaker.drain("1"))
        for number in range(50):
            await asyncio.sleep(FRAME_SECONDS)
            barge_in.feed(np.zeros(320, np.int16), 0.9 if number < 10 or number > 40 else 0.1)
        playing.cancel()
        return loudspeaker

    ducked = [at for at, _, low in run(job()).heard if low]
    assert min(ducked) > 0.8  # another suspicion, much later


def test_stop_silences_within_a_frame_and_ends_the_turn() -> None:
    house = House("what time is it", skills=FakeSkills(LONG))
    loudspeaker, stops, spotter = kitchen(house, sound(*REQUEST, (STOP, 0.3), (SILENCE, 9.0)))
    assert [trace.outcome for trace in house.traces] == ["cancelled"]
    assert len(stops) == 1
    assert stops[0] == pytest.approx(4.0, abs=0.1)
    assert loudspeaker.silent_between(stops[0] + 0.05, 20.0)
    # nobody listens for it while nothing sounds
    assert spotter.fed < 3.0 * 16_000


@pytest.mark.parametrize(("decides", "pause"), [(True, SECOND_LOOK_SECONDS), (False, CONFIRM_SECONDS)])
def test_what_only_sounds_like_stop_pauses_for_a_moment(decides: bool, pause: float) -> None:
    house = House("what time is it", skills=FakeSkills(LONG))
    loudspeaker, stops, _ = kitchen(house, sound(*REQUEST, (STEP, 0.1), (SILENCE, 9.0)), decides=decides)
    assert [trace.outcome for trace in house.traces] == ["done"]
    assert stops == []
    assert len(loudspeaker.heard) * FRAME_SECONDS == pytest.approx(6.0, abs=0.05)
    gaps = np.diff([at for at, _, _ in loudspeaker.heard])
    assert pause - 0.1 <= gaps.max() <= pause + 0.3


def test_stop_in_its_own_words_is_not_obeyed() -> None:
    house = House("what time is it", skills=FakeSkills(Reply("you can say stop " + "word " * 40)))
    _, stops, _ = kitchen(house, sound(*REQUEST, (STOP, 0.3), (SILENCE, 9.0)))
    assert stops == []
    assert [trace.outcome for trace in house.traces] == ["done"]


def test_its_own_wake_phrase_wakes_nobody() -> None:
    own = OwnSound(None, FakeWake())
    own.clean(np.zeros(320, np.int16), np.full(320, WAKE, np.int16))
    assert own.said_wake

    class Always(OwnSound):
        @property
        def said_wake(self) -> bool:
            return True

    house = House("what time is it", skills=FakeSkills(LONG))
    kitchen(house, sound(*REQUEST, (WAKE, 0.5), (VOICE, 1.3), (SILENCE, 9.0)), own=Always(None, None))
    # the first one too: the guard here says so of every detection
    assert house.traces == []


def test_its_own_wake_phrase_is_forgotten_soon() -> None:
    own = OwnSound(None, FakeWake())
    own.clean(np.zeros(320, np.int16), np.full(320, WAKE, np.int16))
    for _ in range(100):
        own.clean(np.zeros(320, np.int16), None)
    assert not own.said_wake


def test_a_request_that_is_its_own_sentence_is_no_request() -> None:
    house = House("turn on the lamp")

    async def job() -> None:
        conversation = house.open()
        house.rooms.echoes = lambda words, since: words.endswith("turn on the lamp") and since < 2.0
        await conversation.run(ScriptedSource(sound((WAKE, 0.5), (VOICE, 1.3), (SILENCE, 4.0)), live=True))

    run(job())
    assert [trace.outcome for trace in house.traces] == ["nothing"]
    assert house.voice.said == []


def test_own_words_are_known_while_they_sound() -> None:
    async def job() -> None:
        clock = LoopClock()
        words = OwnWords(clock)

        def spoke(text: str, seconds: float) -> None:
            samples = np.zeros(round(seconds * 16_000), np.int16)
            words.observe(ev.SpeechOut(turn="1", at=clock.monotonic(), samples=samples, sample_rate=16_000, text=text))

        spoke("Say stop, and I stop.", 2.0)
        spoke("The lamp in the kitchen is on.", 2.0)
        assert words.said("stop")
        assert not words.said("lamp")  # planned for later
        await asyncio.sleep(3.0)
        assert words.said("lamp")
        assert not words.said("stop")
        assert words.echoes("lamp in the kitchen", since=2.0)
        assert words.echoes("lump in a kitchen", since=2.0)
        assert not words.echoes("what time is it", since=2.0)
        assert not words.echoes("turn the lamp in the kitchen off and then the one in the hall", since=2.0)
        words.observe(ev.SpeechOver(turn="1", at=clock.monotonic()))
        await asyncio.sleep(2.0)
        assert not words.echoes("lamp in the kitchen", since=clock.monotonic() - 1.0)

    run(job())


@given(st.lists(st.sampled_from([(SILENCE, 0.4), (VOICE, 0.8), (WAKE, 0.5), (STEP, 0.1), (STOP, 0.3), (COUGH, 0.2)]),
                min_size=1, max_size=14))  # fmt: skip
def test_whatever_happens_every_turn_ends_once_and_nothing_stays_held_or_ducked(parts: list[tuple[int, float]]) -> None:
    house = House("what time is it", skills=FakeSkills(Reply("word " * 20)))
    loudspeaker, _, _ = kitchen(house, sound((WAKE, 0.5), (VOICE, 1.5), (SILENCE, 0.6), *parts, (SILENCE, 20.0)))
    ended = [event.turn for event in house.events if isinstance(event, ev.TurnEnded)]
    assert sorted(ended) == sorted(trace.turn for trace in house.traces)
    assert len(set(ended)) == len(ended)
    assert not loudspeaker.ducked
    assert not any(loudspeaker.left.values())
    assert loudspeaker.holding in {"", *ended}
