"""Listening for "stop" without an echo: how often it is found, and taken for it in other people's speech.

PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.spotting [--corpus ../shared/corpora/audio]
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet, to_pcm
from assistant.composition.engines import load_hearing
from assistant.config import load_settings
from assistant.live.device import stop_listener
from assistant.stt.spotting import Spotter, Verdict
from scripts.live_proofs.echo_loop import Wave, said
from scripts.live_proofs.interrupting import LEVEL, at_level, cough

PAUSES_S = (1.0, 1.37, 1.74, 2.11)
"""Between the cough and the word: endings of utterances fall before, into and behind the word."""

NOISE = (0.0, 0.009)
"""RMS of the white noise that is added: none, and 19 dB below the word."""


def verdicts(spotter: Spotter, sound: Samples) -> list[tuple[Verdict, float]]:
    """All that is said of a word, and after how many seconds."""
    spotter.reset()
    found = []
    for start in range(0, sound.size, FRAME_SAMPLES):
        spotted = spotter.feed(sound[start : start + FRAME_SAMPLES])
        if spotted is not None:
            found.append((spotted.verdict, (start + FRAME_SAMPLES) / SAMPLE_RATE))
    return found


def scene(clip: Wave, pause_s: float, seed: int) -> tuple[Samples, float]:
    """A cough and, after a pause, the word; and where the word ends, in seconds."""
    first, word = (to_pcm(at_level(wave, LEVEL)) for wave in (cough(seed), clip))
    before = np.concatenate((quiet(2.0, seed=1), first, quiet(pause_s, seed=2), word))
    return np.concatenate((before, quiet(0.8, seed=3))), before.size / SAMPLE_RATE


def found(spotter: Spotter, noise: float) -> dict[str, object]:
    """In how many scenes the word is suspected, and in how many of them it is obeyed."""
    rng, counts, delays = np.random.default_rng(5), Counter[Verdict](), list[float]()
    clips = said("stop")
    for number, clip in enumerate(clips):
        for pause in PAUSES_S:
            sound, ends = scene(clip, pause, number)
            heard = verdicts(spotter, to_pcm(sound / 32768 + noise * rng.standard_normal(sound.size)))
            counts.update({verdict for verdict, _ in heard})
            delays += [at - ends for verdict, at in heard if verdict is Verdict.SUSPECTED][:1]
    return {"noise_rms": noise, "scenes": len(clips) * len(PAUSES_S), "suspected": counts[Verdict.SUSPECTED],
            "obeyed": counts[Verdict.SAID],
            "word_end_to_suspicion_s": {"p50": round(float(np.median(delays)), 2),
                                        "p95": round(float(np.percentile(delays, 95)), 2)}}  # fmt: skip


def speech(corpus: Path) -> Iterator[Samples]:
    """Recordings of the corpus in which nobody says it."""
    for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        if "stop" not in line.casefold():
            yield read(corpus / json.loads(line)["file"])


def taken(spotter: Spotter, corpus: Path) -> dict[str, object]:
    """How often other people's speech is taken for it."""
    seconds, counts = 0.0, Counter[Verdict]()
    for sound in speech(corpus):
        seconds += sound.size / SAMPLE_RATE
        counts.update(verdict for verdict, _ in verdicts(spotter, np.concatenate((sound, quiet(0.8, seed=1)))))
    return {"speech_s": round(seconds), "suspected": counts[Verdict.SUSPECTED], "obeyed": counts[Verdict.SAID]}


def main() -> None:
    """Print one JSON object a condition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    spotter = stop_listener(load_hearing(load_settings()))
    assert spotter is not None, "this speech model takes no words at run time"
    for noise in NOISE:
        print(json.dumps(found(spotter, noise)), flush=True)
    if options.corpus is not None:
        print(json.dumps(taken(spotter, options.corpus)), flush=True)


if __name__ == "__main__":
    main()
