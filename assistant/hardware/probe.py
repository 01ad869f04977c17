"""What this machine is and how it feels, read from /proc, /sys and /dev. Reads only; every part may be absent.

Facts about the Raspberry Pi 5 and the Hailo-10H come from the vendors' published sources; no such board has run
this code yet.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

NPU_PCI_ID = ("0x1e60", "0x45c4")
"""Vendor and device of the Hailo-10H, as /sys spells them."""

NPU_NODES = ("hailo[0-9]*", "h1x-[0-9]*")
"""Device nodes below /dev: drivers up to 5.2 and from 5.3 on. Versions do not tell which; both are looked for."""

NPU_FIRMWARE = "lib/firmware/hailo/hailo10h"
"""Where the driver takes the card's firmware from at start."""

COMMAND_SECONDS = 5.0
"""A vendor's tool that does not answer within this time counts as failed."""

NPU_MODULE = "sys/module/hailo1x_pci/version"
"""Where the kernel tells the driver's version."""

NPU_ARCHITECTURES = ("HAILO10H", "HAILO15H")
"""What the card calls itself; the vendor's own scripts take the second for the first."""

NpuState: TypeAlias = Literal[
    "absent", "pci-without-driver", "driver-without-firmware", "no-access", "version-mismatch", "ready"
]

THROTTLE_FLAGS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
"""Bits of `vcgencmd get_throttled`; the same bits + 16 mean that it has happened since the machine started."""


@dataclass(frozen=True, slots=True)
class NpuReport:
    """The neural accelerator."""

    state: NpuState
    detail: str
    """What was seen, in plain words."""
    remedy: str = ""
    """What to do about it; "" when nothing."""
    node: str = ""
    """Such as /dev/hailo0."""
    pci_address: str = ""
    firmware_version: str = ""
    """As the vendor's tool tells it; "" where the tool is not installed."""
    driver_version: str = ""
    """Of the kernel module; "" where the kernel does not tell."""
    library_version: str = ""
    """Of HailoRT, by its command line tool; "" where it is not installed."""


@dataclass(frozen=True, slots=True)
class PowerReport:
    """Heat and power supply."""

    temperature_c: float | None
    """Of the processor, degrees Celsius."""
    source: str
    """Where the flags come from: "firmware", "vcgencmd", "hwmon" or "" when nothing tells."""
    now: tuple[str, ...] = ()
    """Flags that hold at this moment."""
    since_start: tuple[str, ...] = ()
    """Flags that have held at any time since the machine started."""
    fan_rpm: int | None = None


@dataclass(frozen=True, slots=True)
class HardwareReport:
    """This machine."""

    model: str
    """Such as "Raspberry Pi 5 Model B Rev 1.0"; the processor's name on other machines; "" when unknown."""
    raspberry_pi: bool
    cores: int
    """Cores this process may use."""
    ram_mb: int | None
    disk_free_mb: int | None
    """Free for this user on the file system of `disk`."""
    power: PowerReport
    npu: NpuReport


def probe(root: Path = Path("/"), *, disk: Path | None = None) -> HardwareReport:
    """Read the machine below `root`; `disk` (default: `root`) is where free space is measured. Never raises."""
    model = _text(root / "proc/device-tree/model")
    raspberry_pi = model.startswith("Raspberry Pi")
    return HardwareReport(
        model=model or _field(root / "proc/cpuinfo", "model name"),
        raspberry_pi=raspberry_pi,
        cores=_cores(root),
        ram_mb=_kilobytes(root / "proc/meminfo", "MemTotal"),
        disk_free_mb=_free_mb(disk or root),
        power=read_power(root),
        npu=_npu(root),
    )


def _npu(root: Path) -> NpuReport:
    card = next((d for d in _sorted(root / "sys/bus/pci/devices", "*") if _pci_id(d) == NPU_PCI_ID), None)
    node = next((n for pattern in NPU_NODES for n in _sorted(root / "dev", pattern)), None)
    shown = f"/dev/{node.name}" if node else ""
    if card is None:
        # older Hailo cards make a node of the same name, and cannot run language models
        other = f"; {shown} belongs to another card" if node else ""
        return NpuReport("absent", f"no Hailo-10H is connected{other}; the processor does its work")
    address = card.name
    if node is None and not os.path.lexists(card / "driver"):
        return NpuReport(
            "pci-without-driver",
            f"a Hailo-10H is at {address}, but no driver has taken it",
            "install the driver (sudo apt install dkms hailo-h10-all), restart, and see `dkms status` if it stays so",
            pci_address=address,
        )
    if node is None:
        return NpuReport(
            "driver-without-firmware",
            f"the driver has taken the Hailo-10H at {address}, but made no device: its firmware did not start",
            f"see `sudo dmesg | grep -i hailo`; the firmware belongs in /{NPU_FIRMWARE}",
            pci_address=address,
        )
    return _identified(root, address, node)


