"""What a measurement was taken under: the machine, versions, load, heat, clock, power."""

import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.hardware.probe import HardwareReport, probe
from assistant.llm.engine import prepare_threads

PACKAGES = ("llama-cpp-python", "vosk", "piper-tts", "onnxruntime", "pymicro-wakeword", "hassil", "numpy")
"""Packages whose version a figure depends on."""

CROWDED = 0.5
"""Load average per core above which other work is likely to be in the figures."""

_PMIC_LINE = re.compile(r"^\s*(\w+?)_([AV])\s+(?:current|volt)\(\d+\)=([0-9.]+)[AV]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Moment:
    """How the machine felt at one moment. None: nothing here tells."""

    load_1m: float
    """Processes that wanted to run, mean of the last minute."""
    temperature_c: float | None
    clock_mhz: int | None
    """Of the fastest core."""
    throttled: tuple[str, ...]
    """What holds the processor back now, in the firmware's terms."""
    throttled_since_start: tuple[str, ...]
    fan_rpm: int | None
    power_w: float | None
    """What the board's power controller (Raspberry Pi 5) measures behind its regulators."""


def moment(root: Path = Path("/"), report: HardwareReport | None = None) -> Moment:
    """Look at the machine below `root`. Never raises."""
    power = (report or probe(root)).power
    return Moment(
        load_1m=round(os.getloadavg()[0], 2),
        temperature_c=power.temperature_c,
        clock_mhz=clock_mhz(root),
        throttled=power.now,
        throttled_since_start=power.since_start,
        fan_rpm=power.fan_rpm,
        power_w=board_watts(root),
    )


def clock_mhz(root: Path = Path("/")) -> int | None:
    """The fastest core's clock, MHz."""
    found: list[int] = []
    for path in sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")):
        try:
            found.append(int(path.read_text()) // 1000)
        except (OSError, ValueError):
            continue
    return max(found, default=None)


def board_watts(root: Path = Path("/")) -> float | None:
    """Watts by the Raspberry Pi 5's power controller; None elsewhere."""
    program = next((p for p in (root / "usr/bin/vcgencmd", root / "usr/local/bin/vcgencmd") if p.is_file()), None)
    if program is None:
        return None
    try:
        done = subprocess.run([program, "pmic_read_adc"], capture_output=True, timeout=5, check=False, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return watts(done.stdout) if done.returncode == 0 else None


def watts(answer: str) -> float | None:
    """The sum of current times voltage over the rails in the output of `vcgencmd pmic_read_adc`; None without any.

    Some loss before the regulators, and what USB devices draw, are not in it.
    """
    rails: dict[str, dict[str, float]] = {}
    for rail, letter, value in _PMIC_LINE.findall(answer):
        rails.setdefault(rail, {})[letter] = float(value)
    whole = [rail["A"] * rail["V"] for rail in rails.values() if rail.keys() == {"A", "V"}]
    return round(sum(whole), 2) if whole else None


def machine(root: Path = Path("/")) -> dict[str, Any]:
    """What stays the same during a run, as JSON."""
    prepare_threads()  # so that what is told below is what the engines will run with
    report = probe(root)
    return {
        "model": report.model,
        "raspberry_pi": report.raspberry_pi,
        "cores": report.cores,
        "ram_mb": report.ram_mb,
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "governor": _governor(root),
        "accelerator": report.npu.detail,
        "versions": {"assistant": __version__, **versions()},
        "openmp_spin_count": os.environ.get("GOMP_SPINCOUNT", ""),
    }


def versions() -> dict[str, str]:
    """The installed packages that matter and their versions."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def doubts(moments: list[Moment], cores: int) -> list[str]:
    """Plain sentences on what may have distorted the figures between the first and the last of `moments`."""
    found: list[str] = []
    load = max((m.load_1m for m in moments), default=0.0)
    if load > CROWDED * cores:
        found.append(
            f"the load average reached {load:.1f} on {cores} cores (this measurement's own work counts in it): "
            "times by the clock may hold waiting for other programs; processor time hardly does"
        )
    flags = sorted({flag for m in moments for flag in m.throttled})
    if flags:
        found.append(f"the firmware held the processor back: {', '.join(flags)}")
    if moments and moments[0].throttled_since_start and not flags:
        earlier = ", ".join(moments[0].throttled_since_start)
        found.append(f"the firmware held the processor back earlier since its start: {earlier}")
    return found


def as_json(seen: Moment) -> dict[str, Any]:
    """The moment as JSON."""
    return asdict(seen)


def _governor(root: Path) -> str:
    try:
        return (root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").read_text().strip()
    except OSError:
        return ""
