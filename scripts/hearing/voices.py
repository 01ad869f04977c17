"""Speech synthesisers as one interface: text in, samples out.

The free engines of Debian; see models/embedded/hearing.md for each one's licence.
Voices in `HELD_OUT` never enter training: they are the synthetic test.
"""

import ctypes
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

Wave = NDArray[np.float32]
Utterance = tuple[Wave, int, str]
"""Samples, sampling rate, voice name."""

HELD_OUT = {
    "espeak": ("Annie", "f3", "m4", "klatt3", "linda", "Michael", "steph2", "Alex", "victor", "paul"),
    "flite": ("kal", "kal16"),
    "festival": ("kal_diphone",),
}
_SPELLED = {
    "tv": "T V", "ecobee": "eco bee", "unmute": "un mute", "unpause": "un pause", "nabu": "nah boo",
    "mycroft": "my croft", "ac": "A C", "nevermind": "never mind", "goodnight": "good night",
}  # fmt: skip


class Engine(Protocol):
    """Something that speaks."""

    name: str

    def say(self, text: str, rng: random.Random) -> Utterance | None:
        """`text` in a random voice of this engine, or None when the engine refused."""


def spoken_text(text: str, rng: random.Random) -> str:
    """`text` as a synthesiser should read it: letters in capitals, a final mark now and then."""
    words = text.split()
    out = []
    for i, word in enumerate(words):
        single = len(word) == 1 and word not in "ai"
        pair = (
            word == "a"
            and i + 1 < len(words)
            and (words[i + 1] == "m" or (len(words[i + 1]) == 1 and words[i + 1] not in "ai"))
        )
        out.append(word.upper() if single or pair else _SPELLED.get(word, word))
    mark = rng.choice(("", "", ".", "?", "!")) if rng.random() < 0.6 else "."
    return " ".join(out) + mark


