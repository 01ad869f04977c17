"""The echo canceller takes the loudspeaker away and leaves a voice."""

import numpy as np
import pytest

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio import echo as module
from assistant.audio.echo import SpeexEchoCanceller, cancels_itself
from assistant.audio.noise import quiet, to_pcm
from assistant.errors import AudioError
from scripts.live_proofs.room import Room, microphone


def speech_like(seconds: float, seed: int) -> Samples:
    """Noise with a voice's slope and syllables."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(round(seconds * SAMPLE_RATE))
    # no deep tones: the library takes them, and what is constant, away by itself
    shaped = np.diff(np.convolve(noise, 0.8 ** np.arange(40))[: noise.size], prepend=0.0)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(noise.size) / SAMPLE_RATE)
    return to_pcm(0.08 * shaped * syllables)


def cleaned(canceller: SpeexEchoCanceller, heard: Samples, played: Samples) -> Samples:
    frames = range(0, heard.size - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    return np.concatenate(
        [canceller.process(heard[i : i + FRAME_SAMPLES], played[i : i + FRAME_SAMPLES]) for i in frames]
    )


def power_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean((samples / 32768) ** 2) + 1e-12))


@pytest.mark.parametrize(("gain_db", "least"), [(-20.0, 10.0), (-10.0, 15.0), (0.0, 18.0)])
def test_an_echo_is_taken_away(gain_db: float, least: float) -> None:
    played = speech_like(15.0, 1)
    heard = microphone(Room(gain_db, seed=2).echo(played), seed=3)
    after = cleaned(SpeexEchoCanceller(), heard, played)
    learnt = 10 * SAMPLE_RATE
    assert power_db(heard[learnt:]) - power_db(after[learnt:]) > least


def test_a_voice_that_speaks_meanwhile_stays() -> None:
    played, voice = speech_like(15.0, 1), speech_like(15.0, 4) / 32768
    learnt = 10 * SAMPLE_RATE
    voice[:learnt] = 0
    heard = microphone(Room(0.0, seed=2).echo(played), voice, seed=3)
    after = cleaned(SpeexEchoCanceller(), heard, played)[learnt:] / 32768
    alike = np.corrcoef(after, voice[learnt : learnt + after.size])[0, 1]
    assert alike > 0.9


def test_without_a_reference_sound_passes_and_reset_forgets() -> None:
    canceller, sound = SpeexEchoCanceller(), speech_like(2.0, 5)
    silence = np.zeros_like(sound)
    passed = cleaned(canceller, sound, silence)
    assert np.corrcoef(passed, sound[: passed.size])[0, 1] > 0.98
    assert power_db(passed) == pytest.approx(power_db(sound), abs=0.5)
    once = cleaned(SpeexEchoCanceller(), sound, quiet(2.0, seed=1))
    cleaned(canceller, sound, sound)
    canceller.reset()
    np.testing.assert_array_equal(cleaned(canceller, sound, quiet(2.0, seed=1)), once)


def test_wrong_shapes_and_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"a frame has shape \(320,\)"):
        SpeexEchoCanceller().process(np.zeros(160, np.int16), np.zeros(320, np.int16))
    monkeypatch.setattr(module, "LIBRARY", "libno-such-thing.so.9")
    with pytest.raises(AudioError, match="sudo apt install libspeexdsp1"):
        SpeexEchoCanceller()


def test_devices_that_cancel_by_themselves_are_known_by_name() -> None:
    assert cancels_itself("Jabra SPEAK 510 USB: Audio (hw:2,0)")
    assert cancels_itself("reSpeaker XVF3800 4-Mic Array")
    assert not cancels_itself("USB PnP Sound Device: Audio (hw:1,0)")
