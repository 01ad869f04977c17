"""What it says of its own accord by night: what was asked for comes, what was not waits for the morning."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from assistant import events as ev
from assistant.clock import ManualClock
from assistant.config import Paths, Place, Settings
from assistant.conversation import Conversation
from assistant.live.complaints import Complaints
from assistant.live.device import Chime, announce
from assistant.live.hush import Hush
from assistant.live.notices import Notices
from assistant.turn import Rooms
from tests.fakes import FakeLoudspeaker, House
from tests.skills.device import Device
from tests.virtual_time import run

NIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=ZoneInfo("Europe/Berlin"))


class Speaker(FakeLoudspeaker):
    """Notes how loud each thing was."""

    sample_rate = 16_000
    device: object = object()

    def __init__(self) -> None:
        super().__init__()
        self.volume = 0.0
        self.played: list[tuple[str, float]] = []

    def play(self, chunk: object, turn: str = "") -> None:
        self.played.append((turn, self.volume))


@dataclass
class Appliance:
    """What of one is asked for here."""

    settings: Settings
    rooms: Rooms
    conversation: Conversation


def night(tmp_path: Path) -> list[tuple[str, float]]:
    """A notice comes at 23:00, a timer ends at 23:05; at seven the quiet hours end. Who sounded, and how loud."""
    settings = Settings(paths=Paths(data=tmp_path), place=Place(time_zone="Europe/Berlin"))
    device = Device(NIGHT, settings=settings)
    device.say("QuietHoursSet", begins=time(22), ends=time(7))

    async def job() -> list[tuple[str, float]]:
        speaker = Speaker()
        house = House(skills=device.skills, loudspeaker=speaker)
        conversation = house.open()
        appliance = Appliance(settings, house.rooms, conversation)
        hush = Hush(speaker, device.skills)
        house.bus.subscribe(hush.observe)
        chime = Chime(speaker, hush)  # type: ignore[arg-type]
        barge_in, complaints = SimpleNamespace(ringing=False), Complaints(ManualClock(NIGHT), {})
        task = asyncio.create_task(announce(appliance, speaker, barge_in, complaints, hush))  # type: ignore[arg-type]
        Notices(tmp_path).leave("update", "I have been updated.")
        device.say("TimerSet", duration=timedelta(minutes=5))
        await asyncio.sleep(5)
        chime.observe(ev.WakeDetected(turn="chime", at=0.0, phrase="okay nabu", score=1.0, stream_s=0.0))
        assert speaker.played == []
        device.clock.advance(300)
        await asyncio.sleep(5)
        device.skills.stop_ringing()
        await asyncio.sleep(5)
        device.clock.advance(8 * 3600)
        await asyncio.sleep(5)
        chime.observe(ev.WakeDetected(turn="chime", at=0.0, phrase="okay nabu", score=1.0, stream_s=0.0))
        task.cancel()
        return speaker.played

    return run(job())


def test_by_night_only_what_was_asked_for_sounds_and_by_day_the_rest(tmp_path: Path) -> None:
    played = night(tmp_path)
    assert list(dict.fromkeys(turn for turn, _ in played)) == ["timer-1", "ring", "notice-update", "chime"]
    loud = dict(played)
    assert loud["timer-1"] == 0.3  # words are low
    assert loud["ring"] == 0.7  # what wakes somebody is not
    assert loud["notice-update"] == 0.7
    assert Notices(tmp_path).pending() == []
