"""Records the demonstration: the wake phrase and a request in one breath, by different free voices.

Every recording is checked: the wake word engine must find the phrase in it, or this fails. The sounds are made by
espeak-ng and flite; the room is a little noise of our own. Seeded, so the same programs make the same files.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.audio import SAMPLE_RATE, Samples
from assistant.wake.micro import MicroWakeEngine

OUT = Path(__file__).resolve().parent.parent / "assistant/demo"

REQUESTS = [
    # name, words, class, voice, pause after the wake phrase in seconds, noise below the voice in dB
    ("time", "what time is it", "time_date", "flite rms", 0.25, 45),
    ("timer", "set a timer for ten minutes", "timer", "flite slt", 0.3, 40),
    ("left", "how long is left on my timer", "timer", "flite slt", 0.2, 40),
    ("sum", "what is twelve times seven", "sums", "espeak-ng en-us+m3", 0.15, 45),
    ("list", "add milk to my shopping list", "reminders_lists", "flite rms", 0.3, 30),
    ("lights", "turn on the kitchen lights", "lights", "flite slt", 0.2, 25),
    ("alarm", "set an alarm for half past six", "alarm", "flite awb", 0.3, 40),
    ("question", "who wrote hamlet", "out_of_scope", "espeak-ng en-us", 0.3, 40),
    ("help", "what can you do", "assistant", "flite rms", 0.4, 40),
    ("stop", "stop", "assistant", "flite slt", 0.3, 40),
]
WAKE = {"flite slt": "flite rms"}
"""flite's slt does not say the wake phrase clearly enough: another voice calls for her."""


def speak(voice: str, text: str) -> Samples:
    """`text` by a voice, 16 kHz, peak at a third of full scale."""
    engine, name = voice.split()
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        if engine == "flite":
            subprocess.run(["flite", "-voice", name, "-t", text, "-o", file.name], check=True)
        else:
            subprocess.run(["espeak-ng", "-v", name, "-s", "150", "-w", file.name, text], check=True)
        samples, rate = soundfile.read(file.name, dtype="float32", always_2d=True)
    mono = soxr.resample(samples[:, 0], rate, SAMPLE_RATE)
    return np.asarray(np.round(mono / np.abs(mono).max() * 32767 / 3), np.int16)


def trimmed(samples: Samples) -> Samples:
    """Without the silence around the speech."""
    loud = np.flatnonzero(np.abs(samples) > 300)
    return samples[loud[0] : loud[-1] + 1]


def room(length: int, level_db: float, rng: np.random.Generator) -> np.ndarray:
    """A quiet room: brown noise with a refrigerator's hum."""
    brown = np.cumsum(rng.standard_normal(length))
    brown -= np.convolve(brown, np.ones(801) / 801, "same")
    hum = np.sin(2 * np.pi * 100 * np.arange(length) / SAMPLE_RATE) * 0.3
    noise = brown / np.std(brown) + hum
    return noise * 10 ** (-level_db / 20) * 32767 / 3 / 3


def heard(samples: Samples) -> bool:
    """Whether the wake word engine finds the phrase."""
    engine = MicroWakeEngine(("okay nabu",))
    return any(engine.process(samples[start : start + 320]) is not None for start in range(0, len(samples), 320))


def main() -> int:
    OUT.mkdir(exist_ok=True)
    manifest = ["# Written by scripts/make_demo_requests.py: recordings of our own making, by free synthesisers."]
    rng = np.random.default_rng(2026)
    for name, text, kind, voice, pause, level in REQUESTS:
        call = trimmed(speak(WAKE.get(voice, voice), "okay nabu"))
        request = trimmed(speak(voice, text))
        gap = np.zeros(round(pause * SAMPLE_RATE), np.int16)
        pads = [np.zeros(round(seconds * SAMPLE_RATE), np.int16) for seconds in (1.2, 1.6)]
        sound = np.concatenate([pads[0], call, gap, request, pads[1]])
        sound = np.round(sound + room(len(sound), level, rng)).clip(-32768, 32767).astype(np.int16)
        if not heard(sound):
            print(f"{name}: the wake phrase is not found in it", file=sys.stderr)
            return 1
        soundfile.write(OUT / f"{name}.flac", sound, SAMPLE_RATE, subtype="PCM_16")
        manifest.append(f'[[request]]\nfile = "{name}.flac"\ntext = "{text}"\nclass = "{kind}"\nvoice = "{voice}"\n')
    (OUT / "manifest.toml").write_text("\n".join(manifest), encoding="utf-8")
    size = sum(path.stat().st_size for path in OUT.glob("*.flac"))
    print(f"{len(REQUESTS)} requests, {size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
