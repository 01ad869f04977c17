"""A request to move an alarm, a timer or a reminder names the old moment and the new one, and never becomes a second
one."""

from datetime import date, time, timedelta

import pytest

from assistant.nlu.dialogue import Dialogue
from assistant.nlu.intent import Intent

THURSDAY, SUNDAY = date(2026, 3, 5), date(2026, 3, 8)


def old(hour: int, minute: int = 0, *, known: bool = False) -> dict[str, object]:
    return {"from_time": time(hour, minute), "from_time_known": known}


def new(hour: int, minute: int = 0, *, known: bool = False) -> dict[str, object]:
    return {"time": time(hour, minute), "pm_known": known}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("change my alarm from six to seven", old(6) | new(7)),
        ("move the six am alarm to eight am", old(6, known=True) | new(8, known=True)),
        ("make my seven o'clock alarm half past seven", old(7) | new(7, 30)),
        ("could you please move my alarm to ten to seven", new(6, 50)),
        ("change my alarm from six thirty to seven", old(6, 30) | new(7)),
        ("change my alarm from ten to seven to half past seven", old(6, 50) | new(7, 30)),
        ("change my alarm from six to ten to seven", old(6) | new(6, 50)),
        ("change my alarm from six to five past seven", old(6) | new(7, 5)),
        ("shift the alarm i set for six to nine", old(6) | new(9)),
        ("move my alarm at six to seven", old(6) | new(7)),
        ("change my alarm for six am to seven am", old(6, known=True) | new(7, known=True)),
        ("change the alarm to half past six tomorrow", new(6, 30) | {"day": THURSDAY}),
        ("move tomorrow's alarm to eight", {"from_day": THURSDAY} | new(8)),
        ("change my six am alarm tomorrow to eight", old(6, known=True) | {"from_day": THURSDAY} | new(8)),
        ("move my alarm to sunday", {"day": SUNDAY}),
        ("move my alarm from tomorrow to sunday", {"from_day": THURSDAY, "day": SUNDAY}),
        ("change my alarm from six to seven on weekdays", old(6) | new(7) | {"repeat": "weekdays"}),
        ("change my weekday alarm to seven", {"from_repeat": "weekdays"} | new(7)),
        ("set my six am alarm to seven", old(6, known=True) | new(7)),
        ("change the time of my alarm to seven", new(7)),
        ("i want to change my alarm from six am to seven am", old(6, known=True) | new(7, known=True)),
        ("push my alarm back by half an hour", {"duration": timedelta(minutes=30)}),
        ("delay my alarm by ten minutes", {"duration": timedelta(minutes=10)}),
        ("make my six am alarm thirty minutes later", old(6, known=True) | {"duration": timedelta(minutes=30)}),
        ("make my alarm an hour earlier", {"duration": timedelta(hours=1), "earlier": True}),
        ("bring my alarm forward by an hour", {"duration": timedelta(hours=1), "earlier": True}),
        ("change my alarm", {}),
        ("move alarm to eight", new(8)),
        ("move my wake up alarm from six to seven", old(6) | new(7)),
        ("change tomorrow's alarm from six to seven", {"from_day": THURSDAY} | old(6) | new(7)),
        ("reschedule my six am alarm to eight", old(6, known=True) | new(8)),
        ("postpone my alarm by an hour", {"duration": timedelta(hours=1)}),
    ],
)
def test_what_is_moved_and_where(understanding, text, slots):
    (intent,) = understanding.understand(text)
    assert (intent.name, intent.kind, intent.tier) == ("AlarmMove", "alarm", "grammar")
    assert dict(intent.slots) == slots


def lasts(minutes: float) -> dict[str, object]:
    return {"duration": timedelta(minutes=minutes)}


