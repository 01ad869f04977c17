"""A disk that is really full under the assistant: it goes on, says so, and loses nothing that was confirmed."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.audio.devices import Device as SoundDevice
from assistant.audio.remembered import Remembered
from assistant.errors import AssistantError
from assistant.live.notices import Notices
from tests.skills.device import Device


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"skipped: no permission to mount a small disk ({mounted.stderr.strip()[:80]})")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_what_was_confirmed_stays_and_what_cannot_be_kept_is_not_confirmed(small_disk: Path) -> None:
    device = Device(path=small_disk / "assistant.db")
    assert device.say("TimerSet", duration=timedelta(minutes=10)).outcome == "done"
    ballast = fill(small_disk)
    outcomes = set()
    for number in range(400):  # the file may have room inside
        reply = device.say("ListAdd", item=f"{number} {'x' * 60}")
        outcomes.add(reply.outcome)
        if reply.outcome == "failed":
            break
    assert "failed" in outcomes
    assert "disk is full" in reply.text
    assert "left" in device.text("TimerStatus")
    ballast.unlink()
    assert device.say("ListAdd", item="milk").outcome == "done"
    device.restart()
    assert "milk" in device.text("ListRead")
    assert "left" in device.text("TimerStatus")
    device.store.close()


def test_a_sound_device_that_cannot_be_remembered_serves_all_the_same(small_disk: Path) -> None:
    remembered = Remembered(small_disk / "sound.json")
    fill(small_disk)
    remembered.keep("microphone", SoundDevice(0, "USB", 1, 0, 48_000, default_input=True, default_output=False))
    assert remembered["microphone"] == "USB"


def test_a_notice_that_cannot_be_left_is_an_error_in_plain_words(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(AssistantError, match="make room on the data partition"):
        Notices(small_disk).leave("update", "I have been updated. " * 20)
