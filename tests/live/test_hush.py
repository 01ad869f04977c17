"""Loudness by the hour: low in quiet hours, as set while something rings."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from assistant import events as ev
from assistant.config import Place, Quiet, Settings
from assistant.live.hush import Hush
from tests.skills.device import Device


class Speaker:
    volume = 0.0


def rings(on: bool) -> ev.Ringing:
    return ev.Ringing(turn="alarm-1", at=0.0, on=on)


def evening(**quiet: int) -> tuple[Device, Speaker, Hush]:
    start = datetime(2026, 11, 21, 21, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    device, speaker = (
        Device(start, settings=Settings(place=Place(time_zone="Europe/Berlin"), quiet=Quiet(**quiet))),
        Speaker(),
    )
    return device, speaker, Hush(speaker, device.skills)


def test_quiet_hours_begin_and_end_by_themselves() -> None:
    device, speaker, hush = evening()
    device.say("QuietHoursSet", begins=time(22), ends=time(7))
    assert (hush.look(), speaker.volume) == (False, 0.7)
    device.clock.advance(60)
    assert (hush.look(), speaker.volume) == (True, 0.3)
    device.clock.advance(9 * 3600)
    assert (hush.look(), speaker.volume) == (False, 0.7)


def test_an_alarm_rings_as_loud_as_it_was_set() -> None:
    device, speaker, hush = evening()
    device.say("QuietHoursSet", begins=time(21), ends=time(7))
    assert speaker.volume == 0.3
    hush.observe(rings(True))
    assert speaker.volume == 0.7
    assert hush.look()
    assert speaker.volume == 0.7
    hush.observe(rings(False))
    assert speaker.volume == 0.3


def test_what_is_set_lower_or_muted_stays_so() -> None:
    device, speaker, _ = evening(volume=40)
    device.say("QuietHoursSet", begins=time(21), ends=time(7))
    assert speaker.volume == 0.4
    device.say("VolumeSet", level=20)
    assert speaker.volume == 0.2
    device.say("Mute")
    assert speaker.volume == 0.0


def test_afterwards_nothing_is_followed() -> None:
    device, speaker, hush = evening()
    hush.look()
    hush.close()
    device.say("VolumeSet", level=20)
    assert speaker.volume == 0.7