def lasted(minutes: float) -> dict[str, object]:
    return {"from_duration": timedelta(minutes=minutes)}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("change my timer to ten minutes", lasts(10)),
        ("could you change the timer to an hour and a half please", lasts(90)),
        ("adjust that timer to five minutes", lasts(5)),
        ("reset the timer for five minutes", lasts(5)),
        ("update my timer to twenty minutes", lasts(20)),
        ("modify my timer to twenty minutes", lasts(20)),
        ("edit the timer to twenty minutes", lasts(20)),
        ("alter the timer to twenty minutes", lasts(20)),
        ("move the timer to seven minutes", lasts(7)),
        ("switch my timer to thirty seconds", lasts(0.5)),
        ("change the time on my timer to ten minutes", lasts(10)),
        ("change the length of the pasta timer to ten minutes", {"name": "pasta"} | lasts(10)),
        ("change the pasta timer to ten minutes", {"name": "pasta"} | lasts(10)),
        ("change the timer for the eggs to four minutes", {"name": "eggs"} | lasts(4)),
        ("change the rice timer to ten minutes", {"name": "rice"} | lasts(10)),
        ("make the pasta timer ten minutes", {"name": "pasta"} | lasts(10)),
        ("change my ten minute timer to fifteen minutes", lasted(10) | lasts(15)),
        ("change my ten minute timer to fifteen", lasted(10) | lasts(15)),
        ("make my ten minute timer fifteen minutes", lasted(10) | lasts(15)),
        ("change my timer from ten to fifteen minutes", lasted(10) | lasts(15)),
        ("change my timer from ten to twelve minutes", lasted(10) | lasts(12)),
        ("change my timer from five to sixty minutes", lasted(5) | lasts(60)),
        ("change my timer from one to two hours", lasted(60) | lasts(120)),
        ("change my timer from ten minutes to fifteen", lasted(10) | lasts(15)),
        ("change my timer from one hour to ten minutes", lasted(60) | lasts(10)),
        ("change the pasta timer from ten to fifteen minutes", {"name": "pasta"} | lasted(10) | lasts(15)),
        ("make the timer ten minutes instead", lasts(10)),
        ("change my timer to ten minutes instead", lasts(10)),
        ("i need to change my timer to ten minutes", lasts(10)),
        ("the timer should be ten minutes", lasts(10)),
        ("i want my timer to be ten minutes", lasts(10)),
        ("extend the pasta timer to ten minutes", {"name": "pasta"} | lasts(10)),
        ("shorten my timer to ten minutes", lasts(10)),
        ("change my timer to fifteen", {"number": 15}),
        ("change my timer", {}),
        ("reset the timer", {}),
        ("change the pasta timer", {"name": "pasta"}),
        ("adjust my ten minute timer", lasted(10)),
    ],
)
def test_which_timer_is_changed_and_to_what(understanding, text, slots):
    (intent,) = understanding.understand(text)
    assert (intent.name, intent.kind, intent.tier) == ("TimerChange", "timer", "grammar")
    assert dict(intent.slots) == slots


