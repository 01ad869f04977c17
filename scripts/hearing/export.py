"""Write a checkpoint as a Vosk model: python -m scripts.hearing.export CHECKPOINT MODEL_DIR --blank-prior 2.0

The network becomes Kaldi nnet3 components (am/final.mdl, binary); batch norms, the input normalisation and the
cosine transform of MFCC are folded into the affine layers. `--blank-prior` is the handicap of CTC's blank in nats.
The graph folder is made by scripts.hearing.graph.
"""

import argparse
import io
import math
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from assistant.stt.graph.hmm import PHONE_MOVES, PHONE_NAMES, SILENCE_MOVES, TRANSITION_LOGS, TRIPLES
from scripts.hearing.features import BINS
from scripts.hearing.net import MEAN, RESIDUAL, SCALE, Shape

Matrix = NDArray[np.float64]
MFCC = (
    "--use-energy=false", "--sample-frequency=16000", f"--num-mel-bins={BINS}", f"--num-ceps={BINS}",
    "--cepstral-lifter=0", "--low-freq=20", "--high-freq=7600", "--dither=0",
)  # fmt: skip
DECODING = (
    "--min-active=200", "--max-active=3000", "--beam=12.0", "--lattice-beam=2.5", "--acoustic-scale=1.0",
    "--frame-subsampling-factor=3", "--endpoint.silence-phones=1", "--endpoint.rule2.min-trailing-silence=0.5",
    "--endpoint.rule3.min-trailing-silence=0.75", "--endpoint.rule4.min-trailing-silence=1.0",
)  # fmt: skip


class Writer:
    """Kaldi's binary encoding."""

    def __init__(self) -> None:
        self.out = io.BytesIO()
        self.out.write(b"\0B")

    def token(self, text: str) -> None:
        """A token and its space."""
        self.out.write(f"{text} ".encode())

    def integer(self, value: int) -> None:
        """32 bits."""
        self.out.write(b"\4" + struct.pack("<i", value))

    def real(self, value: float) -> None:
        """32 bits."""
        self.out.write(b"\4" + struct.pack("<f", value))

    def double(self, value: float) -> None:
        """64 bits."""
        self.out.write(b"\10" + struct.pack("<d", value))

    def integers(self, values: list[int]) -> None:
        """A vector<int32>."""
        self.integer(len(values))
        self.out.write(np.asarray(values, "<i4").tobytes())

    def vector(self, values: ArrayLike) -> None:
        """Vector<float>."""
        row = np.asarray(values, "<f4")
        self.out.write(b"FV ")
        self.integer(len(row))
        self.out.write(row.tobytes())

    def matrix(self, values: Matrix) -> None:
        """Matrix<float>."""
        table = np.ascontiguousarray(values, "<f4")
        self.out.write(b"FM ")
        self.integer(table.shape[0])
        self.integer(table.shape[1])
        self.out.write(table.tobytes())


def write_transitions(w: Writer) -> None:
    """The transition model of `assistant.stt.graph.hmm`."""
    phones = list(range(1, len(PHONE_NAMES) + 1))
    w.token("<TransitionModel>")
    w.token("<Topology>")
    w.integers(phones)
    w.integers([-1, 0] + [1] * (len(phones) - 1))
    entries = [[(0, SILENCE_MOVES), (-1, ())], [(0, PHONE_MOVES[0]), (1, PHONE_MOVES[1]), (-1, ())]]
    w.integer(len(entries))
    for entry in entries:
        w.integer(len(entry))
        for output_class, moves in entry:
            w.integer(output_class)
            w.integer(len(moves))
            for target, probability in moves:
                w.integer(target)
                w.real(probability)
    w.token("</Topology>")
    w.token("<Triples>")
    w.integer(len(TRIPLES))
    for triple in TRIPLES:
        for value in triple:
            w.integer(value)
    w.token("</Triples>")
    w.token("<LogProbs>")
    w.vector(TRANSITION_LOGS)
    w.token("</LogProbs>")
    w.token("</TransitionModel>")


def cosine(size: int) -> Matrix:
    """Kaldi's orthonormal DCT-II: MFCC = cosine @ log-mel."""
    row, column = np.arange(size)[:, None], np.arange(size)[None]
    table = np.sqrt(2 / size) * np.cos(np.pi / size * (column + 0.5) * row)
    table[0] = np.sqrt(1 / size)
    return np.asarray(table, np.float64)


