"""Measure a Vosk model: python -m scripts.hearing.evaluate MODEL_DIR [--held test/held] [--corpora ../shared/corpora]

    open      the default language model
    grammar   a runtime grammar of the set's own distinct sentences and [unk]
    reject    recordings that are no request, against a runtime grammar of all these sentences and [unk]

One JSON line a set and mode: clips, exact sentences, word error rate, real-time factor (CPU time of this process).
The corpora are for measurement alone; nothing is tuned on them.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import soundfile

from assistant.stt.graph import known_words
from assistant.stt.libvosk import NativeModel
from scripts.hearing.clips import Clip, clip_sets, errors, other_clips

RATE = 16000


def decode(model: NativeModel, clip: Clip, phrases: str) -> tuple[str, float]:
    """What is heard, fed in quarter seconds, and the clip's length in seconds."""
    samples, _ = soundfile.read(clip.path, dtype="int16")
    recogniser = model.recognizer(phrases)
    words = []
    for start in range(0, len(samples), 4000):
        if recogniser.accept(samples[start : start + 4000].tobytes()):
            words += recogniser.result()
    words += recogniser.final()
    return " ".join(str(word["word"]) for word in words), len(samples) / RATE


def measure(model: NativeModel, clips: Iterable[Clip], phrases: str, *, show: bool) -> dict[str, float | int]:
    """Exact sentences and word error rate."""
    exact = total = wrong = words = 0
    seconds, start = 0.0, time.process_time()
    for clip in clips:
        heard, length = decode(model, clip, phrases)
        seconds += length
        reference = (clip.text or "").split()
        hypothesis = [word for word in heard.split() if word != "[unk]"]
        total += 1
        exact += hypothesis == reference
        wrong += errors(reference, hypothesis)
        words += len(reference)
        if show:
            print(f"  {clip.path.name}: {' '.join(reference)} | {heard}")
    rtf = (time.process_time() - start) / max(seconds, 1e-9)
    return {"clips": total, "exact": exact, "wer": round(100 * wrong / max(words, 1), 1), "rtf": round(rtf, 4)}


def grammar(model: NativeModel, clips: Iterable[Clip]) -> str:
    """A runtime grammar of the clips' distinct sentences, as far as the model has their words, and the filler."""
    sentences = {clip.text for clip in clips if clip.text and all(map(model.knows, clip.text.split()))}
    return json.dumps([*sorted(sentences), "[unk]"])


def main() -> int:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model_dir", type=Path)
    options.add_argument("--held", type=Path)
    options.add_argument("--corpora", type=Path)
    options.add_argument(
        "--others", type=Path, help="a folder of FLAC files that are no requests (scripts.hearing.foreign)"
    )
    options.add_argument("--modes", default="open,grammar,reject")
    options.add_argument("--show", action="store_true", help="print every clip of the held-out sets")
    args = options.parse_args()
    start = time.perf_counter()
    model = NativeModel(str(args.model_dir))
    loaded = round(time.perf_counter() - start, 3)
    print(json.dumps({"load_s": loaded, "words": len(known_words(args.model_dir))}))
    sets = clip_sets(args.held, args.corpora)
    for name, clips in sets.items():
        for mode in ("open", "grammar"):
            if mode in args.modes:
                phrases = grammar(model, clips) if mode == "grammar" else ""
                result = measure(model, clips, phrases, show=args.show and name.startswith("held"))
                print(json.dumps({"set": name, "mode": mode, **result}), flush=True)
    strangers = {"no request": other_clips(args.corpora)}
    if args.others:
        strangers["noise and languages"] = [Clip(path, None) for path in sorted(args.others.glob("*.flac"))]
    for name, others in strangers.items():
        if "reject" not in args.modes or not others:
            continue
        home = [clip for clips in sets.values() for clip in clips]
        sentences = {clip.text for clip in home}
        phrases = grammar(model, home)
        heard = [decode(model, clip, phrases)[0] for clip in others]
        taken = sum(" ".join(text.replace("[unk]", " ").split()) in sentences for text in heard)
        exact = sum(text in sentences for text in heard)
        result = {"clips": len(others), "exactly a command": exact, "a command once [unk] is dropped": taken}
        print(json.dumps({"set": name, "mode": "reject", **result}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
