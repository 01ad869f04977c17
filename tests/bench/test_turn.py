"""Both ways of serving a recording, in virtual time: real turn, real plain chain, scripted engines."""

import asyncio

import numpy as np
import pytest

from assistant.audio import FRAME_SECONDS
from assistant.audio.vad import SpeechDetector
from assistant.bench import baseline
from assistant.bench.figures import Effort, Stage
from assistant.bench.turn import (
    Caller,
    Clip,
    Comparison,
    Kept,
    Paced,
    alone,
    conclude,
    hesitate,
    load_clip,
    measure_turn,
)
from assistant.config import Settings
from assistant.stt import Hypothesis, Transcription, Word
from assistant.workers import InlineWorker
from tests.fakes import SILENCE, VOICE, WAKE, FakeVoice, FakeVoiceActivity, FakeWake, House, SlowWorker, sound
from tests.virtual_time import LoopClock, run

COMMAND = sound((SILENCE, 1.0), (WAKE, 0.5), (VOICE, 1.5), (SILENCE, 3.0))
CLIP = Clip("command", COMMAND, 3.0)
SLOW_S = 0.3


def compare(house: House, clips: list[Clip], repeats: int = 2, **workers: object) -> Stage:
    stage = Stage("turn")

    async def job() -> None:
        conversation = house.open(**workers)  # type: ignore[arg-type]
        kept = Kept()
        conversation._observers = (kept,)
        comparison = Comparison(
            conversation._rooms, conversation, kept, FakeWake(), SpeechDetector(FakeVoiceActivity()), FakeVoice()
        )
        await comparison.run(stage, clips, Effort(repeats=repeats, warmup=1))

    run(job())
    return stage


def test_both_ways_wait_for_what_their_rules_say():
    stage = compare(House("what time is it"), [CLIP], repeats=4)
    ours, plain = stage.series["first_audio_command_ms"], stage.series["baseline_first_audio_command_ms"]
    assert len(ours.values) == len(plain.values) == 4
    # a complete command ends after 0.2 s of silence, the plain chain after 0.7 s; engines take no time here
    assert all(200 <= value <= 200 + 3 * FRAME_SECONDS * 1000 for value in ours.values)
    assert all(700 <= value <= 700 + 3 * FRAME_SECONDS * 1000 for value in plain.values)
    ratio = stage.values["first_audio_over_baseline"]
    assert ratio["p50"] == pytest.approx(ours.p50 / plain.p50, abs=1e-3)
    assert ratio["n"] == 4
    assert stage.values["rules"] == {"complete": 4}
    assert stage.values["cut_off_rate"] == 0


def test_the_time_of_engines_counts_in_both_ways():
    fast = compare(House("what time is it"), [CLIP])
    slow = compare(House("what time is it"), [CLIP], acting=SlowWorker(SLOW_S))
    for name in ("first_audio_command_ms", "baseline_first_audio_command_ms"):
        assert slow.series[name].p50 - fast.series[name].p50 == pytest.approx(SLOW_S * 1000, abs=1)


def test_a_plain_chain_takes_the_whole_answer_first():
    house = House("why is the sky blue", answers=["Because of the air. ", "It scatters ", "blue ", "most."])
    stage = compare(house, [CLIP])
    # the model says a piece every 0.1 s: the first clause is there after one, the whole after four
    gap = stage.series["baseline_reply_question_ms"].p50
    assert gap == pytest.approx(400, abs=1)
    assert stage.series["llm_first_token_question_ms"].p50 == pytest.approx(100, abs=1)
    assert "first_audio_over_baseline" not in stage.values  # no command was said
    assert stage.values["question_over_baseline"]["n"] == 2


def test_a_recording_without_a_wake_phrase_is_counted_and_left_out():
    stage = compare(House("what time is it"), [Clip("nothing", sound((SILENCE, 2.0)), 0.0)], repeats=2)
    assert stage.values == {} or "first_audio_over_baseline" not in stage.values
    assert not stage.series


def test_a_turn_that_cut_the_speaker_off_is_counted_and_gives_no_time():
    broken = sound((SILENCE, 1.0), (WAKE, 0.5), (VOICE, 1.5), (SILENCE, 0.5), (VOICE, 0.6), (SILENCE, 3.0))
    stage = compare(House("what time is it"), [Clip("hesitant", broken, 4.1)], repeats=3)
    assert stage.values["cut_off_rate"] == 1
    assert stage.values["pairs_left_out"] == 3
    assert "first_audio_over_baseline" not in stage.values


def test_a_recording_comes_at_the_pace_of_speech():
    arrived: list[float] = []

    async def job() -> None:
        source = Paced(CLIP, LoopClock())
        await asyncio.sleep(5)
        arrived.extend([LoopClock().monotonic() - source.began async for _ in source.frames()])

    run(job())
    steps = np.diff([0.0, *arrived])
    assert np.allclose(steps, FRAME_SECONDS)


def test_a_late_reader_gets_what_was_spoken_meanwhile_at_once():
    arrived: list[float] = []

    async def job() -> None:
        source = Paced(CLIP, LoopClock())
        async for _ in source.frames():
            arrived.append(LoopClock().monotonic() - source.began)
            if len(arrived) == 10:
                await asyncio.sleep(1)

    run(job())
    assert arrived[10] == pytest.approx(arrived[9] + 1)
    assert arrived[40] == arrived[10]
    assert arrived[-1] == pytest.approx(len(arrived) * FRAME_SECONDS)


