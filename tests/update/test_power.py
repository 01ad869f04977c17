"""The plug is pulled before every single step, and again later: the device always starts, and says what happened."""

import io
import random
from pathlib import Path

import pytest

from assistant.update import bundle as bundle_module
from assistant.update.bundle import Bundle
from tests.update.files import IMAGES, KEY, NEW, OLD, ROOM, update
from tests.update.simulated import JOURNAL, PowerCut, Simulated


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    """Pieces of 1 KiB make a small image many writes."""
    monkeypatch.setattr(bundle_module, "CHUNK", 1024)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> bytes:
    return update(tmp_path_factory.mktemp("update") / "new.update").read_bytes()


def live(sim: Simulated, data: bytes, *, healthy: bool, later: list[int]) -> int:
    """Apply the update and restart until nothing more happens; `later` are steps after a cut at which it is cut again.
    How many cuts there were.
    """
    cuts = 0
    try:
        sim.updater().apply(Bundle(Path("new.update"), io.BytesIO(data), [KEY.public_key()]))
    except PowerCut:
        cuts += 1
    else:
        sim.shut_down()
    while True:
        if cuts:
            sim.cut_at = sim.steps + later.pop() if later else None
        try:
            sim.start(healthy=healthy)
        except PowerCut:
            cuts += 1
            continue
        if not sim.restarting:
            return cuts
        sim.shut_down()


def steps(data: bytes, *, healthy: bool) -> int:
    """Steps of an undisturbed update, its trial included."""
    sim = Simulated.shipped(0, IMAGES, OLD, ROOM)
    live(sim, data, healthy=healthy, later=[])
    assert sim.version == (NEW if healthy else OLD)
    assert ("have been updated" if healthy else "did not work") in sim.told()
    return sim.steps


@pytest.mark.parametrize("healthy", [True, False])
def test_one_cut_before_every_step(data, healthy):
    count = steps(data, healthy=healthy)
    assert count > 20
    seen = set()
    for at in range(count):
        for seed in range(4):
            sim = Simulated.shipped(seed, IMAGES, OLD, ROOM)
            sim.cut_at = at
            assert live(sim, data, healthy=healthy, later=[]) == 1
            check(sim, healthy=healthy)
            seen.add((sim.version, sim.told()[:40]))
    # the cuts met each phase: nothing begun yet, interrupted, tried, kept or not
    assert {version for version, _ in seen} == ({OLD, NEW} if healthy else {OLD})
    assert len(seen) >= 4


@pytest.mark.parametrize("seed", range(300))
def test_several_cuts(data, seed):
    rng = random.Random(seed)
    healthy = rng.random() < 0.7
    sim = Simulated.shipped(seed, IMAGES, OLD, ROOM)
    sim.cut_at = rng.randrange(60)
    live(sim, data, healthy=healthy, later=[rng.randrange(12) for _ in range(rng.randrange(4))])
    check(sim, healthy=healthy)
    # and the next attempt, without a cut, ends as it should
    sim.cut_at = None
    if sim.version == OLD:
        live(sim, data, healthy=True, later=[])
        assert sim.version == NEW
        assert "have been updated" in sim.told()


def check(sim: Simulated, *, healthy: bool) -> None:
    """What holds after every story."""
    sim.power_on()  # raises when nothing can be started
    assert sim.version == (OLD if not healthy else sim.version)
    assert sim.read(JOURNAL) is None
    if sim.version == NEW:
        assert "have been updated" in sim.told()
    elif sim.version_in("b") is not None or sim.partitions["system_b"].now.strip(b"\0"):
        assert "1.2.0" in sim.told()  # something was written to the other slot: it says what became of it
