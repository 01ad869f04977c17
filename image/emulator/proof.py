"""What is claimed of the image, tried on an emulated board.

Each claim is one line of the report, with what was seen.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from image.emulator.card import Card
from image.emulator.machine import DeadError, Machine

GIGABYTE = 1 << 30
HEAVY = ("assistant-core.service", "assistant-health.service", "assistant-trial.service", "assistant-egress.socket")
"""Left out where only the start itself is looked at: they load every engine, which takes minutes here."""
SETTINGS = "assistant.toml"
UNWELCOMED = "[speaking]\r\nwelcome = false\r\n"
"""For a card's settings file: nobody is there to be welcomed."""


class ClaimError(Exception):
    """A claim does not hold."""


@dataclass(slots=True)
class Report:
    """What was seen, written down as it happens."""

    path: Path
    claims: list[dict[str, object]] = field(default_factory=list)

    def note(self, name: str, seen: str, *, holds: bool, seconds: float) -> None:
        """One claim."""
        self.claims.append({"claim": name, "holds": holds, "seen": seen, "seconds": round(seconds, 1)})
        self.path.write_text(json.dumps(self.claims, indent=1) + "\n", encoding="utf-8")
        print(f"{'ok  ' if holds else 'FAIL'} {name}: {seen}", flush=True)

    @property
    def good(self) -> bool:
        """Whether every claim held."""
        return bool(self.claims) and all(claim["holds"] for claim in self.claims)


@dataclass(slots=True)
class Bench:
    """Where scenarios are played: an image, a place for cards, a report."""

    image: Path
    """The card's image; the partitions' images and the build's key lie beside it."""
    key: Path
    """Signs updates that the image accepts."""
    work: Path
    cuts: int
    """Power cuts in the scenario of that name."""
    report: Report
    machines: list[Machine] = field(default_factory=list)

    def card(self, name: str, size: int | None = 4 * GIGABYTE) -> Card:
        """A freshly flashed card whose settings were looked through."""
        card = Card.flash(self.image, self.work / f"{name}.img", size)
        given = card.read("bootconfig", SETTINGS) or b""
        card.write("bootconfig", SETTINGS, given + UNWELCOMED.encode())
        return card

    def machine(self, card: Card, *, network: bool = False) -> Machine:
        """A board with this card."""
        machine = Machine(card, self.work / card.path.stem, network=network)
        self.machines.append(machine)
        return machine

    def claim(self, name: str, check: Callable[[], str]) -> bool:
        """Try one claim: `check` returns what it saw, or raises ClaimError or DeadError."""
        begun = time.monotonic()
        try:
            seen, holds = check(), True
        except (ClaimError, DeadError) as error:
            seen, holds = str(error), False
        self.report.note(name, seen, holds=holds, seconds=time.monotonic() - begun)
        return holds

    @contextmanager
    def powered(self, card: Card, *, network: bool = False, without: tuple[str, ...] = ()) -> Iterator[Machine]:
        """A board that is on and answers, for as long as the block lasts; then its plug is pulled."""
        machine = self.machine(card, network=network)
        machine.without = without
        try:
            machine.power_on()
            machine.hello()
            yield machine
        finally:
            machine.cut()


def expect(condition: bool, otherwise: str) -> None:
    """Raise ClaimError unless `condition`."""
    if not condition:
        raise ClaimError(otherwise)


def output(machine: Machine, *command: str, seconds: float = 600) -> str:
    """What a program inside prints; ClaimError when it fails."""
    done = machine.run(*command, seconds=seconds)
    expect(done.status == 0, f"{' '.join(command)[:80]}: status {done.status}: {(done.err or done.out).strip()[-300:]}")
    return done.out


def prepared(machine: Machine) -> None:
    """Wait until the card's first partition is there and its settings are applied."""
    output(machine, "systemctl", "start", "assistant-firstboot.service", seconds=7200)


def settled(machine: Machine) -> str:
    """Wait until systemd has started everything; its state and the units that failed."""
    state = machine.run("systemctl", "is-system-running", "--wait", seconds=7200).out.strip()
    failed = [
        line.split()[0]
        for line in output(machine, "systemctl", "--failed", "--plain", "--no-legend").splitlines()
        if line.strip()
    ]
    expect(state == "running" and not failed, f"{state}; failed: {', '.join(failed) or 'none'}")
    times = (
        output(machine, "systemd-analyze", "time").splitlines()[0]
        if machine.run("systemd-analyze", "--version").status == 0
        else ""
    )
    return f"{state}, no unit failed, {time.monotonic() - machine.begun:.0f} s after power-on; {times}"


