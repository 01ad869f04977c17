"""The bootloader's part: which slot is started, by the rules of the Raspberry Pi 5's own (`autoboot.txt`, one-shot
`tryboot`).

Only what the image relies on is played: the sections `[all]`, `[none]` and `[tryboot]`, `boot_partition`,
`tryboot_a_b`, and that the
trial flag is gone before the kernel starts. The real one was never asked here.
"""

import re
from dataclasses import dataclass
from typing import Protocol

LIMIT = 512
"""Bytes of autoboot.txt that the bootloader reads."""

TRIAL = "0 tryboot"
"""The argument of the restart that sets the trial flag."""


class Readable(Protocol):
    """A card whose FAT files can be read."""

    def read(self, label: str, name: str) -> bytes | None:
        """A file of a partition, None when it is not there."""


class NoBootError(Exception):
    """The bootloader found nothing to start; the text says why. A real board blinks."""


@dataclass(frozen=True, slots=True)
class Start:
    """What the bootloader hands to the kernel."""

    partition: int
    tryboot: bool

    @property
    def label(self) -> str:
        """The boot partition's label."""
        return {2: "boot_a", 3: "boot_b"}[self.partition]


def autoboot(text: bytes, *, tryboot: bool) -> tuple[int | None, bool]:
    """The boot partition that `autoboot.txt` names, and whether a trial reads the ordinary file names
    (`tryboot_a_b`).
    """
    partition: int | None = None
    same_names = False
    applies = True
    for raw in text[:LIMIT].decode("ascii", errors="replace").splitlines():
        line = raw.split("#")[0].strip()
        if section := re.fullmatch(r"\[(\w+)\]", line):
            applies = section[1] == "all" or (section[1] == "tryboot" and tryboot)
        elif applies and (setting := re.fullmatch(r"(\w+)\s*=\s*(\d+)", line)):
            if setting[1] == "boot_partition":
                partition = int(setting[2])
            elif setting[1] == "tryboot_a_b":
                same_names = setting[2] == "1"
    return partition, same_names


def choose(card: Readable, *, tryboot: bool) -> Start:
    """Which partition is started. Raises NoBootError when none can be."""
    text = card.read("bootconfig", "autoboot.txt")
    if text is None:
        raise NoBootError("bootconfig holds no autoboot.txt")
    partition, same_names = autoboot(text, tryboot=tryboot)
    if partition not in {2, 3}:
        raise NoBootError(f"autoboot.txt names partition {partition}")
    if tryboot and not same_names:
        raise NoBootError("autoboot.txt lacks tryboot_a_b=1: a trial would look for tryboot.txt")
    start = Start(partition, tryboot)
    for name in ("vmlinuz", "initrd.img", "cmdline.txt"):
        if not card.read(start.label, name):
            raise NoBootError(f"{start.label} holds no {name}")
    return start


def asks_for_trial(console: str) -> bool:
    """Whether the kernel's last restart carried the trial flag, from its own words on the console."""
    found = re.findall(r"reboot: Restarting system(?: with command '([^']*)')?", console)
    return bool(found) and found[-1] == TRIAL
