"""Sound files in and out: any rate, channel count and sample width becomes 16 kHz mono int16."""

import contextlib
import os
import stat
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.noise import quiet, to_pcm
from assistant.errors import AudioError

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000
"""Hz. Below, nothing of speech is left; above lies no sound hardware, only damaged headers."""

MOST_CHANNELS = 64
"""More than any microphone array's recording; a higher count is a damaged header."""

BLOCK_SECONDS = 1.0
"""Sound decoded at a time: what `stream` holds in memory, whatever the file's length."""


def read(path: Path, *, limit_s: float = 600.0) -> Samples:
    """The whole file as 16 kHz mono int16, shape (n,).

    Raises AudioError, one line naming the file, for anything that is no readable sound, holds no samples, or lasts
    longer than `limit_s` seconds (use `stream` for those).
    """
    with _opened(path) as sound:
        claimed = sound.frames / sound.samplerate
        # MP3 and streamed WAV headers may not know their length, hence the second check while reading
        if claimed > limit_s and sound.format != "MP3":
            raise _too_long(path, limit_s, claimed)
        limit = round(limit_s * SAMPLE_RATE)
        parts: list[Samples] = []
        count = 0
        for part in _resampled(sound, path):
            parts.append(part)
            count += part.size
            if count > limit + SAMPLE_RATE // 100:
                raise _too_long(path, limit_s, None)
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def stream(path: Path) -> Iterator[Samples]:
    """The file as frames of FRAME_SAMPLES, in constant memory however long it lasts.

    The file is opened and checked at the first frame; raises AudioError as `read` does, without a limit.
    """
    with _opened(path) as sound:
        yield from _framed(_resampled(sound, path))


def frames(samples: Samples) -> Iterator[Samples]:
    """`samples` cut into frames of FRAME_SAMPLES; the last is filled up with quiet noise.

    Noise at −60 dB and not zeros: the models that listen were trained on microphones, and a hard edge into digital
    silence is a click to some and speech to others. The filling is the same every time.
    """
    return _framed(iter((samples,)))


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Write mono int16 `samples` as a WAV file at `rate` Hz; the file appears whole or not at all.

    Missing parent directories are made. Raises AudioError when the place cannot be written.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as raw, wave.open(raw, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(samples.astype("<i2").tobytes())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise AudioError(f"{_shown(path)}: cannot be written ({error.strerror}); check the directory") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    try:
        # O_NONBLOCK: a pipe without a writer must not hang before it can be refused
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise AudioError(f"{_shown(path)}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AudioError(f"{_shown(path)}: cannot be read ({reason}); check the path and its permissions") from None
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, handle)
        kind = os.fstat(handle)
        if stat.S_ISDIR(kind.st_mode):
            raise AudioError(f"{_shown(path)}: is a directory; name a sound file in it")
        if not stat.S_ISREG(kind.st_mode):
            raise AudioError(f"{_shown(path)}: is not a regular file; name a sound file")
        if kind.st_size == 0:
            raise AudioError(f"{_shown(path)}: is empty; a WAV, FLAC, MP3 or OGG file is needed")
        try:
            # by descriptor, so that the content decides the format and not the name's ending
            sound = stack.enter_context(soundfile.SoundFile(handle, closefd=False))
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            raise AudioError(
                f"{_shown(path)}: is not a sound file that can be read; a WAV, FLAC, MP3 or OGG file is needed"
            ) from error
        if not LOWEST_RATE <= sound.samplerate <= HIGHEST_RATE:
            raise AudioError(
                f"{_shown(path)}: has {sound.samplerate} samples a second; {LOWEST_RATE} to {HIGHEST_RATE} can be used"
            )
        if sound.channels > MOST_CHANNELS:
            raise AudioError(f"{_shown(path)}: has {sound.channels} channels; at most {MOST_CHANNELS} can be used")
        if sound.frames == 0:
            raise AudioError(f"{_shown(path)}: holds no sound (0 samples); record it again")
        yield sound


def _resampled(sound: soundfile.SoundFile, path: Path) -> Iterator[Samples]:
    """Blocks of 16 kHz mono; channels are averaged."""
    rate = sound.samplerate
    resampler = (
        soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ") if rate != SAMPLE_RATE else None
    )
    size = max(1, round(BLOCK_SECONDS * rate))
    while True:
        try:
            block = sound.read(size, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, MemoryError) as error:
            raise AudioError(f"{_shown(path)}: is damaged and cannot be read to its end; record it again") from error
        # before the mean and the filter: one NaN would otherwise spread over a whole filter length
        clean = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
        mono = np.clip(clean.mean(axis=1, dtype=np.float32), -1.0, 1.0)
        ended = len(block) < size
        if resampler is not None:
            mono = resampler.resample_chunk(mono, last=ended)
        if mono.size:
            yield to_pcm(mono)
        if ended:
            return


def _framed(blocks: Iterator[Samples]) -> Iterator[Samples]:
    rest: Samples = np.zeros(0, np.int16)
    for block in blocks:
        joined = np.concatenate((rest, block)) if rest.size else block
        whole = joined.size - joined.size % FRAME_SAMPLES
        for start in range(0, whole, FRAME_SAMPLES):
            yield joined[start : start + FRAME_SAMPLES]
        rest = joined[whole:]
    if rest.size:
        filling = quiet(FRAME_SAMPLES / SAMPLE_RATE, seed=0)
        yield np.concatenate((rest, filling[rest.size :]))


def _too_long(path: Path, limit_s: float, lasts_s: float | None) -> AudioError:
    lasts = f"lasts {_minutes(lasts_s)}" if lasts_s is not None else f"lasts longer than {_minutes(limit_s)}"
    return AudioError(f"{_shown(path)}: {lasts}; at most {_minutes(limit_s)} are read at once, so cut it into parts")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _shown(path: Path) -> str:
    """The name on one line, whatever characters it holds."""
    name = str(path)
    return name if name.isprintable() else ascii(name)[1:-1]
