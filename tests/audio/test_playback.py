"""The loudspeaker: what is appended sounds in order, stops within a block, and is waited for to its end."""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from assistant.audio import Samples
from assistant.audio.devices import LISTING
from assistant.audio.playback import Loudspeaker
from assistant.audio.played import Timeline
from assistant.errors import AudioError


@dataclass(frozen=True)
class Chunk:
    samples: Samples
    sample_rate: int = 22_050


def ramp(count: int, start: int = 1) -> Samples:
    return np.arange(start, start + count).astype(np.int16)


@pytest.fixture
def speaker(portaudio):
    portaudio.add("USB", outputs=2)
    return Loudspeaker()


def test_chunks_sound_in_order_without_a_gap_and_silence_around_them(portaudio, speaker):
    stream = portaudio.streams[0]
    assert not stream.pull(100).any()
    speaker.play(Chunk(ramp(150)))
    speaker.play(Chunk(ramp(150, 151)))
    np.testing.assert_array_equal(np.concatenate([stream.pull(100) for _ in range(4)]), [*range(1, 301)] + [0] * 100)


def test_stop_silences_the_next_block_and_forgets_the_rest(portaudio, speaker):
    stream = portaudio.streams[0]
    speaker.play(Chunk(ramp(5000)))
    assert stream.pull(441).all()
    speaker.stop()
    assert not stream.pull(441).any()
    speaker.play(Chunk(ramp(10)))
    assert stream.pull(441)[0] == 1


def test_volume_takes_effect_with_the_next_block(portaudio, speaker):
    speaker.play(Chunk(np.full(1000, 1000, np.int16)))
    assert set(portaudio.streams[0].pull(100)) == {1000}
    speaker.volume = 0.25
    change = portaudio.streams[0].pull(200)
    assert change[0] == 1000  # a ramp of 5 ms, no click
    assert set(np.sign(np.diff(change))) == {-1, 0}
    assert set(change[110:]) == {250}


def test_drain_waits_for_the_devices_own_delay_too(portaudio, speaker):
    stream = portaudio.streams[0]

    async def run() -> list[bool]:
        await speaker.drain()  # nothing appended: at once
        speaker.play(Chunk(ramp(441)))
        waiting = asyncio.ensure_future(speaker.drain())
        done = []
        for _ in range(6):
            for _ in range(3):
                await asyncio.sleep(0)
            done.append(waiting.done())
            stream.pull(441)
        await waiting
        return done

    # one block of sound, then 50 ms of the device's delay: two and a half blocks
    assert asyncio.run(run()) == [False, False, False, False, True, True]


def test_stop_ends_the_waiting(speaker):
    async def run() -> None:
        speaker.play(Chunk(ramp(100_000)))
        waiting = asyncio.ensure_future(speaker.drain())
        await asyncio.sleep(0)
        speaker.stop()
        await waiting

    asyncio.run(run())


def test_a_device_with_one_rate_of_its_own_gets_converted_sound(portaudio):
    portaudio.add("HDMI", outputs=2, rate=48_000, only=True)
    speaker = Loudspeaker()
    assert speaker.sample_rate == 48_000
    speaker.play(Chunk(np.full(22_050, 5000, np.int16)))
    sounded = portaudio.streams[0].pull(96_000)
    assert np.count_nonzero(sounded) == pytest.approx(48_000, abs=200)
    assert sounded[24_000] == pytest.approx(5000, abs=5)


def test_close_and_busy(portaudio, speaker):
    speaker.close()
    assert portaudio.streams[0].closed
    portaudio.busy = True
    with pytest.raises(AudioError, match=r"loudspeaker 'USB': .* is another program using it"):
        Loudspeaker()


def test_a_held_turn_is_silent_and_goes_on_where_it_was(portaudio, speaker):
    stream = portaudio.streams[0]
    speaker.play(Chunk(ramp(300)), "a")
    assert stream.pull(100).tolist() == list(range(1, 101))
    speaker.hold("a")
    speaker.play(Chunk(ramp(50, 901)), "b")  # another turn's sound is heard
    speaker.play(Chunk(ramp(20, 501)), "a")  # what the held one adds is not
    assert stream.pull(100).tolist() == [*range(901, 951)] + [0] * 50
    assert not speaker.sounding or speaker._queue.pending
    speaker.release()
    assert stream.pull(250).tolist() == [*range(101, 301), *range(501, 521)] + [0] * 30


def test_stopping_a_held_turn_leaves_the_other_one(portaudio, speaker):
    stream = portaudio.streams[0]

    async def run() -> None:
        speaker.play(Chunk(ramp(300)), "a")
        waiting = asyncio.ensure_future(speaker.drain("a"))
        await asyncio.sleep(0)
        speaker.hold("a")
        speaker.play(Chunk(ramp(50, 901)), "b")
        speaker.stop("a")
        await waiting
        assert stream.pull(100).tolist() == [*range(901, 951)] + [0] * 50
        speaker.release()
        assert not stream.pull(100).any()

    asyncio.run(run())


