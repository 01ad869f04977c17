from datetime import time, timedelta
from pathlib import Path

import pytest

from assistant.clock import ManualClock
from assistant.config import Place, Settings
from assistant.nlu import Class, Intent
from assistant.nlu.home import Home
from assistant.skills import Reply, TurnContext
from assistant.skills.registry import Skills, context
from assistant.store import broken_store, open_store
from tests.skills.device import Device


class _Faulty:
    intents = frozenset({"Faulty"})

    def handle(self, intent: Intent, context: TurnContext) -> Reply:
        raise RuntimeError("a defect")


def test_a_defect_of_a_skill_is_said_and_logged(device: Device, caplog: pytest.LogCaptureFixture):
    device.skills.add(_Faulty())
    reply = device.say("Faulty")
    assert reply.outcome == "failed"
    assert "can't say that it is done" in reply.text
    assert "a defect" in caplog.text
    assert device.say("TimeNow").outcome == "done"


def test_without_memory_nothing_is_confirmed_but_the_time_is_told():
    clock = Device().clock
    store = broken_store("/data/assistant.db: is read-only; make the file and its directory writable")
    skills = Skills(store, clock, Settings(place=Place(time_zone="Europe/Berlin")), Home())

    def say(name: str, **slots: object) -> Reply:
        return skills.handle(Intent(name, Class.TIMER, slots), context("1", "x"))  # type: ignore[arg-type]

    (told,) = skills.boot()
    assert "can't remember anything" in told.text
    for name, slots in (
        ("TimerSet", {"duration": timedelta(minutes=5)}),
        ("AlarmSet", {"time": time(7)}),
        ("ReminderSet", {"text": "x", "time": time(7)}),
        ("ListAdd", {"item": "milk"}),
        ("VolumeSet", {"level": 30}),
    ):
        reply = say(name, **slots)
        assert reply.outcome == "failed", name
        assert "is read-only" in reply.text
    assert say("TimeNow").outcome == "done"
    assert say("Calculate", expression="2+2").outcome == "done"
    assert skills.due() == []
    assert skills.next_due() is None


def test_a_moved_aside_memory_is_told_once(tmp_path: Path):
    path = tmp_path / "assistant.db"
    path.write_bytes(b"no database" * 100)
    device = Device(path=path)
    (told,) = device.skills.boot()
    assert told.text.startswith("My memory file was damaged")
    assert "assistant.db.damaged-" in told.text
    device.restart()
    assert device.skills.boot() == []


def test_the_disk_fills_up_while_it_runs(tmp_path: Path):
    device = Device(path=tmp_path / "assistant.db")
    assert device.say("ListAdd", item="milk").outcome == "done"
    device.store.rows("PRAGMA max_page_count = 1")
    for number in range(2000):
        reply = device.say("ListCreate", list=f"{number} {'x' * 150}")
        if reply.outcome == "failed":
            break
        if "lists already" in reply.text:
            device.say("ListAdd", item=" ".join([f"{number}"] * 30))
    assert reply.outcome == "failed"
    assert "the disk is full" in reply.text
    assert "milk" in device.text("ListRead")


def test_another_process_beside_it_changes_nothing(tmp_path: Path):
    """`assistant ask` opens the same file while the appliance runs."""
    device = Device(path=tmp_path / "assistant.db")
    device.say("TimerSet", duration=timedelta(minutes=10))
    device.say("AlarmSet", time=time(18))
    before = [tuple(row) for row in device.store.rows("SELECT * FROM timers")]
    beside = Skills(
        open_store(tmp_path / "assistant.db"),
        ManualClock(device.clock.now(), device.clock.monotonic()),
        device.settings,
        Home(),
        source=lambda: device.source,
        boot_id=device.boot,
    )
    assert beside.boot() == []
    beside.handle(Intent("ListAdd", Class.REMINDERS_LISTS, {"item": "milk"}), context("1", "x"))
    assert [tuple(row) for row in device.store.rows("SELECT * FROM timers")] == before
    assert "milk" in device.text("ListRead")
    beside.kit.store.close()


def test_unknown_announcements_are_passed_over(device: Device):
    for name in ("", "timer-", "timer-99", "notice-clock", "alarm-x", "nonsense"):
        device.skills.acknowledge(name)


def test_names(device: Device):
    assert device.skills.names().lists == ("shopping",)
    device.say("TimerSet", duration=60, name="pasta")
    device.say("ListCreate", list="to do")
    assert device.skills.names().timers == ("pasta",)
    assert device.skills.names().lists == ("shopping", "to do")
