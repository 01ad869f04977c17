"""Whatever the understanding hands over, every skill answers, shortly, and never with a defect of its own."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.nlu import Class, Intent
from assistant.nlu.home import load_home
from assistant.skills.registry import context
from tests.skills.device import Device

SLOTS = (
    "duration", "time", "day", "name", "all", "repeat", "text", "item", "list", "place", "event", "expression",
    "amount", "from_unit", "to_unit", "ingredient", "sides", "count", "low", "high", "level", "step", "area", "query",
    "pm_known", "brightness", "brightness_step", "color", "temperature", "position", "volume_level", "domain",
    "device_class", "state", "replaces", "command", "begins", "ends", "begins_known", "wake_word", "voice",
    "from_time", "from_time_known", "from_day", "from_repeat", "earlier", "from_duration", "from_now", "which",
    "number",
)  # fmt: skip

words = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["all", "kitchen", "shopping", "february thirtieth", "a" * 10_000, "\x00\x07", "🍕", "минута", "-5", "١٢"]
    ),
)
values = st.one_of(
    words,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.timedeltas(),
    st.times(),
    st.dates(),
    st.datetimes(timezones=st.just(ZoneInfo("UTC"))),
)
requests = st.tuples(
    st.sampled_from(sorted(Device().skills.intents)),
    st.dictionaries(st.sampled_from(SLOTS), values, max_size=5),
    st.dictionaries(st.sampled_from(SLOTS), words, max_size=2),
)


def ask(device: Device, number: int, request: tuple[str, dict[str, object], dict[str, str]]) -> None:
    name, slots, unresolved = request
    intent = Intent(name, Class.ASSISTANT, slots, unresolved=unresolved)  # type: ignore[arg-type]
    reply = device.skills.handle(intent, context(str(number), "heard"))
    assert reply.outcome in ("done", "failed", "refused")
    assert "inside me" not in reply.text, f"{name}{slots}{unresolved}"
    assert len(reply.text) < 2500, "a long list read aloud at most"
    assert reply.text or name in ("Stop", "Repeat"), name


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(requests, max_size=6), st.lists(st.integers(0, 100_000), max_size=6))
def test_any_requests_in_any_order(asked: list[tuple[str, dict[str, object], dict[str, str]]], waits: list[int]):
    live(asked, waits)


@pytest.mark.long
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(requests, max_size=12), st.lists(st.integers(0, 100_000), max_size=12))
def test_any_requests_in_any_order_whole(asked: list[tuple[str, dict[str, object], dict[str, str]]], waits: list[int]):
    live(asked, waits)


def live(asked: list[tuple[str, dict[str, object], dict[str, str]]], waits: list[int]) -> None:
    device = Device(home=load_home(None))
    for number, request in enumerate(asked):
        ask(device, number, request)
        if number < len(waits):
            device.clock.advance(waits[number])
        for each in device.skills.due():
            assert each.text
            device.skills.acknowledge(each.id)
        if number % 3 == 2:
            device.restart()
    due = device.skills.next_due()
    assert due is None or due.tzinfo is not None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("intent", sorted(Device().skills.intents))
def test_every_intent_without_any_slot(intent: str, zone: str):
    device = Device(home=load_home(None), zone=zone)
    ask(device, 1, (intent, {}, {}))
    ask(device, 2, (intent, dict.fromkeys(SLOTS, "x" * 10_000), {}))
    ask(device, 3, (intent, {"day": date.max, "time": time.max, "duration": timedelta.max, "repeat": "daily"}, {}))
    ask(device, 4, (intent, {"day": date.min, "time": time.min, "duration": timedelta.min}, {}))


def test_a_date_before_all_zones():
    device = Device(datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")))
    assert device.say("AlarmSet", time=time(7)).outcome == "done"
