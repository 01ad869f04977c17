"""The update's scenarios: taken, refused, broken, and cut off."""

import shutil
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path

from assistant.update.bundle import make, private_key
from image.build.release import signing_key
from image.emulator.card import Card
from image.emulator.machine import DeadError, Machine
from image.emulator.proof import HEAVY, Bench, ClaimError, expect, output, prepared, slot
from image.emulator.speaking import answers, left_to_say

VARIANT = {"variant": "lite", "target": "qemu-arm64"}
MOUNT = "mkdir -p /run/stick && (mountpoint -q /run/stick || mount -o ro /dev/vdb /run/stick)"
NEWER = "99.0.0"
OLDER = "0.0.1"
KEEP, KEPT = "add milk to my shopping list", "what is on my shopping list"
"""Told to the first slot, asked of the second."""


def stick(bench: Bench) -> Path:
    """A USB stick with good updates and every kind of bad one; one that is there already is taken again.

    What must be refused by its list or its signature is small: the rest of it would never be read.
    """
    image = bench.work / "stick.img"
    if image.exists() and image.stat().st_mtime > bench.image.stat().st_mtime:
        return image
    folder = bench.work / "stick"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    here = bench.image.parent
    parts = {"boot": here / "boot.vfat", "system": here / "system.erofs"}
    small = {name: _head(path, bench.work / f"small-{name}", 4 << 20) for name, path in parts.items()}
    keys = [private_key(bench.key)]
    make(folder / "good.update", parts, version=NEWER, keys=keys, **VARIANT)
    make(folder / "older.update", small, version=OLDER, keys=keys, **VARIANT)
    make(folder / "other.update", small, version=NEWER, keys=keys, variant="full", target="rpi5")
    signing_key(bench.work / "stranger.pem", make=True)
    make(folder / "stranger.update", small, version=NEWER, keys=[private_key(bench.work / "stranger.pem")], **VARIANT)
    whole = folder / "changed.update"
    make(whole, small, version=NEWER, keys=keys, **VARIANT)
    _head(whole, folder / "short.update", whole.stat().st_size // 2)
    with whole.open("r+b") as file:
        file.seek(-64, 2)
        last = file.read()
        file.seek(-64, 2)
        file.write(bytes(byte ^ 0xFF for byte in last))
    # signed, whole, and unfit: most of the program is gone
    broken = Path(shutil.copy(parts["system"], bench.work / "broken.erofs"))
    with broken.open("r+b") as file:
        file.seek(4 << 20)
        file.write(bytes(64 << 20))
    make(folder / "broken.update", {**parts, "system": broken}, version=NEWER, keys=keys, **VARIANT)
    # starts, and cannot understand: only its own check can find that
    make(
        folder / "deaf.update",
        {**parts, "system": _deaf(parts["system"], bench.work)},
        version=NEWER,
        keys=keys,
        **VARIANT,
    )
    image.unlink(missing_ok=True)
    room = (sum(p.stat().st_size for p in folder.iterdir()) >> 20) * 11 // 10 + 64
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, image, f"{room}M"], check=True)
    shutil.rmtree(folder)
    return image


def _deaf(system: Path, work: Path) -> Path:
    """The same system with a recogniser that cannot be loaded."""
    tree, out = work / "deaf", work / "deaf.erofs"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["fsck.erofs", f"--extract={tree}", "--preserve", system], check=True, capture_output=True)
    model = next((tree / "opt/assistant/models/embedded/hearing/am").iterdir())
    model.write_bytes(model.read_bytes()[:1000])
    subprocess.run(["mkfs.erofs", "-z", "lz4", out, tree], check=True, capture_output=True)
    shutil.rmtree(tree)
    return out


def _head(path: Path, out: Path, size: int) -> Path:
    with path.open("rb") as source:
        out.write_bytes(source.read(size))
    return out


def plugged(bench: Bench, card: Card, image: Path) -> Machine:
    """A board with the stick in it, on and answering."""
    machine = bench.machine(card)
    machine.stick, machine.without = image, HEAVY
    start(machine)
    return machine


def start(machine: Machine) -> None:
    """Power on, wait for an answer and for what an update needs (the bootloader's file), mount the stick."""
    machine.power_on()
    machine.hello()
    prepared(machine)
    output(machine, "sh", "-c", MOUNT)


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
        bench.claim("before the updates: keeps what it is told", lambda: answers(machine, KEEP, "milk"))
        for name in ("older", "other", "stranger", "short", "changed"):
            bench.claim(f"update refused: {name}", partial(refused, machine, name))
        for name, why in {"broken": "did not start", "deaf": "did not work"}.items():
            bench.claim(f"a {name} update: its trial is started", partial(tried, machine, name))
            bench.claim(f"a {name} update: the old version comes back", partial(returns, machine))
            bench.claim(f"a {name} update: the device says so", partial(left_to_say, machine, "update", why))
            output(machine, "sh", "-c", MOUNT)
        bench.claim("a good update: its trial is started", partial(tried, machine, "good"))
        bench.claim("a good update: stays after its own check", partial(kept, machine))
        machine.cut()
        machine.without = HEAVY
        start(machine)
        bench.claim("a good update: the next start is its own", partial(in_slot, machine, "b"))
        bench.claim("a good update: it says so", partial(left_to_say, machine, "update", "updated", NEWER))
        bench.claim("a good update: knows what the other slot was told", lambda: answers(machine, KEPT, "milk"))
    except DeadError as error:
        bench.claim("the board goes on", partial(lost, str(error)))
    finally:
        machine.cut()
        card.remove()


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
    with suppress(DeadError):
        done = machine.run("/usr/bin/assistant", "update", "apply", f"/run/stick/{name}.update", seconds=7200)
        expect(done.status == 0, f"status {done.status}: {(done.err or done.out).strip()[-300:]}")
    how = machine.wait_off(3600)
    expect(how == "trial", f"ended with {how}")
    return "restarted with the trial flag"


def returns(machine: Machine, tries: int = 3) -> str:
    """The trial ends by itself and slot a answers."""
    for _ in range(tries):
        # what decides about a trial is needed in a trial
        machine.without = () if machine.trial else HEAVY
        began = machine.power_on()
        if began.label == "boot_a":
            machine.hello()
            return in_slot(machine, "a")
        machine.wait_off(3600)
    raise ClaimError(f"still in the new slot after {tries} starts")


def kept(machine: Machine) -> str:
    """The trial's own check succeeds and the bootloader's file names the new slot."""
    machine.without = ()
    machine.power_on()
    machine.hello()
    in_slot(machine, "b")
    done = machine.run("systemctl", "start", "assistant-trial.service", seconds=3600)
    expect(done.status == 0, f"the check failed: {done.err.strip()[-200:]}")
    text = machine.card.read("bootconfig", "autoboot.txt") or b""
    expect(b"boot_partition=3\r\n[tryboot]" in text, f"autoboot.txt: {text!r}")
    log = output(machine, "journalctl", "-b", "-u", "assistant-trial.service", "-o", "cat", "--no-pager")
    said = next((line for line in log.splitlines() if line.startswith("healthy")), "")
    expect(bool(said), f"the check said nothing: {log[-200:]}")
    return f"{said}; autoboot.txt names slot b"


def in_slot(machine: Machine, wanted: str) -> str:
    """This slot runs."""
    found = slot(machine)
    expect(found == wanted, f"slot {found} runs, not {wanted}")
    return f"slot {found}"


def lost(text: str) -> str:
    """The board did not answer any more."""
    raise ClaimError(text)
