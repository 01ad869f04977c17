"""The vocoder as nodes of the graph: frames of parameters to samples."""

import numpy as np
from graph import Graph
from numpy.typing import NDArray
from onnx import TensorProto
from vocoder import LEAD, NOISE, ORDER, PULSE, RATE, STEP, bands, basis, high_pass, phase_basis

END = 2**40
"""Behind the last element of anything."""
PHASES = 251
"""Rows of random phase for the noise, used in turn: repeats after 1.6 s, a prime so that nothing else falls in step."""
LOUDNESS = 0.6
"""Gain before the limiter; sets the mean loudness (measured by scripts/voice/measure.py)."""
CEILING = 0.95
"""Largest sample that can come out."""


class Sound:
    """Adds the vocoder to a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def wave(self, envelope: str, log_pitch: str, voiced: str) -> str:
        """Samples at RATE, STEP for each of s acoustic frames, none above CEILING.

        `envelope` (s, ORDER + BANDS), `log_pitch` (s,), log Hz, `voiced` (s,), 1.0 or 0.0; s is 2 or more.
        """
        pulses, noise = self._pulses(envelope, log_pitch, voiced), self._noise(envelope, voiced)
        return self._limit(str(self._graph.node("Add", pulses, noise)))

    def _pulses(self, envelope: str, log_pitch: str, voiced: str) -> str:
        """One impulse response a pitch period, added up: (samples,)."""
        g = self._graph
        pitch = g.node("Exp", g.node("Clip", log_pitch, g.constant(np.log(70.0)), g.constant(np.log(500.0))))
        before = g.node("Concat", g.slice(pitch, 0, 1), pitch, axis=0)
        after = g.node("Concat", pitch, g.slice(pitch, -1, END), axis=0)
        ramp = (np.arange(STEP) + 0.5) / STEP
        column = g.integers(1)
        line = g.node(
            "Add",
            g.node("Mul", g.node("Unsqueeze", before, column), g.constant(1.0 - ramp[None])),
            g.node("Mul", g.node("Unsqueeze", after, column), g.constant(ramp[None])),
        )
        sample_pitch = g.slice(g.node("Reshape", line, g.integers(-1)), STEP // 2, -(STEP // 2))
        on = g.node("Mul", g.node("Unsqueeze", voiced, column), g.constant(np.ones((1, STEP))))
        speed = g.node("Mul", sample_pitch, g.node("Reshape", on, g.integers(-1)))
        advance = g.node("Mul", g.node("Cast", speed, to=TensorProto.DOUBLE), g.constant(1.0 / RATE, np.float64))
        cycles = g.node("CumSum", advance, g.constant(0, np.int64))
        whole = g.node("Floor", cycles)
        earlier = g.node("Concat", g.constant([0.0], np.float64), g.slice(whole, 0, -1), axis=0)
        position = g.node("Reshape", g.node("NonZero", g.node("Greater", whole, earlier)), g.integers(-1))
        rest = g.node("Gather", g.node("Sub", cycles, whole), position)
        late = g.node("Div", rest, g.node("Gather", advance, position))
        late = g.node("Unsqueeze", g.node("Cast", late, to=TensorProto.FLOAT), column)
        here = self._between(envelope, position)
        gain = g.node("Unsqueeze", g.node("Gather", log_pitch, g.node("Div", position, g.integers(STEP))), column)
        return self._place_pulses(here, gain, late, position, g.node("Shape", sample_pitch))

    def _between(self, envelope: str, position: str) -> str:
        """Rows of `envelope` at sample positions, by straight lines between frame centres: (p, width)."""
        g = self._graph
        frame = g.node("Cast", position, to=TensorProto.FLOAT)
        place = g.node("Sub", g.node("Mul", frame, g.constant(1.0 / STEP)), g.constant(0.5))
        last = g.node(
            "Sub", g.node("Gather", g.node("Shape", envelope), g.constant(0, np.int64)), g.constant(2, np.int64)
        )
        floor = g.node("Cast", g.node("Floor", place), to=TensorProto.INT64)
        left = g.node("Min", g.node("Max", floor, g.constant(0, np.int64)), last)
        share = g.node("Sub", place, g.node("Cast", left, to=TensorProto.FLOAT))
        share = g.node("Unsqueeze", g.node("Clip", share, g.constant(0.0), g.constant(1.0)), g.integers(1))
        first = g.node("Gather", envelope, left)
        second = g.node("Gather", envelope, g.node("Add", left, g.constant(1, np.int64)))
        return str(g.node("Add", first, g.node("Mul", g.node("Sub", second, first), share)))

    def _place_pulses(self, here: str, log_pitch: str, late: str, position: str, samples: str) -> str:
        g = self._graph
        lift, turn = high_pass(PULSE)
        slope, offset = bands(PULSE)
        bins = np.arange(PULSE // 2 + 1)
        omega = 2.0 * np.pi * bins / PULSE
        # One product gives log magnitude, phase and aperiodicity (dB) of all bins.
        width = ORDER + slope.shape[0]
        joint = np.zeros((width, 3 * len(bins)))
        joint[:ORDER, : len(bins)] = basis(PULSE)
        joint[:ORDER, len(bins) : 2 * len(bins)] = phase_basis(PULSE)
        joint[ORDER:, 2 * len(bins) :] = slope
        # A pulse train of unit power has pulses of height sqrt(rate / pitch).
        shift = np.concatenate([lift + 0.5 * np.log(RATE), turn - omega * LEAD, offset])
        product = g.node("Add", g.node("MatMul", here, g.constant(joint)), g.constant(shift))
        magnitude, angle, noise = g.node("Split", product, outputs=3, axis=1)
        power = g.node("Exp", g.node("Mul", g.node("Min", noise, g.constant(-0.01)), g.constant(np.log(10.0) / 10.0)))
        tone = g.node("Sqrt", g.node("Sub", g.constant(1.0), power))
        level = g.node("Sub", magnitude, g.node("Mul", log_pitch, g.constant(0.5)))
        amplitude = g.node("Mul", g.node("Exp", level), tone)
        angle = g.node("Add", angle, g.node("Mul", late, g.constant(omega[None])))
        cosine, sine = inverse(PULSE)
        response = g.node(
            "Add",
            g.node("MatMul", g.node("Mul", amplitude, g.node("Cos", angle)), g.constant(cosine)),
            g.node("MatMul", g.node("Mul", amplitude, g.node("Sin", angle)), g.constant(sine)),
        )
        index = g.node(
            "Add", g.node("Unsqueeze", position, g.integers(1)), g.constant(np.arange(PULSE)[None], np.int64)
        )
        silence = g.node("ConstantOfShape", g.node("Add", samples, g.integers(PULSE)))
        flat = g.integers(-1)
        added = g.node(
            "ScatterElements", silence, g.node("Reshape", index, flat), g.node("Reshape", response, flat),
            axis=0, reduction="add",
        )  # fmt: skip
        end = g.node("Add", samples, g.integers(LEAD))
        return str(g.node("Slice", added, g.integers(LEAD), end, g.integers(0)))

    def _noise(self, envelope: str, voiced: str) -> str:
        """Noise of the envelope's shape, all of it where unvoiced, its aperiodic share where voiced: (samples,)."""
        g = self._graph
        slope, offset = bands(NOISE)
        lift, _ = high_pass(NOISE)
        decibel = np.log(10.0) / 20.0
        level = g.node("MatMul", g.slice(envelope, 0, ORDER, axis=1), g.constant(basis(NOISE)))
        share = g.node(
            "Add", g.node("MatMul", g.slice(envelope, ORDER, END, axis=1), g.constant(slope * decibel)),
            g.constant(offset * decibel),
        )  # fmt: skip
        share = g.node("Mul", g.node("Min", share, g.constant(0.0)), g.node("Unsqueeze", voiced, g.integers(1)))
        amplitude = g.node("Exp", g.node("Add", g.node("Add", level, g.constant(lift)), share))
        turns = 2.0 * np.pi * np.random.default_rng(0).random((PHASES, NOISE // 2 + 1))
        count = g.node("Gather", g.node("Shape", envelope), g.constant(0, np.int64))
        row = g.node("Range", g.constant(0, np.int64), count, g.constant(1, np.int64))
        row = g.node("Mod", row, g.constant(PHASES, np.int64))
        window = np.sqrt(NOISE) * np.sin(np.pi * (np.arange(NOISE) + 0.5) / NOISE)
        cosine, sine = inverse(NOISE)

        def shaped(table: NDArray[np.float64], transform: NDArray[np.float64]) -> str:
            drawn = g.node("Gather", g.weight(table), row)
            return str(g.node("MatMul", g.node("Mul", amplitude, drawn), g.constant(transform * window)))

        frames = g.node("Add", shaped(np.cos(turns), cosine), shaped(np.sin(turns), sine))
        none = g.constant(np.zeros((1, STEP)))
        early = g.node("Concat", g.slice(frames, 0, STEP, axis=1), none, axis=0)
        late = g.node("Concat", none, g.slice(frames, STEP, NOISE, axis=1), axis=0)
        line = g.node("Reshape", g.node("Add", early, late), g.integers(-1))
        return str(g.slice(line, STEP // 2, -(STEP // 2)))

    def _limit(self, wave: str) -> str:
        """Soft limiter: straight below a third of the ceiling, never above the ceiling."""
        g = self._graph
        louder = g.node("Mul", wave, g.constant(LOUDNESS / CEILING))
        return str(g.node("Mul", g.node("Tanh", louder), g.constant(CEILING)))


def inverse(points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrices of the inverse real transform, for real and imaginary parts: (bins, points) each."""
    bins = points // 2 + 1
    return np.fft.irfft(np.eye(bins), points, axis=1), np.fft.irfft(1j * np.eye(bins), points, axis=1)
