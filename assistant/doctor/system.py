"""The ground everything stands on: Python, packages, settings, disk, database, memory, clock."""

import ctypes
import importlib.metadata
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psutil

import assistant
from assistant.clock import Clock
from assistant.config import Settings, config_candidates
from assistant.doctor.check import Check, from_error
from assistant.errors import AssistantError
from assistant.store import open_store

OLDEST_TIME = 2026
"""The year this version was made in: a clock before it is wrong."""

LEAST_DISK_BYTES = 200_000_000
"""Below this the database and its journal are in danger."""

GOOD_DISK_BYTES = 2_000_000_000
"""Room for a language model and an update."""

LEAST_MEMORY_MB = 900
"""A 1 GB board; what the embedded engines need, with the system, is half of it."""

_MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "overlay", "squashfs"})
_TIME_ERROR = 5
_TIMEX_BYTES = 512


def checks(settings: Settings, clock: Clock, config: Path | None = None) -> Iterator[Check]:
    """Every check of this file. `config`: the settings file that was named, if one was."""
    yield python()
    yield packages()
    yield configuration(settings, config)
    yield disk(settings.paths.data)
    yield database(settings.paths.database)
    yield memory()
    yield wall_clock(clock)


def python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """3.11 to 3.13: what the engines have wheels for."""
    detail = f"{version[0]}.{version[1]}, {sys.executable}"
    if (3, 11) <= version <= (3, 13):
        return Check("Python", "ok", detail)
    return Check("Python", "fail", detail, "install Python 3.11, 3.12 or 3.13 and run scripts/setup again")


def packages() -> Check:
    """The packages the program needs, in the versions it was tested with."""
    missing: list[str] = []
    other: list[str] = []
    found = 0
    for requirement in _requirements():
        match = re.match(r"([A-Za-z0-9._-]+)\s*(?:==\s*([^\s;,]+))?", requirement)
        if match is None or "platform_machine" in requirement:
            continue
        name, pinned = match[1], match[2]
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        found += 1
        if pinned is not None and version != pinned:
            other.append(f"{name} {version} instead of {pinned}")
    if missing:
        return Check("packages", "fail", f"missing: {', '.join(missing)}", "run scripts/setup")
    if other:
        return Check("packages", "warn", "; ".join(other), "run scripts/setup to get the tested versions")
    return Check("packages", "ok", f"{found} present, assistant {assistant.__version__}")


def _requirements() -> list[str]:
    """From the installed program, or from the checkout it runs in."""
    try:
        return importlib.metadata.requires("assistant") or []
    except importlib.metadata.PackageNotFoundError:
        project = Path(assistant.__file__).parent.parent / "pyproject.toml"
        dependencies: list[str] = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
        return dependencies


def configuration(settings: Settings, config: Path | None = None) -> Check:
    """Which settings file counts; and that files with secrets are nobody else's."""
    used = str(config or next((path for path in config_candidates() if path.is_file()), "defaults, no file"))
    for key, token in (("hub.token_file", settings.hub.token_file), ("cloud.token_file", settings.cloud.token_file)):
        if token is None:
            continue
        try:
            mode = token.stat().st_mode
            token.open("rb").close()
        except OSError as error:
            return Check("settings", "fail", f"{key}: {token}: {error.strerror}", "correct the path or its permissions")
        if mode & 0o077:
            return Check("settings", "warn", f"{key}: others can read {token}", f"chmod 600 {token}")
    services = [name for name, url in (("home hub", settings.hub.url), ("cloud", settings.cloud.url)) if url]
    outside = f"may contact: {', '.join(services)}" if services else "contacts nobody"
    return Check("settings", "ok", f"{used}; {outside}")


def disk(data: Path, mounts: Path = Path("/proc/mounts")) -> Check:
    """The data directory: there or makeable, writable, with room, on a disk that survives a power cut."""
    existing = next(path for path in (data, *data.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check("disk", "fail", f"{existing} cannot be written to", "change its owner or set paths.data")
    free = shutil.disk_usage(existing).free
    detail = f"{data}: {free / 1e9:.1f} GB free"
    if free < LEAST_DISK_BYTES:
        return Check("disk", "fail", detail, "remove something (assistant models remove ID)")
    kind = _file_system(existing, mounts)
    if kind in _MEMORY_FILE_SYSTEMS:
        remedy = "set paths.data to a directory on a disk, or timers and lists are lost with the power"
        return Check("disk", "warn", f"{detail}, on {kind}, which is memory or may not last", remedy)
    if free < GOOD_DISK_BYTES:
        return Check("disk", "warn", detail, "too little for a language model or an update; remove something")
    return Check("disk", "ok", detail)


def _file_system(path: Path, mounts: Path) -> str:
    """The type of the file system that holds `path`; "" when nobody says."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        point = Path(fields[1].replace("\\040", " "))
        if path.resolve().is_relative_to(point) and len(point.parts) > best:
            best, kind = len(point.parts), fields[2]
    return kind


def database(path: Path) -> Check:
    """The database opens and is sound; nothing is repaired here."""
    if not path.exists():
        return Check("database", "ok", "none yet; it is made when something is first remembered")
    try:
        open_store(path, repair=False).close()
    except AssistantError as error:
        return from_error("database", error)
    return Check("database", "ok", f"{path}, {path.stat().st_size / 1e3:.0f} kB")


def memory(total_mb: float | None = None, swap_used_mb: float | None = None) -> Check:
    """Enough memory, and no swapping: on a memory card that stops sound."""
    total = total_mb if total_mb is not None else psutil.virtual_memory().total / 1e6
    swapped = swap_used_mb if swap_used_mb is not None else psutil.swap_memory().used / 1e6
    detail = f"{total / 1e3:.1f} GB"
    if total < LEAST_MEMORY_MB:
        return Check("memory", "warn", detail, "too little to run well; 2 GB and more are")
    if swapped > 0.1 * total:
        remedy = "a smaller language model, or fewer other programs"
        return Check("memory", "warn", f"{detail}, {swapped:.0f} MB of it swapped out", remedy)
    return Check("memory", "ok", detail)


def wall_clock(clock: Clock, *, synchronised: bool | None = None) -> Check:
    """Whether the time can be trusted: alarms and certificates depend on it, and a Pi has no battery for its clock."""
    now = clock.now()
    detail = f"{now:%Y-%m-%d %H:%M %Z}"
    if now.year < OLDEST_TIME:
        return Check(
            "clock", "fail", f"{detail} is in the past", "set it: sudo timedatectl set-time '2026-12-31 12:00'"
        )
    known = synchronised if synchronised is not None else _synchronised()
    if known is None:
        return Check("clock", "warn", f"{detail}; the system does not say whether it is set", "compare it with a watch")
    if not known:
        remedy = "connect to a network once (sudo timedatectl set-ntp true), or fit a clock battery"
        return Check("clock", "warn", f"{detail}, not synchronised", remedy)
    return Check("clock", "ok", f"{detail}, synchronised")


def _synchronised() -> bool | None:
    """What the kernel knows, which any time service tells it; None where it cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _TIME_ERROR)
