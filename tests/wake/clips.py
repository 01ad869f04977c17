"""Wake phrases of our own making for the tests.

data/PHRASE-VOICE.flac: flite's free voices, e.g. `flite -voice rms --setf duration_stretch=0.9 -t "okay nah boo"`,
trimmed to the speech and set to a peak of 0.3.
"""

from pathlib import Path

import numpy as np

from assistant.audio import Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet

DATA = Path(__file__).parent / "data"
VOICES = {
    "okay nabu": ("rms", "awb"),
    "hey jarvis": ("rms", "slt"),
    "hey mycroft": ("rms", "awb"),
    "alexa": ("rms", "slt"),
}
SPOKEN = [(phrase, voice) for phrase, voices in VOICES.items() for voice in voices]


def path(phrase: str, voice: str) -> Path:
    return DATA / f"{phrase.replace(' ', '_')}-{voice}.flac"


def clip(phrase: str, voice: str) -> Samples:
    return read(path(phrase, voice))


def padded(phrase: str, voice: str, *, before_s: float = 1.0, after_s: float = 1.0, seed: int = 5) -> Samples:
    return np.concatenate((quiet(before_s, seed=seed), clip(phrase, voice), quiet(after_s, seed=seed + 1)))
