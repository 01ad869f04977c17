"""A clock that cannot be trusted, and one that jumps."""

import random
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.skills.kit import Announcement
from assistant.skills.timekeeping import Source, Timekeeper, Trust, boot_id, clock_source, place_zone
from tests.skills.device import Device

SAVED = datetime(2026, 11, 21, 17, 5, tzinfo=ZoneInfo("Europe/Berlin"))
"""What a Pi without a battery shows after a power cut: the time the system saved last."""


def pi(**options: object) -> Device:
    """A device without a battery whose clock was set by the network once."""
    device = Device(**options)  # type: ignore[arg-type]
    device.clock.advance(60)
    device.skills.due()
    device.source = Source.NONE
    return device


def test_this_machine_says_where_its_clock_has_its_time_from():
    assert clock_source() in Source
    assert boot_id() == boot_id()
    assert place_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert datetime(2026, 1, 1, tzinfo=place_zone("")).utcoffset() is not None


def test_after_a_power_cut_without_a_battery_it_says_that_it_does_not_know():
    device = pi()
    device.power_cut(5 * 3600, wall=SAVED)
    assert device.skills.boot() == []
    device.clock.advance(60)
    assert device.skills.due() == [], "the network may still come"
    device.clock.advance(60)
    (told,) = device.skills.due()
    assert "don't know for how long" in told.text
    reply = device.say("TimeNow")
    assert "don't know for how long" in reply.text
    assert "5:03 pm" in reply.text, "only observed time counts: last seen alive at 5:01, and two minutes since"
    assert (reply.expects_answer, reply.asks) == (True, "time")


def test_only_observed_time_counts_for_a_timer():
    device = pi()
    device.say("TimerSet", duration=timedelta(minutes=10))
    device.power_cut(3 * 3600, wall=SAVED)
    device.clock.advance(120)
    assert "8 minutes left" in device.skills.due()[-1].text
    device.clock.advance(480)
    assert len(device.skills.due()) == 1


def test_a_person_sets_the_clock():
    device = pi()
    device.say("AlarmSet", time=time(19))
    device.say("TimerSet", duration=timedelta(hours=1))
    device.power_cut(90 * 60, wall=SAVED)
    device.clock.advance(120)
    assert len(device.skills.due()) == 2
    assert "7 pm" in device.text("AlarmStatus")
    reply = device.text("ClockSet", time=time(6, 33), pm_known=False)
    assert reply == "Thank you. It's 6:33 pm on Saturday, the 21st of November."
    assert device.skills.kit.time.trust is Trust.TOLD
    texts = [each.text for each in device.skills.due()]
    assert "My clock is right again: it's 6:33 pm." in texts
    assert "Your 1 hour timer ended 32 minutes ago." in texts, "the true end is known now"
    device.clock.advance(27 * 60)
    assert [each.kind for each in device.skills.due()] == ["alarm"]


def test_what_was_told_holds_until_the_next_boot(tmp_path: Path):
    device = pi(path=tmp_path / "a.db")
    device.power_cut(3600, wall=SAVED)
    device.say("ClockSet", time=time(20), pm_known=True)
    device.clock.advance(60)
    device.restart()
    assert device.text("TimeNow") in ("It's 8:01 pm.", "8:01 pm.")
    assert device.skills.boot() == []
    device.power_cut(60, wall=SAVED)
    assert not device.skills.kit.time.trusted
    assert "8:01 pm" in device.text("TimeNow"), "last seen alive, by the time it was told"


def test_jumps_of_a_clock_that_is_not_trusted_do_not_matter():
    device = pi()
    device.power_cut(3600, wall=SAVED)
    device.skills.boot()
    device.say("AlarmSet", time=time(18))
    device.clock.jump(datetime(2027, 5, 1, tzinfo=UTC))
    assert device.skills.due() == []
    assert "5:01 pm" in device.text("TimeNow")


