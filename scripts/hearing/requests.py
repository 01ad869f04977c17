"""Spoken requests and spoken things that are none, in unseen voices: what hearing and understanding are calibrated on.

    python -m scripts.hearing.requests --seed 1 --out work/requests           writes FLAC files and manifest.jsonl

Requests are sentences of the sample home's grammar and of the templates; the others are talk, single words, runs of
random words, other languages and noise. All are spoken by the held-out synthetic voices (scripts/hearing/voices.py)
in rooms, noise and narrow channels. Measure with `assistant eval speech work/requests/manifest.jsonl --out P`, set
thresholds with scripts.hearing.thresholds. Nothing here is a recording of anybody.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from assistant.clock import SystemClock
from assistant.nlu.home import load_home
from assistant.nlu.names import no_names
from assistant.nlu.understanding import Understanding
from scripts.hearing.acoustics import RATE, impulse_response, noise, reverberate
from scripts.hearing.foreign import SENTENCES, Foreigner
from scripts.hearing.sentences import Grammar, word_salad
from scripts.hearing.voices import engines, spoken_text

Wave = NDArray[np.float32]


def requests(dice: random.Random, understanding: Understanding, grammar: Grammar) -> Iterator[str]:
    """Sentences that the sample home's understanding takes for a command, drawn half from each source."""
    phrases = understanding.phrases()
    while True:
        text = dice.choice(phrases) if dice.random() < 0.5 else grammar.draw(dice)
        if understanding.in_grammar(text) is not None:
            yield text


def others(dice: random.Random, understanding: Understanding, grammar: Grammar, words: list[str]) -> Iterator[str]:
    """Speech that is no command: talk, single words and names, runs of words."""
    while True:
        kind = dice.random()
        if kind < 0.35:
            text = " ".join(
                words[int(len(words) * dice.random() ** 1.5)] for _ in range(dice.choice((1, 1, 1, 2, 2, 3)))
            )
        elif kind < 0.7:
            text = word_salad(dice, words[:3000], words)
        else:
            text = grammar.draw(dice)
        if not any(intent.name for intent in understanding.understand(text)):
            yield text


def placed(rng: np.random.Generator, wave: Wave, rate: int, noises: list[Wave]) -> Wave:
    """The utterance at some distance, in some noise, through some microphone, with silence around it."""
    wave = soxr.resample(wave, rate * rng.uniform(0.9, 1.12), RATE)
    wave = wave / (np.abs(wave).max() + 1e-9)
    if rng.random() < 0.6:
        wave = reverberate(wave, impulse_response(rng))
    if rng.random() < 0.25:  # a telephone, a codec
        wave = sosfilt(butter(4, rng.uniform(3000, 6500), fs=RATE, output="sos"), wave)
    wave = np.pad(wave, (int(rng.uniform(0.3, 0.8) * RATE), int(rng.uniform(0.5, 1.0) * RATE)))
    loud = np.sqrt((wave**2).mean() * 1.6)
    background = np.resize(noises[rng.integers(len(noises))], len(wave))
    wave = wave + background * loud * 10 ** (-rng.uniform(6, 40) / 20)
    wave *= 10 ** (-rng.uniform(0, 26) / 20) / (np.abs(wave).max() + 1e-9)
    return np.asarray(wave, np.float32)


def main() -> int:
    """Write the set."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--requests", type=int, default=500)
    options.add_argument("--others", type=int, default=900)
    options.add_argument(
        "--words", type=Path, required=True, help="common words, one a line (scripts.hearing.wordlist)"
    )
    options.add_argument("--out", type=Path, required=True)
    args = options.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    dice, rng = random.Random(args.seed), np.random.default_rng(args.seed)
    understanding = Understanding(load_home(None), names=no_names, clock=SystemClock())
    grammar, words = Grammar(), [word for word in args.words.read_text("utf-8").split() if word.isalpha()]
    speakers = engines(["espeak", "flite", "diphone"], test=True)
    noises = [noise(rng, 5.0, []) for _ in range(40)]
    rows = []

    def write(name: str, wave: Wave, text: str | None) -> None:
        file = f"{len(rows):04d}-{name}.flac"
        soundfile.write(args.out / file, wave, RATE)
        seconds = round(len(wave) / RATE, 2)
        rows.append({"file": file, "seconds": seconds, "source": name, "text": text, "recorded": False})

    def speak(texts: Iterator[str], count: int, name: str, *, truth: bool) -> None:
        while count:
            text = next(texts)
            said = dice.choice(speakers).say(spoken_text(text, dice), dice)
            if said is None:
                continue
            write(f"{name}-{said[2].split(' ')[0]}", placed(rng, said[0], said[1], noises), text if truth else None)
            count -= 1

    speak(requests(dice, understanding, grammar), args.requests, "request", truth=True)
    speak(others(dice, understanding, grammar, words), args.others, "talk", truth=False)
    for _ in range(args.others // 4):
        language = dice.choice(sorted(SENTENCES))
        text = dice.choice(SENTENCES[language])
        pieces = text.split()
        start = dice.randrange(len(pieces))
        said = Foreigner(language).say(" ".join(pieces[start : start + dice.choice((1, 2, 3, 9))]), dice)
        if said is not None:
            write(f"foreign-{language}", placed(rng, said[0], said[1], noises), None)
    for _ in range(args.others // 8):
        wave = noise(rng, dice.uniform(1.5, 5.0), []) * 10 ** (-dice.uniform(10, 35) / 20)
        write("noise", np.clip(wave, -1, 1).astype(np.float32), None)
    (args.out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    print(f"{args.out}: {len(rows)} clips, {sum(row['seconds'] for row in rows) / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
