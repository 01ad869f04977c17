"""The microphone: any device's blocks become 20 ms frames of 16 kHz mono."""

import asyncio

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples, capture
from assistant.audio.capture import Framer, microphone
from assistant.audio.devices import find
from assistant.errors import AudioError
from tests.audio.portaudio import PortAudio


def record(portaudio: PortAudio, blocks: list[Samples], count: int) -> list[Samples]:
    async def run() -> list[Samples]:
        frames = microphone()
        first = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0)
        for block in blocks:
            portaudio.streams[0].deliver(block)
        found = [await first]
        found += [await anext(frames) for _ in range(count - 1)]
        await frames.aclose()
        return found

    return asyncio.run(run())


def test_a_device_with_the_right_rate_is_passed_through(portaudio):
    portaudio.add("mic", inputs=1, rate=44_100)
    sound = np.arange(1000, dtype=np.int16)
    found = record(portaudio, [sound[:100, None], sound[100:, None]], 3)
    np.testing.assert_array_equal(np.concatenate(found), sound[: 3 * FRAME_SAMPLES])
    assert portaudio.streams[0].settings["samplerate"] == SAMPLE_RATE
    assert portaudio.streams[0].closed


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (44_100, 2)])
def test_other_rates_and_channels_are_converted(portaudio, rate, channels):
    portaudio.add("mic", inputs=channels, rate=rate, only=True)
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.int16)
    blocks = np.array_split(np.repeat(tone[:, None], channels, axis=1), 50)
    found = record(portaudio, blocks, 45)
    assert {frame.shape for frame in found} == {(FRAME_SAMPLES,)}
    heard = np.concatenate(found)
    assert np.argmax(np.abs(np.fft.rfft(heard * np.hanning(heard.size)))) * SAMPLE_RATE / heard.size == pytest.approx(
        440, abs=2
    )
    assert np.abs(heard).max() == pytest.approx(8000, rel=0.05)


def test_a_device_that_falls_silent_for_good_is_one_line(portaudio, monkeypatch):
    portaudio.add("Jabra", inputs=1)
    monkeypatch.setattr(capture, "STALL_SECONDS", 0.0)
    with pytest.raises(AudioError, match="microphone 'Jabra': delivers no sound any more"):
        record(portaudio, [], 1)
    assert portaudio.streams[0].closed


def test_a_busy_device_is_one_line(portaudio):
    portaudio.add("Jabra", inputs=1)
    portaudio.busy = True
    with pytest.raises(AudioError, match=r"'Jabra': Error opening stream: Device unavailable .* is another program"):
        record(portaudio, [], 1)


def test_a_slow_reader_loses_the_oldest_sound_and_not_the_newest(portaudio):
    portaudio.add("mic", inputs=1)
    many = [np.full((FRAME_SAMPLES, 1), n, np.int16) for n in range(capture.BACKLOG_BLOCKS + 10)]
    found = record(portaudio, many, capture.BACKLOG_BLOCKS)
    assert found[-1][0] == capture.BACKLOG_BLOCKS + 9
    assert found[0][0] == 10


def test_blocks_that_may_wait_come_together_and_singly_when_they_may_not(portaudio):
    portaudio.add("mic", inputs=1)
    together, heard = 1, list[int]()

    async def hear() -> None:
        async for frame in capture.captured(find("", "microphone"), lambda: together):
            heard.append(int(frame.samples[0]))

    async def run() -> list[int]:
        nonlocal together
        hearing, counts = asyncio.create_task(hear()), list[int]()
        while not portaudio.streams or not portaudio.streams[0].running:  # noqa: ASYNC110 - opened on a thread
            await asyncio.sleep(0.001)
        for number in range(10):
            together = 1 if number in (0, 8, 9) else 3  # at last somebody speaks
            portaudio.streams[0].deliver(np.full((FRAME_SAMPLES, 1), number, np.int16))
            while not heard:  # noqa: ASYNC110 - the first is delivered when the thread has handed the stream over
                await asyncio.sleep(0.001)
            for _ in range(20):  # whoever can go on goes on
                await asyncio.sleep(0)
            counts.append(len(heard))
        hearing.cancel()
        await asyncio.wait([hearing])
        return counts

    assert asyncio.run(run()) == [1, 1, 1, 4, 4, 4, 7, 7, 9, 10]
    assert heard == list(range(10))


def test_of_eight_channels_the_first_that_is_not_silent_is_taken():
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.int16)
    block = np.zeros((48_000, 8), np.int16)
    block[:, 2], block[:, 5] = tone, -tone  # added up, microphones apart from each other cancel a voice
    framer = Framer(48_000)
    heard = np.concatenate([frame for part in np.array_split(block, 50) for frame in framer.feed(part)])
    assert np.abs(heard[SAMPLE_RATE // 4 :]).max() == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_what_is_no_number_is_silence_and_spoils_nothing_after_it(channels):
    framer = Framer(48_000)
    sound = np.full((48_000, channels), 0.25, np.float32)
    sound[1000:2000] = np.nan
    sound[5000], sound[5001] = np.inf, -np.inf
    heard = np.concatenate([frame for part in np.array_split(sound, 50) for frame in framer.feed(part)])
    assert heard.dtype == np.int16
    assert np.abs(heard[350:600].astype(int)).max() < 500  # 1000 to 2000 at 48 kHz, the filter's ends aside
    assert heard[SAMPLE_RATE // 2] == pytest.approx(0.25 * 32768, abs=50)
