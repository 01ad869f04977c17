"""A sound server's word that a device came or went: from a PulseAudio of the test's own."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.audio import sound_server
from assistant.audio.devices import LISTING
from assistant.audio.sound_server import SoundServer, follow, reachable
from assistant.errors import AudioError
from scripts.live_proofs import pulse as pulseaudio
from scripts.live_proofs.pulse import LOUDSPEAKER, Pulse
from tests.audio.portaudio import PortAudio


@pytest.fixture
def pulse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    if tool := pulseaudio.missing():
        pytest.skip(f"skipped: {tool} is not installed (Debian packages pulseaudio, pulseaudio-utils)")
    server = Pulse()
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


def test_it_tells_of_a_plug_and_of_its_own_end_and_is_followed_again(
    pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_server, "LOOK_SECONDS", 0.01)
    connections: list[SoundServer] = []

    class Counted(SoundServer):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            connections.append(self)

    monkeypatch.setattr(sound_server, "SoundServer", Counted)

    async def job() -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(told.set)

        following = asyncio.create_task(follow(tell))

        async def told_after(*changes: object) -> None:
            told.clear()
            while not told.is_set():
                for change in changes:
                    await asyncio.to_thread(change, LOUDSPEAKER)  # type: ignore[arg-type]
                await asyncio.sleep(0.02)

        await told_after(pulse.unplug, pulse.plug)  # again until the connection stands
        await asyncio.sleep(0.2)
        await told_after(pulse.unplug)
        await asyncio.to_thread(pulse.plug, LOUDSPEAKER)
        await asyncio.sleep(0.2)
        told.clear()
        await asyncio.to_thread(pulse.close)
        await told.wait()
        while len(connections) < 3:  # noqa: ASYNC110 - it goes on looking for one
            await asyncio.sleep(0.01)
        following.cancel()
        await asyncio.wait([following])

    asyncio.run(asyncio.wait_for(job(), 60))


def test_a_server_that_is_not_there_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert reachable({"PULSE_SERVER": "unix:/somewhere"})
    assert not reachable({"XDG_RUNTIME_DIR": str(tmp_path)})
    (tmp_path / "pulse").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "pulse" / "native"))
        assert reachable({"XDG_RUNTIME_DIR": str(tmp_path)})


def test_without_the_library_nobody_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_server, "LIBRARY", "libnothing.so.7")
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    with pytest.raises(AudioError, match="sudo apt install libpulse0"):
        SoundServer(lambda: None, lambda: None)
    asyncio.run(asyncio.wait_for(follow(lambda: None), 10))


def test_what_it_tells_makes_the_list_stale_until_it_is_made_anew(
    portaudio: PortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.audio.devices.plugged", lambda: "the same")
    LISTING._seen = "the same"
    before = LISTING.look()
    LISTING.changed()
    told = LISTING.look()
    LISTING.rescan()
    assert (before, told, LISTING.look(), portaudio.listings) == (False, True, False, 1)
