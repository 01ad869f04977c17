"""Rooms and noises made from scratch: impulse responses by the image method, and waveforms of everyday noise."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

Wave = NDArray[np.float32]
RATE = 16000
SOUND_SPEED = 343.0


def impulse_response(rng: np.random.Generator) -> Wave:
    """A random room: image sources up to the fourth order, then a decaying noise tail. Direct sound has gain 1."""
    size = rng.uniform((2.2, 2.0, 2.2), (8.0, 6.0, 3.2))
    decay_time = rng.uniform(0.12, 0.75)
    microphone = rng.uniform(0.1, 0.9, 3) * size
    direction = rng.normal(size=3) * (1, 1, 0.3)
    distance = np.exp(rng.uniform(np.log(0.25), np.log(4.0)))
    source = np.clip(microphone + direction / np.linalg.norm(direction) * distance, 0.1, size - 0.1)
    grid = np.arange(-2, 3)
    order = np.stack(np.meshgrid(grid, grid, grid, [0, 1], [0, 1], [0, 1], indexing="ij"), -1).reshape(-1, 6)
    cell, mirror = order[:, :3], order[:, 3:]
    image = 2 * cell * size + np.where(mirror == 1, -source, source)
    path = np.linalg.norm(image - microphone, axis=1)
    bounces = np.abs(2 * cell - mirror).sum(1)
    area = 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    absorption = min(0.95, 0.161 * size.prod() / (area * decay_time))
    gain = np.sqrt(1 - absorption) ** bounces / path
    direct = path[0] if bounces[0] == 0 else np.linalg.norm(source - microphone)
    delay = ((path - direct) / SOUND_SPEED * RATE).round().astype(int)
    length = int(min(decay_time * 1.1, 0.6) * RATE)
    keep = (delay >= 0) & (delay < length)
    response = np.zeros(length, np.float32)
    sign = rng.choice((-1.0, 1.0), keep.sum(), p=(0.15, 0.85))
    np.add.at(response, delay[keep], (gain[keep] * direct * sign).astype(np.float32))
    time = np.arange(length) / RATE
    mixing = 0.02 + 0.002 * np.cbrt(size.prod())
    tail = rng.normal(size=length) * 10 ** (-3 * time / decay_time) * np.clip(time / mixing - 0.5, 0, 1)
    tail = lfilter([0.6], [1, -0.4], tail)  # air and furniture take the high notes first
    reverberant = np.sqrt(16 * np.pi * (1 - absorption) / (absorption * area)) * direct
    tail *= reverberant / (np.sqrt((tail**2).sum()) + 1e-9)
    response += tail.astype(np.float32)
    response[0] = max(response[0], 1.0)
    return response


def reverberate(wave: Wave, response: Wave) -> Wave:
    """`wave` in the room of `response`, as long as before plus 0.2 s of tail."""
    out = fftconvolve(wave, response)[: len(wave) + RATE // 5]
    return np.asarray(out, np.float32)


def coloured(rng: np.random.Generator, length: int, slope: float) -> Wave:
    """Noise whose power falls with frequency to the power `slope` (0 white, 1 pink, 2 brown); unit variance."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 30.0)
    spectrum *= frequency ** (-slope / 2)
    wave = np.fft.irfft(spectrum, length)
    return (wave / (wave.std() + 1e-9)).astype(np.float32)


def _hum(rng: np.random.Generator, length: int) -> Wave:
    base = rng.choice((50.0, 60.0, 100.0, 120.0)) * rng.uniform(0.99, 1.01)
    time = np.arange(length) / RATE
    parts = [
        rng.uniform(0.1, 1) / k * np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6.28))
        for k in range(1, rng.integers(3, 20))
    ]
    return np.sum(parts, 0).astype(np.float32)


def _fan(rng: np.random.Generator, length: int) -> Wave:
    noise = coloured(rng, length, rng.uniform(0.6, 1.6))
    time = np.arange(length) / RATE
    return (noise * (1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(3, 30) * time))).astype(np.float32)


