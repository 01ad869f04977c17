"""Sound files: every kind becomes 16 kHz mono int16, and every bad one a single line that names it."""

import os
import struct
import tempfile
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples, files
from assistant.errors import AudioError

SUBTYPES = {
    "wav": ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"],
    "flac": ["PCM_16", "PCM_24"],
    "mp3": ["MPEG_LAYER_III"],
    "ogg": ["VORBIS", "OPUS"],
}


def tone(rate: int, seconds: float = 1.0, *, channels: int = 1, hertz: float = 440.0, level: float = 0.5):
    wave_ = level * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)
    return np.repeat(wave_[:, None], channels, axis=1)


def dominant_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum) * SAMPLE_RATE / samples.size)


@pytest.mark.parametrize(("ending", "subtype"), [(e, s) for e, all_ in SUBTYPES.items() for s in all_])
@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 2), (48_000, 2)])
def test_every_format_becomes_16_khz_mono(tmp_path, ending, subtype, rate, channels):
    path = tmp_path / f"sound.{ending}"
    soundfile.write(path, tone(rate, channels=channels), rate, subtype=subtype)
    samples = files.read(path)
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    # lossy coders pad with up to some blocks
    assert abs(samples.size - SAMPLE_RATE) < (3_000 if ending in {"mp3", "ogg"} else 2)
    assert dominant_hertz(samples) == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean((samples[4000:12000] / 32768.0) ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize("rate", [11_025, 22_050, 44_100, 96_000, 192_000])
def test_other_rates_and_eight_channels(tmp_path, rate):
    path = tmp_path / "many.wav"
    soundfile.write(path, tone(rate, 0.5, channels=8), rate, subtype="PCM_24")
    samples = files.read(path)
    assert abs(samples.size - SAMPLE_RATE // 2) <= 1
    assert dominant_hertz(samples) == pytest.approx(440, abs=3)


def test_what_lies_above_8_khz_is_filtered_out_and_not_folded_back(tmp_path):
    path = tmp_path / "high.wav"
    soundfile.write(path, tone(48_000, hertz=11_000), 48_000)
    assert np.abs(files.read(path)[2000:-2000]).max() < 10


def test_16_bit_at_16_khz_is_untouched(tmp_path):
    samples = np.array([0, 1, -1, 32767, -32768, 12345] * 100, np.int16)
    path = tmp_path / "same.wav"
    files.write_wav(path, samples, SAMPLE_RATE)
    np.testing.assert_array_equal(files.read(path), samples)
    with wave.open(str(path)) as header:
        assert (header.getframerate(), header.getnchannels(), header.getsampwidth()) == (SAMPLE_RATE, 1, 2)


def test_not_a_number_is_silence_and_overload_is_clipped(tmp_path):
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.array([np.nan, np.inf, -np.inf, 7.5, -7.5, 0.25] * 20), SAMPLE_RATE, subtype="FLOAT")
    assert files.read(path)[:6].tolist() == [0, 32767, -32768, 32767, -32768, 8192]
    soundfile.write(path, np.full((4800, 2), np.nan), 48_000, subtype="DOUBLE")
    assert not files.read(path).any()


def test_the_content_decides_and_not_the_ending(tmp_path):
    path = tmp_path / "really-flac.raw"
    soundfile.write(path, tone(16_000, 0.2), 16_000, format="FLAC")
    assert files.read(path).size == 3200


def one_line(error: pytest.ExceptionInfo[AudioError], path: Path) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert path.name.encode("unicode_escape").decode() in message
    return message


def bad_files(directory: Path) -> dict[str, Path]:
    good = directory / "good.wav"
    soundfile.write(good, tone(16_000, 0.1), 16_000)
    content = good.read_bytes()
    made = {
        "is empty": b"",
        "is not a sound file": b"set a timer for five minutes\n" * 20,
        "holds no sound": content[:40] + b"\0\0\0\0",
    }
    found: dict[str, Path] = {}
    for number, (message, data) in enumerate(made.items()):
        path = directory / f"bad{number}.wav"
        path.write_bytes(data)
        found[message] = path
    truncated = directory / "truncated header.wav"
    truncated.write_bytes(content[:22])
    lying = bytearray(content)
    lying[24:28] = (100).to_bytes(4, "little")
    slow = directory / "slow.wav"
    slow.write_bytes(lying)
    return found | {"is not a sound": truncated, "samples a second": slow, "is a directory": directory}


def test_each_bad_file_is_one_line_that_names_it(tmp_path):
    for message, path in bad_files(tmp_path).items():
        with pytest.raises(AudioError) as error:
            files.read(path)
        assert message in one_line(error, path)
        with pytest.raises(AudioError):
            next(files.stream(path))


def test_missing_special_and_unprintable_names(tmp_path):
    with pytest.raises(AudioError, match="there is no such file") as error:
        files.read(tmp_path / "two\nlines.wav")
    one_line(error, tmp_path / "two\nlines.wav")
    with pytest.raises(AudioError, match="not a regular file"):
        files.read(Path("/dev/zero"))
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    with pytest.raises(AudioError, match="not a regular file"):
        files.read(pipe)
    with pytest.raises(AudioError, match="cannot be read"):
        files.read(Path("nul\0byte.wav"))
    loop = tmp_path / "loop.wav"
    loop.symlink_to(loop)
    with pytest.raises(AudioError, match="cannot be read"):
        files.read(loop)


@pytest.mark.skipif(os.geteuid() == 0, reason="skipped: root may read everything")
def test_unreadable(tmp_path):
    path = tmp_path / "secret.wav"
    soundfile.write(path, tone(16_000, 0.1), 16_000)
    path.chmod(0)
    with pytest.raises(AudioError, match="Permission denied"):
        files.read(path)


def test_too_long_is_refused_by_header_and_by_content(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(8_000 * 700, np.int16), 8_000)
    with pytest.raises(AudioError, match="lasts 12 min; at most 10 min"):
        files.read(path)
    mp3 = tmp_path / "long.mp3"
    soundfile.write(mp3, tone(16_000, 3.0), 16_000)
    with pytest.raises(AudioError, match="lasts longer than 2 s"):
        files.read(mp3, limit_s=2.0)


def test_three_hours_stream_in_constant_memory(tmp_path):
    path = tmp_path / "three-hours.wav"
    rate, seconds = 8_000, 3 * 3600
    size = rate * seconds
    header = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, rate, rate, 1, 8, b"data", size)
    with path.open("wb") as raw:
        raw.write(header)
        raw.truncate(len(header) + size)  # the sound itself is a hole in the file
    with pytest.raises(AudioError, match="lasts 180 min"):
        files.read(path)
    frames = files.stream(path)
    for _ in range(500):
        next(frames)
    tracemalloc.start()
    first = tracemalloc.get_traced_memory()[0]
    for _ in range(5_000):
        assert next(frames).shape == (FRAME_SAMPLES,)
    grown = tracemalloc.get_traced_memory()[0] - first
    tracemalloc.stop()
    assert grown < 1_000_000  # 100 s of sound passed by, 3.2 MB