class Network:
    """Collects nnet3 components and the lines that connect them."""

    def __init__(self) -> None:
        self.lines = [f"input-node name=input dim={BINS}"]
        self.affines: dict[str, tuple[Matrix, Matrix]] = {}
        self.others: dict[str, tuple[str, int]] = {}
        self.order: list[str] = []

    def _node(self, name: str, source: str) -> str:
        self.order.append(name)
        self.lines.append(f"component-node name={name} component={name} input={source}")
        return name

    def affine(self, name: str, weight: Matrix, bias: Matrix, source: str) -> str:
        """A FixedAffineComponent; `weight` (out, in)."""
        self.affines[name] = (weight, bias)
        return self._node(name, source)

    def other(self, name: str, kind: str, size: int, source: str) -> str:
        """A component without weights."""
        self.others[name] = (kind, size)
        return self._node(name, source)

    def write(self, w: Writer) -> None:
        """The nnet3 part of the file."""
        self.lines.append(f"output-node name=output input={self.order[-1]} objective=linear")
        w.token("<Nnet3>")
        w.out.write(("\n" + "\n".join(self.lines) + "\n\n").encode())
        w.token("<NumComponents>")
        w.integer(len(self.order))
        for name in self.order:
            kind, size = self.others.get(name, ("FixedAffineComponent", 0))
            w.token("<ComponentName>")
            w.token(name)
            w.token(f"<{kind}>")
            if name in self.affines:
                w.token("<LinearParams>")
                w.matrix(self.affines[name][0])
                w.token("<BiasParams>")
                w.vector(self.affines[name][1])
            elif kind == "NoOpComponent":
                w.token("<Dim>")
                w.integer(size)
                w.token("<BackpropScale>")
                w.real(1.0)
            else:
                w.token("<Dim>")
                w.integer(size)
                for field in ("<ValueAvg>", "<DerivAvg>"):
                    w.token(field)
                    w.vector([])
                for field in ("<Count>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
                    w.token(field)
                    w.double(0.0)
            w.token(f"</{kind}>")
        w.token("</Nnet3>")


def spliced(weight: Matrix) -> Matrix:
    """A convolution's (out, in, taps) as (out, taps x in): the columns of Kaldi's Append."""
    return np.concatenate([weight[:, :, tap] for tap in range(weight.shape[2])], 1)


def network(weights: dict[str, Matrix], shape: Shape) -> Network:
    """The nnet3 components of a trained net."""
    net = Network()

    def normalised(name: str, matrix: Matrix, bias: Matrix) -> tuple[Matrix, Matrix]:
        gain = weights[f"{name}.weight"] / np.sqrt(weights[f"{name}.running_var"] + 1e-5)
        return matrix * gain[:, None], (bias - weights[f"{name}.running_mean"]) * gain + weights[f"{name}.bias"]

    first = weights["c1.weight"]
    bias = weights["c1.bias"] - (first * MEAN / SCALE).sum((1, 2))
    first = np.einsum("oik,ji->ojk", first / SCALE, cosine(BINS))
    taps = ", ".join("input" if t == 0 else f"Offset(input, {t})" for t in range(-2, 3))
    x = net.affine("c1.affine", *normalised("b1", spliced(first), bias), f"Append({taps})")
    x = net.other("c1.relu", "RectifiedLinearComponent", shape.front, x)
    second = spliced(weights["c2.weight"])
    x = net.affine(
        "c2.affine", *normalised("b2", second, weights["c2.bias"]), f"Append(Offset({x}, -1), {x}, Offset({x}, 1))"
    )
    x = net.other("c2.relu", "RectifiedLinearComponent", shape.hidden, x)
    for i in range(shape.layers):
        low = spliced(weights[f"blocks.{i}.lin.weight"])
        linear = net.affine(f"t{i}.linear", low, np.zeros(len(low)), f"Append(Offset({x}, -3), {x})")
        high = spliced(weights[f"blocks.{i}.aff.weight"])
        affine = normalised(f"blocks.{i}.bn", high, weights[f"blocks.{i}.aff.bias"])
        y = net.affine(f"t{i}.affine", *affine, f"Append({linear}, Offset({linear}, 3))")
        y = net.other(f"t{i}.relu", "RectifiedLinearComponent", shape.hidden, y)
        x = net.other(f"t{i}.noop", "NoOpComponent", shape.hidden, f"Sum(Scale({RESIDUAL}, {x}), {y})")
    x = net.affine("output.affine", weights["out.weight"][:, :, 0], weights["out.bias"], x)
    net.other("output.logsoftmax", "LogSoftmaxComponent", shape.outputs, x)
    return net


def export(checkpoint: Path, model_dir: Path, blank_prior: float) -> None:
    """Write am/ and conf/ of `model_dir`."""
    saved = torch.load(checkpoint, weights_only=True)
    shape = Shape(**saved["shape"])
    weights = {name: value.double().numpy() for name, value in saved["weights"].items()}
    w = Writer()
    write_transitions(w)
    network(weights, shape).write(w)
    priors = np.ones(shape.outputs)
    priors[0] = math.exp(blank_prior)
    w.token("<LeftContext>")
    w.integer(shape.context)
    w.token("<RightContext>")
    w.integer(shape.context)
    w.token("<Priors>")
    w.vector(priors)
    for folder in ("am", "conf"):
        (model_dir / folder).mkdir(parents=True, exist_ok=True)
    (model_dir / "am" / "final.mdl").write_bytes(w.out.getvalue())
    (model_dir / "conf" / "mfcc.conf").write_text("\n".join(MFCC) + "\n", "utf-8")
    (model_dir / "conf" / "model.conf").write_text("\n".join(DECODING) + "\n", "utf-8")


def main() -> int:
    """Export."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("checkpoint", type=Path)
    options.add_argument("model_dir", type=Path)
    options.add_argument("--blank-prior", type=float, default=2.0)
    args = options.parse_args()
    export(args.checkpoint, args.model_dir, args.blank_prior)
    print(f"{args.model_dir}: am/final.mdl {(args.model_dir / 'am' / 'final.mdl').stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
