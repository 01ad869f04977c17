"""A model's call becomes an intent by the same parsers and names as every other tier's."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.nlu.called import ACCEPT, AGAINST, Called, intent_of, settled
from assistant.nlu.home import load_home
from assistant.nlu.intent import Class, Intent
from assistant.nlu.names import Names
from assistant.nlu.spans import abstract
from assistant.nlu.words import clean
from assistant.skills.declarations import declarations

HOME = load_home(None)
NAMES = Names(timers=("pasta",), lists=("shopping", "to do"))
TODAY = date(2026, 3, 4)


def meant(request: str, tool: str, **arguments: str) -> Intent:
    words = clean(request).split()
    return intent_of(Called(tool, arguments, 0.9), abstract(words, TODAY), HOME, NAMES, " ".join(words))


@pytest.mark.parametrize(
    ("request_", "tool", "arguments", "slots"),
    [
        ("could you let me have ten minutes for the egg", "TimerSet", {"duration": "ten minutes", "name": "egg"},
         {"duration": timedelta(minutes=10), "name": "egg"}),
        ("call off the pasta one", "TimerCancel", {"name": "pasta"}, {"name": "pasta"}),
        ("have me up by half past six in the morning", "AlarmSet", {"time": "half past six in the morning"},
         {"time": time(6, 30), "pm_known": True}),
        ("have me up at seven every weekday", "AlarmSet", {"time": "seven", "repeat": "every weekday"},
         {"time": time(7), "pm_known": False, "repeat": "weekdays"}),
        ("nudge me about the dentist tomorrow", "ReminderSet", {"text": "the dentist", "day": "tomorrow"},
         {"text": "the dentist", "day": date(2026, 3, 5)}),
        ("groceries want two pints of milk", "ListAdd", {"item": "two pints of milk", "list": "groceries"},
         {"item": "two pints of milk", "list": "shopping"}),
        ("i fancy some miles davis", "MusicPlay", {"query": "miles davis"}, {"query": "miles davis"}),
        ("have it at thirty percent loudness", "VolumeSet", {"level": "thirty"}, {"level": 30}),
        ("do i want a brolly in leeds", "WeatherQuery", {"place": "leeds", "aspect": "umbrella"},
         {"place": "leeds", "aspect": "rain"}),
    ],
)  # fmt: skip
def test_values_are_read_by_the_rooms_own_parsers(request_, tool, arguments, slots):
    found = meant(request_, tool, **arguments)
    assert found.name == tool
    assert found.tier == "llm"
    assert dict(found.slots) == slots
    assert not found.unresolved


def test_lights_of_a_room_and_named_devices_are_found():
    request = "i could do with the lights in the kitchen"
    lights = meant(request, "HassTurnOn", domain="light", name="lights", area="kitchen")
    assert lights.kind is Class.LIGHTS
    assert dict(lights.slots) in ({"name": "Kitchen Lights"}, {"area": "Kitchen", "domain": "light"})
    assert not lights.unresolved
    entity = next(entity for entity in HOME.entities if entity.domain == "fan")
    fan = meant(f"get the {entity.name} going", "HassTurnOn", name=clean(entity.name))
    assert fan.slots["name"] == entity.name
    assert fan.kind is Class.SMART_HOME


def test_what_does_not_exist_keeps_its_class_and_its_name():
    found = meant("get the jacuzzi going in the ballroom", "HassTurnOn", name="jacuzzi", area="ballroom")
    assert found.kind is Class.SMART_HOME
    assert dict(found.unresolved) == {"name": "jacuzzi", "area": "ballroom"}
    listed = meant("pop milk on the holiday list", "ListAdd", item="milk", list="holiday")
    assert dict(listed.unresolved) == {"list": "holiday"}


def test_numbers_that_make_no_sense_are_left_out():
    assert "level" not in meant("loudness five hundred", "VolumeSet", level="five hundred").slots


def guess(kind: Class, confidence: float = 0.7) -> Intent:
    return Intent("ListRead", kind, confidence=confidence, tier="classifier")


def test_two_witnesses_leave_no_doubt():
    called = Called("ListAdd", {"item": "milk"}, 0.55, doubtful=True)
    call = meant("milk please", "ListAdd", item="milk")
    both = settled(guess(Class.REMINDERS_LISTS), called, call)
    assert both is not None
    assert (both.name, both.doubtful, both.confidence) == ("ListAdd", False, 0.9)


def test_the_classifier_is_believed_where_they_differ():
    other = guess(Class.WEATHER)
    assert settled(other, Called("ListAdd", {}, 0.99), meant("milk please", "ListAdd", item="milk")) is other


def test_alone_a_call_counts_only_when_it_is_sure_enough():
    call = meant("milk please", "ListAdd", item="milk")
    assert settled(None, Called("ListAdd", {}, ACCEPT), call) is call
    assert settled(None, Called("ListAdd", {}, ACCEPT - 0.01), call) is None
    assert settled(None, Called("ListAdd", {}, AGAINST), call, AGAINST) is call
    assert settled(None, Called("ListAdd", {}, AGAINST - 0.01), call, AGAINST) is None


class Caller:
    """Says what it was told to, and keeps what it was asked."""

    def __init__(self, answer: Called | None) -> None:
        self.answer, self.asked = answer, list[str]()

    def called(self, request: str) -> Called | None:
        self.asked.append(request)
        return self.answer


@pytest.fixture
def with_caller(understanding):
    def lend(answer):
        understanding.caller = Caller(answer)
        return understanding

    yield lend
    understanding.caller = None


def test_the_tier_is_asked_only_where_the_grammar_is_silent(with_caller):
    room = with_caller(Called("MusicPlay", {"query": "jazz"}, 0.99))
    assert room.understand("set a timer for ten minutes")[0].tier == "grammar"
    assert room.caller.asked == []
    assert room.understand("please")[0].name == ""
    assert room.caller.asked == []


def test_a_sure_call_is_understood_where_all_else_is_silent(with_caller):
    room = with_caller(Called("MusicPlay", {"query": "gregorian chant"}, 0.9, meaning="play gregorian chant"))
    (found,) = room.understand("gregorian chant would sit well with me now")
    assert (found.name, found.tier, dict(found.slots)) == ("MusicPlay", "llm", {"query": "gregorian chant"})
    assert found.sentence == "play gregorian chant"


@pytest.mark.parametrize("answer", [None, Called("", {}, 0.99), Called("MusicPlay", {}, 0.2)])
def test_a_model_that_failed_or_is_unsure_leaves_the_other_tiers_as_they_are(with_caller, understanding, answer):
    sentences = ["gregorian chant would sit well with me now", "who wrote hamlet", "wake me up at six would you dear"]
    before = [understanding.understand(sentence) for sentence in sentences]
    assert [with_caller(answer).understand(sentence) for sentence in sentences] == before


SAID = "ten minutes the kitchen lights light seven tomorrow list milk six pm every monday fifty to"
WORDS = st.sampled_from(SAID.split())


@given(
    st.lists(WORDS, min_size=1, max_size=8),
    st.sampled_from(sorted(declarations().tools)),
    st.data(),
)
def test_any_call_of_any_tool_becomes_an_intent(words, tool, data):
    declared = declarations().tools[tool]
    arguments = {}
    for slot in declared.slots:
        if data.draw(st.booleans()):
            start = data.draw(st.integers(0, len(words) - 1))
            arguments[slot] = " ".join(words[start : data.draw(st.integers(start + 1, len(words)))])
    found = meant(" ".join(words), tool, **arguments)
    assert found.name == tool
    assert found.kind is not Class.OUT_OF_SCOPE
