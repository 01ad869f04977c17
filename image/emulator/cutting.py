"""Power cuts while an update is written, tried and kept. What was shown is kept: the count goes on at the next call."""

import hashlib
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from image.emulator import firmware
from image.emulator.card import SECTOR, Card
from image.emulator.machine import Machine
from image.emulator.proof import HEAVY, Bench, expect, output, prepared, slot
from image.emulator.updating import empty_other_slot, start, stick

PHASES = ("writing", "trial", "commit")
KEEP = (
    "from pathlib import Path; from assistant.cli.update import updater_of;"
    " print(updater_of(Path('/var/lib/assistant'), 'en').keep())"
)
"""What the health check does when all is well, without the check."""
SPARE = (
    *HEAVY, "assistant-firstboot.service", "systemd-logind.service", "systemd-resolved.service",
    "systemd-timesyncd.service", "systemd-networkd.service", "systemd-networkd.socket", "iwd.service",
)  # fmt: skip
"""Left out where cards are started by the dozen; the settings are applied by hand there."""
LONGEST_S = {"writing": 6.0, "trial": 12.0, "commit": 0.4}
"""Between two cuts of a phase at most, in seconds of the emulator's processor time."""


@dataclass(slots=True)
class Story:
    """The cuts of one image so far."""

    folder: Path
    cuts: list[dict[str, Any]] = field(default_factory=list)
    """Each with "phase", "after" (seconds of processor time), "card" (its file, until it was started), "seen"."""
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    @classmethod
    def of(cls, image: Path, work: Path) -> "Story":
        """What was seen of this very image before."""
        with image.open("rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        folder = work / f"cuts-{name}"
        folder.mkdir(exist_ok=True)
        try:
            known = json.loads((folder / "cuts.json").read_text(encoding="utf-8"))
        except OSError:
            known = []
        # a call that goes on takes other instants than the first
        return cls(folder, known, random.Random(len(known)))

    def keep(self) -> None:
        """Write it down."""
        (self.folder / "cuts.json").write_text(json.dumps(self.cuts, indent=1) + "\n", encoding="utf-8")

    def take(self, machine: Machine, phase: str, after: float) -> None:
        """One more cut: the card as it is at this instant."""
        path = self.folder / f"cut-{len(self.cuts) + 1}.img"
        machine.instant(path)
        self.cuts.append({"phase": phase, "after": round(after, 1), "card": str(path)})
        self.keep()

    def of_phase(self, phase: str) -> int:
        """How many there are of it."""
        return sum(cut["phase"] == phase for cut in self.cuts)


def cuts(bench: Bench) -> None:
    """There is always a slot that starts, and after a cut before the commit it is the old one."""
    story = Story.of(bench.image, bench.work)
    wanted = {phase: len(range(number, bench.cuts, len(PHASES))) for number, phase in enumerate(PHASES)}
    try_each(bench, story)
    tried = len(story.cuts)
    if any(story.of_phase(phase) < count for phase, count in wanted.items()):
        collect(bench, story, wanted)
        try_each(bench, story, tried)


def try_each(bench: Bench, story: Story, first: int = 0) -> None:
    """Start the card of each cut that was not started yet; what was seen of the others before is told again."""
    for number, cut in enumerate(story.cuts[first:], first + 1):
        name = f"power cut {number} of {bench.cuts}, while {cut['phase']}"
        if "seen" in cut:
            bench.report.note(name, cut["seen"], holds=cut["holds"], seconds=0)
            continue
        cut["holds"] = bench.claim(name, partial(survived, bench, cut))
        cut["seen"] = bench.report.claims[-1]["seen"]
        Card(Path(cut.pop("card"))).remove()
        story.keep()


def installed(bench: Bench, story: Story) -> Card:
    """A card that was started once, with nothing in its second slot."""
    path = story.folder / "installed.img"
    if path.exists():
        return Card(path)
    card = bench.card("cuts")
    empty_other_slot(card)
    machine = bench.machine(card)
    machine.without = HEAVY
    machine.power_on()
    machine.hello()
    prepared(machine)
    machine.begin("systemctl", "poweroff")
    machine.wait_off(3600)
    card.path.replace(path)
    return Card(path)


def collect(bench: Bench, story: Story, wanted: dict[str, int]) -> None:
    """Cards of cuts at chance instants of updates that run through every phase."""
    while story.of_phase("writing") < wanted["writing"] or not (story.folder / "tried.img").exists():
        card = installed(bench, story).copy(bench.work / "cutting.img")
        machine = bench.machine(card)
        machine.without, machine.stick = HEAVY, stick(bench)
        start(machine)
        machine.begin("/usr/bin/assistant", "update", "apply", "/run/stick/good.update")
        until(machine, watch(card, "boot_b", 0), 0.02)
        at_chance(machine, story, "writing", wanted["writing"])
        expect(machine.wait_off(7200) == "trial", "the update did not lead to a trial")
        card.path.replace(story.folder / "tried.img")
    while any(story.of_phase(phase) < wanted[phase] for phase in ("trial", "commit")):
        card = Card(story.folder / "tried.img").copy(bench.work / "cutting.img")
        machine = bench.machine(card)
        machine.without, machine.trial = HEAVY, True
        machine.power_on()
        at_chance(machine, story, "trial", wanted["trial"], machine.greeted)
        machine.hello()
        prepared(machine)
        machine.begin("/usr/bin/python3", "-c", KEEP)
        until(machine, watch(card, "bootconfig", card.region("bootconfig").index(b"[all]\r\ntryboot_a_b=1")), 0.001)
        story.take(machine, "commit", 0.0)
        at_chance(machine, story, "commit", wanted["commit"])
        machine.cut()
        card.remove()


def until(machine: Machine, changed: Callable[[], bool], pause_s: float) -> None:
    """Wait for what a program that was begun will change. Raises ClaimError when it ends without."""
    while not changed():
        expect(machine.on and not machine.greeted(), f"it ended and changed nothing; {machine.last_words()}")
        time.sleep(pause_s)


def never() -> bool:
    """A phase without an end that can be seen."""
    return False


def at_chance(machine: Machine, story: Story, phase: str, wanted: int, over: Callable[[], bool] = never) -> None:
    """Cuts of a phase at chance instants, until there are enough or the phase is over."""
    begun = now = machine.spent()
    while story.of_phase(phase) < wanted:
        until = now + story.chance.uniform(0, LONGEST_S[phase])
        while now < until:
            if not machine.on or over():
                return
            time.sleep(0.02)
            now = machine.spent()
        story.take(machine, phase, now - begun)


def watch(card: Card, label: str, offset: int) -> Callable[[], bool]:
    """Tells when the sector at `offset` of a partition has changed. Quick: nothing is parsed."""
    offset += card.partitions()[label].start
    descriptor = os.open(card.path, os.O_RDONLY)
    before = os.pread(descriptor, SECTOR, offset)

    def changed() -> bool:
        if os.pread(descriptor, SECTOR, offset) == before:
            return False
        os.close(descriptor)
        return True

    return changed


def survived(bench: Bench, cut: dict[str, Any]) -> str:
    """The card of a cut starts by itself in the slot it must, and the device has said what became of the update."""
    card = Card(Path(cut["card"]))
    chosen = firmware.choose(card, tryboot=False)
    expect(cut["phase"] == "commit" or chosen.label == "boot_a", f"{chosen.label} would be started")
    machine = bench.machine(card)
    machine.without = SPARE
    try:
        machine.power_on()
        machine.hello()
        now = slot(machine)
        expect(chosen.label == f"boot_{now}", f"slot {now} runs, not that of {chosen.label}")
        output(machine, "systemctl", "start", "bootfs.mount", seconds=3600)
        output(machine, "/usr/bin/assistant", "firstboot", "apply", seconds=3600)
        told = machine.run("cat", "/var/lib/assistant/notices/update.txt").out.strip()
        return f"cut after {cut['after']} s of processor time; slot {now} started; says “{told}”"
    finally:
        machine.cut()
