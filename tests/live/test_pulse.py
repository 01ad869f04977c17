"""The appliance on PulseAudio's virtual devices, through PortAudio's real path: turns by voice, interruptions,
replugging. Every server and process is started and ended here."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.audio.noise import quiet
from scripts.live_proofs import pulse as pulseaudio
from scripts.live_proofs.appliance import Running, feedback, replug, request, sounding
from scripts.live_proofs.pulse import LOUDSPEAKER, MICROPHONE, OTHER, Pulse


@pytest.fixture(scope="module")
def pulse() -> Iterator[Pulse]:
    if tool := pulseaudio.missing():
        pytest.skip(f"skipped: {tool} is not installed (Debian packages pulseaudio, pulseaudio-utils)")
    server = Pulse()
    yield server
    server.close()


@pytest.fixture(scope="module")
def running(pulse: Pulse) -> Iterator[Running]:
    appliance = Running(pulse)
    first = appliance.ask(pulse, request("time"))
    assert first is not None, appliance.log.read_text()
    assert first["intent"] == "TimeNow"
    yield appliance
    assert appliance.close() == 0


def test_a_turn_by_voice_is_answered_aloud(pulse: Pulse, running: Running) -> None:
    with pulse.recording() as recorded:
        found = running.ask(pulse, request("sum"), tries=2)
        time.sleep(1.0)
    assert found is not None
    assert found["reply"] in ("84.", "That's 84.")
    # the chime, then the reply
    assert len(sounding(recorded[0])) >= 2


@pytest.mark.long
def test_a_reply_is_interrupted_by_the_next_request(pulse: Pulse, running: Running) -> None:
    pulse.say(request("help")).wait()
    time.sleep(3.5)  # it speaks now
    found = running.ask(pulse, request("sum"), tries=1)
    turns = [found, running.turn(6.0)]
    outcomes = {turn["intent"]: turn["outcome"] for turn in turns if turn is not None}
    assert outcomes.get("Sum", outcomes.get("Calculate", "done")) == "done"
    assert "cancelled" in outcomes.values()


@pytest.mark.long
def test_the_other_loudspeaker_stands_in_and_the_chosen_one_comes_back(pulse: Pulse, running: Running) -> None:
    pulse.unplug(LOUDSPEAKER)
    time.sleep(4.0)
    with pulse.recording(OTHER) as recorded:
        assert running.ask(pulse, request("time"), tries=2) is not None
        time.sleep(1.5)
    assert sounding(recorded[0])
    pulse.plug(LOUDSPEAKER)
    time.sleep(8.0)
    with pulse.recording(LOUDSPEAKER) as recorded:
        assert running.ask(pulse, request("time"), tries=2) is not None
        time.sleep(1.5)
    assert sounding(recorded[0])


def test_a_microphone_that_is_replugged_is_listened_to_again(pulse: Pulse, running: Running) -> None:
    pulse.unplug(MICROPHONE)
    time.sleep(1.0)
    pulse.plug(MICROPHONE)
    time.sleep(3.0)
    assert running.ask(pulse, request("time"), tries=3) is not None


@pytest.mark.long
def test_twenty_cycles_of_replugging_leave_nothing_deaf(pulse: Pulse, running: Running) -> None:
    result = replug(pulse, running, 20)
    assert (result["answered"], result["aloud_on_the_chosen_one"]) == (20, 20), result


@pytest.mark.long
def test_its_own_voice_at_full_level_begins_no_turn(pulse: Pulse, running: Running) -> None:
    result = feedback(pulse, running, 5.0)
    assert result["answered"] >= 0.9 * result["asked"], result
    assert result["turns_of_its_own"] == 0, result


def test_a_quiet_room_is_not_loud() -> None:
    assert sounding(quiet(1.0, seed=1)) == []
    tone = np.full(8000, 5000, np.int16)
    assert sounding(np.concatenate((quiet(1.0, seed=1), tone))) == [(1.0, 1.5)]
