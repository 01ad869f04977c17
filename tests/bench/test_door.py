"""The offline switch at a real door, in the middle of a real stream."""

from assistant.bench.door import measure_door
from assistant.bench.figures import Effort, Stage


def test_the_switch_is_measured_at_a_real_door() -> None:
    stage = Stage("door")
    measure_door(stage, Effort(repeats=3, warmup=0))
    switch, silent = stage.series["offline_switch_ms"].values, stage.series["answer_silent_ms"].values
    assert len(switch) == len(silent) == 3
    # it is over only when both sides are
    assert all(0 < core <= both for core, both in zip(silent, switch, strict=True))
