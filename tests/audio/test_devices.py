"""Devices by name, and plain words where there are none."""

import sys

import pytest

from assistant.audio.devices import devices, find
from assistant.errors import AudioError


def test_every_device_is_listed(portaudio):
    portaudio.add("USB Speakerphone", inputs=2, outputs=2)
    portaudio.add("HDMI", outputs=8)
    portaudio.default.device = (0, 1)
    first, second = devices()
    assert (first.name, first.inputs, first.rate, first.default_input) == ("USB Speakerphone", 2, 48_000, True)
    assert (second.inputs, second.default_output) == (0, True)


def test_by_name_exact_before_part_and_the_default_without(portaudio):
    portaudio.add("USB Audio Mic", inputs=1)
    portaudio.add("usb audio", inputs=1)
    portaudio.add("HDMI", outputs=2)
    portaudio.default.device = (1, -1)
    assert find("USB Audio", "microphone").index == 1
    assert find("mic", "microphone").index == 0
    assert find("", "microphone").index == 1
    assert find("", "loudspeaker").name == "HDMI"


def test_a_name_that_fits_nothing_lists_what_there_is(portaudio):
    portaudio.add("Jabra", inputs=1)
    with pytest.raises(AudioError, match=r"none is called 'Yeti'; there are 'Jabra' \(setting audio.microphone\)"):
        find("Yeti", "microphone")
    with pytest.raises(AudioError, match="loudspeaker: no such sound device is connected"):
        find("", "loudspeaker")


def test_portaudio_itself_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(AudioError, match="sudo apt install libportaudio2"):
        devices()