class Heard:
    """A recogniser that knows where the words are."""

    def __init__(self, *words: tuple[str, float]) -> None:
        self.words = tuple(Word(text, start, start + 0.1, 1.0) for text, start in words)

    def set_phrases(self, phrases: object) -> None: ...

    def start(self, skip_s: float = 0.0) -> "Heard":
        return self

    def feed(self, samples: object) -> str:
        return ""

    def settle(self) -> Transcription:
        return self.finish()

    def finish(self) -> Transcription:
        return Transcription(Hypothesis("w", 1.0, self.words))


def paused_at(broken: Clip) -> float:
    """Where the pause was put in, seconds."""
    return float(np.argmax(broken.samples[: len(CLIP.samples)] != CLIP.samples) / 16000)


def test_a_hesitant_speaker_pauses_before_the_last_slot():
    heard = Heard(("set", 1.5), ("a", 1.8), ("timer", 2.0), ("for", 2.2), ("ten", 2.5), ("minutes", 2.8))
    broken = hesitate(CLIP, heard, 0.5)
    assert broken is not None
    assert len(broken.samples) == len(CLIP.samples) + 8000
    assert broken.speech_end_s == 3.5
    assert paused_at(broken) == pytest.approx(2.5, abs=0.001)
    at = round(2.5 * 16000)
    assert (broken.samples[at + 8000 :] == CLIP.samples[at:]).all()
    assert np.abs(broken.samples[at : at + 8000]).max() < 200


def test_without_a_preposition_the_last_word_is_the_slot():
    broken = hesitate(CLIP, Heard(("turn", 1.5), ("kitchen", 1.9), ("lights", 2.2), ("off", 2.6)), 0.5)
    assert broken is not None
    assert paused_at(broken) == pytest.approx(2.6, abs=0.001)
    assert hesitate(CLIP, Heard(("stop", 1.5), ("it", 2.0)), 0.5) is None


class Deaf:
    """A wake engine that fires at the loud sound alone."""

    phrases = ("okay nabu",)

    def process(self, samples):
        return object() if np.abs(samples).max() > 1000 else None

    def reset(self) -> None: ...


def test_a_request_without_the_wake_phrase_is_given_one():
    call = Caller(Deaf())  # type: ignore[arg-type]
    request = np.full(16000, 10, np.int16)
    called = call(request)
    assert len(called) > len(request)
    assert (called[-16000:] == request).all()
    loud = np.full(16000, 5000, np.int16)
    assert call(loud) is loud


def test_the_end_of_speech_is_found_in_the_recording(tmp_path):
    from assistant.audio.files import write_wav

    write_wav(tmp_path / "x.wav", sound((SILENCE, 0.5), (VOICE, 1.0), (SILENCE, 1.0)), 16000)
    clip = load_clip(tmp_path / "x.wav", SpeechDetector(FakeVoiceActivity()))
    assert clip.speech_end_s == pytest.approx(1.5, abs=0.04)
    assert len(clip.samples) == round(4.5 * 16000)


def test_the_plain_chain_gives_up_after_its_cap():
    done: list[baseline.PlainTurn] = []

    async def job() -> None:
        conversation = House("what time is it").open(hearing=InlineWorker())
        source = Paced(Clip("x", sound((SILENCE, 0.5), (WAKE, 0.5), (VOICE, 12.0)), 13.0), LoopClock())
        detector = SpeechDetector(FakeVoiceActivity())
        done.append(await baseline.serve(source, conversation._rooms, FakeWake(), detector, FakeVoice()))

    run(job())
    assert done[0].ended_s == pytest.approx(1.0 + baseline.LONGEST_S, abs=0.1)
    assert done[0].first_audio_at is not None


def test_there_is_no_ratio_without_both_sides():
    stage = Stage("turn")
    stage.begin("first_audio_command_ms", "ms", 1).add(1.0)
    conclude(stage)
    assert stage.values == {}


def test_a_measurement_knows_neither_hub_nor_cloud(tmp_path):
    there = Settings(hub={"url": "http://hub:8123"}, cloud={"url": "https://cloud/v1"}, paths={"data": tmp_path})
    here = alone(there)
    assert (here.hub.url, here.cloud.url) == ("", "")
    assert here.paths == there.paths


def test_a_question_nobody_can_answer_is_a_path_of_its_own():
    stage = compare(House("why is the sky blue"), [CLIP])
    assert stage.values["refusal_over_baseline"]["n"] == 2
    assert "question_over_baseline" not in stage.values


@pytest.mark.long
def test_the_real_appliance_against_the_real_plain_chain(tmp_path):
    stage = Stage("turn")
    settings = Settings(paths={"data": tmp_path / "data", "cache": tmp_path / "cache"})
    measure_turn(stage, settings, Effort(repeats=2, warmup=0))
    assert sum(stage.values["rules"].values()) == 2
    assert stage.values["first_audio_over_baseline"]["n"] + stage.values.get("pairs_left_out", 0) == 2
    assert "cut_off_rate_hesitant" in stage.values