def test_the_network_comes_back():
    device = pi()
    device.say("AlarmSet", time=time(18))
    device.say("ReminderSet", text="call mum", time=time(20))
    device.power_cut(2 * 3600, wall=SAVED)
    device.clock.advance(120)
    assert len(device.skills.due()) == 1
    device.clock.jump(datetime(2026, 11, 21, 19, 3, tzinfo=device.zone))
    assert device.skills.due() == [], "nothing is believed before the kernel says that NTP keeps the clock"
    device.source = Source.NETWORK
    texts = [each.text for each in device.skills.due()]
    assert texts == [
        "My clock is right again: it's 7:03 pm.",
        "You had an alarm at 6 pm today, but I couldn't ring it.",
    ]
    assert device.skills.kit.time.trust is Trust.TRUSTED
    device.clock.advance(3600)
    assert [each.kind for each in device.skills.due()] == ["reminder"]


def test_the_network_comes_back_before_anybody_was_bothered():
    device = pi()
    device.say("TimerSet", duration=timedelta(minutes=30), name="roast")
    device.power_cut(600, wall=SAVED)
    device.clock.advance(30)
    assert device.skills.due() == []
    device.clock.jump(datetime(2026, 11, 21, 17, 11, 30, tzinfo=device.zone))
    device.source = Source.NETWORK
    assert [each.text for each in device.skills.due()] == [
        "I was off. 19 minutes and 30 seconds left on the roast timer."
    ]
    device.clock.advance(120)
    assert device.skills.due() == []


def test_the_network_keeps_the_clock_whatever_a_person_says(device: Device):
    assert device.text("ClockSet", time=time(7, 30)) == "The network keeps my clock, and it says 5 pm on Saturday."
    assert device.skills.kit.time.offset == 0


def test_a_battery_clock_that_was_wrong_is_corrected_and_stays_so(tmp_path: Path):
    device = Device(path=tmp_path / "a.db", source=Source.BATTERY)
    assert device.text("ClockSet", time=time(17, 10), pm_known=True).startswith("Thank you. It's 5:10 pm")
    device.power_cut(60)
    assert device.text("TimeNow") in ("It's 5:11 pm.", "5:11 pm.")
    device.source = Source.NETWORK
    device.skills.due()
    assert device.text("TimeNow") in ("It's 5:01 pm.", "5:01 pm.")


def test_the_first_start_of_all():
    device = Device(source=Source.NONE)
    assert device.skills.boot() == [], "a new device has no past to be unsure of"
    assert "can't tell whether my clock is right" in device.text("TimeNow")
    device.say("ClockSet", time=time(9), pm_known=True)
    assert device.skills.kit.time.trusted


def test_an_alarm_set_by_an_unsure_clock_says_so():
    device = pi()
    device.power_cut(3600, wall=SAVED)
    assert "not sure of my clock" in device.text("AlarmSet", time=time(7))
    assert "not sure" not in device.text("TimerSet", duration=timedelta(minutes=5))


def test_the_heartbeat_costs_one_write_a_minute():
    device = Device()
    writes: list[float] = []
    original = device.store.put_lazily

    def counted(**facts: object) -> None:
        writes.append(device.clock.monotonic())
        original(**facts)  # type: ignore[arg-type]

    device.store.put_lazily = counted  # type: ignore[method-assign]
    for _ in range(600):
        device.clock.advance(1)
        device.skills.due()
    assert len(writes) == 10


class _World:
    """True time, and a device that lives through cuts, restarts and jumps in it."""

    def __init__(self, seed: int, zone: str, start: datetime) -> None:
        self.rng = random.Random(seed)
        self.device = Device(start, zone=zone)
        self.rang: list[tuple[datetime, str]] = []

    def pass_time(self, seconds: float) -> None:
        """Time passes in steps as the appliance would wake up: at the next due moment, at least once a minute."""
        left = seconds
        while left > 0:
            due = self.device.skills.next_due()
            wait = (due - self.device.clock.now()).total_seconds() if due else 60.0
            step = min(left, 3600.0, max(1.0, wait))
            self.device.clock.advance(step)
            left -= step
            self.collect(self.device.skills.due())

    def collect(self, found: list[Announcement]) -> None:
        for each in found:
            self.rang.append((self.device.clock.now(), each.id))
            self.device.skills.acknowledge(each.id)