def test_stream_and_read_give_the_same_samples(tmp_path):
    path = tmp_path / "sound.flac"
    soundfile.write(path, tone(44_100, 2.345, channels=2), 44_100)
    whole = files.read(path)
    streamed = np.concatenate(list(files.stream(path)))
    assert streamed.size % FRAME_SAMPLES == 0
    np.testing.assert_array_equal(streamed[: whole.size], whole)


@given(st.integers(0, 5 * FRAME_SAMPLES))
def test_frames_lose_nothing_and_pad_with_quiet_noise(count):
    samples = np.arange(count).astype(np.int16)
    cut = list(files.frames(samples))
    assert len(cut) == -(-count // FRAME_SAMPLES)
    assert all(frame.shape == (FRAME_SAMPLES,) for frame in cut)
    joined = np.concatenate(cut) if cut else samples
    np.testing.assert_array_equal(joined[:count], samples)
    assert np.abs(joined[count:].astype(int)).max(initial=0) < 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.sampled_from(["wav", "flac", "ogg", "mp3"]), st.data())
def test_damaged_files_never_raise_anything_else(tmp_path, ending, data):
    good = tmp_path / f"good.{ending}"
    if not good.exists():
        soundfile.write(good, tone(16_000, 0.2), 16_000)
    content = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    bad = tmp_path / f"bad.{ending}"
    bad.write_bytes(content[:cut])
    message = ""
    try:
        assert files.read(bad, limit_s=30).dtype == np.int16
    except AudioError as error:
        message = str(error)
    assert not message or (bad.name in message and "\n" not in message)


def test_a_wav_appears_whole_or_not_at_all(tmp_path):
    samples = np.zeros(100, np.int16)
    files.write_wav(tmp_path / "new" / "reply.wav", samples, 22_050)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["reply.wav"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AudioError, match="cannot be written"):
        files.write_wav(tmp_path / "file" / "reply.wav", samples, 22_050)
    (tmp_path / "taken.wav").mkdir()
    with pytest.raises(AudioError, match="cannot be written"):
        files.write_wav(tmp_path / "taken.wav", samples, 22_050)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "new", "taken.wav"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="skipped: no /dev/full here")
def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")

    def on_full(**_kwargs: object) -> tuple[int, str]:
        return os.open(full, os.O_WRONLY), str(tmp_path / "gone.wav")

    monkeypatch.setattr(tempfile, "mkstemp", on_full)
    with pytest.raises(AudioError, match="No space left"):
        files.write_wav(tmp_path / "reply.wav", np.zeros(100_000, np.int16), 16_000)
    assert not (tmp_path / "reply.wav").exists()
