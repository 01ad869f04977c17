"""Measure a voice: is it understood, how loud, how fast, does it click? Beside it espeak-ng, through the same test.

The listener is PocketSphinx (PyPI, its own bundled model), which had no part in making the voice. Of a closed grammar
it chooses the sentence that it heard: the right one, up to 10 near misses of it made by exchanging numbers, names,
rooms and small words, and 30 others of sentences.txt. Both voices say each sentence from the same text, are brought
to one level, and stand before the same choice; what counts is the exact sentence.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import piper
import pocketsphinx
import pyloudnorm
import soundfile
import soxr
from numpy.typing import NDArray

HERE = Path(__file__).parent
HEARING_RATE = 16_000
MISSES, OTHERS = 10, 30
"""Near misses of the sentence, and others of the 200, that the listener may choose instead."""
SWAPS = [
    group.split("|")
    for group in (
        "seven|eleven|five|nine|four|six|ten|three|eight|twelve|two|one",
        "thirteen|thirty|fourteen|forty",
        "fifteen|fifty|sixteen|sixty",
        "nineteen|ninety",
        "twenty|twelve|thirty",
        "hundred|thousand",
        "on|off",
        "open|closed",
        "up|down",
        "kitchen|bedroom|bathroom|hall|office|cellar",
        "lamp|fan|camera|light",
        "today|tomorrow|yesterday",
        "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday",
        "sunny|cloudy|rainy",
        "blue|green|red",
        "timer|alarm",
        "minutes|seconds|hours",
        "milk|bread|cheese|butter",
        "Alice|Alex",
        "Bob|Rob",
        "David|Daniel",
        "Emma|Anna",
        "London|Lisbon",
        "Paris|Prague",
        "is|was",
        "can't|can",
        "heads|tails",
    )
]


def words(text: str) -> str:
    """Lower case, letters and apostrophes alone."""
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower().replace("-", " ")).split())


def near_misses(text: str, count: int, chance: random.Random) -> list[str]:
    """Up to `count` sentences that differ from `text` in a word or two."""
    made: dict[str, None] = {}
    for _ in range(count * 5):
        parts = text.split(" ")
        for place in chance.sample(range(len(parts)), min(len(parts), chance.choice((1, 1, 2, 3)))):
            for bare in re.findall(r"[A-Za-z']+", parts[place]):
                groups = [group for group in SWAPS if bare.lower() in (word.lower() for word in group)]
                if groups:
                    parts[place] = re.sub(rf"\b{bare}\b", chance.choice(chance.choice(groups)), parts[place])
        made[words(" ".join(parts))] = None
    made.pop(words(text), None)
    return list(made)[:count]


class Listener:
    """PocketSphinx with a small closed grammar for each sentence."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._engine = pocketsphinx.Decoder(lm=None, loglevel="FATAL", samprate=HEARING_RATE)

    def hears(self, text: str, wave: NDArray[np.float32], rate: int) -> str:
        """What the listener takes the sound of `text` for, in words; empty when nothing."""
        chance = random.Random(text)
        choices = {words(text), *near_misses(text, MISSES, chance), *map(words, chance.sample(self._texts, OTHERS))}
        grammar = "#JSGF V1.0;\ngrammar closed;\npublic <said> = " + " | ".join(sorted(choices)) + " ;\n"
        self._engine.add_jsgf_string("closed", grammar)
        self._engine.activate_search("closed")
        sound = soxr.resample(wave, rate, HEARING_RATE) if rate != HEARING_RATE else wave
        sound = sound / max(1e-3, float(np.abs(sound).max())) * 0.7
        padded = np.pad(sound, HEARING_RATE // 4)
        padded = padded + np.random.default_rng(0).normal(0.0, 1e-3, len(padded))
        self._engine.start_utt()
        self._engine.process_raw((np.clip(padded, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
        self._engine.end_utt()
        guess = self._engine.hyp()
        return guess.hypstr if guess else ""


def espeak(text: str) -> tuple[NDArray[np.float32], int]:
    """espeak-ng's own voice, as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), text], check=True)
        wave, rate = soundfile.read(path, dtype="float32")
    return wave, rate


class Spoken:
    """A Piper voice on one thread, as the product loads it."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        began = time.perf_counter()
        self.voice = piper.PiperVoice.load(str(model))
        self.load_ms = (time.perf_counter() - began) * 1e3
        self.voice.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.rate = self.voice.config.sample_rate

    def __call__(self, text: str) -> tuple[NDArray[np.float32], int]:
        plain = piper.SynthesisConfig(normalize_audio=False)
        chunks = [chunk.audio_float_array for chunk in self.voice.synthesize(text, plain)]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32), self.rate

    def first_ms(self, text: str, repeats: int) -> tuple[float, float]:
        """Least and middle time to the first chunk."""
        taken = []
        for _ in range(repeats):
            began = time.perf_counter()
            next(iter(self.voice.synthesize(text)))
            taken.append((time.perf_counter() - began) * 1e3)
        return min(taken), float(np.median(taken))


def loudness(waves: list[NDArray[np.float32]], rate: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770) of everything after one another."""
    return float(pyloudnorm.Meter(rate).integrated_loudness(np.concatenate(waves)))


def clicks(wave: NDArray[np.float32], rate: int) -> int:
    """Samples whose second difference stands 12 times above its own level in the 20 ms around, silence aside."""
    bend = np.abs(np.diff(wave.astype(np.float64), 2))
    width = rate // 50
    level = np.sqrt(np.convolve(bend**2, np.ones(width) / width, "same")) + 1e-4
    return int((bend > 12.0 * level).sum())


REACH = 0.97
"""Share of the yardstick's exact sentences that the voice must reach."""


def main() -> None:
    """Print one JSON object; ends with status 1 when both were measured and the voice stays behind its reach."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("--every", type=int, default=1, help="take each Nth sentence")
    arguments.add_argument("--misses", action="store_true", help="show what was misheard")
    arguments.add_argument("--only", choices=("espeak_ng", "voice"), help="one of the two")
    chosen = arguments.parse_args()
    texts = (HERE / "sentences.txt").read_text(encoding="utf-8").splitlines()
    ear = Listener(texts)
    voice = Spoken(chosen.model)
    counts: dict[str, int] = {}
    result: dict[str, object] = {"sentences": len(texts[:: chosen.every]), "load_ms": round(voice.load_ms, 1)}
    for name, speak in (("espeak_ng", espeak), ("voice", voice)):
        if chosen.only not in (None, name):
            continue
        exact, waves, seconds, popped, wrong = 0, [], 0.0, 0, []
        for text in texts[:: chosen.every]:
            wave, rate = speak(text)
            guess = ear.hears(text, wave, rate)
            exact += guess == words(text)
            if guess != words(text):
                wrong.append(f"{text} > {guess}")
            waves.append(wave)
            seconds += len(wave) / rate
            popped += clicks(wave, rate)
        rate = voice.rate if name == "voice" else rate
        counts[name] = exact
        result[name] = {
            "exact": exact, "lufs": round(loudness(waves, rate), 1), "seconds": round(seconds, 1), "clicks": popped,
            "clipped": int(sum((np.abs(wave) >= 1.0).sum() for wave in waves)),
        }  # fmt: skip
        if chosen.misses:
            print(name, *wrong, sep="\n  ", flush=True)
    low, middle = voice.first_ms("Okay, the kitchen light is on.", 30)
    result["first_audio_ms"] = {"least": round(low, 1), "median": round(middle, 1)}
    print(json.dumps(result, indent=1))
    sys.exit(len(counts) == 2 and counts["voice"] < REACH * counts["espeak_ng"])


if __name__ == "__main__":
    main()
