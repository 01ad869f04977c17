"""Hesitations, questions of ours and the button over hundreds of made-up talks, in virtual time: real conversation,
turn, listening and end of speech; scripted engines."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import events as ev
from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext
from assistant.stt.endpoint import Ending, Limits
from tests.fakes import SILENCE, VOICE, WAKE, FakeInterpreter, FakeSkills, House, ScriptedSource, sound
from tests.virtual_time import run

REQUEST = "lights on in the hall"
SPOKEN_S = 0.3
"""One word of the scripted recogniser."""


class Hesitant(FakeInterpreter):
    """Knows that these promise more."""

    def __init__(self) -> None:
        super().__init__((REQUEST, "what time is it", "turn on the lamp"))

    def ending(self, said: str) -> Ending:
        return Ending.TRAILING if said.split()[-1:] in (["in"], ["the"], ["is"]) else super().ending(said)


class AsksOnce(FakeSkills):
    """Asks after the first request."""

    def handle(self, intent: Intent, context: TurnContext) -> Reply:
        self.reply = Reply("Good.") if self.handled else Reply("For how long?", expects_answer=True, asks="x")
        return super().handle(intent, context)


def words(text: str) -> tuple[int, float]:
    return VOICE, len(text.split()) * SPOKEN_S + 0.02


def talk(house: House, *parts: tuple[int, float], presses: tuple[float, ...] = (), live: bool = True) -> None:
    """Let these sounds pass; `presses` of the button come at these seconds."""

    async def job() -> None:
        conversation, loop = house.open(), asyncio.get_running_loop()
        for at in presses:
            loop.call_later(at, conversation.press)
        await conversation.run(ScriptedSource(sound(*parts), live))

    run(job())


def ended_once(house: House) -> bool:
    ended = [event.turn for event in house.events if isinstance(event, ev.TurnEnded)]
    return sorted(ended) == sorted({trace.turn for trace in house.traces})


def woken(house: House) -> list[bool]:
    """For each turn whether a wake word or the button began it."""
    return [trace.first(ev.WakeDetected) is not None for trace in house.traces]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([3, 4]), st.floats(2.2, 6.0), st.booleans())
def test_who_hesitates_long_is_asked_once_to_go_on_and_the_rest_is_added(said: int, pause: float, live: bool) -> None:
    begun, rest = " ".join(REQUEST.split()[:said]), " ".join(REQUEST.split()[said:])
    house = House(begun, rest, interpreter=Hesitant())
    # while "go on" is spoken (0.2 s) live sound still passes
    talk(house, (WAKE, 0.5), words(begun), (SILENCE, pause), words(rest), (SILENCE, 8.0), live=live)
    assert house.voice.said[0] == "Go on."
    assert house.voice.said.count("Go on.") == 1
    assert [intent.text for intent in house.skills.handled] == [REQUEST]
    assert woken(house) == [True, False]
    assert ended_once(house)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([3, 4]), st.floats(0.4, 1.3))
def test_who_hesitates_shortly_is_not_spoken_to(said: int, pause: float) -> None:
    house = House(REQUEST, interpreter=Hesitant())
    begun, rest = " ".join(REQUEST.split()[:said]), " ".join(REQUEST.split()[said:])
    talk(house, (WAKE, 0.5), words(begun), (SILENCE, pause), words(rest), (SILENCE, 6.0))
    assert "Go on." not in house.voice.said
    assert [intent.text for intent in house.skills.handled] == [REQUEST]
    assert woken(house) == [True]


@settings(max_examples=30, deadline=None)
@given(st.booleans(), st.floats(0.4, 3.5), st.booleans())
def test_only_a_question_of_ours_opens_the_microphone_again(asks: bool, later: float, speaks: bool) -> None:
    reply = Reply("For how long?" if asks else "It is half past seven.", expects_answer=asks, asks="x" if asks else "")
    house = House("turn on the lamp", "what time is it", skills=FakeSkills(reply))
    house.interpreter = Hesitant()
    answer = words("what time is it") if speaks else (SILENCE, 1.2)
    # 1.2 s hold the end of speech and the reply of three words, 0.5 s at most
    talk(house, (WAKE, 0.5), words("turn on the lamp"), (SILENCE, 1.2 + later), answer, (SILENCE, 1.0))
    again = [event for event in house.events if isinstance(event, ev.ListeningAgain)]
    assert bool(again) is asks
    handled = [intent.text for intent in house.skills.handled]
    assert handled == (["turn on the lamp", "what time is it"] if asks and speaks else ["turn on the lamp"])
    assert ended_once(house)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 12.0))
def test_a_question_of_ours_is_open_for_some_seconds_and_no_longer(later: float) -> None:
    house = House("turn on the lamp", "what time is it", interpreter=Hesitant())
    house.skills = AsksOnce()
    talk(house, (WAKE, 0.5), words("turn on the lamp"), (SILENCE, 1.2 + later), words("what time is it"), (SILENCE, 9))
    closes = next(e.at for e in house.events if isinstance(e, ev.ListeningAgain)) + Limits().nothing_s
    spoke = 0.5 + 4 * SPOKEN_S + 0.02 + 1.2 + later
    if abs(spoke - closes) > 0.3:  # words that begin right at the border may go either way
        assert len(house.skills.handled) == (2 if spoke < closes else 1)
    assert not [e for e in house.events if isinstance(e, ev.ListeningAgain)][1:]
    assert ended_once(house)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.7, 6.0), st.sampled_from([0.1, 0.6]))
def test_the_button_ends_the_request_whatever_the_room_sounds_like(released: float, pressed: float) -> None:
    house = House("turn on the lamp", interpreter=Hesitant())
    # a room so loud that it never falls silent
    talk(house, (VOICE, 20.0), presses=(pressed, pressed + released))
    ended = [event for event in house.events if isinstance(event, ev.SpeechEnded)]
    assert [event.rule for event in ended] == ["button"]
    assert abs(ended[0].at - pressed - released) < 0.05
    assert [intent.text for intent in house.skills.handled] == ["turn on the lamp"]
    assert ended_once(house)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.3, 4.0))
def test_after_the_button_silence_ends_a_request_as_after_the_wake_word(until: float) -> None:
    house = House("what time is it", interpreter=Hesitant())
    talk(house, (SILENCE, until), words("what time is it"), (SILENCE, 8.0), presses=(0.1,))
    ended = [event for event in house.events if isinstance(event, ev.SpeechEnded)]
    assert [event.rule for event in ended] == ["complete"]
    assert [intent.text for intent in house.skills.handled] == ["what time is it"]
