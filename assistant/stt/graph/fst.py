"""Finite-state transducers in OpenFst's binary form, written with numpy alone.

Two types: `const` (a plain immutable transducer) and `olabel_lookahead` (the same with, for every state, the set of
output labels that can come next: the recogniser joins such a lexicon with any grammar at run time). Weights are
tropical (negative log probabilities), arcs are kept in the order the reader needs.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError

_MAGIC: Final = 2125659606
_ADDON_MAGIC: Final = 446681434
_HEADER: Final = struct.Struct("<iiQqqq")
_NOT_FINAL: Final = float("inf")

# Property bits of OpenFst (fst/properties.h) that are always true of what is written here.
_EXPANDED: Final = 0x1
_ACCEPTOR, _TRANSDUCER = 0x10000, 0x20000
_EPSILONS, _INPUT_EPSILONS, _OUTPUT_EPSILONS = 0x400000, 0x1000000, 0x4000000
_SORTED_BY_INPUT, _SORTED_BY_OUTPUT = 0x10000000, 0x40000000
_WEIGHTED: Final = 0x100000000

_ARC: Final = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("target", "<i4")])
_STATE: Final = np.dtype(
    [("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("iepsilons", "<u4"), ("oepsilons", "<u4")]
)


@dataclass(slots=True)
class Fst:
    """A transducer being built: numbered states, arcs in any order, costs for ending. State 0 is the start."""

    sources: list[int] = field(default_factory=list)
    ilabels: list[int] = field(default_factory=list)
    olabels: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    finals: dict[int, float] = field(default_factory=dict)
    states: int = 0

    def state(self) -> int:
        """A new state's number."""
        self.states += 1
        return self.states - 1

    def arc(self, source: int, target: int, ilabel: int, olabel: int, weight: float = 0.0) -> None:
        """An arc; label 0 is epsilon."""
        self.sources.append(source)
        self.targets.append(target)
        self.ilabels.append(ilabel)
        self.olabels.append(olabel)
        self.weights.append(weight)

    def arrays(self, *, by_output: bool) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """(states, arcs) as OpenFst stores them, the arcs of a state sorted by output or by input label."""
        source = np.asarray(self.sources, np.int64)
        arcs = np.empty(len(source), _ARC)
        arcs["ilabel"], arcs["olabel"], arcs["weight"], arcs["target"] = (
            self.ilabels,
            self.olabels,
            self.weights,
            self.targets,
        )
        keys = (arcs["ilabel"], arcs["olabel"]) if by_output else (arcs["olabel"], arcs["ilabel"])
        order = np.lexsort((*keys, source))
        arcs, source = arcs[order], source[order]
        states = np.zeros(self.states, _STATE)
        states["final"] = _NOT_FINAL
        states["arcs"] = np.bincount(source, minlength=self.states)
        states["first"] = np.concatenate([[0], np.cumsum(states["arcs"])[:-1]])
        states["iepsilons"] = np.bincount(source, arcs["ilabel"] == 0, minlength=self.states)
        states["oepsilons"] = np.bincount(source, arcs["olabel"] == 0, minlength=self.states)
        for state, cost in self.finals.items():
            states["final"][state] = cost
        return states, arcs


def _header(kind: str, version: int, properties: int, *, start: int, states: int, arcs: int) -> bytes:
    name, arc_type = kind.encode(), b"standard"
    return (
        struct.pack("<ii", _MAGIC, len(name)) + name + struct.pack("<i", len(arc_type)) + arc_type
        + _HEADER.pack(version, 0, properties, start, states, arcs)
    )  # fmt: skip


def const_bytes(fst: Fst, *, by_output: bool = False) -> bytes:
    """`fst` as an OpenFst `const` file. Sorted by input label unless `by_output`."""
    states, arcs = fst.arrays(by_output=by_output)
    return (
        _header("const", 2, _properties(by_output=by_output), start=0, states=len(states), arcs=len(arcs))
        + states.tobytes()
        + arcs.tobytes()
    )


def _properties(*, by_output: bool) -> int:
    shared = _EXPANDED | _EPSILONS | _INPUT_EPSILONS | _OUTPUT_EPSILONS | _WEIGHTED
    return shared | ((_TRANSDUCER | _SORTED_BY_OUTPUT) if by_output else (_ACCEPTOR | _SORTED_BY_INPUT))


Intervals = tuple[tuple[int, int], ...]
"""Sorted, disjoint, half-open ranges of labels."""


