"""Devices by name, and plain words where there are none."""

import sys
import threading

import pytest

from assistant.audio.devices import LISTING, SETTLE_SECONDS, Listing, OpenStream, connected, devices, find, ranked
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
    assert connected("USB Audio", "microphone")
    assert not connected("Yeti", "microphone")
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


def test_the_best_device_first(portaudio, tmp_path, monkeypatch):
    portaudio.add("vc4hdmi0: MAI PCM (hw:0,0)", outputs=2)
    portaudio.add("Webcam: USB Audio (hw:1,0)", inputs=1)
    portaudio.add("Speaker: USB Audio (hw:2,0)", inputs=1, outputs=2)
    portaudio.add("default", inputs=32, outputs=32)
    portaudio.default.device = (3, 3)
    for number, usb in (("1", "046d:0825"), ("2", "0d8c:0014")):
        (tmp_path / f"card{number}").mkdir()
        (tmp_path / f"card{number}" / "usbid").write_text(usb + "\n")
    monkeypatch.setattr("assistant.audio.devices.CARDS", tmp_path)
    assert [d.index for d in ranked("loudspeaker")] == [2, 3, 0]
    assert [d.index for d in ranked("microphone")] == [1, 2, 3]
    assert ranked("microphone", remembered="0d8c:0014")[0].index == 2
    assert ranked("microphone", remembered="Speaker: USB Audio")[0].index == 2
    assert ranked("loudspeaker", "hdmi")[0].index == 0
    assert find("0d8c:0014", "microphone").index == 2
    assert find("0d8c:0014", "microphone").label == "Speaker: USB Audio"


def test_listing_anew_closes_every_stream_once(portaudio, monkeypatch):
    ended, cards = [], ["a"]
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: cards[0])
    portaudio.add("USB", inputs=1, outputs=1)
    LISTING._seen = "a"
    raw = portaudio.InputStream(callback=None, device=0)
    stream = OpenStream(raw, lambda: ended.append("told"))
    before, cards[0] = LISTING.look(), "a b"
    assert (before, LISTING.look()) == (False, True)
    LISTING.rescan()
    assert (raw.closed, stream.closed, ended, portaudio.listings) == (True, True, ["told"], 1)
    raw.closed = False
    stream.close()  # PortAudio's pointer is no longer valid: it is not touched again
    assert not raw.closed
    assert not LISTING.look()


def test_a_call_that_never_returns_holds_up_nobody_for_ever(portaudio, monkeypatch):
    monkeypatch.setattr("assistant.audio.devices.HANG_SECONDS", 0.01)
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "another card")
    listing, inside, over, went_on = Listing(), threading.Event(), threading.Event(), []

    def hang():
        with listing.alone():
            inside.set()
            over.wait()

    def go_on():
        with listing.alone():
            went_on.append(listing.hung)

    threads = [threading.Thread(target=call) for call in (hang, go_on, go_on)]
    threads[0].start()
    inside.wait()
    assert listing.look()
    for thread in threads[1:]:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    assert went_on == [True, True]
    closed = []
    listing.use(lambda: closed.append("a stream"))
    listing.rescan()  # PortAudio cannot be ended and begun again any more
    assert (portaudio.listings, closed, listing.look()) == (0, ["a stream"], False)
    over.set()
    threads[0].join()


def test_what_was_plugged_in_is_left_alone_until_it_has_settled(monkeypatch):
    now, cards = [100.0], ["a"]
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: cards[0])
    monkeypatch.setattr("assistant.audio.devices.time.monotonic", lambda: now[0])
    listing = Listing()
    listing._seen = listing._noticed = "a"
    looks = []
    for seconds, seen in ((0.0, "a"), (1.0, "a b"), (0.9, "a b"), (0.5, "a"), (0.3, "a b"), (0.9, "a b"), (0.2, "a b")):
        now[0] += seconds
        cards[0] = seen
        looks.append(listing.look())
    assert looks == [False] * 6 + [True]
    listing._seen = "a b"
    listing.changed()  # a sound server's word
    now[0] += SETTLE_SECONDS - 0.1
    assert not listing.look()
    now[0] += 0.2
    assert listing.look()
