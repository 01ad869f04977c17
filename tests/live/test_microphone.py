"""The microphone that never gives up: unplugged, busy, silent, stalled, muted; PortAudio is driven by hand."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from assistant import events as ev
from assistant.audio import FRAME_SAMPLES, Samples, capture
from assistant.audio.devices import LISTING, Device
from assistant.audio.noise import quiet
from assistant.audio.remembered import Remembered
from assistant.clock import ManualClock
from assistant.live import microphone as module
from assistant.live.microphone import LiveMicrophone
from tests.audio.portaudio import PortAudio, portaudio

__all__ = ["portaudio"]

ROOM = quiet(0.02, seed=1)


async def until(condition: Callable[[], bool]) -> None:
    """Let the driver's threads work until it is so."""
    while not condition():  # noqa: ASYNC110 - the threads tell nobody
        await asyncio.sleep(0.001)


class Kitchen:
    """A microphone under test and what it told."""

    def __init__(self, portaudio: PortAudio, device: str = "", remembered: Remembered | None = None) -> None:
        self.portaudio = portaudio
        self.clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
        self.bus, self.told = ev.EventBus(), list[ev.SoundTrouble]()
        self.bus.subscribe(lambda event: self.told.append(cast("ev.SoundTrouble", event)))
        self.unmuted = asyncio.Event()
        self.unmuted.set()
        self.source = LiveMicrophone(
            device, self.unmuted, bus=self.bus, clock=self.clock, remembered=remembered, canceller=None
        )
        self.frames = cast("AsyncGenerator[Samples]", self.source.frames())

    async def hear(self, block: Samples = ROOM, count: int = 1) -> Samples:
        """Let the newest stream deliver, and take the frame."""
        for _ in range(count):
            waiting = asyncio.ensure_future(anext(self.frames))
            while not waiting.done():
                await asyncio.sleep(0.001)
                running = [s for s in self.portaudio.streams if s.running and not s.closed]
                if running and not waiting.done():
                    running[-1].deliver(np.repeat(block[:, None], running[-1].settings["channels"], axis=1))
                    self.clock.advance(0.02)
                    await asyncio.sleep(0)
            frame = await waiting
        return frame


def in_kitchen(
    portaudio: PortAudio, story: Callable[[Kitchen], Awaitable[None]], device: str = "", remembered: Path | None = None
) -> Kitchen:
    async def run() -> Kitchen:
        kitchen = Kitchen(portaudio, device, Remembered(remembered))
        try:
            await asyncio.wait_for(asyncio.ensure_future(story(kitchen)), 60)
        finally:
            with contextlib.suppress(RuntimeError):
                await kitchen.frames.aclose()
        return kitchen

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "the same cards")
    LISTING._seen = "the same cards"


def test_a_microphone_that_is_unplugged_and_plugged_in_is_heard_again(portaudio: PortAudio) -> None:
    portaudio.add("USB mic", inputs=1)

    async def story(kitchen: Kitchen) -> None:
        for _ in range(20):
            await kitchen.hear(count=2)
            portaudio.busy = True
            portaudio.streams[-1].running = False
            portaudio.streams[-1].settings["finished_callback"]()
            waiting = asyncio.ensure_future(anext(kitchen.frames))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            portaudio.busy = False
            await until(lambda: any(s.running and not s.closed for s in portaudio.streams))
            portaudio.streams[-1].deliver(ROOM[:, None])
            await waiting

    kitchen = in_kitchen(portaudio, story)
    assert [told.kind for told in kitchen.told] == ["gone", ""] * 20
    assert "USB mic" in kitchen.told[0].sentence
    assert all(stream.closed for stream in portaudio.streams)


def test_a_device_that_is_plugged_in_later_is_found_by_listing_anew(
    portaudio: PortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    portaudio.plugged_later = [
        {"name": "USB mic", "max_input_channels": 1, "max_output_channels": 0, "default_samplerate": 48_000.0}
    ]
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "another card")

    async def story(kitchen: Kitchen) -> None:
        assert (await kitchen.hear()).shape == (FRAME_SAMPLES,)

    kitchen = in_kitchen(portaudio, story)
    assert portaudio.listings >= 1
    assert kitchen.told[0].sentence.startswith("microphone: no device is connected")