def merge_intervals(parts: Sequence[tuple[int, int]]) -> Intervals:
    """The union of half-open ranges, touching ones joined."""
    out: list[tuple[int, int]] = []
    for begin, end in sorted(parts):
        if out and begin <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((begin, end))
    return tuple(out)


def reachable_labels(states: NDArray[np.void], arcs: NDArray[np.void], final_label: int) -> list[Intervals]:
    """For each state the output labels that can be met first on a path from it; `final_label` stands for ending.

    A fixed point over arcs without output label, states visited in reverse topological order where there is one.
    """
    first, count = states["first"].tolist(), states["arcs"].tolist()
    olabels, targets = arcs["olabel"].tolist(), arcs["target"].tolist()
    own: list[Intervals] = []
    silent: list[list[int]] = []
    for state, (at, size) in enumerate(zip(first, count, strict=True)):
        labels = olabels[at : at + size]
        parts = [(label, label + 1) for label in labels if label]
        if np.isfinite(states["final"][state]):
            parts.append((final_label, final_label + 1))
        own.append(merge_intervals(parts))
        silent.append([t for label, t in zip(labels, targets[at : at + size], strict=True) if not label and t != state])
    reach = own[:]
    order = _postorder(silent)
    changed = True
    while changed:  # one pass and a check, unless silent arcs form a cycle (the filler word's loop does)
        changed = False
        for state in order:
            if not silent[state]:
                continue
            below = {reach[target] for target in silent[state]}
            merged = merge_intervals([*own[state], *(part for intervals in below for part in intervals)])
            if merged != reach[state]:
                reach[state] = merged
                changed = True
    return reach


def _postorder(edges: list[list[int]]) -> list[int]:
    seen = bytearray(len(edges))
    order: list[int] = []
    for root in range(len(edges)):
        if seen[root]:
            continue
        seen[root] = 1
        stack = [(root, iter(edges[root]))]
        while stack:
            state, targets = stack[-1]
            for target in targets:
                if not seen[target]:
                    seen[target] = 1
                    stack.append((target, iter(edges[target])))
                    break
            else:
                order.append(state)
                stack.pop()
    return order


def lookahead_bytes(fst: Fst, final_label: int) -> bytes:
    """`fst` as an OpenFst `olabel_lookahead` file. `final_label` must be larger than every output label."""
    states, arcs = fst.arrays(by_output=True)
    properties = _properties(by_output=True)
    sets = bytearray()
    cache: dict[Intervals, bytes] = {}
    for intervals in reachable_labels(states, arcs, final_label):
        if intervals not in cache:
            flat = [value for pair in intervals for value in pair]
            size = sum(end - begin for begin, end in intervals)
            cache[intervals] = struct.pack(f"<q{len(flat)}ii", len(intervals), *flat, size)
        sets += cache[intervals]
    return b"".join((
        _header("olabel_lookahead", 1, properties, start=-1, states=0, arcs=0),
        struct.pack("<i", _ADDON_MAGIC),
        _header("const", 2, properties, start=0, states=len(states), arcs=len(arcs)), states.tobytes(), arcs.tobytes(),
        # an add-on pair follows: nothing for input labels; for output labels not "reach input", no relabelling kept
        struct.pack("<?????iq", True, False, True, False, False, final_label, len(states)),
        bytes(sets),
    ))  # fmt: skip


def read_const(data: bytes, offset: int = 0) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """(states, arcs) of a `const` transducer, or of the one inside `olabel_lookahead`. Raises ModelError."""
    try:
        magic, size = struct.unpack_from("<ii", data, offset)
        kind = data[offset + 8 : offset + 8 + size].decode("ascii")
        (arc_size,) = struct.unpack_from("<i", data, offset + 8 + size)
        start = offset + 12 + size + arc_size
        _, _, _, _, states, arcs = _HEADER.unpack_from(data, start)
        end = start + _HEADER.size
        if magic == _MAGIC and kind == "olabel_lookahead":
            return read_const(data, end + 4)
        if magic != _MAGIC or kind != "const":
            raise ModelError(f"a graph file of type '{kind}' is not one this program writes; rebuild the graph")
        state_table = np.frombuffer(data, _STATE, states, end)
        return state_table, np.frombuffer(data, _ARC, arcs, end + states * _STATE.itemsize)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise ModelError("a graph file is cut short or damaged; restore the model or rebuild the graph") from error
