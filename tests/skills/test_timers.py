from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.skills.device import Device


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_a_timer_counts_down_rings_and_is_stopped(device: Device):
    assert "10 minute timer" in device.text("TimerSet", duration=minutes(10))
    device.clock.advance(599)
    assert device.skills.due() == []
    assert device.text("TimerStatus") == "1 second left."
    device.clock.advance(2)
    (rings,) = device.skills.due()
    assert rings.rings
    assert rings.text == "Your 10 minute timer is up."
    assert device.skills.due() == [], "it is handed over once"
    assert [each.id for each in device.skills.ringing()] == [rings.id]
    assert device.text("TimerStop") == "Stopped."
    assert device.skills.ringing() == []
    assert device.text("TimerStatus") in ("There are no timers.", "No timer is running.")


def test_stop_silences_whatever_rings(device: Device):
    device.say("TimerSet", duration=minutes(1))
    device.clock.advance(61)
    device.skills.due()
    assert device.text("Stop") == ""
    assert device.skills.ringing() == []


def test_nobody_stops_it_so_it_ends_by_itself(device: Device):
    device.say("TimerSet", duration=minutes(1))
    device.clock.advance(61)
    device.skills.due()
    device.clock.advance(16 * 60)
    assert device.skills.due() == []
    assert device.skills.ringing() == []


def test_named_timers_are_told_apart(device: Device):
    device.say("TimerSet", duration=minutes(8), name="pasta")
    device.say("TimerSet", duration=minutes(4), name="eggs timer")
    assert device.skills.names().timers == ("eggs", "pasta")
    reply = device.say("TimerCancel")
    assert reply.text == "Which one: eggs timer or pasta timer?"
    assert reply.expects_answer
    assert reply.asks == "name"
    assert "asta timer" in device.text("TimerCancel", name="Pasta")
    assert device.say("TimerStatus", name="pasta").outcome == "refused"
    assert device.say("TimerStatus", unresolved={"name": "roast"}).text == "There's no roast timer."
    assert device.text("TimerStatus") == "4 minutes left."


def test_a_timer_is_found_by_its_length(device: Device):
    device.say("TimerSet", duration=minutes(5))
    device.say("TimerSet", duration=minutes(10))
    assert "5 minute timer" in device.text("TimerCancel", duration=minutes(5))
    assert device.say("TimerCancel", duration=minutes(7)).text == "There's no 7 minute timer."
    assert device.text("TimerStatus") == "10 minutes left."


def test_pause_and_resume(device: Device):
    device.say("TimerSet", duration=minutes(10))
    device.clock.advance(60)
    assert "9 minutes left" in device.text("TimerPause")
    device.clock.advance(3600)
    assert device.skills.due() == []
    assert "already paused" in device.text("TimerPause")
    assert "9 minutes left" in device.text("TimerResume")
    device.clock.advance(539)
    assert device.skills.due() == []
    device.clock.advance(2)
    assert len(device.skills.due()) == 1


def test_add_and_take_away(device: Device):
    device.say("TimerSet", duration=minutes(10))
    assert "12 minutes left" in device.text("TimerAdd", duration=minutes(2))
    assert "5 minutes left" in device.text("TimerSubtract", duration=minutes(7))
    assert device.say("TimerSubtract", duration=minutes(30)).outcome == "refused"
    assert device.say("TimerAdd").asks == "duration"
    device.clock.advance(301)
    device.skills.due()
    assert "1 minute left" in device.text("TimerAdd", duration=minutes(1)), "a ringing timer goes on"
    assert device.skills.ringing() == []


def test_until_a_time_takes_the_next_one(device: Device):
    assert device.text("TimerSet", time=time(6), pm_known=False) == "Timer set until 6 pm, that's 1 hour."
    assert device.text("TimerSet", time=time(6), pm_known=True) == "Timer set until 6 am, that's 13 hours."


@pytest.mark.parametrize(
    "duration", [timedelta(0), minutes(-5), timedelta.max, timedelta.min, timedelta(days=8), float("nan"), float("inf")]
)
def test_impossible_lengths_store_nothing(device: Device, duration: timedelta):
    reply = device.say("TimerSet", duration=duration)
    assert reply.outcome == "refused" or reply.expects_answer
    assert device.store.rows("SELECT * FROM timers") == []


def test_too_many_and_too_long_names(device: Device):
    assert device.say("TimerSet", duration=60, name="a" * 10_000).outcome == "refused"
    for _ in range(50):
        assert device.say("TimerSet", duration=60).outcome == "done"
    assert device.say("TimerSet", duration=60).outcome == "refused"


