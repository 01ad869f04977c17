"""The hearing network itself, outside the decoder: how likely is it that exactly these phones were said?

The decoder answers with words, and its confidence compares them with other words only. The network's outputs say
more: the likelihood of any phone sequence against the likelihood of whatever phones fit best. Features and network
are computed here with numpy from the same `am/final.mdl` that Vosk runs, to its numbers within rounding.
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.audio import SAMPLE_RATE, Samples
from assistant.errors import ModelError
from assistant.stt.graph.phones import PHONES

Array = NDArray[np.float32]

BINS: Final = 40
WINDOW, SHIFT, SPECTRUM = 400, 160, 512
"""25 ms windows every 10 ms, padded to a power of two (samples)."""
FLOOR: Final = -15.9
"""log of float32's epsilon: what Kaldi writes for digital silence."""
STRIDE: Final = 3
"""10 ms frames to one output of the network."""

_NODE = re.compile(r"component-node name=(\S+) component=\S+ input=(.+)")
_SCALE = re.compile(r"Sum\(Scale\(([\d.]+),")


def _mel(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(frequency) / 700.0))


def _filters() -> Array:
    """(frequencies, bins): Kaldi's triangles, straight on the mel scale."""
    edges = np.linspace(_mel(20.0), _mel(7600.0), BINS + 2)
    at = _mel(np.arange(SPECTRUM // 2) * SAMPLE_RATE / SPECTRUM)[:, None]
    up, down = (at - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - at) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(up, down)), np.float32)


_FILTERS: Final = _filters()
_POVEY: Final = ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** 0.85).astype(np.float32)