FRIDAY, TODAY = date(2026, 3, 6), date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("move my reminder to six", new(6)),
        ("could you please change my reminder to half past six", new(6, 30)),
        ("move my reminder to friday", {"day": FRIDAY}),
        ("move my dentist reminder to friday", {"text": "dentist", "day": FRIDAY}),
        ("reschedule my dentist reminder for friday", {"text": "dentist", "day": FRIDAY}),
        ("move my reminder to call mum to six", {"text": "call mum"} | new(6)),
        ("shift the reminder about the bins to sunday at five", {"text": "the bins", "day": SUNDAY} | new(5)),
        ("change the reminder for the dentist to tomorrow at nine am",
         {"text": "the dentist", "day": THURSDAY} | new(9, known=True)),
        ("change the time of my dentist reminder to four", {"text": "dentist"} | new(4)),
        ("move my reminder to tomorrow morning", {"day": THURSDAY} | new(9, known=True)),
        ("move my reminder to the evening", new(19, known=True)),
        ("move my reminder to the bins to tonight", {"text": "the bins", "day": TODAY} | new(21, known=True)),
        ("move my last reminder to six", {"which": "last"} | new(6)),
        ("move the next reminder to friday", {"which": "next", "day": FRIDAY}),
        ("move tomorrow's reminder to friday", {"from_day": THURSDAY, "day": FRIDAY}),
        ("move my reminder from tomorrow to friday", {"from_day": THURSDAY, "day": FRIDAY}),
        ("change my reminder from five to six", old(5) | new(6)),
        ("move my five o'clock reminder to six", old(5) | new(6)),
        ("move the reminder at five to six", old(5) | new(6)),
        ("move my dentist reminder from five to six", {"text": "dentist"} | old(5) | new(6)),
        ("push my reminder back by ten minutes", lasts(10)),
        ("push back my reminder by ten minutes", lasts(10)),
        ("delay my reminder by half an hour", lasts(30)),
        ("postpone my dentist reminder by an hour", {"text": "dentist"} | lasts(60)),
        ("postpone my dentist reminder to friday", {"text": "dentist", "day": FRIDAY}),
        ("move my reminder an hour later", lasts(60)),
        ("make my bins reminder an hour earlier", {"text": "bins", "earlier": True} | lasts(60)),
        ("bring my reminder forward by an hour", {"earlier": True} | lasts(60)),
        ("move the reminder about the bins half an hour later", {"text": "the bins"} | lasts(30)),
        ("bring the reminder about the bins forward to nine", {"text": "the bins"} | new(9)),
        ("move my next reminder by two days", {"which": "next", "duration": timedelta(days=2)}),
        ("i have to move my dentist reminder to friday", {"text": "dentist", "day": FRIDAY}),
        ("move my reminder to an hour from now", {"from_now": True} | lasts(60)),
        ("move my reminder", {}),
        ("change my dentist reminder", {"text": "dentist"}),
        ("delay the reminder about the bins", {"text": "the bins"}),
    ],
)  # fmt: skip
def test_which_reminder_is_moved_and_where(understanding, text, slots):
    (intent,) = understanding.understand(text)
    assert (intent.name, intent.kind, intent.tier) == ("ReminderMove", "reminders_lists", "grammar")
    assert dict(intent.slots) == slots


@pytest.mark.parametrize(
    "text",
    [
        "alter the alarm so that it rings at seven and not at six",
        "my alarm is at six but please change that alarm so it is seven",
        "move the alarm which is at six so it goes off at seven",
        "reschedule my alarm for eight",
        "move both alarms to eight",
        "change all my alarms to seven",
        "please adjust the alarm in the kitchen so it comes at nine",
    ],
)
def test_free_wording_asks_for_the_time_and_sets_none(understanding, text):
    """No pattern says which of two times is the new one; what is not sure is asked."""
    (intent,) = understanding.understand(text)
    assert intent.name in ("AlarmMove", "")
    assert not {"time", "duration", "day"} & set(intent.slots)


