"""Is a voice made anew the shipped one? The same graph, and numbers that differ by rounding alone.

Another processor or number of threads sums in another order, so bytes may differ where the voice does not.
Prints one line; ends with status 1 when the voices are not the same.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

TOLERANCE = 1e-3
"""Largest difference of a constant beside its own size or 1. Sums in another order were seen to differ by 6e-4 in the
fitted lengths (a logarithm of seconds: half a thousandth of a sound's length); a sixth less data changes even the
tables' sizes."""


def read(path: Path) -> tuple[list[bytes], dict[str, NDArray[np.float64]]]:
    """The graph's nodes as bytes, and its constants by name."""
    graph = onnx.load(path).graph
    constants = {one.name: numpy_helper.to_array(one).astype(np.float64) for one in graph.initializer}
    return [node.SerializeToString(deterministic=True) for node in graph.node], constants


def largest(new: dict[str, NDArray[np.float64]], shipped: dict[str, NDArray[np.float64]]) -> float:
    """The largest difference of any constant, beside its own size or 1; infinite where shapes differ."""
    if new.keys() != shipped.keys() or any(new[name].shape != shipped[name].shape for name in new):
        return float("inf")
    return max(
        (
            float(np.max(np.abs(new[name] - was) / np.maximum(np.abs(was), 1)))
            for name, was in shipped.items()
            if was.size
        ),
        default=0.0,
    )


def main() -> None:
    """compare.py NEW.onnx SHIPPED.onnx."""
    new, shipped = read(Path(sys.argv[1])), read(Path(sys.argv[2]))
    apart = largest(new[1], shipped[1])
    same = new[0] == shipped[0] and apart <= TOLERANCE
    print(
        f"voice: {'the same' if same else 'NOT the same'} as the shipped one; constants differ by {apart:.1e} at most"
    )
    sys.exit(not same)


if __name__ == "__main__":
    main()