def _knocks(rng: np.random.Generator, length: int) -> Wave:
    """Clicks, dishes, footsteps: short resonances at random times over a quiet floor."""
    out = 0.02 * coloured(rng, length, 1.0)
    for _ in range(rng.integers(2, 14)):
        size = int(rng.uniform(0.01, 0.25) * RATE)
        time = np.arange(size) / RATE
        modes = np.sum(
            [
                np.sin(2 * np.pi * f * time + rng.uniform(0, 6)) * rng.uniform(0.2, 1)
                for f in rng.uniform(150, 6500, rng.integers(1, 6))
            ],
            0,
        )
        burst = (modes + rng.normal(size=size) * rng.uniform(0, 1.5)) * np.exp(-time / rng.uniform(0.003, 0.06))
        at = rng.integers(0, max(1, length - size))
        out[at : at + size] += (burst * 10 ** rng.uniform(-1, 0.3))[: length - at].astype(np.float32)
    return out


def _breath(rng: np.random.Generator, length: int) -> Wave:
    out = np.zeros(length, np.float32)
    for _ in range(rng.integers(1, 4)):
        size = int(rng.uniform(0.2, 0.7) * RATE)
        at = rng.integers(0, max(1, length - size))
        noise = coloured(rng, size, rng.uniform(-0.5, 1.0)) * np.hanning(size)
        out[at : at + size] += noise[: length - at].astype(np.float32)
    return out + 0.03 * coloured(rng, length, 1.2)


def _music(rng: np.random.Generator, length: int) -> Wave:
    """Chords of decaying harmonics with a beat: close enough to a radio in the next room."""
    out = np.zeros(length, np.float32)
    beat = int(rng.uniform(0.15, 0.5) * RATE)
    root = rng.uniform(80, 320)
    for at in range(0, length, beat):
        size = min(beat * rng.integers(1, 4), length - at)
        time = np.arange(size) / RATE
        for step in rng.choice((0, 3, 4, 5, 7, 9, 12, 16), rng.integers(1, 4)):
            pitch = root * 2 ** (step / 12)
            for k in range(1, rng.integers(2, 9)):
                out[at : at + size] += (
                    np.sin(2 * np.pi * pitch * k * time) * np.exp(-time * rng.uniform(1, 8)) / k
                ).astype(np.float32)
        if rng.random() < 0.5:
            out[at : at + size] += (rng.normal(size=size) * np.exp(-time * 40) * 0.7).astype(np.float32)
    return out


def noise(rng: np.random.Generator, seconds: float, speech: list[Wave]) -> Wave:
    """A random everyday noise of unit standard deviation; `speech` (16 kHz utterances) serves babble and television."""
    length = int(seconds * RATE)
    kind = rng.random()
    if kind < 0.30:
        wave = coloured(rng, length, rng.uniform(0.0, 2.2))
    elif kind < 0.42:
        wave = _fan(rng, length)
    elif kind < 0.50:
        wave = _hum(rng, length) + coloured(rng, length, 1.0) * rng.uniform(0.05, 0.6)
    elif kind < 0.62:
        wave = _knocks(rng, length)
    elif kind < 0.67:
        wave = _breath(rng, length)
    elif kind < 0.77 or not speech:
        wave = _music(rng, length)
    else:
        wave = np.zeros(length, np.float32)
        for _ in range(rng.integers(1, 7)):  # one voice is a television, six are a party
            voice = speech[rng.integers(len(speech))]
            voice = np.resize(np.concatenate([voice, np.zeros(RATE // 3, np.float32)]), length)
            wave += np.roll(voice, rng.integers(length)) * 10 ** rng.uniform(-0.7, 0)
    if rng.random() < 0.5:
        wave = reverberate(wave, impulse_response(rng))[:length]
    if rng.random() < 0.7:
        wave = wave + coloured(rng, length, rng.uniform(0.5, 2)) * wave.std() * rng.uniform(0.01, 0.3)
    return (wave / (wave.std() + 1e-9)).astype(np.float32)
