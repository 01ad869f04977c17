"""The end of speech in virtual time: real turn and endpointer, scripted engines, hundreds of utterances."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import events as ev
from assistant.audio import Samples
from assistant.dialogue.interpreting import Heard
from assistant.dialogue.listening import Listening
from assistant.nlu import Class, Intent
from assistant.nlu.dialogue import Dialogue
from assistant.stt import Hypothesis, Transcription
from assistant.stt.endpoint import Ending
from tests.fakes import (
    SILENCE,
    VOICE,
    WAKE,
    FakeInterpreter,
    FakeRecognizer,
    FakeStream,
    House,
    ScriptedSource,
    sound,
)
from tests.virtual_time import run

COMMANDS = ("what time is it", "turn on the lamp", "turn on the lamp in the hall")


def hear(house: House, *parts: tuple[int, float]) -> ev.SpeechEnded:
    """The end of the first turn over this sound."""

    async def job() -> None:
        await house.open().run(ScriptedSource(sound((SILENCE, 0.5), (WAKE, 0.5), *parts)))

    run(job())
    ended = house.traces[0].first(ev.SpeechEnded)
    assert ended is not None
    return ended


def waited(ended: ev.SpeechEnded) -> float:
    return ended.stream_s - ended.last_speech_s


# 0.3 s of voice are one word; a little more makes sure that the frame with it is whole
SPOKEN = 0.3


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(COMMANDS), st.data())
def test_a_hesitation_before_the_last_word_never_cuts_off(command: str, data: st.DataObject) -> None:
    words = command.split()
    pause = data.draw(st.floats(0.4, 0.8))
    before = len(words) - 1
    house = House(command, interpreter=FakeInterpreter(COMMANDS))
    ended = hear(house, (VOICE, before * SPOKEN + 0.02), (SILENCE, pause), (VOICE, SPOKEN), (SILENCE, 3.0))
    transcript = house.traces[0].first(ev.Transcript)
    assert transcript is not None
    assert transcript.text == command
    assert ended.rule in {"complete", "finished"}


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 0.15), st.integers(1, 3))
def test_gaps_inside_words_never_end_a_request(gap: float, at: int) -> None:
    house = House("what time is it", interpreter=FakeInterpreter(COMMANDS))
    ended = hear(house, (VOICE, at * SPOKEN + 0.02), (SILENCE, gap), (VOICE, (4 - at) * SPOKEN), (SILENCE, 3.0))
    assert ended.rule == "complete"
    assert ended.stream_s > 1.0 + 4 * SPOKEN


def test_what_could_go_on_waits_and_what_could_not_does_not() -> None:
    closed = hear(House("what time is it", interpreter=FakeInterpreter(COMMANDS)), (VOICE, 1.3), (SILENCE, 3.0))
    open_ = hear(House("turn on the lamp", interpreter=FakeInterpreter(COMMANDS)), (VOICE, 1.3), (SILENCE, 3.0))
    assert (closed.rule, open_.rule) == ("complete", "finished")
    assert waited(closed) < 0.25
    assert waited(open_) > 0.65


class Trailing(FakeInterpreter):
    """Knows that "is" promises more."""

    def ending(self, said: str) -> Ending:
        return Ending.TRAILING if said.endswith(" is") else super().ending(said)


@dataclass
class GuessingStream(FakeStream):
    """Guesses the last word from its beginning, when so many seconds of silence have followed."""

    after_s: float = 0.4
    silent: int = 0

    def feed(self, samples: Samples) -> str:
        words = super().feed(samples)
        self.silent = 0 if np.any(samples) else self.silent + samples.size
        return f"{words} it" if words.endswith(" is") and self.silent >= self.after_s * 16000 else words


@dataclass
class GuessingRecognizer(FakeRecognizer):
    after_s: float = 0.4

    def start(self, skip_s: float = 0.0) -> FakeStream:
        return GuessingStream(self, super().start(skip_s).text, after_s=self.after_s)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.45, 0.8))
def test_a_word_that_was_guessed_in_a_hesitation_does_not_end_the_request(pause: float) -> None:
    recognizer = GuessingRecognizer(["what time is it"])
    house = House(interpreter=Trailing(COMMANDS), recognizer=recognizer)
    ended = hear(house, (VOICE, 3 * SPOKEN + 0.02), (SILENCE, pause), (VOICE, SPOKEN), (SILENCE, 3.0))
    assert ended.rule == "complete"
    assert ended.stream_s > 1.0 + 4 * SPOKEN + pause
    assert waited(ended) < 0.25, "with the word really said, nobody waits"


def test_a_word_that_the_recogniser_was_still_working_on_is_no_guess() -> None:
    recognizer = GuessingRecognizer(["what time is it"], after_s=0.2)
    house = House(interpreter=Trailing(COMMANDS), recognizer=recognizer)
    ended = hear(house, (VOICE, 3 * SPOKEN + 0.02), (SILENCE, 3.0))
    assert ended.rule == "complete"
    assert waited(ended) < 0.3


def test_a_guessed_word_that_nobody_says_ends_the_request_later() -> None:
    recognizer = GuessingRecognizer(["what time is it"])
    house = House(interpreter=Trailing(COMMANDS), recognizer=recognizer)
    ended = hear(house, (VOICE, 3 * SPOKEN + 0.02), (SILENCE, 3.0))
    assert ended.rule == "silence"
    assert 0.95 < waited(ended) < 1.1
    assert [event.intent for event in house.events if isinstance(event, ev.IntentMatched)] == ["Known"]


class Counting(FakeInterpreter):
    """Notes what it is asked to understand."""

    def __init__(self) -> None:
        super().__init__(COMMANDS)
        self.asked: list[str] = []

    def interpret(self, transcription: Transcription, dialogue: Dialogue) -> Heard:
        self.asked.append(transcription.chosen.text)
        return super().interpret(transcription, dialogue)


def test_what_was_prepared_in_the_pause_is_used() -> None:
    interpreter = Counting()
    house = House("what time is it", interpreter=interpreter)
    hear(house, (VOICE, 1.3), (SILENCE, 2.0))
    assert interpreter.asked == ["what time is it"]
    assert [event.intent for event in house.events if isinstance(event, ev.IntentMatched)] == ["Known"]


def test_a_pause_that_was_none_is_worked_out_and_thrown_away_and_nothing_is_done() -> None:
    interpreter = Counting()
    house = House("turn on the lamp in the hall", interpreter=interpreter)
    hear(house, (VOICE, 4 * SPOKEN + 0.02), (SILENCE, 0.5), (VOICE, 3 * SPOKEN), (SILENCE, 2.0))
    # the first four words are a command of their own: it was understood, and not done
    assert interpreter.asked == ["turn on the lamp", "turn on the lamp in the hall"]
    assert [intent.text for intent in house.skills.handled] == ["turn on the lamp in the hall"]


def test_partials_are_told_to_whoever_prepares_something() -> None:
    house, told = House("what time is it"), list[str]()

    async def job() -> None:
        conversation = house.open()
        conversation._rooms.partials.append(told.append)
        await conversation.run(ScriptedSource(sound((WAKE, 0.5), (VOICE, 1.3), (SILENCE, 1.0))))

    run(job())
    assert told == ["what", "what time", "what time is", "what time is it"]


class Judging:
    """An interpreter that knows endings by the script."""

    def __init__(self, **endings: Ending) -> None:
        self.endings = {said.replace("_", " "): ending for said, ending in endings.items()}

    def said(self, text: str) -> str:
        return text

    def ending(self, said: str) -> Ending:
        return self.endings[said]


def judge(interpreter: Judging, heard: str, *readings: str, pending: str = "") -> tuple[str, Ending]:
    class Rooms:
        pass

    rooms = Rooms()
    rooms.interpreter = interpreter  # type: ignore[attr-defined]
    listening = Listening(rooms, Dialogue(pending=pending), None, None)  # type: ignore[arg-type]
    first, *others = (Hypothesis(reading, 0.9) for reading in readings)
    intent = Intent("Known" if heard else "", Class.LIGHTS)
    return listening._judge(Transcription(first, tuple(others)), Heard(heard or readings[0], (intent,), "matched", 0.9))


def test_a_reading_that_promises_more_outweighs_the_sentence_that_it_sounds_like() -> None:
    interpreter = Judging(lights_off=Ending.CLOSED, lights_off_in=Ending.TRAILING)
    assert judge(interpreter, "lights off", "lights off in", "lights off")[1] is Ending.TRAILING


def test_a_sentence_whose_last_word_nobody_heard_is_not_finished() -> None:
    interpreter = Judging(lights_off=Ending.CLOSED, lights_often=Ending.UNFINISHED)
    assert judge(interpreter, "lights off", "lights often", "lights often")[1] is Ending.UNFINISHED
    assert judge(interpreter, "lights off", "lights often", "lights off")[1] is Ending.CLOSED


def test_an_end_that_only_one_recogniser_heard_is_not_finished() -> None:
    interpreter = Judging(
        who_wrote_this=Ending.OPTIONAL, who_wrote=Ending.UNFINISHED, who_wrote_these=Ending.UNFINISHED
    )
    assert judge(interpreter, "who wrote this", "who wrote this", "who wrote")[1] is Ending.UNFINISHED
    assert judge(interpreter, "who wrote this", "who wrote this", "who wrote this")[1] is Ending.OPTIONAL
    # heard differently is not heard less
    assert judge(interpreter, "who wrote this", "who wrote this", "who wrote these")[1] is Ending.OPTIONAL


def test_words_that_are_no_request_wait_for_the_longest_that_they_could_be() -> None:
    interpreter = Judging(who_was_that=Ending.OTHER, hoover_mat=Ending.UNFINISHED)
    assert judge(interpreter, "", "who was that", "who was that")[1] is Ending.OTHER
    assert judge(interpreter, "", "who was that", "hoover mat")[1] is Ending.UNFINISHED


def test_an_answer_to_our_question_is_whole() -> None:
    interpreter = Judging(ten=Ending.UNFINISHED, for_ten=Ending.TRAILING)
    assert judge(interpreter, "ten", "ten", pending="duration")[1] is Ending.OPEN
    assert judge(interpreter, "ten", "for ten", "ten", pending="duration")[1] is not Ending.TRAILING


def test_silence_without_words_prepares_nothing() -> None:
    house = House("what time is it", interpreter=(interpreter := Counting()))
    ended = hear(house, (SILENCE, 7.0))
    assert ended.rule == "nothing"
    assert interpreter.asked == []
