"""A small writer of ONNX graphs: names the values, keeps weights in half precision."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
"""LayerNormalization needs 17; every onnxruntime that Piper accepts reads it."""


class Graph:
    """Nodes and constants in the order in which they are asked for. Values are plain names."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, bytes], str] = {}

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> Any:  # noqa: ANN401  (one name, or a list of names)
        """Add an operator; the name of its output, or a list of names."""
        names = [f"v{len(self._nodes)}" + (f"_{k}" if outputs > 1 else "") for k in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value: npt.ArrayLike, kind: npt.DTypeLike = np.float32) -> str:
        """A small constant as it is; equal ones are stored once."""
        array = np.asarray(value, dtype=kind)
        key = (f"{array.dtype}{array.shape}", array.tobytes())
        if key not in self._known:
            self._known[key] = f"c{len(self._constants)}"
            self._constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def weight(self, value: NDArray[Any]) -> str:
        """A learnt matrix, stored as float16 and widened once when the model is loaded."""
        return str(self.node("Cast", self.constant(value, np.float16), to=TensorProto.FLOAT))

    def integers(self, *values: int) -> str:
        """A vector of int64."""
        return self.constant(values, np.int64)

    def slice(self, value: str, start: int, end: int, axis: int = 0) -> str:
        """value[start:end] along one axis; `end` may lie far behind the last element."""
        return str(self.node("Slice", value, self.integers(start), self.integers(end), self.integers(axis)))

    def model(
        self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto], last: str
    ) -> onnx.ModelProto:
        """The finished, checked model; `last` becomes the only output."""
        self._nodes.append(helper.make_node("Identity", [last], [outputs[0].name]))
        graph = helper.make_graph(self._nodes, "voice", inputs, outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="scripts/voice")
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model