def read_only(machine: Machine) -> str:
    """Nobody, not even root, can change the running system."""
    root = next(line.split() for line in output(machine, "cat", "/proc/mounts").splitlines() if line.split()[1] == "/")
    expect(root[2] == "erofs" and "ro" in root[3].split(","), f"/ is {root[2]} {root[3]}")
    # EROFS takes the remount without a word and stays as it is: only a write tells
    machine.run("mount", "-o", "remount,rw", "/")
    for path in ("/etc/x", "/usr/bin/x", "/opt/assistant/x"):
        expect(machine.run("touch", path).status != 0, f"{path} could be written")
    return f"/ is {root[2]} ({root[3].split(',')[0]}); root cannot write to /etc, /usr or /opt, nor after a remount"


def listening(machine: Machine) -> list[str]:
    """Sockets of the internet families that take what comes: "tcp 22"."""
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "udplite", "udplite6"):
        for line in machine.run("cat", f"/proc/net/{table}").out.splitlines()[1:]:
            columns = line.split()
            if not table.startswith("tcp") or columns[3] == "0A":
                found.append(f"{table} {int(columns[1].rsplit(':', 1)[1], 16)}")
    return sorted(set(found))


def no_port(machine: Machine) -> str:
    """Nothing listens; with a network only the address client may, at its own port."""
    found = listening(machine)
    if machine.network:
        # address and router messages of the system's own clients: udp 68 and 546, raw ICMPv6
        found = [port for port in found if port not in {"udp 68", "udp6 546", "raw6 58"}]
    expect(not found, f"open: {', '.join(found)}")
    return "no listening socket in /proc/net" + (" but those of the address clients" if machine.network else "")


def no_login(machine: Machine) -> str:
    """No account has a password or works without one, nothing offers a login, nothing builds or installs."""
    for line in output(machine, "cat", "/etc/shadow").splitlines():
        name, password = line.split(":")[:2]
        expect(password.startswith(("!", "*")), f"{name} has a usable password field")
    active = output(machine, "systemctl", "list-units", "--plain", "--no-legend", "--state=active").lower()
    expect(not re.search(r"getty|sshd|ssh\.|debug-shell", active), "a login service runs")
    for program in ("apt", "apt-get", "gcc", "cc", "make", "sshd", "sudo", "wget", "curl"):
        expect(machine.run("sh", "-c", f"command -v {program}").status != 0, f"{program} is there")
    suid = output(machine, "find", "/usr", "-xdev", "-perm", "/6000", "-type", "f").split()
    rights = ", ".join(suid) or "none"
    return f"all accounts locked, no login service, package manager or compiler; set-uid files: {rights}"


def grown(machine: Machine) -> str:
    """The data partition fills the card."""
    count, size = output(machine, "stat", "-f", "-c", "%b %S", "/var").split()
    blocks = int(count) * int(size)
    expect(blocks > GIGABYTE, f"/var has {blocks >> 20} MiB")
    card = machine.card.path.stat().st_size
    return f"/var has {blocks >> 20} MiB of a {card >> 20} MiB card, 64 in the image, without a restart"


def watchdog(machine: Machine) -> str:
    """systemd feeds a watchdog."""
    text = output(machine, "systemctl", "show", "-p", "RuntimeWatchdogUSec", "-p", "WatchdogDevice")
    # the emulated layer has an hour instead of the board's 15 seconds
    expect("RuntimeWatchdogUSec=1h" in text, " ".join(text.split()))
    device = output(machine, "cat", "/sys/class/watchdog/watchdog0/state").strip()
    expect(device == "active", f"watchdog0 is {device}")
    return f"{' '.join(text.split())}, watchdog0 {device}"


def slot(machine: Machine) -> str:
    """The slot that is mounted as root, "a" or "b"."""
    device = next(
        line.split()[0] for line in output(machine, "cat", "/proc/mounts").splitlines() if line.split()[1] == "/"
    )
    for letter in "ab":
        if output(machine, "readlink", "-f", f"/dev/disk/by-partlabel/system_{letter}").strip() == device:
            return letter
    raise ClaimError(f"/ is on {device}, which is no slot")
