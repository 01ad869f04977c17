"""Speak random sentences and store their features: one shard of training data.

    python -m scripts.hearing.synthesise --seed 1 --count 8000 --engines espeak,flite --out data/classic-1.npz

A shard holds the log-mel frames of all utterances end to end (float16), the phone labels end to end, their
lengths, texts and voices. Utterances may be rendered several times (other pitch, room and tempo). Stop and start
again at will: a finished shard is skipped, an unfinished one is begun anew from the same seed.
"""

import argparse
import random
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from assistant.stt.graph.dictionary import dictionary_pronunciations, dictionary_words
from assistant.stt.graph.phones import PHONE_INDEX, VOWELS
from scripts.hearing.acoustics import impulse_response, reverberate
from scripts.hearing.features import SAMPLE_RATE, log_mel
from scripts.hearing.sentences import Grammar, training_text
from scripts.hearing.voices import engines, spoken_text

PEAK = 9000.0
ROOM_SHARE = 0.5


def label(text: str) -> tuple[str, ...]:
    """The phones of `text`: the dictionary's first readings, with the two forms of "the" and "a"."""
    words = text.split()
    choices = [dictionary_pronunciations(word) for word in words]
    chosen = [readings[0] for readings in choices]
    for i, word in enumerate(words):
        following = choices[i + 1][0][0] if i + 1 < len(words) else "K"
        if word == "the":
            chosen[i] = ("DH", "IY" if following in VOWELS else "AH")
        elif word == "a":
            letter = i + 1 < len(words) and len(words[i + 1]) == 1
            chosen[i] = ("EY",) if letter else ("AH",)
    return sum(chosen, ())


def render(
    samples: NDArray[np.float32], rate: int, rng: np.random.Generator, rooms: list[NDArray[np.float32]], *, plain: bool
) -> NDArray[np.float32] | None:
    """`samples` at 16 kHz, trimmed to the speech, with another speaker's pitch and size, often in a room."""
    factor = 1.0 if plain or rng.random() < 0.15 else rng.uniform(0.84, 1.19)
    wave = soxr.resample(samples, rate * factor, SAMPLE_RATE, quality="MQ")
    peak = float(np.abs(wave).max(initial=0.0))
    if peak <= 1e-6:
        return None
    wave = wave * (PEAK / peak)
    loud = np.flatnonzero(np.abs(wave) > 70)
    wave = wave[max(0, loud[0] - 480) : loud[-1] + 800]
    if not plain and rng.random() < ROOM_SHARE:
        wave = reverberate(wave, rooms[rng.integers(len(rooms))])
    return np.asarray(np.concatenate([np.zeros(640, np.float32), wave, np.zeros(640, np.float32)]), np.float32)


def main() -> int:
    """Make one shard."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--count", type=int, required=True, help="utterances (renderings counted)")
    options.add_argument("--engines", required=True, help="comma-separated, repeat a name to weigh it")
    options.add_argument("--words", type=Path, required=True, help="common words, one a line, most frequent first")
    options.add_argument("--renderings", type=int, default=1)
    options.add_argument(
        "--test", action="store_true", help="held-out voices, no warp, no room; also writes FLAC files"
    )
    options.add_argument("--out", type=Path, required=True)
    args = options.parse_args()
    if args.out.exists():
        print(f"{args.out} is there already")
        return 0
    rng, noise = random.Random(args.seed), np.random.default_rng(args.seed)
    grammar = Grammar()
    common = [word for word in args.words.read_text("utf-8").split() if dictionary_pronunciations(word)]
    rare = [word for word in dictionary_words() if word.isalpha() and 3 < len(word) < 11]
    speakers = engines(args.engines.split(","), test=args.test)
    rooms = [impulse_response(noise) for _ in range(300)]
    frames, labels, texts, voices = [], [], [], []
    while len(frames) < args.count:
        text = grammar.draw(rng) if args.test else training_text(rng, grammar, common, rare)
        if not all(dictionary_pronunciations(word) for word in text.split()):
            continue
        utterance = rng.choice(speakers).say(spoken_text(text, rng), rng)
        if utterance is None:
            continue
        samples, rate, voice = utterance
        phones = np.array([PHONE_INDEX[phone] for phone in label(text)], np.int16)
        for _ in range(args.renderings):
            wave = render(samples, rate, noise, rooms, plain=args.test)
            if wave is None:
                break
            mel = log_mel(wave)
            if len(mel) < 3 * (len(phones) + 2):
                continue
            if args.test:
                folder = args.out.with_suffix("")
                folder.mkdir(parents=True, exist_ok=True)
                padded = np.concatenate([np.zeros(6400), wave, np.zeros(8000)])
                padded += noise.normal(scale=8.0, size=len(padded))  # a quiet room, about -70 dB
                soundfile.write(folder / f"{len(frames):04d}.flac", padded.astype(np.int16), SAMPLE_RATE)
            frames.append(mel.astype(np.float16))
            labels.append(phones)
            texts.append(text)
            voices.append(voice)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    partial = args.out.with_suffix(".part.npz")
    np.savez(partial, f=np.concatenate(frames), fl=[len(x) for x in frames], l=np.concatenate(labels),
             ll=[len(x) for x in labels],             t=np.array(texts), v=np.array(voices))  # fmt: skip
    partial.rename(args.out)
    print(f"{args.out}: {len(frames)} utterances, {sum(map(len, frames)) / 360000:.2f} hours")
    return 0


if __name__ == "__main__":
    sys.exit(main())
