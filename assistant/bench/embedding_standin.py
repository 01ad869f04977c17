"""A sentence-embedding model of exactly all-MiniLM-L6-v2's shape with random weights: as fast, and without meaning."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Shape:
    """A BERT encoder's sizes; all-MiniLM-L6-v2's by default (its published config.json)."""

    vocabulary: int = 30522
    hidden: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    positions: int = 512


class _Graph:
    """Collects nodes and weights."""

    def __init__(self, seed: int) -> None:
        from onnx import helper, numpy_helper  # noqa: PLC0415 - only who makes stand-ins has it

        self._helper, self._numpy = helper, numpy_helper
        self._rng = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, *shape: int) -> str:
        return self.constant(self._rng.standard_normal(shape).astype(np.float32) * 0.02)

    def constant(self, values: Any) -> str:  # noqa: ANN401 - anything an array can be made of
        name = f"w{len(self.weights)}"
        self.weights.append(self._numpy.from_array(np.asarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - the operator's own
        name = f"n{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, x: str, wide: int, out: int) -> str:
        return self.add("Add", self.add("MatMul", x, self.weight(wide, out)), self.weight(out))

    def normal(self, x: str, size: int) -> str:
        one, zero = self.constant(np.ones(size, np.float32)), self.constant(np.zeros(size, np.float32))
        return self.add("LayerNormalization", x, one, zero, axis=-1, epsilon=1e-12)


def make_standin(folder: Path, shape: Shape | None = None, *, quantised: bool = True, seed: int = 0) -> Path:
    """Write model.onnx and a vocab.txt beside it into `folder`; the model. `quantised`: weights as 8-bit integers, as
    in the catalogue's file. Raises AssistantError when the packages that are needed are not installed."""
    try:
        from onnx import TensorProto, helper, save  # noqa: PLC0415
    except ImportError as error:
        raise AssistantError("a stand-in needs the package onnx; run: .venv/bin/pip install onnx") from error
    shape = shape or Shape()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(_vocabulary(shape.vocabulary)) + "\n", encoding="utf-8")
    graph = _Graph(seed)
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in _INPUTS]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", shape.hidden])
    last = _encoder(graph, shape)
    graph.nodes.append(helper.make_node("Identity", [last], ["last_hidden_state"]))
    made = helper.make_graph(graph.nodes, "minilm", inputs, [output], graph.weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "model.onnx"
    if not quantised:
        save(model, path)
        return path
    from onnxruntime.quantization import quantize_dynamic  # noqa: PLC0415

    whole = folder / "whole.onnx"
    save(model, whole)
    quantize_dynamic(whole, path)
    whole.unlink()
    return path


_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def _encoder(graph: _Graph, shape: Shape) -> str:
    """The nodes of the encoder; the name of its last output."""
    size, each = shape.hidden, shape.hidden // shape.heads
    length = graph.add("Slice", graph.add("Shape", "input_ids"), *(graph.constant([n]) for n in (1, 2)))
    places = graph.add("Slice", graph.weight(shape.positions, size), graph.constant([0]), length, graph.constant([0]))
    words = graph.add("Gather", graph.weight(shape.vocabulary, size), "input_ids")
    kinds = graph.add("Gather", graph.weight(2, size), "token_type_ids")
    x = graph.normal(graph.add("Add", graph.add("Add", words, kinds), places), size)
    mask = graph.add("Cast", graph.add("Unsqueeze", "attention_mask", graph.constant([1, 2])), to=1)
    hidden = graph.add("Mul", graph.add("Sub", graph.constant(np.float32(1)), mask), graph.constant(np.float32(-1e4)))
    split = graph.constant([0, 0, shape.heads, each])

    def heads(x: str, order: tuple[int, ...]) -> str:
        return graph.add("Transpose", graph.add("Reshape", graph.linear(x, size, size), split), perm=order)

    for _ in range(shape.layers):
        asked, keys, values = heads(x, (0, 2, 1, 3)), heads(x, (0, 2, 3, 1)), heads(x, (0, 2, 1, 3))
        near = graph.add("Div", graph.add("MatMul", asked, keys), graph.constant(np.float32(each**0.5)))
        mixed = graph.add("MatMul", graph.add("Softmax", graph.add("Add", near, hidden), axis=-1), values)
        joined = graph.add("Reshape", graph.add("Transpose", mixed, perm=(0, 2, 1, 3)), graph.constant([0, 0, size]))
        x = graph.normal(graph.add("Add", graph.linear(joined, size, size), x), size)
        inner = graph.linear(x, size, shape.inner)
        bent = graph.add("Erf", graph.add("Div", inner, graph.constant(np.float32(2**0.5))))
        half = graph.add("Mul", inner, graph.constant(np.float32(0.5)))
        active = graph.add("Mul", half, graph.add("Add", bent, graph.constant(np.float32(1))))
        x = graph.normal(graph.add("Add", graph.linear(active, shape.inner, size), x), size)
    return x


def _vocabulary(size: int) -> list[str]:
    """Marks, single letters and made-up pieces, as many as the model's own vocabulary has."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    pieces += [mark for mark in ".,:;!?'\"()-" if mark not in pieces]
    for one in letters[:26]:
        for two in letters[:26]:
            pieces += [one + two, f"##{one}{two}"]
    for one in letters[:26]:
        for two in letters[:26]:
            for three in letters[:26]:
                pieces += [one + two + three, f"##{one}{two}{three}"]
    return pieces[:size]