def log_mel(samples: Samples) -> Array:
    """16 kHz mono int16 → (frames, 40) log-mel energies, a frame every 10 ms; none for less than 25 ms."""
    count = (len(samples) - WINDOW) // SHIFT + 1
    if count <= 0:
        return np.zeros((0, BINS), np.float32)
    wave = samples.astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::SHIFT][:count]
    frames = frames - frames.mean(1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], 1)
    power = np.abs(np.fft.rfft((frames - 0.97 * before) * _POVEY, SPECTRUM)[:, : SPECTRUM // 2]) ** 2
    return np.asarray(np.maximum(np.log(np.maximum(power @ _FILTERS, 1e-30)), FLOOR), np.float32)


@dataclass(frozen=True, slots=True)
class _Layer:
    weight: Array
    bias: Array


class PhoneNetwork:
    """The network of a model that `scripts/hearing/export.py` wrote. Thread-safe: nothing changes after loading."""

    def __init__(self, model_dir: Path) -> None:
        """Read `am/final.mdl`. Raises ModelError for a model of any other make (see `understands`)."""
        path = model_dir / "am" / "final.mdl"
        try:
            content = path.read_bytes()
            self._layers, self._residual, self.context = _read(content)
        except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
            raise ModelError(f"{path}: is no acoustic model of this project's own form") from error
        self._blocks = sum(name.endswith(".linear") for name in self._layers)
        # the first layer takes cosine coefficients; folding the cosine transform in saves computing them
        first = self._layers["c1.affine"]
        size = np.arange(BINS)
        cosine = np.sqrt(2 / BINS) * np.cos(np.pi / BINS * (size + 0.5) * size[:, None])
        cosine[0] = np.sqrt(1 / BINS)
        folded = np.concatenate([part @ cosine for part in np.split(first.weight, 5, 1)], 1)
        self._layers["c1.affine"] = _Layer(np.asarray(folded, np.float32), first.bias)

    def log_probabilities(self, samples: Samples) -> Array:
        """16 kHz mono int16 → (outputs, 40) natural log probabilities of blank and phones, one every 30 ms."""
        stream = ScoreStream(self)
        stream.feed(samples)
        return stream.scores()

    def run(self, mel: Array) -> Array:
        """Log-mel frames with `context` more on either side → outputs: (2 context + 3 k + 1, 40) → (k + 1, 40)."""
        x = self._affine("c1.affine", mel, (0, 1, 2, 3, 4))
        np.maximum(x, 0, out=x)
        x = self._affine("c2.affine", x, (0, 1, 2), step=STRIDE)
        np.maximum(x, 0, out=x)
        for number in range(self._blocks):
            y = self._affine(f"t{number}.linear", x, (0, 1))
            y = self._affine(f"t{number}.affine", y, (0, 1))
            np.maximum(y, 0, out=y)
            x = y + self._residual * x[1:-1]
        x = self._affine("output.affine", x, (0,))
        x = x - x.max(1, keepdims=True)
        return np.asarray(x - np.log(np.exp(x).sum(1, keepdims=True)), np.float32)

    def _affine(self, name: str, x: Array, taps: tuple[int, ...], step: int = 1) -> Array:
        layer = self._layers[name]
        count = (len(x) - taps[-1] - 1) // step + 1
        joined = np.concatenate([x[tap : tap + step * (count - 1) + 1 : step] for tap in taps], 1)
        return np.asarray(joined @ layer.weight.T + layer.bias, np.float32)


class ScoreStream:
    """The network over sound that comes in pieces: most of the work is done by the time that somebody has spoken."""

    STEP = 16
    """Outputs that are computed together (0.48 s): each run also goes over the context, 0.6 s."""

    def __init__(self, network: PhoneNetwork) -> None:
        self._network = network
        self._rest = np.zeros(0, np.int16)
        self._mel = np.zeros((0, BINS), np.float32)
        self._scores: list[Array] = []
        self._done = 0

    def feed(self, samples: Samples) -> None:
        """16 kHz mono int16, any length."""
        self._rest = np.concatenate([self._rest, samples])
        frames = log_mel(self._rest)
        if not len(frames):
            return
        self._rest = self._rest[SHIFT * len(frames) :]
        self._mel = np.concatenate([self._mel, frames])
        ready = (len(self._mel) - 1 - self._network.context) // STRIDE + 1
        if ready - self._done >= self.STEP:
            self._scores.append(self._network.run(self._around(ready)))
            self._done = ready

    def scores(self) -> Array:
        """(outputs, 40) natural log probabilities of all sound so far, as if it ended here; more may follow."""
        outputs = -(-len(self._mel) // STRIDE)
        last = [self._network.run(self._around(outputs))] if outputs > self._done else []
        return np.concatenate([np.zeros((0, len(PHONES) + 1), np.float32), *self._scores, *last])

    def _around(self, outputs: int) -> Array:
        """The frames for outputs `_done` to `outputs`, the ones at the edges repeated where there are no more."""
        wanted = np.arange(
            STRIDE * self._done - self._network.context, STRIDE * (outputs - 1) + self._network.context + 1
        )
        return self._mel[np.clip(wanted, 0, len(self._mel) - 1)]


def understands(model_dir: Path) -> bool:
    """Whether the model in `model_dir` is of the make that this module computes."""
    try:
        with (model_dir / "am" / "final.mdl").open("rb") as file:
            head = file.read(60_000)
    except OSError:
        return False
    return b"component-node name=c1.affine component=c1.affine input=Append(Offset(input, -2)" in head


def _read(content: bytes) -> tuple[dict[str, _Layer], float, int]:
    """(affine layers by name, residual scale, context in 10 ms frames) of Kaldi's binary nnet3 file."""
    start = content.index(b"<Nnet3> ")
    lines = content[start : content.index(b"\n\n", start)].decode()
    residual = _SCALE.search(lines)
    layers: dict[str, _Layer] = {}
    for name, _ in _NODE.findall(lines):
        if not name.endswith((".affine", ".linear")):
            continue
        at = content.index(f"<ComponentName> {name} <FixedAffineComponent> <LinearParams> FM ".encode(), start)
        at = content.index(b"FM ", at) + 3
        rows, columns = struct.unpack_from("<xixi", content, at)
        weight = np.frombuffer(content, "<f4", rows * columns, at + 10).reshape(rows, columns)
        at += 10 + 4 * rows * columns
        if content[at : at + 16] != b"<BiasParams> FV ":
            raise ValueError(name)
        (size,) = struct.unpack_from("<xi", content, at + 16)
        layers[name] = _Layer(weight, np.frombuffer(content, "<f4", size, at + 21))
        start = at
    at = content.index(b"<LeftContext> ", start) + len(b"<LeftContext> ")
    (context,) = struct.unpack_from("<xi", content, at)
    if residual is None or "output.affine" not in layers or len(layers["output.affine"].bias) != len(PHONES) + 1:
        raise ValueError("layers")
    return layers, float(residual.group(1)), context
