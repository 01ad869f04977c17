"""A bank of noise features for augmentation.

python -m scripts.hearing.noises --seed 1 --count 500 --out data/noises.npy
"""

import argparse
import random
import sys
from pathlib import Path

import numpy as np
import soxr

from scripts.hearing.acoustics import RATE, noise
from scripts.hearing.features import log_mel
from scripts.hearing.sentences import Grammar
from scripts.hearing.voices import engines, spoken_text


def main() -> int:
    """Write (count, frames, 40) float16."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--seconds", type=float, default=7.0)
    options.add_argument("--out", type=Path, required=True)
    args = options.parse_args()
    if args.out.exists():
        return 0
    rng, dice = np.random.default_rng(args.seed), random.Random(args.seed)
    grammar, speakers, speech = Grammar(), engines(["espeak", "flite"], test=False), []
    for _ in range(120):
        said = dice.choice(speakers).say(spoken_text(grammar.draw(dice), dice), dice)
        if said is not None:
            wave = soxr.resample(said[0], said[1], RATE)
            speech.append((wave / (np.abs(wave).max() + 1e-9)).astype(np.float32))
    bank = [log_mel(noise(rng, args.seconds, speech) * 1000).astype(np.float16) for _ in range(args.count)]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.save(args.out, np.stack(bank))
    print(f"{args.out}: {len(bank)} noises of {args.seconds} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
