#!/usr/bin/env python3
"""The figures of docs/wake.md: what each threshold finds and mistakes, and when a detection comes.

scripts/measure_wake.py MANIFEST [--noise FILE --snr 10] [--seed N]   thresholds, over a manifest's clips
scripts/measure_wake.py MANIFEST --lag                                detection against end of speech, its clips
scripts/measure_wake.py --synthetic                                   both, over espeak-ng and flite voices
scripts/measure_wake.py --cost                                        processor time, load and reset
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples  # noqa: E402
from assistant.audio.files import frames, read  # noqa: E402
from assistant.audio.noise import quiet  # noqa: E402
from assistant.audio.vad import SileroVad, SpeechDetector  # noqa: E402
from assistant.wake.evaluate import BARE, PAD_SECONDS, prepare  # noqa: E402
from assistant.wake.micro import BUNDLED, MicroWakeEngine  # noqa: E402

THRESHOLDS = (0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
VAD = ROOT / "models/embedded/vad/silero_vad_16k_op15.onnx"
TEXTS = {
    "okay nabu": ["okay nah boo", "okay naboo"],
    "hey jarvis": ["hey jarvis"],
    "hey mycroft": ["hey my croft", "hey mycroft"],
    "alexa": ["alexa"],
}


def listen(engine: MicroWakeEngine, sound: Samples) -> tuple[dict[str, float], dict[str, float]]:
    """The highest score of each phrase, and where it first exceeded the shipped threshold (seconds of `sound`)."""
    engine.reset()
    highest = dict.fromkeys(engine.phrases, 0.0)
    first: dict[str, float] = {}
    for number, frame in enumerate(frames(sound), 1):
        engine.process(frame)
        for phrase, score in engine.scores.items():
            highest[phrase] = max(highest[phrase], score)
            if score > BUNDLED[phrase].threshold:
                first.setdefault(phrase, number * FRAME_SAMPLES / SAMPLE_RATE)
    return highest, first


def spoken(directory: Path) -> Iterator[tuple[str, str, Samples]]:
    """(phrase, synthesiser, speech trimmed by energy, peak 0.3)."""
    target = directory / "spoken.wav"
    espeak = itertools.product(
        ["en-us", "en-gb", "en-us+f2", "en-gb+m3", "en-us+f4", "en-gb-scotland", "en-us+m7", "en-gb-x-rp+f3"],
        ["120", "145", "170"],
        ["40", "60"],
    )
    flite = itertools.product(["kal16", "awb", "rms", "slt"], ["0.9", "1.0", "1.2", "1.4"])
    commands = [("espeak-ng", ["espeak-ng", "-v", v, "-s", s, "-p", p, "-w", str(target)]) for v, s, p in espeak]
    commands += [
        ("flite", ["flite", "-voice", v, "--setf", f"duration_stretch={d}", "-o", str(target), "-t"]) for v, d in flite
    ]
    for phrase, texts in TEXTS.items():
        for text, (name, command) in itertools.product(texts, commands):
            subprocess.run([*command, text], check=True)
            sound = read(target).astype(np.float64)
            level = np.sqrt(np.convolve(sound**2, np.ones(160) / 160, "same"))
            loud = np.flatnonzero(level > level.max() * 0.02)
            speech = sound[loud[0] : loud[-1] + 1]
            yield phrase, name, (speech / np.abs(speech).max() * 0.3 * 32767).astype(np.int16)


def percentiles(name: str, lags: list[float]) -> str:
    p = np.percentile(lags, [5, 50, 95])
    return (
        f"{name:<24} n {len(lags):>3}   p5 {p[0]:+.2f}   p50 {p[1]:+.2f}   p95 {p[2]:+.2f}   s after the end of speech"
    )


def synthetic(engine: MicroWakeEngine) -> None:
    highest: dict[tuple[str, str], list[float]] = {}
    lags: dict[str, list[float]] = {}
    others = dict.fromkeys(BUNDLED, 0)
    with tempfile.TemporaryDirectory() as temporary:
        for number, (phrase, name, speech) in enumerate(spoken(Path(temporary))):
            best, first = listen(engine, prepare(speech, str(number), noise=None, snr_db=0, seed=0))
            highest.setdefault((phrase, name), []).append(best[phrase])
            for other in first:
                if other == phrase:
                    lags.setdefault(phrase, []).append(first[phrase] - PAD_SECONDS - speech.size / SAMPLE_RATE)
                else:
                    others[other] += 1
    print("found, by threshold:", *THRESHOLDS)
    for (phrase, name), best in highest.items():
        print(f"{phrase:<12} {name:<10} of {len(best):>3}:", *(sum(b > t for b in best) for t in THRESHOLDS))
    print("mistaken for another phrase, at the shipped threshold:", others)
    for phrase, values in lags.items():
        print(percentiles(f"{phrase} (synthetic)", values))


def corpus(engine: MicroWakeEngine, arguments: argparse.Namespace) -> None:
    root: Path = arguments.manifest.parent
    rows = [json.loads(line) for line in arguments.manifest.read_text(encoding="utf-8").splitlines()]
    noise = read(arguments.noise) if arguments.noise else None
    detector = SpeechDetector(SileroVad(VAD))
    table = {p: {t: [0, 0, 0, 0] for t in THRESHOLDS} for p in BUNDLED}
    lags: dict[str, list[float]] = {}
    hours = 0.0
    for row in rows:
        if "keyword" in row and row["keyword"] is None:
            continue
        keyword = row.get("keyword")
        if arguments.lag and keyword not in BUNDLED:
            continue
        clip = read(root / row["file"])
        best, first = listen(engine, prepare(clip, row["file"], noise=noise, snr_db=arguments.snr, seed=arguments.seed))
        if arguments.lag:
            detector.reset()
            end = detector.feed(np.concatenate((clip, quiet(0.5, seed=0)))).last_speech_s
            if keyword in first and end is not None:
                lags.setdefault(keyword, []).append(first[keyword] - PAD_SECONDS - end)
            continue
        hours += clip.size / SAMPLE_RATE / 3600 if keyword is None else 0
        for phrase, threshold in itertools.product(BUNDLED, THRESHOLDS):
            kind = 0 if keyword == phrase else 3 if keyword is None else 2 if BARE.get(keyword) == phrase else 1
            table[phrase][threshold][kind] += best[phrase] > threshold
    if arguments.lag:
        for phrase, values in lags.items():
            print(percentiles(f"{phrase} (people)", values))
        return
    counts = {p: sum(r.get("keyword") == p for r in rows) for p in BUNDLED}
    print(f"found / false in other keywords / in the bare word / in {hours:.2f} h of other sound")
    for phrase, by_threshold in table.items():
        for threshold, four in by_threshold.items():
            mark = " <- shipped" if threshold == BUNDLED[phrase].threshold else ""
            found = f"{four[0]:>3} of {counts[phrase]:>3}"
            print(f"{phrase:<12} {threshold:.2f}  {found} / {four[1]} / {four[2]} / {four[3]}{mark}")


def cost() -> None:
    sound = quiet(60, seed=1, dbfs=-30)
    for phrases in (("okay nabu",), ("okay nabu", "alexa"), tuple(BUNDLED)):
        begin = time.perf_counter()
        engine = MicroWakeEngine(phrases)
        load = time.perf_counter() - begin
        begin = time.process_time()
        for frame in frames(sound):
            engine.process(frame)
        spent = time.process_time() - begin
        begin = time.process_time()
        engine.reset()
        reset = time.process_time() - begin
        print(
            f"microWakeWord, {len(phrases)} phrases: {spent / 60 * 1e3:.1f} ms a second of sound, "
            f"load {load * 1e3:.0f} ms, reset {reset * 1e3:.1f} ms"
        )
    begin = time.perf_counter()
    vad = SpeechDetector(SileroVad(VAD))
    load = time.perf_counter() - begin
    begin = time.process_time()
    for frame in frames(sound):
        vad.feed(frame)
    print(f"Silero VAD: {(time.process_time() - begin) / 60 * 1e3:.1f} ms a second of sound, load {load * 1e3:.0f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path, nargs="?")
    parser.add_argument("--noise", type=Path)
    parser.add_argument("--snr", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lag", action="store_true")
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--cost", action="store_true")
    arguments = parser.parse_args()
    if arguments.cost:
        cost()
    elif arguments.synthetic:
        synthetic(MicroWakeEngine(tuple(BUNDLED)))
    elif arguments.manifest is None:
        parser.error("name a manifest, or --synthetic, or --cost")
    else:
        corpus(MicroWakeEngine(tuple(BUNDLED)), arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