def test_ducking_is_faint_and_comes_back(portaudio, speaker):
    stream = portaudio.streams[0]
    speaker.play(Chunk(np.full(3000, 10_000, np.int16)))
    assert set(stream.pull(441)) == {10_000}
    speaker.ducked = True
    assert stream.pull(441)[-1] == pytest.approx(1000, abs=2)
    speaker.ducked = False
    assert stream.pull(441)[-1] == 10_000


def test_what_is_played_is_the_reference(portaudio, speaker):
    speaker.play(Chunk(np.full(22_050, 10_000, np.int16)))
    speaker.volume = 0.5
    heard = Timeline(16_000)
    heard.note(0, 0.0)
    for _ in range(40):
        portaudio.streams[0].pull(441)
    frame = speaker.played.frame(heard, 8000)
    assert frame is not None
    assert np.median(frame) == pytest.approx(5000, abs=20)


def test_a_device_that_is_gone_is_replaced_and_what_waits_is_converted(portaudio, monkeypatch):
    portaudio.add("USB", outputs=2)
    portaudio.add("HDMI", outputs=2, rate=44_100, only=True)
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "the same")
    LISTING._seen = "the same"
    speaker = Loudspeaker()
    speaker.play(Chunk(np.full(22_050, 8000, np.int16)), "a")
    portaudio.streams[0].pull(441)
    portaudio.taken = {0}
    assert asyncio.run(speaker.reopen())
    assert speaker.device is not None
    assert speaker.device.name == "HDMI"
    sounded = portaudio.streams[-1].pull(100_000)
    assert np.count_nonzero(sounded) == pytest.approx(2 * (22_050 - 441), abs=200)


def test_without_any_device_a_reply_fails_in_words_and_a_patient_one_waits(portaudio, monkeypatch):
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "the same")
    LISTING._seen = "the same"
    with pytest.raises(AudioError, match="loudspeaker: no such sound device"):
        Loudspeaker()
    speaker = Loudspeaker(patient=True)

    async def run() -> None:
        assert not await speaker.reopen()
        speaker.play(Chunk(ramp(10)), "a")
        waiting = asyncio.ensure_future(speaker.drain("a"))
        await asyncio.sleep(0)
        speaker.stop()
        with pytest.raises(AudioError, match="it is gone and there is no other"):
            await waiting
        portaudio.add("USB", outputs=2)
        assert await speaker.reopen()
        speaker.play(Chunk(ramp(10)), "a")
        assert portaudio.streams[-1].pull(10).any()

    asyncio.run(run())


def test_after_a_plug_the_chosen_device_is_opened_anew_but_not_into_a_reply(portaudio, monkeypatch):
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "the same")
    monkeypatch.setattr("assistant.audio.playback.LOOK_SECONDS", 0.001)
    LISTING._seen = "the same"
    portaudio.add("chosen", outputs=2)
    portaudio.add("other", outputs=2)
    speaker = Loudspeaker("chosen")

    async def turns(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0.001)

    async def run() -> None:
        keeping = asyncio.create_task(speaker.keep())
        speaker.play(Chunk(ramp(10)), "a")
        LISTING.changed()  # a sound server has moved our stream, and tells that a device is gone
        await turns(20)
        assert not portaudio.streams[0].closed
        speaker.stop()
        while len(portaudio.streams) < 2:
            await turns(1)
        assert portaudio.streams[0].closed
        assert speaker.device is not None
        assert speaker.device.name == "chosen"
        keeping.cancel()
        await asyncio.wait([keeping])

    asyncio.run(asyncio.wait_for(run(), 60))
    assert portaudio.listings == 1


def test_a_device_that_opens_after_it_was_given_up_plays_nothing(portaudio, speaker):
    line = speaker._open(speaker.device)
    speaker.play(Chunk(ramp(100)))
    assert not portaudio.streams[1].pull(100).any()
    line.stream.close()
    assert portaudio.streams[0].pull(100).all()


def test_that_there_is_no_loudspeaker_is_told_once_and_that_there_is_one_again(portaudio, monkeypatch):
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "the same")
    monkeypatch.setattr("assistant.audio.playback.LOOK_SECONDS", 0.001)
    LISTING._seen = "the same"
    speaker = Loudspeaker(patient=True)
    told: list[str] = []

    async def run() -> None:
        heard = asyncio.Event()

        def tell(sentence: str) -> None:
            told.append(sentence)
            heard.set()

        speaker.told = tell
        keeping = asyncio.create_task(speaker.keep())
        await heard.wait()
        heard.clear()
        await asyncio.sleep(0.02)
        portaudio.add("USB", outputs=2)
        await heard.wait()
        keeping.cancel()
        await asyncio.wait([keeping])

    asyncio.run(asyncio.wait_for(run(), 60))
    assert told == ["loudspeaker: it is gone and there is no other; plug one in", ""]