@pytest.mark.parametrize(
    ("text", "name", "slots"),
    [
        ("alter my timer so that it takes ten minutes", "TimerChange", {}),
        ("please change that timer of mine so it is a quarter of an hour", "TimerChange", {}),
        ("modify the pasta timer so it takes a bit more like ten minutes", "TimerChange", {"name": "pasta"}),
        ("change the reminder so that it comes at six", "ReminderMove", {}),
        ("reschedule the reminder which comes at six so it comes at seven", "ReminderMove", {}),
        ("move both of my reminders to friday", "ReminderMove", {}),
        ("can my dentist reminder be moved to friday", "ReminderMove", {}),
        ("let the timer run for five minutes instead", "TimerChange", {}),
        ("change the timer's length to five minutes", "TimerChange", {}),
        ("bring the dentist reminder a bit forward maybe to nine", "ReminderMove", {}),
    ],
)
def test_free_wording_changes_no_timer_and_no_reminder_unasked(understanding, text, name, slots):
    for intent in understanding.understand(text):
        assert intent.name in (name, "")
        assert dict(intent.slots) == (slots if intent.name else {})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("set my alarm to seven", "AlarmSet"),
        ("set my alarm for six to seven", "AlarmSet"),
        ("i need to move house at seven so set an alarm for six", "AlarmSet"),
        ("make an alarm for half past seven", "AlarmSet"),
        ("wake me up at six", "AlarmSet"),
        ("delay it by ten minutes", None),
        ("make the timer five minutes longer", "TimerAdd"),
        ("add five minutes to the timer", "TimerAdd"),
        ("snooze the alarm for ten minutes", "AlarmSnooze"),
        ("cancel my six am alarm", "AlarmCancel"),
        ("turn off my alarm", "AlarmCancel"),
        ("set my timer to ten minutes", "TimerSet"),
        ("make my timer ten minutes", "TimerSet"),
        ("set the pasta timer for ten minutes", "TimerSet"),
        ("make a ten minute timer", "TimerSet"),
        ("extend the timer by ten minutes", "TimerAdd"),
        ("make the pasta timer five minutes shorter", "TimerSubtract"),
        ("restart the timer", "TimerResume"),
        ("timer update", "TimerStatus"),
        ("cancel the timer instead", "TimerCancel"),
        ("modify the timer by five extra minutes", "TimerAdd"),
        ("turn the timer off", "TimerCancel"),
        ("bring up my reminders", "ReminderList"),
        ("i changed my mind cancel the timer", "TimerCancel"),
        ("change my mind cancel the timer", "TimerCancel"),
        ("remind me to change my timer", "ReminderSet"),
        ("remind me to postpone my reminder at six", "ReminderSet"),
        ("set a reminder to move the car to six", "ReminderSet"),
        ("remind me to move the car at six", "ReminderSet"),
        ("cancel my reminder to change the bed", "ReminderCancel"),
    ],
)
def test_other_requests_stay_what_they_were(understanding, text, name):
    intents = understanding.understand(text)
    assert not {"AlarmMove", "TimerChange", "ReminderMove"} & {intent.name for intent in intents}
    if name is not None:
        assert intents[-1].name == name


def test_the_answer_and_a_correction_are_the_new_time(understanding):
    (asked,) = understanding.understand("change my six am alarm")
    (moved,) = understanding.understand("half past seven", Dialogue((asked,), "time", seconds_ago=2.0))
    assert (moved.name, dict(moved.slots)) == ("AlarmMove", old(6, known=True) | new(7, 30))
    (again,) = understanding.understand("no make it eight", Dialogue((moved,), seconds_ago=5.0))
    assert (again.name, dict(again.slots)) == ("AlarmMove", old(6, known=True) | new(8) | {"replaces": True})


