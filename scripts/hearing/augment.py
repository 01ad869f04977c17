"""Augmentation of a whole batch in the log-mel domain: other speakers, channels, noises, suppressors, holes.

Everything is a few array operations on (batch, frames, 40), so that augmentation costs a fraction of a training step.
`strength` 0 to 1 is the curriculum: how often and how heavily.
"""

import numpy as np
from numpy.typing import NDArray

from scripts.hearing.features import BINS, FLOOR

Array = NDArray[np.float32]
_BIN = np.arange(BINS, dtype=np.float32)
_SMOOTH = np.exp(-0.5 * ((_BIN[:, None] - _BIN[None]) / 2.5) ** 2)
_SMOOTH = (_SMOOTH / _SMOOTH.sum(1, keepdims=True)).astype(np.float32)
NEPER = 10 / np.log(10)
"""Decibels per unit of natural log power."""


def _curves(rng: np.random.Generator, count: int, spread: float) -> Array:
    """`count` smooth random curves over the bins: microphones and walls."""
    knots = rng.normal(0, spread, (count, 6)).cumsum(1)
    knots -= knots.mean(1, keepdims=True)
    at = np.linspace(0, 5, BINS)
    low = np.minimum(at.astype(int), 4)
    part = at - low
    return np.asarray(knots[:, low] * (1 - part) + knots[:, low + 1] * part, np.float32)


def _speaker(rng: np.random.Generator, count: int, strength: float) -> Array:
    """Per utterance a 40 x 40 matrix: vocal tract length (mel warp) and sharper or flatter formants."""
    out = np.empty((count, BINS, BINS), np.float32)
    identity = np.eye(BINS, dtype=np.float32)
    for i in range(count):
        factor = rng.uniform(1 - 0.13 * strength, 1 + 0.15 * strength) if rng.random() < 0.75 else 1.0
        shift = rng.uniform(-0.6, 0.6) * strength
        at = np.clip(_BIN * factor + shift, 0, BINS - 1)
        low = np.minimum(at.astype(int), BINS - 2)
        part = at - low
        warp = np.zeros((BINS, BINS), np.float32)
        warp[np.arange(BINS), low] = 1 - part
        warp[np.arange(BINS), low + 1] += part
        if rng.random() < 0.4 * strength:
            warp = (_SMOOTH + (identity - _SMOOTH) * rng.uniform(0.55, 1.25)) @ warp
        out[i] = warp
    return out


def stretch(rng: np.random.Generator, mel: Array) -> Array:
    """Tempo changed by linear interpolation between frames, 0.85 to 1.2 times as long."""
    frames = len(mel)
    at = np.linspace(0, frames - 1, int(frames * rng.uniform(0.85, 1.2)))
    low = np.minimum(at.astype(int), frames - 2)
    part = (at - low).astype(np.float32)[:, None]
    return mel[low] * (1 - part) + mel[low + 1] * part


def batch(rng: np.random.Generator, clips: list[Array], noises: NDArray[np.float16], strength: float) -> Array:
    """`clips` (frames, 40) of speech without pads (empty array: a clip of noise alone) → (batch, frames, 40).

    Every clip is placed in a common length with random silence before and after; the silence is then filled by
    one of `noises` (clip, frames, 40).
    """
    count = len(clips)
    clips = [stretch(rng, c) if len(c) > 2 and rng.random() < 0.35 * strength else c for c in clips]
    before = [int(rng.exponential(22)) + rng.integers(2, 25) for _ in clips]
    after = [int(rng.exponential(15)) + rng.integers(8, 30) for _ in clips]
    frames = max(b + len(c) + min(a, 70) for b, c, a in zip((min(b, 100) for b in before), clips, after, strict=True))
    x = np.full((count, frames, BINS), FLOOR, np.float32)
    level = np.empty(count, np.float32)
    for i, clip in enumerate(clips):
        spare = frames - len(clip)
        start = min(before[i], 100, spare)
        if spare - start > 90:  # a short clip in a long batch: anywhere
            start = rng.integers(start, spare - 20)
        x[i, start : start + len(clip)] = clip
        level[i] = np.percentile(clip.max(1), 90) if len(clip) else 17.0
    x = x @ _speaker(rng, count, strength).transpose(0, 2, 1)
    channel = _curves(rng, count, 0.75 * strength) + (
        rng.uniform(-0.07, 0.06, (count, 1)) * strength * (_BIN - 20)
    ).astype(np.float32)
    muffled = np.flatnonzero(rng.random(count) < 0.14 * strength)
    for i in muffled:  # telephones, codecs, cloth over a microphone
        edge = rng.integers(24, 39)
        channel[i, edge:] -= rng.uniform(2, 9)
        if rng.random() < 0.4:
            channel[i, : rng.integers(1, 6)] -= rng.uniform(1, 6)
    gain = rng.uniform(-6.5, 2.5, (count, 1)).astype(np.float32)
    x += (channel + gain)[:, None]
    level = level + gain[:, 0]
    # noise
    kind = rng.random(count)
    ratio = np.where(
        kind < 0.35,
        rng.uniform(22, 48, count),
        np.where(kind < 0.8, rng.uniform(10, 28, count), rng.uniform(2, 14, count)),
    )
    ratio = ratio * strength + 32 * (1 - strength)
    pick = rng.integers(len(noises), size=count)
    offset = (
        rng.integers(0, max(1, noises.shape[1] - frames), size=count)
        if noises.shape[1] > frames
        else np.zeros(count, int)
    )
    rows = (offset[:, None] + np.arange(frames)) % noises.shape[1]
    n = noises[pick[:, None], rows].astype(np.float32)
    shape = _curves(rng, count, 0.4) + (channel if strength > 0.5 else 0)
    n += shape[:, None]
    n += (level - ratio / NEPER - np.percentile(n.max(2), 75, axis=1))[:, None, None]
    # a steady floor under everything, a little lower: the room and the microphone themselves
    second = rng.integers(len(noises), size=count)
    steady = noises[second].astype(np.float32).mean(1) + _curves(rng, count, 0.5)
    steady += (level - (ratio + rng.uniform(2, 22, count)) / NEPER - steady.max(1))[:, None]
    n = np.logaddexp(n, steady[:, None] - rng.gumbel(0, 0.55, n.shape).astype(np.float32))
    x = np.logaddexp(x, n).astype(np.float32)
    # noise suppressors subtract an estimate of the noise and leave holes
    for i in np.flatnonzero(rng.random(count) < 0.15 * strength):
        mean = np.log(np.exp(n[i]).mean(0) + 1e-9)
        keep = 1 - rng.uniform(0.7, 1.6) * np.exp(np.minimum(mean - x[i], 3.0))
        x[i] += np.log(np.maximum(keep, 10 ** rng.uniform(-2.0, -0.8)))
    np.maximum(x, FLOOR, out=x)
    _holes(rng, x, strength)
    return x


def _holes(rng: np.random.Generator, x: Array, strength: float) -> None:
    """SpecAugment: up to two bands of at most 7 bins and up to two gaps of at most 8 frames take the mean."""
    for clip in x:
        for _ in range(rng.integers(0, 3)):
            if rng.random() < strength:
                width = rng.integers(1, 8)
                at = rng.integers(0, BINS - width)
                clip[:, at : at + width] = clip[:, at : at + width].mean()
        for _ in range(rng.integers(0, 3)):
            if rng.random() < strength:
                width = rng.integers(1, 9)
                at = rng.integers(0, max(1, len(clip) - width))
                clip[at : at + width] = clip.mean(0)
