"""The appliance on PulseAudio's virtual devices, through PortAudio's real path: turns by voice, interruptions,
replugging. Every server and process is started and ended here."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.noise import quiet
from scripts.live_proofs import pulse as pulseaudio
from scripts.live_proofs.appliance import Running, feedback, replug, sounding
from scripts.live_proofs.appliance import request as recorded_request
from scripts.live_proofs.echo_loop import recorded, said
from scripts.live_proofs.interrupting import PAUSE_S, PHRASES, cough, found_at, silence_after, stops, wakes
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
    first = appliance.ask(pulse, recorded_request("time"))
    assert first is not None, appliance.log.read_text()
    assert first["intent"] == "TimeNow"
    yield appliance
    assert appliance.close() == 0


def spoken_stops() -> list:  # type: ignore[type-arg]
    if not (shutil.which("espeak-ng") and shutil.which("flite")):
        pytest.skip("skipped: espeak-ng and flite are not installed")
    return said("stop")


def test_a_turn_by_voice_is_answered_aloud(pulse: Pulse, running: Running) -> None:
    with pulse.recording() as recorded:
        found = running.ask(pulse, recorded_request("sum"), tries=2)
        time.sleep(1.0)
    assert found is not None
    assert found["reply"] in ("84.", "That's 84.")
    # the chime, then the reply
    assert len(sounding(recorded[0])) >= 2


def test_a_cough_lets_a_reply_go_on_and_stop_ends_it(pulse: Pulse, running: Running) -> None:
    result = stops(pulse, running, spoken_stops()[4:5], echo=False)
    assert (result["coughs_survived"], result["found"]) == (1, 1), result


@pytest.fixture(params=[False, True], ids=["quiet room", "its own voice at 0 dB"])
def talkative(request: pytest.FixtureRequest, pulse: Pulse) -> Iterator[tuple[Running, bool]]:
    """One that hears "alexa" too, which people say in the corpus."""
    appliance, module = Running(pulse, WAKE__PHRASES=PHRASES), ""
    try:
        assert appliance.ask(pulse, recorded_request("time")) is not None, appliance.log.read_text()
        module = pulse.feed_back(1.0, 30) if request.param else ""
        yield appliance, request.param
    finally:
        if module:
            pulse.command("unload-module", module)
        appliance.close()


@pytest.mark.long
def test_stop_in_the_middle_of_replies_silences_them(pulse: Pulse, talkative: tuple[Running, bool]) -> None:
    result = stops(pulse, talkative[0], spoken_stops()[::2], echo=talkative[1])
    assert result["found"] >= 0.9 * result["clips"], result
    assert result["coughs_survived"] >= 0.9 * result["clips"], result
    assert result["word_end_to_silence_s"]["p95"] <= 0.5, result


@pytest.mark.long
@pytest.mark.corpora
def test_a_wake_word_in_the_middle_of_replies_silences_them(
    pulse: Pulse, talkative: tuple[Running, bool], corpora: Path
) -> None:
    result = wakes(pulse, talkative[0], recorded(corpora / "audio", "alexa")[::9], echo=talkative[1])
    assert result["found"] >= 0.85 * result["clips"], result
    # what is left of its own voice is sometimes taken for words after the wake word: then the reply is over
    assert result["went_on"] >= 0.6 * result["found"], result
    assert result["word_end_to_silence_s"]["p95"] <= 0.5, result


def test_silence_is_measured_from_the_word_to_the_last_sound() -> None:
    sound, pause, long = np.full(16_000, 900, np.int16), np.zeros(4800, np.int16), np.zeros(32_000, np.int16)
    played = np.concatenate(
        (sound, pause, sound, long, sound)
    )  # a clause ends at 1.0, the reply at 2.3, the next at 5.3
    assert silence_after(played, 0.5) == pytest.approx((1.8, 2.0), abs=0.01)
    assert silence_after(played, 2.5) == pytest.approx((0.0, 2.0), abs=0.01)
    assert silence_after(played, 5.0) == pytest.approx((0.3, PAUSE_S), abs=0.01)


def test_a_word_is_found_where_it_was_said() -> None:
    word = cough(3)
    heard = quiet(3.0, seed=4)
    heard[20_000 : 20_000 + word.size] += (word * 3000).astype(np.int16)
    assert found_at(heard, word) == pytest.approx(20_000, abs=2)


@pytest.mark.long
def test_a_reply_is_interrupted_by_the_next_request(pulse: Pulse, running: Running) -> None:
    pulse.say(recorded_request("help")).wait()
    time.sleep(3.5)  # it speaks now
    found = running.ask(pulse, recorded_request("sum"), tries=1)
    turns = [found, running.turn(6.0)]
    outcomes = {turn["intent"]: turn["outcome"] for turn in turns if turn is not None}
    assert outcomes.get("Sum", outcomes.get("Calculate", "done")) == "done"
    assert "cancelled" in outcomes.values()


@pytest.mark.long
def test_the_other_loudspeaker_stands_in_and_the_chosen_one_comes_back(pulse: Pulse, running: Running) -> None:
    pulse.unplug(LOUDSPEAKER)
    time.sleep(4.0)
    with pulse.recording(OTHER) as recorded:
        assert running.ask(pulse, recorded_request("time"), tries=2) is not None
        time.sleep(1.5)
    assert sounding(recorded[0])
    pulse.plug(LOUDSPEAKER)
    time.sleep(8.0)
    with pulse.recording(LOUDSPEAKER) as recorded:
        assert running.ask(pulse, recorded_request("time"), tries=2) is not None
        time.sleep(1.5)
    assert sounding(recorded[0])


def test_a_microphone_that_is_replugged_is_listened_to_again(pulse: Pulse, running: Running) -> None:
    pulse.unplug(MICROPHONE)
    time.sleep(1.0)
    pulse.plug(MICROPHONE)
    time.sleep(3.0)
    assert running.ask(pulse, recorded_request("time"), tries=3) is not None


@pytest.mark.long
def test_twenty_cycles_of_replugging_leave_nothing_deaf(pulse: Pulse, running: Running) -> None:
    result = replug(pulse, running, 20)
    assert (result["answered"], result["aloud"]) == (20, 20), result
    # a plug pulled in the very moment of opening its stream holds PortAudio up for 10 s; then another one speaks
    assert result["on_the_chosen_one"] >= 18, result


@pytest.mark.long
def test_its_own_voice_at_full_level_begins_no_turn(pulse: Pulse, running: Running) -> None:
    result = feedback(pulse, running, 5.0)
    assert result["answered"] >= 0.9 * result["asked"], result
    assert result["turns_of_its_own"] == 0, result


def test_a_quiet_room_is_not_loud() -> None:
    assert sounding(quiet(1.0, seed=1)) == []
    tone = np.full(8000, 5000, np.int16)
    assert sounding(np.concatenate((quiet(1.0, seed=1), tone))) == [(1.0, 1.5)]