def test_the_answers_of_a_timer_and_a_reminder(understanding):
    def answered(text: str, pending: str, then: str) -> list[Intent]:
        asked: list[Intent] = understanding.understand(text)
        given: list[Intent] = understanding.understand(then, Dialogue(tuple(asked), pending, seconds_ago=2.0))
        return given

    (changed,) = answered("change my timer", "duration", "fifteen minutes")
    assert (changed.name, dict(changed.slots)) == ("TimerChange", lasts(15))
    (bare,) = answered("change my timer", "duration", "fifteen")
    assert dict(bare.slots) == {"number": 15}
    (unit,) = answered("change my timer to ten", "duration", "minutes")
    assert dict(unit.slots) == {"number": 10} | lasts(10)
    (named,) = answered("change my timer to ten minutes", "name", "the pasta one please")
    assert (named.name, dict(named.slots)) == ("TimerChange", {"name": "pasta"} | lasts(10))
    (long,) = answered("change my timer to fifteen minutes", "name", "the ten minute timer")
    assert (long.name, dict(long.slots)) == ("TimerChange", lasted(10) | lasts(15))
    (moved,) = answered("move my reminder", "time", "friday")
    assert (moved.name, dict(moved.slots)) == ("ReminderMove", {"day": FRIDAY})
    (later,) = answered("move my reminder", "time", "tomorrow morning")
    assert (later.name, dict(later.slots)) == ("ReminderMove", {"day": THURSDAY} | new(9, known=True))
    (soon,) = answered("move my reminder", "time", "in ten minutes")
    assert (soon.name, dict(soon.slots)) == ("ReminderMove", {"from_now": True} | lasts(10))
    for words in ("the dentist", "the dentist one please", "the one about the dentist", "dentist"):
        (which,) = answered("move my reminder to six", "text", words)
        assert (which.name, dict(which.slots)) == ("ReminderMove", {"text": "dentist"} | new(6))
    # another wish to move something is no answer
    (other,) = answered("change my timer to ten minutes", "name", "change my eggs timer to two minutes instead")
    assert (other.name, dict(other.slots)) == ("TimerChange", {"name": "eggs"} | lasts(2))
    (should,) = answered("pause the timer", "name", "the timer should be two minutes")
    assert (should.name, dict(should.slots)) == ("TimerChange", lasts(2))
    (long,) = answered("change my timer to ten minutes", "name", "oh dear i really do not know which of them")
    assert "name" not in long.slots


@pytest.mark.parametrize("said", ["cancel the timer", "change my timer to ten minutes"])
def test_which_timer_is_not_answered_by_another_request(understanding, said):
    asked = tuple(understanding.understand(said))
    (other,) = understanding.understand("set a timer for five minutes", Dialogue(asked, "name", seconds_ago=2.0))
    assert (other.name, dict(other.slots)) == ("TimerSet", lasts(5))


def test_a_timer_is_corrected_to_another_length(understanding):
    (changed,) = understanding.understand("change my timer to ten minutes")
    (again,) = understanding.understand("no fifteen", Dialogue((changed,), seconds_ago=5.0))
    assert (again.name, dict(again.slots)) == ("TimerChange", lasts(15) | {"replaces": True})


def test_what_was_moved_is_moved_on(understanding):
    (moved,) = understanding.understand("move my dentist reminder to six")
    (again,) = understanding.understand("move it to seven", Dialogue((moved,), seconds_ago=5.0))
    assert (again.name, dict(again.slots)) == ("ReminderMove", {"text": "dentist"} | new(7) | {"replaces": True})
    (again,) = understanding.understand("no make it sunday evening", Dialogue((moved,), seconds_ago=5.0))
    assert dict(again.slots) == {"text": "dentist", "day": SUNDAY, "replaces": True} | new(19, known=True)


def test_another_request_may_follow(understanding):
    both = understanding.understand("move my dentist reminder to friday and set a timer for ten minutes")
    assert [intent.name for intent in both] == ["ReminderMove", "TimerSet"]
    both = understanding.understand("change the pasta timer to ten minutes and turn on the kitchen lights")
    assert [intent.name for intent in both] == ["TimerChange", "HassTurnOn"]


@pytest.mark.parametrize(
    ("asked", "then", "slots"),
    [
        ("remind me to buy milk", "tomorrow", {"text": "buy milk", "day": THURSDAY}),
        ("remind me to buy milk", "tomorrow evening", {"text": "buy milk", "day": THURSDAY} | new(19, known=True)),
        ("remind me to buy milk", "in ten minutes", {"text": "buy milk"} | lasts(10)),
        ("change my alarm", "tomorrow", {"day": THURSDAY}),
    ],
)
def test_when_is_answered_by_a_day_or_a_length(understanding, asked, then, slots):
    (first,) = understanding.understand(asked)
    (second,) = understanding.understand(then, Dialogue((first,), "time", seconds_ago=2.0))
    assert (second.name, dict(second.slots)) == (first.name, slots)
