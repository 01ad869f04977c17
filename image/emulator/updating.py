"""The update's scenarios: taken, refused, broken, and cut off."""

import random
import shutil
import subprocess
from functools import partial
from pathlib import Path

from assistant.update.bundle import make, private_key
from image.build.release import signing_key
from image.emulator.card import Card
from image.emulator.machine import DeadError, Machine
from image.emulator.proof import Bench, ClaimError, expect, hears, output, settled, slot

VARIANT = {"variant": "lite", "target": "qemu-arm64"}
NEWER = "99.0.0"
OLDER = "0.0.1"


def stick(bench: Bench) -> Path:
    """A USB stick with one good update and every kind of bad one."""
    folder = bench.work / "stick"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    here = bench.image.parent
    parts = {"boot": here / "boot.vfat", "system": here / "system.erofs"}
    keys = [private_key(bench.key)]
    good = folder / "good.update"
    make(good, parts, version=NEWER, keys=keys, **VARIANT)
    make(folder / "older.update", parts, version=OLDER, keys=keys, **VARIANT)
    make(folder / "other.update", parts, version=NEWER, keys=keys, variant="full", target="rpi5")
    signing_key(bench.work / "stranger.pem", make=True)
    make(folder / "stranger.update", parts, version=NEWER, keys=[private_key(bench.work / "stranger.pem")], **VARIANT)
    size = good.stat().st_size
    with good.open("rb") as source:
        (folder / "short.update").write_bytes(source.read(size // 2))
    changed = Path(shutil.copy(good, folder / "changed.update"))
    with changed.open("r+b") as file:
        file.seek(size - (64 << 20))
        file.write(b"\xff" * 64)
    # signed, whole, and unfit: most of the program is gone
    broken = Path(shutil.copy(parts["system"], bench.work / "broken.erofs"))
    with broken.open("r+b") as file:
        file.seek(4 << 20)
        file.write(bytes(64 << 20))
    make(folder / "broken.update", {**parts, "system": broken}, version=NEWER, keys=keys, **VARIANT)
    image = bench.work / "stick.img"
    image.unlink(missing_ok=True)
    room = (sum(p.stat().st_size for p in folder.iterdir()) >> 20) * 11 // 10 + 64
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, image, f"{room}M"], check=True)
    shutil.rmtree(folder)
    return image


def plugged(bench: Bench, card: Card, image: Path) -> Machine:
    """A board with the stick in it, on and answering."""
    machine = bench.machine(card)
    machine.stick = image
    start(machine)
    return machine


def start(machine: Machine) -> None:
    """Power on, wait for an answer, mount the stick."""
    machine.power_on()
    machine.hello(1800)
    output(machine, "sh", "-c", "mkdir -p /run/stick && mount -o ro /dev/vdb /run/stick")


def empty_other_slot(card: Card) -> None:
    """Nothing in slot b: what starts there later was written by the update."""
    for label in ("boot_b", "system_b"):
        card.spoil(label, 0, bytes(card.partitions()[label].size))


def updates(bench: Bench) -> None:
    """A good update is tried and kept; every bad one is refused or falls back, and the device goes on."""
    image = stick(bench)
    card = bench.card("updates")
    empty_other_slot(card)
    machine = plugged(bench, card, image)
    try:
        for name in ("older", "other", "stranger", "short", "changed"):
            bench.claim(f"update refused: {name}", partial(refused, machine, name))
        bench.claim("a broken update: its trial is started", partial(tried, machine, "broken"))
        bench.claim("a broken update: the old version comes back", partial(returns, machine))
        bench.claim("and still hears and speaks", partial(hears, machine))
        output(
            machine, "sh", "-c", "mkdir -p /run/stick && (mountpoint -q /run/stick || mount -o ro /dev/vdb /run/stick)"
        )
        bench.claim("a good update: its trial is started", partial(tried, machine, "good"))
        bench.claim("a good update: stays after its own check", partial(kept, machine))
        machine.cut()
        start(machine)
        bench.claim("a good update: the next start is its own", partial(in_slot, machine, "b"))
        bench.claim("a good update: every unit well", partial(settled, machine))
    except DeadError as error:
        bench.claim("the board goes on", partial(lost, str(error)))
    finally:
        machine.cut()
        card.remove()


