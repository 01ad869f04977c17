"""Whole conversations in virtual time: real turn, real conversation, scripted engines."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import pytest

from assistant import events as ev
from assistant.audio import Samples
from assistant.conversation import PREROLL_S
from assistant.errors import AssistantError
from assistant.skills import Reply
from assistant.stt.endpoint import Ending
from assistant.turn import Deadlines
from assistant.workers import Worker
from tests.fakes import (
    SILENCE,
    VOICE,
    WAKE,
    FakeInterpreter,
    FakeRecognizer,
    FakeSkills,
    FakeVoice,
    House,
    ScriptedSource,
    SlowWorker,
    sound,
)
from tests.virtual_time import run

T = TypeVar("T")
EMPTY: Mapping[str, Worker] = MappingProxyType({})
REQUEST = sound((SILENCE, 1.0), (WAKE, 0.5), (VOICE, 1.5), (SILENCE, 2.0))


def sure(event: T | None) -> T:
    """The event, which must have happened."""
    assert event is not None
    return event


def hear(
    house: House, samples: Samples = REQUEST, *, live: bool = False, workers: Mapping[str, Worker] = EMPTY
) -> None:
    async def job() -> None:
        await house.open(**workers).run(ScriptedSource(samples, live))

    run(job())


def test_a_spoken_request_is_a_straight_line_of_events() -> None:
    house = House("what time is it")
    hear(house)
    assert house.kinds() == [
        "WakeDetected", "SpeechStarted", "SpeechEnded", "Transcript", "IntentMatched", "RouteDecided", "ReplyClause",
        "TurnEnded",
    ]  # fmt: skip
    (trace,) = house.traces
    assert trace.outcome == "done"
    assert trace.reply == "It is half past seven."
    assert house.voice.said == ["It is half past seven."]


def test_a_complete_command_ends_after_a_short_silence_and_an_unfinished_one_later() -> None:
    rules = {}
    for words in ("what time is it", "tell me everything you know about"):
        house = House(words)
        hear(house)
        ended = sure(house.traces[0].first(ev.SpeechEnded))
        rules[words] = (ended.rule, round(ended.stream_s - ended.last_speech_s, 1))
    assert rules["what time is it"] == ("complete", 0.2)
    assert rules["tell me everything you know about"][0] == "silence"
    assert rules["tell me everything you know about"][1] >= 0.5


def test_no_word_is_lost_without_a_pause_after_the_wake_word() -> None:
    house = House("what time is it")
    hear(house)
    # the first thing the recogniser gets is sound from before the detection
    assert len(house.recognizer.fed[0]) == pytest.approx(PREROLL_S * 16000, abs=320)


def test_words_without_a_voice_are_no_request_and_the_request_may_still_come() -> None:
    # what the recogniser makes of the wake phrase's end is a whole command here
    house = House(recognizer=FakeRecognizer(("mute",), imagines_s=0.4), interpreter=FakeInterpreter(("mute",)))
    hear(house, sound((WAKE, 0.5), (SILENCE, 7.0)))
    assert house.traces[0].outcome == "nothing"
    assert sure(house.traces[0].first(ev.SpeechEnded)).rule == "nothing"
    assert house.skills.handled == []
    house = House(recognizer=FakeRecognizer(("mute",), imagines_s=0.4), interpreter=FakeInterpreter(("mute",)))
    hear(house, sound((WAKE, 0.5), (SILENCE, 3.0), (VOICE, 0.4), (SILENCE, 2.0)))
    assert [intent.text for intent in house.skills.handled] == ["mute"]


def test_a_word_in_the_same_breath_as_the_wake_phrase_counts() -> None:
    house = House("mute", interpreter=FakeInterpreter(("mute",)))
    hear(house, sound((WAKE, 0.5), (VOICE, 0.3), (SILENCE, 2.0)))
    assert [intent.text for intent in house.skills.handled] == ["mute"]


def test_woken_and_nothing_said() -> None:
    house = House("anything")
    hear(house, sound((WAKE, 0.5), (SILENCE, 7.0)))
    assert house.traces[0].outcome == "nothing"
    assert sure(house.traces[0].first(ev.SpeechEnded)).rule == "nothing"
    assert house.voice.said == []


def test_sound_that_ends_in_mid_sentence() -> None:
    house = House("what time is it")
    hear(house, sound((WAKE, 0.5), (VOICE, 1.5)))
    assert sure(house.traces[0].first(ev.SpeechEnded)).rule == "end-of-sound"
    assert house.traces[0].outcome == "done"


def test_sound_without_the_wake_word_begins_no_turn() -> None:
    house = House("what time is it")
    hear(house, sound((SILENCE, 1.0), (VOICE, 3.0), (SILENCE, 1.0)))
    assert house.kinds() == []
    assert house.vad.asked == 0  # nobody asked whether that was a voice


def test_two_requests_in_one_recording() -> None:
    house = House("what time is it", "turn on the lamp")
    parts = ((SILENCE, 0.5), (WAKE, 0.5), (VOICE, 1.3), (SILENCE, 0.5))
    hear(house, sound(*parts, *parts))
    assert [sure(trace.first(ev.Transcript)).text for trace in house.traces] == ["what time is it", "turn on the lamp"]
    assert {trace.outcome for trace in house.traces} == {"done"}


def test_somebody_who_never_stops_is_cut_off_at_the_cap() -> None:
    house = House("word " * 60)
    hear(house, sound((WAKE, 0.5), (VOICE, 20.0)))
    ended = sure(house.traces[0].first(ev.SpeechEnded))
    assert ended.rule == "cap"
    assert 8.0 <= ended.stream_s <= 9.0


@pytest.mark.parametrize("stage", ["start", "feed", "finish"])
def test_a_recogniser_that_breaks_is_said_in_words(stage: str) -> None:
    house = House(recognizer=FakeRecognizer(("what time is it",), fail_on=stage))
    hear(house)
    (trace,) = house.traces
    assert trace.outcome == "failed"
    assert "hearing stopped working" in trace.reply
    assert "scripted" in trace.as_json()["reason"]


@pytest.mark.parametrize(
    ("worker", "seconds", "said"),
    [("thinking", 10.0, "in time"), ("acting", 10.0, "took too long"), ("hearing", 10.0, "hearing took too long")],
)
def test_a_stage_that_is_too_slow_ends_the_turn_in_words(worker: str, seconds: float, said: str) -> None:
    house = House()
    hear(house, workers={worker: SlowWorker(seconds)})
    assert house.traces[0].outcome == "failed"
    assert said in house.traces[0].reply


@pytest.mark.parametrize("worker", ["thinking", "acting", "hearing"])
def test_a_slow_machine_is_given_the_patience_it_was_promised(worker: str) -> None:
    house = House(deadlines=Deadlines.times(30.0))
    hear(house, workers={worker: SlowWorker(10.0)})
    assert house.traces[0].outcome == "done"


def test_a_skill_that_breaks_never_claims_success() -> None:
    house = House(skills=FakeSkills(RuntimeError("no")))
    hear(house)
    assert house.traces[0].outcome == "failed"
    assert "can't say that it is done" in house.traces[0].reply


def test_a_broken_voice_still_ends_the_turn() -> None:
    house = House(voice=FakeVoice(fail=True))
    hear(house)
    assert house.traces[0].outcome == "failed"
    assert house.kinds()[-1] == "TurnEnded"
    assert "voice is broken" in house.traces[0].as_json()["reason"]


def test_a_question_goes_to_the_model_and_its_first_clause_is_spoken_early() -> None:
    house = House(
        "why is the sky blue", answers=["Because the air scatters light, ", "blue light most of all. ", "So it is."]
    )
    hear(house)
    (trace,) = house.traces
    assert sure(trace.last(ev.RouteDecided)).where == "local"
    assert trace.first(ev.ModelToken) is not None
    clauses = [event.at for event in trace.events if isinstance(event, ev.ReplyClause)]
    sounds = [event.at for event in trace.events if isinstance(event, ev.SpeechOut)]
    assert sounds[0] < clauses[-1]
    assert house.answerer.remembered[0][0] == "why is the sky blue"


def test_speech_that_was_hardly_heard_is_asked_for_again_where_nobody_could_answer_it() -> None:
    house = House(recognizer=FakeRecognizer(("why is the sky blue",), confidence=0.6))
    hear(house)
    assert house.traces[0].outcome == "failed"
    assert "catch that" in house.traces[0].reply
    assert "0.60" in sure(house.traces[0].last(ev.RouteDecided)).reason


LONG_PAUSE = ((WAKE, 0.5), (VOICE, 0.95), (SILENCE, 2.5))


class Hesitant(FakeInterpreter):
    """Knows that "in" promises more."""

    def ending(self, said: str) -> Ending:
        return Ending.TRAILING if said.endswith(" in") else super().ending(said)


def test_who_stops_in_mid_sentence_is_asked_to_go_on_and_the_rest_counts() -> None:
    house = House("lights on in", "the hall", interpreter=Hesitant(("lights on in the hall",)))
    hear(house, sound(*LONG_PAUSE, (VOICE, 0.7), (SILENCE, 2.0)))
    assert [trace.outcome for trace in house.traces] == ["nothing", "done"]
    assert house.traces[0].reply == "Go on."
    assert house.traces[1].first(ev.WakeDetected) is None
    assert [intent.text for intent in house.skills.handled] == ["lights on in the hall"]


def test_who_does_not_go_on_is_left_alone() -> None:
    house = House("lights on in", interpreter=Hesitant(("lights on in the hall",)))
    hear(house, sound(*LONG_PAUSE, (SILENCE, 8.0)))
    assert [trace.outcome for trace in house.traces] == ["nothing", "nothing"]
    assert house.voice.said == ["Go on."]
    assert house.skills.handled == []


def test_other_words_after_go_on_stand_alone() -> None:
    house = House("lights on in", "what time is it", interpreter=Hesitant(("lights on in the hall", "what time is it")))
    hear(house, sound(*LONG_PAUSE, (VOICE, 1.3), (SILENCE, 2.0)))
    assert [intent.text for intent in house.skills.handled] == ["what time is it"]


def test_without_a_model_the_truth_is_told() -> None:
    house = House("why is the sky blue")
    hear(house)
    assert house.traces[0].outcome == "failed"
    assert house.traces[0].reply == "There is no model."


def test_a_model_that_fails_in_mid_answer_is_finished_and_explained() -> None:
    house = House("why is the sky blue", answers=AssistantError("My language model stopped."))
    hear(house)
    assert house.traces[0].outcome == "failed"
    assert house.voice.said == ["That is a long story.", "My language model stopped."]


def test_a_question_of_ours_is_answered_without_the_wake_word() -> None:
    house = House(
        "turn on the lamp", "what time is it", skills=FakeSkills(Reply("For how long?", expects_answer=True, asks="x"))
    )
    hear(house, sound((WAKE, 0.5), (VOICE, 1.3), (SILENCE, 1.0), (VOICE, 1.5), (SILENCE, 1.0)))
    assert len(house.traces) >= 2
    assert house.traces[1].first(ev.WakeDetected) is None
    assert sure(house.traces[1].first(ev.Transcript)).text == "what time is it"
    assert house.interpreter.dialogues[1].pending == "x"


def test_the_microphone_is_open_while_the_reply_is_spoken_and_a_wake_word_ends_it() -> None:
    house = House("what time is it", "turn on the lamp", skills=FakeSkills(Reply("word " * 100)))
    samples = sound((WAKE, 0.5), (VOICE, 1.5), (SILENCE, 2.0), (WAKE, 0.5), (VOICE, 1.3), (SILENCE, 15.0))
    hear(house, samples, live=True)
    assert [trace.outcome for trace in house.traces] == ["cancelled", "done"]
    assert house.loudspeaker.stopped == 1
    # silent again well before the ten seconds that the first reply would have taken
    assert sure(house.traces[0].last(ev.TurnEnded)).at < 6.0


def test_a_microphone_that_ends_in_mid_reply_lets_it_finish() -> None:
    house = House("what time is it", skills=FakeSkills(Reply("word " * 50)))
    hear(house, sound((WAKE, 0.5), (VOICE, 1.5), (SILENCE, 1.0)), live=True)
    assert [trace.outcome for trace in house.traces] == ["done"]
    assert house.loudspeaker.heard_s == pytest.approx(5.0)


def test_cancelling_the_conversation_silences_it_and_closes_the_turn() -> None:
    house = House("what time is it", skills=FakeSkills(Reply("word " * 100)))

    async def job() -> None:
        conversation = house.open()
        task = asyncio.create_task(conversation.run(ScriptedSource(REQUEST, live=True)))
        await asyncio.sleep(6.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(job())
    assert house.traces[0].outcome == "cancelled"
    assert house.loudspeaker.stopped == 1


def test_typed_requests_share_the_line() -> None:
    house = House()

    async def job() -> None:
        conversation = house.open()
        await conversation.read("what time is it")
        await asyncio.sleep(5)
        await conversation.read("turn on the lamp")

    run(job())
    assert [trace.outcome for trace in house.traces] == ["done", "done"]
    assert house.interpreter.dialogues[1].seconds_ago == pytest.approx(5.0, abs=0.1)
    assert house.interpreter.dialogues[1].last_reply == "It is half past seven."
