"""Write the tables and the vocoder as one ONNX graph in Piper's form.

In: `input` (1, n) phoneme ids, `input_lengths` (1,), `scales` (noise, length, noise of duration). Out: `output`
(1, 1, samples) at 16 kHz. One sentence at a time. `scales[1]` stretches every sound (above 1 is slower); the other
two are not used, since nothing here is drawn at random: equal input, equal sound.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from fit import FAR, NODES, SYMBOLS, WIDTH
from graph import Graph
from numpy.typing import NDArray
from onnx import TensorProto, helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
from sound import END, Sound
from vocoder import RATE, STEP

Array = NDArray[Any]
RATES = (0.25, 4.0)
"""Bounds of the stretch that is honoured."""
LIVELY = 1.5
"""Stretch of the pitch's deviations: the linear model keeps 0.7 of flite's, and flite itself is rather level."""
RISE, RISE_S = 0.42, 0.40
"""A yes-or-no question ends this much higher (log pitch: 7 semitones) over this long."""
ASKING = ("w ʌ t", "w ɛ n", "w ɛ ɹ", "w a aɪ", "h u uː", "h a aʊ", "w ɪ t")
"""Classes with which what, when, where, why, who, how and which begin: such questions fall as statements do."""


class Writer:
    """Builds the graph in the order in which sound is made: classes, lengths, frames, pulses, noise."""

    def __init__(self, tables: dict[str, Array]) -> None:
        self.graph = Graph()
        self._tables = tables
        self._classes = [str(name) for name in tables["classes"]]

    def write(self) -> onnx.ModelProto:
        """The whole voice."""
        g = self.graph
        sounds, stress = self._classify()
        left = g.node("Concat", g.slice(sounds, 0, 1), g.slice(sounds, 0, -1), axis=0)
        right = g.node("Concat", g.slice(sounds, 1, END), g.slice(sounds, -1, END), axis=0)
        own = g.node("Add", g.node("Mul", sounds, g.integers(2)), stress)
        sides = {"own": own, "left": left, "right": right}
        place = self._place(sounds)
        lengths, levels = (self._prosody(name, sides, place, stress) for name in ("length", "pitch"))
        frames, log_pitch = self._frames(sides, sounds, lengths, levels)
        envelope = g.slice(frames, 0, WIDTH - 1, axis=1)
        share = g.node("Reshape", g.slice(frames, WIDTH - 1, WIDTH, axis=1), g.integers(-1))
        voiced = g.node("Cast", g.node("Greater", share, g.constant(0.5)), to=TensorProto.FLOAT)
        log_pitch = g.node("Add", log_pitch, self._rise(sounds, voiced))
        wave = Sound(g).wave(envelope, log_pitch, voiced)
        out = g.node("Reshape", wave, g.integers(1, 1, -1))
        return g.model(
            [
                helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
                helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
                helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
            ],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, "time"])],
            out,
        )

    def _classify(self) -> tuple[str, str]:
        """Sound class and stress (0 or 1) of every token that sounds: (n,) both."""
        g = self.graph
        flat = g.node("Reshape", "input", g.integers(-1))
        known = g.node("And", g.node("Greater", flat, g.integers(0)), g.node("Less", flat, g.integers(SYMBOLS)))
        self._tokens = tokens = g.node("Compress", flat, known, axis=0)
        before = g.node("Concat", g.integers(0), g.slice(tokens, 0, -1), axis=0)
        key = g.node("Add", g.node("Mul", before, g.integers(SYMBOLS)), tokens)
        # Tables of 65,536 small numbers each; half precision holds integers to 2,048 exactly.
        found = g.node("Gather", g.weight(self._tables["class_of"]), key)
        inherits = g.node("Gather", g.weight(self._tables["inherits"]), key)
        marked = g.node("Or", *(g.node("Equal", before, g.integers(DEFAULT_PHONEME_ID_MAP[mark][0])) for mark in "ˈˌ"))
        mark = g.node("Cast", marked, to=TensorProto.FLOAT)
        earlier = g.node("Concat", g.constant([0.0]), g.slice(mark, 0, -1), axis=0)
        stress = g.node("Max", mark, g.node("Mul", earlier, inherits))
        sounding = g.node("GreaterOrEqual", found, g.constant(0.0))
        pair = (g.node("Compress", value, sounding, axis=0) for value in (found, stress))
        sounds, stresses = (g.node("Cast", value, to=TensorProto.INT64) for value in pair)
        return sounds, stresses

    def _is(self, sounds: str, names: str) -> str:
        """Whether each sound is one of the one-letter classes `names`: bool (n,)."""
        g = self.graph
        table = np.array([name in names for name in self._classes])
        return str(g.node("Gather", g.constant(table, np.bool_), sounds))

    def _place(self, sounds: str) -> str:
        """fit.place in the graph: (n, 6)."""
        g = self.graph
        count = g.node("Squeeze", g.node("Shape", sounds), g.integers(0))
        index = g.node("Range", g.constant(0, np.int64), count, g.constant(1, np.int64))
        index = g.node("Cast", index, to=TensorProto.FLOAT)
        gap = g.node("Sub", g.node("Unsqueeze", index, g.integers(0)), g.node("Unsqueeze", index, g.integers(1)))
        ahead, behind = g.node("Greater", gap, g.constant(0.0)), g.node("Less", gap, g.constant(0.0))
        pause = g.node("Unsqueeze", self._is(sounds, ".,^"), g.integers(0))
        comma = g.node("Unsqueeze", self._is(sounds, ","), g.integers(0))

        def nearest(where: str, side: str, distance: str) -> str:
            far = g.node("Where", g.node("And", where, side), distance, g.constant(FAR))
            return str(g.node("ReduceMin", far, axes=[1], keepdims=1))

        after = nearest(pause, ahead, gap)
        before = nearest(pause, behind, g.node("Neg", gap))
        to_comma = nearest(comma, ahead, gap)
        same = g.node("Cast", g.node("Equal", to_comma, after), to=TensorProto.FLOAT)

        def fading(distance: str, reach: float) -> str:
            return str(g.node("Exp", g.node("Mul", distance, g.constant(-1.0 / reach))))

        columns = [
            fading(before, 3), fading(before, 12), fading(after, 2), fading(after, 8),
            g.node("Div", before, g.node("Add", before, after)), g.node("Mul", fading(to_comma, 4), same),
        ]  # fmt: skip
        return str(g.node("Concat", *columns, axis=1))

    def _prosody(self, name: str, sides: dict[str, str], place: str, stress: str) -> str:
        """The linear model called `name`, for every sound: (n,). `sides`: own, left and right table rows."""
        g, tables = self.graph, self._tables
        base = float(np.mean(tables[f"{name}_own"]))
        scale = LIVELY if name == "pitch" else 1.0
        total = g.constant(base)
        for side, which in sides.items():
            table = tables[f"{name}_{side}"] - (base if side == "own" else 0.0)
            total = g.node("Add", total, g.node("Gather", g.constant(table * scale), which))
        stressed = g.node(
            "Mul", place, g.node("Unsqueeze", g.node("Cast", stress, to=TensorProto.FLOAT), g.integers(1))
        )
        for value, key in ((place, "place"), (stressed, "stressed_place")):
            product = g.node("MatMul", value, g.constant(tables[f"{name}_{key}"][:, None] * scale))
            total = g.node("Add", total, g.node("Reshape", product, g.integers(-1)))
        return str(total)

    def _frames(self, sides: dict[str, str], sounds: str, lengths: str, levels: str) -> tuple[str, str]:
        """Parameters of every acoustic frame (s, WIDTH), and log pitch (s,)."""
        g, one = self.graph, self.graph.constant(1.0)
        stretch = g.node("Clip", g.slice("scales", 1, 2), g.constant(RATES[0]), g.constant(RATES[1]))
        plain = g.node("Exp", g.node("Clip", lengths, g.constant(0.0), g.constant(np.log(120.0))))
        ends = g.node("Round", g.node("CumSum", g.node("Mul", plain, stretch), g.constant(0, np.int64)))
        count = g.node("Max", g.node("ReduceMax", ends, keepdims=0), g.constant(2.0))
        starts = g.node("Concat", g.constant([0.0]), g.slice(ends, 0, -1), axis=0)
        self._times = times = g.node("Range", g.constant(0.0), count, one)
        past = g.node(
            "LessOrEqual", g.node("Unsqueeze", ends, g.integers(0)), g.node("Unsqueeze", times, g.integers(1))
        )
        owner = g.node("ReduceSum", g.node("Cast", past, to=TensorProto.INT64), g.integers(1), keepdims=0)
        last = g.node("Sub", g.node("Shape", ends), g.integers(1))
        owner = g.node("Min", owner, last)
        length = g.node("Max", g.node("Sub", ends, starts), one)
        middle = g.node("Add", times, g.constant(0.5))
        into = g.node("Div", g.node("Sub", middle, g.node("Gather", starts, owner)), g.node("Gather", length, owner))
        course = self._courses(sides, sounds)
        spot = g.node("Sub", g.node("Mul", into, g.constant(float(NODES))), g.constant(0.5))
        spot = g.node("Clip", spot, g.constant(0.0), g.constant(NODES - 1.0))
        low = g.node("Cast", g.node("Min", g.node("Floor", spot), g.constant(NODES - 2.0)), to=TensorProto.INT64)
        share = g.node("Unsqueeze", g.node("Sub", spot, g.node("Cast", low, to=TensorProto.FLOAT)), g.integers(1))
        row = g.node("Add", g.node("Mul", owner, g.integers(NODES)), low)
        first = g.node("Gather", course, row)
        second = g.node("Gather", course, g.node("Add", row, g.integers(1)))
        frames = g.node("Add", first, g.node("Mul", g.node("Sub", second, first), share))
        # Pitch runs in straight lines from the middle of one sound to that of the next, level beside a pause.
        centres = g.node("Add", starts, g.node("Mul", length, g.constant(0.5)))
        away = g.node("Sub", middle, g.node("Gather", centres, owner))
        side = g.node("Cast", g.node("Sign", away), to=TensorProto.INT64)
        other = g.node("Max", g.node("Min", g.node("Add", owner, side), last), g.integers(0))
        reach = g.node("Abs", g.node("Sub", g.node("Gather", centres, other), g.node("Gather", centres, owner)))
        weight = g.node("Div", g.node("Abs", away), g.node("Max", reach, one))
        beside = g.node("Gather", self._is(sounds, ".,^"), other)
        earlier = g.node("Concat", g.slice(levels, 0, 1), g.slice(levels, 0, -1), axis=0)
        levels = g.node("Where", self._is(sounds, ".,"), earlier, levels)
        here = g.node("Gather", levels, owner)
        slope = g.node("Sub", g.node("Where", beside, here, g.node("Gather", levels, other)), here)
        return frames, g.node("Add", here, g.node("Mul", slope, weight))

    def _courses(self, sides: dict[str, str], sounds: str) -> str:
        """Course of every sound, its mean and what its neighbours add: (n * NODES, WIDTH)."""
        g, tables = self.graph, self._tables
        size = g.integers(len(self._classes))
        sharpen = tables["sharpen"]
        middle = tables["centre"] * (1.0 - sharpen)
        total = g.node("Gather", g.weight(tables["mean"] * sharpen + middle), sides["own"])
        keys = {"left": (sides["left"], sounds), "right": (sounds, sides["right"])}
        for side, (former, latter) in keys.items():
            pair = g.node("Add", g.node("Mul", former, size), latter)
            row = g.node("Gather", g.constant(tables[f"{side}_index"], np.int64), pair)
            total = g.node("Add", total, g.node("Gather", g.weight(tables[side] * sharpen), row))
        return str(g.node("Reshape", total, g.integers(-1, WIDTH)))

    def _rise(self, sounds: str, voiced: str) -> str:
        """What a yes-or-no question adds to the log pitch: (s,), zeros for any other sentence."""
        g, size = self.graph, len(self._classes)
        number = {name: index for index, name in enumerate(self._classes)}
        codes = []
        for names in ASKING:
            a, b, c = (number[name] for name in names.split())
            codes.append((a * size + b) * size + c)
        opening = g.slice(g.node("Concat", sounds, g.integers(0, 0, 0, 0), axis=0), 1, 4)
        code = g.node("ReduceSum", g.node("Mul", opening, g.integers(size * size, size, 1)), g.integers(0), keepdims=1)
        falls = g.node("Cast", g.node("Equal", code, g.integers(*codes)), to=TensorProto.FLOAT)
        mark = g.node("Equal", self._tokens, g.integers(DEFAULT_PHONEME_ID_MAP["?"][0]))
        asked = g.node("ReduceMax", g.node("Cast", mark, to=TensorProto.FLOAT), keepdims=0)
        asked = g.node("Sub", asked, g.node("ReduceMax", falls, keepdims=0))
        last = g.node("ReduceMax", g.node("Mul", self._times, voiced), keepdims=0)
        since = g.node("Mul", g.node("Sub", self._times, last), g.constant(STEP / RATE / RISE_S))
        into = g.node("Clip", g.node("Add", since, g.constant(1.0)), g.constant(0.0), g.constant(1.0))
        height = g.node("Mul", g.node("Max", asked, g.constant(0.0)), g.constant(RISE))
        return str(g.node("Mul", g.node("Pow", into, g.constant(1.5)), height))


def settings() -> dict[str, Any]:
    """Piper's .onnx.json."""
    return {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.0, "length_scale": 1.0, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": SYMBOLS,
        "num_speakers": 1,
        "speaker_id_map": {},
        "language": {"code": "en_US"},
        "dataset": "embedded",
    }


def main() -> None:
    """Write voice.onnx and voice.onnx.json."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tables", type=Path, help="what fit.py wrote")
    arguments.add_argument("out", type=Path)
    chosen = arguments.parse_args()
    with np.load(chosen.tables) as tables:
        model = Writer(dict(tables)).write()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, chosen.out)
    described = json.dumps(settings(), ensure_ascii=False, indent=1) + "\n"
    chosen.out.with_suffix(".onnx.json").write_text(described, encoding="utf-8")
    print(f"{chosen.out}: {chosen.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