def cuts(bench: Bench) -> None:
    """Power cuts while an update is written, tried and kept: there is always a slot that starts."""
    image = stick(bench)
    card = bench.card("cuts")
    empty_other_slot(card)
    chance = random.Random(9)
    machine = plugged(bench, card, image)
    try:
        for number in range(bench.cuts):
            phase = ("writing", "trial", "commit")[number % 3]
            bench.claim(
                f"power cut {number + 1} of {bench.cuts}, while {phase}", partial(cut_in, machine, phase, chance)
            )
        bench.claim("hears and speaks after all of it", partial(hears, machine))
    finally:
        machine.cut()
        card.remove()


def cut_in(machine: Machine, phase: str, chance: random.Random) -> str:
    """Begin an update, pull the plug somewhere in `phase`, and see the device start again by itself."""
    if machine.begun and not machine.on:
        start(machine)
    before = slot(machine)
    machine.begin("/usr/bin/assistant", "update", "apply", "/run/stick/good.update")
    if phase == "writing":
        after = chance.uniform(5, 120)
        pause(machine, after)
    else:
        expect(machine.wait_off(3600) == "trial", "the update did not lead to a trial")
        machine.power_on()
        if phase == "trial":
            after = chance.uniform(2, 90)
            pause(machine, after)
        else:
            machine.hello(1800)
            after = chance.uniform(0, 240)
            pause(machine, after)
    machine.cut()
    start(machine)
    now = slot(machine)
    expect(phase == "commit" or now == before, f"slot {now} runs although nothing was kept")
    return f"cut {after:.0f} s into it, in slot {before}; slot {now} started"


def pause(machine: Machine, seconds: float) -> None:
    """Let the machine work for so long, or until it ends by itself."""
    process = machine.process
    if process is not None:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return


def refused(machine: Machine, name: str) -> str:
    """Said in one line, nothing restarted, nothing written."""
    done = machine.run("/usr/bin/assistant", "update", "apply", f"/run/stick/{name}.update", seconds=3600)
    lines = [line for line in done.err.splitlines() if line.strip()]
    expect(
        done.status not in {0, 127} and bool(lines) and "Traceback" not in done.err,
        f"status {done.status}: {done.err[-300:]}",
    )
    return lines[-1].strip()


def tried(machine: Machine, name: str) -> str:
    """The update is taken and the machine restarts into its trial."""
    machine.begin("/usr/bin/assistant", "update", "apply", f"/run/stick/{name}.update")
    how = machine.wait_off(3600)
    expect(how == "trial", f"ended with {how}")
    return "restarted with the trial flag"


def returns(machine: Machine, tries: int = 3) -> str:
    """The trial ends by itself and slot a answers."""
    for _ in range(tries):
        began = machine.power_on()
        if began.label == "boot_a":
            machine.hello(1800)
            return in_slot(machine, "a")
        machine.wait_off(3600)
    raise ClaimError(f"still in the new slot after {tries} starts")


def kept(machine: Machine) -> str:
    """The trial's own check succeeds and the bootloader's file names the new slot."""
    machine.power_on()
    machine.hello(1800)
    in_slot(machine, "b")
    done = machine.run("systemctl", "start", "assistant-trial.service", seconds=3600)
    expect(done.status == 0, f"the check failed: {done.err.strip()[-200:]}")
    text = machine.card.read("bootconfig", "autoboot.txt") or b""
    expect(b"boot_partition=3\r\n[tryboot]" in text, f"autoboot.txt: {text!r}")
    return "health check passed, autoboot.txt names slot b"


def in_slot(machine: Machine, wanted: str) -> str:
    """This slot runs."""
    found = slot(machine)
    expect(found == wanted, f"slot {found} runs, not {wanted}")
    return f"slot {found}"


def lost(text: str) -> str:
    """The board did not answer any more."""
    raise ClaimError(text)
