"""The hidden Markov topology that turns CTC outputs into Kaldi transitions, and the numbering of both.

A phone is `p+ blank*`, silence is `blank+`; position-dependent variants (begin, inside, end, single) share one
output so that the recogniser can find word boundaries. Order and numbers here must match am/final.mdl.
"""

import math
from typing import Final

from assistant.stt.graph.phones import BLANK, PHONE_INDEX, PHONES

SILENCE: Final = "SIL"
SILENCE_MOVES: Final = ((0, 0.5), (1, 0.5))
PHONE_MOVES: Final = (((0, 0.3), (1, 0.5), (2, 0.2)), ((1, 0.4), (2, 0.6)))
"""Per state: (next state, probability). The decoder reads costs from the graph, these only have to sum to one."""

PHONE_NAMES: Final[tuple[str, ...]] = (SILENCE, *(f"{phone}_{place}" for phone in PHONES for place in "BIES"))
PHONE_IDS: Final[dict[str, int]] = {name: number for number, name in enumerate(PHONE_NAMES, 1)}


def output_of(name: str) -> int:
    """The network output of a phone variant."""
    return PHONE_INDEX[name.split("_", maxsplit=1)[0]]


TRIPLES: Final[tuple[tuple[int, int, int], ...]] = (
    (1, 0, BLANK),
    *(
        (PHONE_IDS[name], state, output_of(name) if state == 0 else BLANK)
        for name in PHONE_NAMES[1:]
        for state in (0, 1)
    ),
)
"""(phone, state, output), in the order that numbers the transitions."""


def _number() -> tuple[dict[tuple[int, int, int], int], tuple[float, ...]]:
    ids: dict[tuple[int, int, int], int] = {}
    logs = [0.0]
    for phone, state, _ in TRIPLES:
        for target, probability in SILENCE_MOVES if phone == 1 else PHONE_MOVES[state]:
            ids[phone, state, target] = len(logs)
            logs.append(math.log(probability))
    return ids, tuple(logs)


TRANSITION_IDS, TRANSITION_LOGS = _number()
"""(phone, from state, to state) → transition id (from 1); and the log probability of each id, entry 0 unused."""