def test_undo_brings_back_and_takes_away(device: Device):
    device.say("TimerSet", duration=minutes(10))
    device.clock.advance(60)
    device.say("TimerCancel")
    assert device.text("Undo") == "The 10 minute timer is running again."
    assert device.text("TimerStatus") == "9 minutes left."
    device.say("TimerAdd", duration=minutes(5))
    device.say("Undo")
    assert device.text("TimerStatus") == "9 minutes left."
    device.say("Undo")
    assert "o timer" in device.text("TimerStatus")


def test_undo_takes_back_everything_one_turn_did(device: Device):
    device.say("TimerSet", duration=minutes(1))
    device.say("TimerSet", duration=minutes(2), same_turn=True)
    device.say("Undo")
    assert device.store.rows("SELECT * FROM timers") == []


def test_a_wall_clock_jump_touches_no_timer(device: Device):
    device.say("TimerSet", duration=minutes(10))
    device.clock.jump(datetime(2031, 1, 1, tzinfo=device.zone))
    assert device.skills.due() == []
    assert device.text("TimerStatus") == "10 minutes left."
    device.clock.jump(datetime(1970, 1, 1, tzinfo=device.zone))
    device.restart()
    assert device.skills.boot() == [], "the machine ran on: nothing to tell"
    device.clock.advance(600)
    assert len(device.skills.due()) == 1


def test_a_timer_goes_on_after_a_power_cut(device: Device):
    device.say("TimerSet", duration=minutes(10), name="pasta")
    device.say("TimerSet", duration=minutes(60))
    device.say("TimerPause", duration=minutes(60))
    device.clock.advance(60)
    device.power_cut(120)
    (told,) = device.skills.boot()
    assert told.text == "I was off. 7 minutes left on the pasta timer."
    assert device.skills.boot() == []
    assert "60" not in device.text("TimerStatus", name="pasta")
    device.clock.advance(420)
    assert [each.text for each in device.skills.due()] == ["Your pasta timer is up."]


def test_a_timer_that_ended_while_off_rings_late(device: Device):
    device.say("TimerSet", duration=minutes(10), name="pasta")
    device.power_cut(13 * 60)
    (told,) = device.skills.boot()
    assert told.text == "Your pasta timer ended 3 minutes ago."
    assert told.rings
    device.restart()
    assert [each.id for each in device.skills.boot()] == [told.id], "nobody has stopped it yet"
    device.skills.acknowledge(told.id)
    device.restart()
    assert device.skills.boot() == []


def test_hours_late_it_only_says_so(device: Device):
    device.say("TimerSet", duration=minutes(10))
    device.power_cut(5 * 3600)
    (told,) = device.skills.boot()
    assert not told.rings
    assert "4 hours and 50 minutes ago" in told.text


def test_a_command_for_later_is_not_done_now(device: Device):
    reply = device.say("TimerSet", duration=minutes(10), command="turn off my lights")
    assert reply.outcome == "refused"
    assert "remind you to turn off your lights" in reply.text
    assert device.store.rows("SELECT * FROM timers") == []


def stored(device: Device) -> list[tuple[object, ...]]:
    return [tuple(row) for row in device.store.rows("SELECT * FROM timers ORDER BY id")]


def test_a_changed_timer_runs_its_new_length_from_now(device: Device):
    device.say("TimerSet", duration=minutes(10))
    device.clock.advance(240)
    reply = device.say("TimerChange", duration=minutes(15))
    assert (reply.text, reply.outcome) == ("The 10 minute timer is at 15 minutes now.", "done")
    assert device.text("TimerStatus") == "15 minutes left."
    assert len(stored(device)) == 1
    assert device.text("Undo") == "The 10 minute timer is back to 6 minutes."
    assert device.text("TimerStatus") == "6 minutes left."
    device.say("TimerChange", duration=minutes(15))
    device.restart()
    assert "15 minute timer" in device.text("TimerPause")
    device.say("TimerResume")
    device.clock.advance(899)
    assert device.skills.due() == []
    device.clock.advance(2)
    assert [each.text for each in device.skills.due()] == ["Your 15 minute timer is up."]


@pytest.mark.parametrize(
    ("slots", "says"),
    [
        ({"name": "pasta", "duration": minutes(9)}, "The pasta timer is at 9 minutes now."),
        ({"from_duration": minutes(8), "duration": minutes(9)}, "The pasta timer is at 9 minutes now."),
        ({"from_duration": minutes(4), "number": 6}, "The 4 minute timer is at 6 minutes now."),
        ({"from_duration": timedelta(seconds=30), "number": 45}, "The 30 second timer is at 45 seconds now."),
    ],
)
def test_the_timer_that_was_named_is_changed(device: Device, slots: dict[str, Any], says: str):
    device.say("TimerSet", duration=minutes(8), name="pasta")
    device.say("TimerSet", duration=minutes(4))
    device.say("TimerSet", duration=timedelta(seconds=30))
    assert device.text("TimerChange", **slots) == says
    assert len(stored(device)) == 3