CHANGES = [
    ("Europe/Berlin", datetime(2027, 3, 27, 12, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 10, 30, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 13, 17, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 11, 6, 17, tzinfo=UTC)),
]


def live_through(seed: int, zone: str, start: datetime) -> None:
    """Three days around a daylight saving change with restarts, short power cuts and NTP corrections."""
    world = _World(seed, zone, start)
    device, rng = world.device, world.rng
    clock = time(rng.choice([0, 1, 2, 2, 2, 3]), rng.randrange(60))
    device.say("AlarmSet", time=clock, pm_known=True, repeat="daily")
    length = rng.randrange(3600, 2 * 86_400)
    device.say("TimerSet", duration=timedelta(seconds=length))
    begun = device.clock.now()
    expected_dates = set()
    for _ in range(12):
        world.pass_time(rng.randrange(3 * 3600, 9 * 3600))
        match rng.randrange(4):
            case 0:
                device.restart()
                world.collect(device.skills.boot())
            case 1:
                device.power_cut(rng.randrange(1, 1200))
                world.collect([each for each in device.skills.boot() if each.kind != "timer" or each.rings])
            case 2:
                correction = timedelta(seconds=rng.randrange(-900, 900))
                begun += correction
                device.clock.jump(device.clock.now() + correction)
    local = [(moment.astimezone(device.zone), name) for moment, name in world.rang]
    alarms = [moment for moment, name in local if name.startswith("alarm")]
    dates = [moment.date() for moment in alarms]
    assert len(dates) == len(set(dates)), f"an alarm rang twice on a day: {alarms}"
    day = (begun + timedelta(days=1)).astimezone(device.zone).date()
    while day < device.clock.now().astimezone(device.zone).date():
        expected_dates.add(day)
        day += timedelta(days=1)
    assert expected_dates <= set(dates), f"an alarm was lost: {alarms}"
    timers = [moment for moment, name in local if name.startswith("timer")]
    assert len(timers) <= 1, "a timer rings once"
    if device.clock.now() - begun > timedelta(seconds=length + 3600):
        assert len(timers) == 1, "a timer is never lost"


@pytest.mark.parametrize(("zone", "start"), CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_across_a_change_of_the_clocks(seed: int, zone: str, start: datetime):
    live_through(seed, zone, start)


@pytest.mark.long
@pytest.mark.parametrize(("zone", "start"), CHANGES)
def test_across_a_change_of_the_clocks_whole(zone: str, start: datetime):
    for seed in range(100, 300):
        live_through(seed, zone, start)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(60, 100_000),
    st.lists(st.tuples(st.sampled_from(["wait", "restart", "jump"]), st.integers(0, 30_000)), max_size=8),
)
def test_a_timer_rings_at_its_time_whatever_the_wall_clock_does(length: int, events: list[tuple[str, int]]):
    device = Device()
    device.say("TimerSet", duration=timedelta(seconds=length))
    passed = 0
    for kind, amount in events:
        if kind == "wait":
            device.clock.advance(amount)
            passed += amount
        elif kind == "jump":
            device.clock.jump(device.clock.now() + timedelta(seconds=amount - 15_000))
        else:
            device.restart()
        rang = [each for each in (*device.skills.boot(), *device.skills.due()) if each.rings or "ended" in each.text]
        assert bool(rang) == (passed >= length), (passed, length)
        if rang:
            return
    device.clock.advance(length - passed)
    assert len(device.skills.due()) == 1
    assert device.skills.due() == []


def test_the_timekeeper_is_a_clock():
    device = Device()
    keeper: Timekeeper = device.skills.kit.time
    assert keeper.now(UTC) == device.clock.now(UTC)
    assert keeper.monotonic() == device.clock.monotonic()