def test_a_busy_device_is_passed_over_unless_it_was_asked_for(portaudio: PortAudio) -> None:
    portaudio.add("USB mic", inputs=1)
    portaudio.add("webcam", inputs=2)
    portaudio.taken = {0}

    async def story(kitchen: Kitchen) -> None:
        await kitchen.hear()
        assert kitchen.source.device is not None
        assert kitchen.source.device.name == "webcam"

    in_kitchen(portaudio, story)

    async def asked(kitchen: Kitchen) -> None:
        waiting = asyncio.ensure_future(anext(kitchen.frames))
        await asyncio.sleep(0.05)
        assert not waiting.done()  # nobody is listened to through a device that was not named
        portaudio.taken = set()
        await until(lambda: any(s.running and not s.closed for s in portaudio.streams))
        portaudio.streams[-1].deliver(ROOM[:, None])
        await waiting

    kitchen = in_kitchen(portaudio, asked, device="USB mic")
    assert "is another program using it?" in kitchen.told[0].sentence


def test_zeros_are_told_once_and_the_device_is_opened_anew(portaudio: PortAudio) -> None:
    portaudio.add("USB mic", inputs=1)

    async def story(kitchen: Kitchen) -> None:
        await kitchen.hear(np.zeros(FRAME_SAMPLES, np.int16), 50 * 37)
        await kitchen.hear(ROOM, 3)

    kitchen = in_kitchen(portaudio, story)
    assert [told.kind for told in kitchen.told] == ["zeros", ""]
    assert len(portaudio.streams) == 2


def test_while_muted_the_device_is_closed(portaudio: PortAudio) -> None:
    portaudio.add("USB mic", inputs=1)

    async def story(kitchen: Kitchen) -> None:
        await kitchen.hear()
        kitchen.unmuted.clear()
        waiting = asyncio.ensure_future(anext(kitchen.frames))
        await asyncio.sleep(0)
        portaudio.streams[0].deliver(ROOM[:, None])
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert portaudio.streams[0].closed
        assert not waiting.done()
        kitchen.unmuted.set()
        await until(lambda: len(portaudio.streams) == 2 and portaudio.streams[1].running)
        portaudio.streams[1].deliver(ROOM[:, None])
        await waiting

    kitchen = in_kitchen(portaudio, story)
    assert kitchen.told == []


def test_a_stall_is_noticed(portaudio: PortAudio, monkeypatch: pytest.MonkeyPatch) -> None:
    portaudio.add("USB mic", inputs=1)
    monkeypatch.setattr(capture, "STALL_SECONDS", 0.01)

    async def story(kitchen: Kitchen) -> None:
        waiting = asyncio.ensure_future(anext(kitchen.frames))
        await until(lambda: len(portaudio.streams) >= 3)  # it is opened again and again
        monkeypatch.setattr(capture, "STALL_SECONDS", 60.0)
        while not waiting.done():
            await asyncio.sleep(0.005)
            running = [s for s in portaudio.streams if s.running and not s.closed]
            if running:
                running[-1].deliver(ROOM[:, None])
        await waiting

    kitchen = in_kitchen(portaudio, story)
    assert "delivers no sound any more" in kitchen.told[0].sentence


def test_the_first_device_is_remembered(portaudio: PortAudio, tmp_path: Path) -> None:
    portaudio.add("Mic A: USB (hw:1,0)", inputs=1)
    portaudio.add("Mic B: USB (hw:2,0)", inputs=1)
    file = tmp_path / "data" / "sound.json"

    async def story(kitchen: Kitchen) -> None:
        await kitchen.hear()

    in_kitchen(portaudio, story, remembered=file)
    assert Remembered(file)["microphone"] == "Mic A: USB"
    portaudio.cards.reverse()
    again = in_kitchen(portaudio, story, remembered=file)
    assert again.source.device is None or again.source.device.label == "Mic A: USB"
    file.write_text("[not what it should be")
    assert Remembered(file)["microphone"] == ""


def test_a_list_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remembered = Remembered(tmp_path / "file" / "sound.json")
    device = Device(0, "USB mic", 1, 0, 48_000, default_input=True, default_output=False)
    remembered.keep("microphone", device)
    assert remembered["microphone"] == "USB mic"