def test_a_paused_timer_stays_paused_at_its_new_length(device: Device):
    device.say("TimerSet", duration=minutes(10), name="pasta")
    device.say("TimerPause")
    assert device.text("TimerChange", duration=minutes(5)) == "The pasta timer is at 5 minutes now, and still paused."
    device.clock.advance(3600)
    assert device.skills.due() == []
    assert "5 minutes left" in device.text("TimerResume")


def test_a_ringing_timer_runs_again(device: Device):
    device.say("TimerSet", duration=minutes(1))
    device.clock.advance(61)
    device.skills.due()
    assert device.text("TimerChange", duration=minutes(2)) == "The 1 minute timer is at 2 minutes now."
    assert device.skills.ringing() == []
    device.clock.advance(121)
    assert len(device.skills.due()) == 1


def test_asks_which_timer_and_how_long(device: Device):
    device.say("TimerSet", duration=minutes(8), name="pasta")
    reply = device.say("TimerChange")
    assert (reply.text, reply.expects_answer, reply.asks) == ("To how long?", True, "duration")
    device.say("TimerSet", duration=minutes(4))
    reply = device.say("TimerChange", duration=minutes(5))
    assert (reply.text, reply.expects_answer, reply.asks) == ("Which one: 4 minute timer or pasta timer?", True, "name")
    # the answers: a name, or the length it has
    assert "pasta" in device.text("TimerChange", duration=minutes(5), name="pasta")
    assert "4 minute" in device.text("TimerChange", duration=minutes(5), from_duration=minutes(4))


@pytest.mark.parametrize("asks", ["TimerCancel", "TimerPause", "TimerAdd", "TimerSubtract"])
def test_which_one_is_answered_by_a_length(device: Device, asks: str):
    device.say("TimerSet", duration=minutes(8))
    device.say("TimerSet", duration=minutes(4))
    change: dict[str, Any] = {"duration": minutes(1)} if asks in ("TimerAdd", "TimerSubtract") else {}
    assert device.say(asks, **change).asks == "name"
    assert device.say(asks, **change, from_duration=minutes(4)).outcome == "done"
    assert "8 minutes" in device.text("TimerStatus")


def test_an_hour_has_no_unit_to_share(device: Device):
    """Sixty minutes or one hour: "to ten" would be a guess, "to ninety" is none."""
    device.say("TimerSet", duration=minutes(60))
    assert device.say("TimerChange", number=10).asks == "duration"
    assert device.text("TimerChange", number=90) == "The 1 hour timer is at 1 hour and 30 minutes now."


@pytest.mark.parametrize(
    ("there", "slots", "says"),
    [
        ([], {"duration": minutes(5)}, "There are no timers."),
        ([], {}, "There are no timers."),
        ([8], {"duration": timedelta(0)}, "A timer needs a length of at least one second."),
        ([8], {"duration": minutes(-5)}, "A timer needs a length of at least one second."),
        ([8], {"number": -5}, "A timer needs a length of at least one second."),
        ([8], {"duration": timedelta(days=8)}, "That's too long for a timer. The longest is a week; for more, set a"),
        ([8], {"name": "rice", "duration": minutes(5)}, "There's no rice timer."),
        ([8], {"from_duration": minutes(5), "duration": minutes(6)}, "There's no 5 minute timer."),
    ],
)
def test_what_cannot_be_changed_stays(device: Device, there: list[int], slots: dict[str, Any], says: str):
    for each in there:
        device.say("TimerSet", duration=minutes(each))
    before = stored(device)
    text = device.text("TimerChange", **slots)
    assert text.startswith(says) or text == "No timer is running."
    assert stored(device) == before


def test_a_correction_changes_the_same_timer_again(device: Device):
    device.say("TimerSet", duration=minutes(8))
    device.say("TimerChange", duration=minutes(5))
    assert device.text("TimerChange", duration=minutes(6), replaces=True) == "The 8 minute timer is at 6 minutes now."
    assert len(stored(device)) == 1


def test_an_answer_that_sounds_like_a_correction_takes_nothing_back(device: Device):
    device.say("TimerSet", duration=minutes(8))
    assert device.say("TimerChange").asks == "duration"
    assert device.text("TimerChange", duration=minutes(6), replaces=True) == "The 8 minute timer is at 6 minutes now."


def test_a_changed_timer_outlives_a_power_cut(tmp_path: Path):
    device = Device(path=tmp_path / "assistant.db")
    device.say("TimerSet", duration=minutes(10))
    device.say("TimerChange", duration=minutes(20))
    device.power_cut(600)
    assert device.text("TimerStatus") == "10 minutes left."