class Espeak:
    """espeak-ng through its C library: formant and Klatt voices, many speakers and accents."""

    name = "espeak"
    _ACCENTS = (
        ("en-us",) * 10
        + ("en-gb",) * 3
        + ("en-gb-x-rp",) * 2
        + ("en-us-nyc", "en-gb-scotland", "en-029", "en-gb-x-gbclan")
    )
    _POOR = frozenset((
        "Demonic", "Mr serious", "whisper", "whisperf", "croak", "UniRobot", "anikaRobot", "Tweaky", "fast",
        "RicishayMax2", "kaukovalta", "Storm", "AnxiousAndy",
    ))  # fmt: skip

    def __init__(self, *, test: bool) -> None:
        """Load the library. `test` takes the held-out voices."""
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self._rate = self._library.espeak_Initialize(2, 0, None, 0)
        self._chunks: list[NDArray[np.int16]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)
        folder = next(Path("/usr/lib").glob("*/espeak-ng-data/voices/!v"))
        every = sorted(path.name for path in folder.iterdir())
        held = HELD_OUT["espeak"]
        self._variants = [v for v in every if v in held] if test else [
            v for v in every if v not in held and v not in self._POOR and not v.startswith("robosoft")
        ] + [""] * 4  # fmt: skip
        self._accents = ("en-us", "en-us", "en-us", "en-gb") if test else self._ACCENTS

    def _receive(self, samples: Any, count: int, _events: object) -> int:  # noqa: ANN401  a C pointer
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    def say(self, text: str, rng: random.Random) -> Utterance | None:
        """See `Engine.say`. Rate 125-215 words a minute, pitch and range wide."""
        variant = rng.choice(self._variants)
        name = rng.choice(self._accents) + (f"+{variant}" if variant else "")
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            return None
        gap = rng.randint(1, 4) if rng.random() < 0.15 else 0
        for parameter, value in (
            (1, rng.randint(125, 215)),
            (3, rng.randint(25, 80)),
            (4, rng.randint(20, 90)),
            (7, gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._chunks.clear()
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        self._library.espeak_Synchronize()
        if not self._chunks:
            return None
        return np.concatenate(self._chunks).astype(np.float32), self._rate, f"espeak {name}"


class _FliteWave(ctypes.Structure):
    _fields_ = (("type", ctypes.c_char_p), ("rate", ctypes.c_int), ("count", ctypes.c_int), ("channels", ctypes.c_int),
                ("samples", ctypes.POINTER(ctypes.c_short)))  # fmt: skip


class Flite:
    """flite through its C library: statistical voices awb, rms, slt; diphone kal held out."""

    name = "flite"

    def __init__(self, *, test: bool) -> None:
        """Register the voices. `test` takes the held-out ones."""
        self._library = ctypes.CDLL("libflite.so.1", mode=ctypes.RTLD_GLOBAL)
        for dependency in ("libflite_usenglish.so.1", "libflite_cmulex.so.1"):
            ctypes.CDLL(dependency, mode=ctypes.RTLD_GLOBAL)
        self._library.flite_init()
        self._library.flite_text_to_wave.restype = ctypes.POINTER(_FliteWave)
        self._library.flite_text_to_wave.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
        self._library.delete_wave.argtypes = (ctypes.c_void_p,)
        self._library.flite_feat_set_float.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float)
        self._voices: list[tuple[str, int]] = []
        for voice in HELD_OUT["flite"] if test else ("awb", "rms", "slt"):
            library = ctypes.CDLL(f"libflite_cmu_us_{voice}.so.1")
            register = getattr(library, f"register_cmu_us_{voice}")
            register.restype = ctypes.c_void_p
            register.argtypes = (ctypes.c_char_p,)
            self._voices.append((voice, register(None)))

    def say(self, text: str, rng: random.Random) -> Utterance | None:
        """See `Engine.say`."""
        voice, handle = rng.choice(self._voices)
        features = ctypes.c_void_p.from_address(handle + ctypes.sizeof(ctypes.c_void_p)).value
        pitch = (140, 240) if voice == "slt" else (80, 155)
        self._library.flite_feat_set_float(features, b"duration_stretch", rng.uniform(0.75, 1.3))
        self._library.flite_feat_set_float(features, b"int_f0_target_mean", rng.uniform(*pitch))
        wave = self._library.flite_text_to_wave(text.encode(), handle)
        if not wave or wave.contents.count == 0:
            return None
        samples = np.ctypeslib.as_array(wave.contents.samples, shape=(wave.contents.count,)).astype(np.float32)
        rate = wave.contents.rate
        self._library.delete_wave(wave)
        return samples, rate, f"flite {voice}"


class Festival:
    """One festival voice over a pipe. The mark that it has spoken comes over stderr, which is not buffered."""

    name = "festival"
    _PATIENCE = 400
    """Utterances after which the interpreter is started afresh; its memory grows."""

    def __init__(self, voice: str) -> None:
        """Use `voice`, whose interpreter starts with the first utterance."""
        self._voice = voice
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[str] | None = None
        self._said = 0

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["festival", "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if process.stdin is not None:
            process.stdin.write(f"(voice_{self._voice})\n")
        self._said = 0
        return process

    def say(self, text: str, rng: random.Random) -> Utterance | None:
        """See `Engine.say`. An interpreter that died over a text is started again for the next one."""
        if self._process is None or self._process.poll() is not None or self._said >= self._PATIENCE:
            self.close()
            self._process = self._start()
        process = self._process
        if process.stdin is None or process.stderr is None:
            return None
        self._said += 1
        target = Path(self._folder.name) / "say.wav"
        target.unlink(missing_ok=True)
        quoted = text.replace('"', "").replace("\\", "")
        try:
            process.stdin.write(
                f"(Parameter.set 'Duration_Stretch {rng.uniform(0.8, 1.25):.2f}) "
                f'(utt.save.wave (utt.synth (Utterance Text "{quoted}")) "{target}" \'riff) (format stderr "said\\n")\n'
            )
            process.stdin.flush()
            while (line := process.stderr.readline()) and "said" not in line:
                pass
        except BrokenPipeError:
            return None
        if not target.exists():
            return None
        samples, rate = soundfile.read(target, dtype="float32")
        return samples, rate, f"festival {self._voice}"

    def close(self) -> None:
        """Stop the interpreter."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def engines(names: list[str], *, test: bool) -> list[Engine]:
    """The engines called `names`; `test` takes their held-out voices."""
    makers: dict[str, Callable[[], Engine]] = {
        "espeak": lambda: Espeak(test=test),
        "flite": lambda: Flite(test=test),
        "hts": lambda: Festival("cmu_us_slt_arctic_hts"),
        "diphone": lambda: Festival("kal_diphone" if test else "ked_diphone"),
    }
    return [makers[name]() for name in names]