def _identified(root: Path, address: str, node: Path) -> NpuReport:
    """What a card with a device node is worth: may it be opened, does it answer, do the versions agree?"""
    shown = f"/dev/{node.name}"
    driver = _version(_text(root / NPU_MODULE))
    library = _version((_ask(root, "hailortcli", "--version") or (0, ""))[1])

    def report(state: NpuState, detail: str, remedy: str = "", firmware: str = "") -> NpuReport:
        return NpuReport(state, detail, remedy, shown, address, firmware, driver, library)

    if not os.access(node, os.R_OK | os.W_OK):
        return report(
            "no-access",
            f"{shown} is there, but this user may not use it",
            "a udev rule gives the device to a group (docs/accelerator.md); then log in again",
        )
    asked = _ask(root, "hailortcli", "fw-control", "identify")
    if asked is None:
        # no tool to ask: the files that the driver starts the card with are the next best witness
        if _sorted(root / NPU_FIRMWARE, "*"):
            return report("ready", f"{shown} is there")
        return report(
            "driver-without-firmware",
            f"{shown} is there, but /{NPU_FIRMWARE} holds no firmware",
            "install the whole of hailo-h10-all in one version, then restart",
        )
    status, answer = asked
    found = re.search(r"Firmware Version:\s*(\S+)", answer) if status == 0 else None
    firmware = _version(found.group(1)) if found else ""
    versions = {"driver": driver, "library": library, "firmware": firmware}
    known = {name: version for name, version in versions.items() if version}
    if len(set(known.values())) > 1 or (found is None and "VERSION" in answer.upper()):
        told = ", ".join(f"{name} {version}" for name, version in known.items()) or "nobody tells which"
        return report(
            "version-mismatch",
            f"driver, library and firmware of {shown} are of different versions ({told})",
            "install all of them in one version, hold them there (apt-mark hold), and restart: "
            "the card keeps its old firmware until then",
            firmware,
        )
    if found is None:
        return report(
            "driver-without-firmware",
            f"{shown} is there, but the card does not answer: its firmware is not up",
            "wait some seconds after start and look again; then: sudo dmesg | grep -i hailo",
        )
    kind = re.search(r"Device Architecture:\s*(\w+)", answer)
    if kind and kind.group(1) not in NPU_ARCHITECTURES:
        return report("absent", f"{shown} calls itself {kind.group(1)}, which cannot run language models")
    return report("ready", f"{shown}, firmware {firmware}", "", firmware)


def _version(text: str) -> str:
    """The first a.b.c in `text`, "" when there is none."""
    found = re.search(r"\d+\.\d+\.\d+", text)
    return found.group() if found else ""


def read_power(root: Path = Path("/")) -> PowerReport:
    """Heat and power alone: two small files where the kernel tells. Never raises."""
    millidegrees = _integer(root / "sys/class/thermal/thermal_zone0/temp")
    temperature = None if millidegrees is None else millidegrees / 1000
    fan = next((_integer(h / "fan1_input") for h in _hwmon(root, "pwmfan", "cooling_fan")), None)
    source, answer = "firmware", _firmware_flags(root)
    if not answer:
        source, answer = "vcgencmd", _run(root, "vcgencmd", "get_throttled") or ""
    found = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})", answer.strip())
    if found:
        bits = int(found.group(1), 16)
        now = tuple(name for bit, name in THROTTLE_FLAGS.items() if bits >> bit & 1)
        past = tuple(name for bit, name in THROTTLE_FLAGS.items() if bits >> (bit + 16) & 1)
        return PowerReport(temperature, source, now, past, fan)
    # without the tool (or the right to use it) the kernel still tells of under-voltage
    for sensor in _hwmon(root, "rpi_volt"):
        alarm = _integer(sensor / "in0_lcrit_alarm")
        if alarm is not None:
            return PowerReport(temperature, "hwmon", ("under-voltage",) if alarm else (), (), fan)
    return PowerReport(temperature, "", fan_rpm=fan)


def _firmware_flags(root: Path) -> str:
    """The kernel's own file of throttle flags (raspberrypi/linux #2397), in hex; "" where it has none."""
    platform = root / "sys/devices/platform"
    files = [*_sorted(platform, "soc*/*firmware/get_throttled"), *_sorted(platform, "*firmware/get_throttled")]
    return _text(files[0]) if files else ""


def _hwmon(root: Path, *names: str) -> list[Path]:
    # by name: the numbers change from start to start
    return [d for d in _sorted(root / "sys/class/hwmon", "*") if _text(d / "name") in names]


def _run(root: Path, program: str, *arguments: str) -> str | None:
    """What a vendor's tool prints, "" when it fails; None when it is not installed."""
    asked = _ask(root, program, *arguments)
    if asked is None:
        return None
    status, printed = asked
    return printed if status == 0 else ""


def _ask(root: Path, program: str, *arguments: str) -> tuple[int, str] | None:
    """Exit status (-1: it never came to its end) and all that a vendor's tool prints; None when it is not installed."""
    path = next((p for p in (root / "usr/bin" / program, root / "usr/local/bin" / program) if p.is_file()), None)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return -1, ""
    # hailortcli pads its fields with NUL bytes
    return done.returncode, done.stdout.replace(b"\0", b"").decode("utf-8", "replace")


def _cores(root: Path) -> int:
    if root == Path("/"):
        return len(os.sched_getaffinity(0))
    return len(re.findall(r"^processor\s*:", _text(root / "proc/cpuinfo"), re.MULTILINE)) or 1


def _free_mb(disk: Path) -> int | None:
    try:
        return shutil.disk_usage(disk).free // 2**20
    except OSError:
        return None


def _pci_id(device: Path) -> tuple[str, str]:
    return _text(device / "vendor").casefold(), _text(device / "device").casefold()


def _sorted(directory: Path, pattern: str) -> list[Path]:
    try:
        return sorted(directory.glob(pattern))
    except OSError:
        return []


def _text(path: Path) -> str:
    """A small file's text without NUL bytes and outer space; "" when it cannot be read."""
    try:
        return path.read_bytes()[:65536].replace(b"\0", b"").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _integer(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _field(path: Path, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}\s*:\s*(.*)$", _text(path), re.MULTILINE)
    return found.group(1).strip() if found else ""


def _kilobytes(path: Path, name: str) -> int | None:
    """A /proc/meminfo field in MB."""
    found = re.match(r"(\d+) kB", _field(path, name))
    return int(found.group(1)) // 1024 if found else None
