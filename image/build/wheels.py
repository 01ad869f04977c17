"""Python packages for the device, from the project's own lock, every file compared with its hash."""

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

from image.build.errors import BuildError
from image.build.steps import Steps

PYTHON = "3.13"
"""Debian Trixie's Python."""
GLIBC = 41
"""Debian Trixie has glibc 2.41; wheels for any version up to it run there."""
PURE_SOURCES = ("srt",)
"""Packages that are published as source alone and are pure Python: any machine makes their wheel."""

_NOT_ON_DEVICE = ("sys_platform == 'win32'", "python_full_version < '3.12'")
"""Markers in the lock that do not hold on the device."""


def requirements(lock: str) -> dict[str, str]:
    """The lock's entries that hold on the device, by package name."""
    found = {}
    for block in re.split(r"\n(?=\S)", lock.strip()):
        name = re.match(r"[A-Za-z0-9._-]+", block)
        if name is None:
            raise BuildError(f"requirements/base.txt: cannot read '{block.splitlines()[0]}'")
        head = block.splitlines()[0]
        if not any(marker in head for marker in _NOT_ON_DEVICE):
            found[name[0].lower()] = block
    return found


def _pip(steps: Steps, *arguments: str | Path, what: str) -> None:
    steps.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], what=what)


def _platforms() -> list[str]:
    names = [f"manylinux_2_{minor}_aarch64" for minor in range(GLIBC, 16, -1)]
    return [part for name in (*names, "manylinux2014_aarch64", "linux_aarch64") for part in ("--platform", name)]


def fetch(steps: Steps, lock: Path, out: Path) -> None:
    """Every wheel of the lock into `out`."""
    entries = requirements(lock.read_text(encoding="utf-8"))
    ready, sources = out / "wheels.txt", out / "sources.txt"
    ready.write_text("\n".join(v for k, v in entries.items() if k not in PURE_SOURCES) + "\n", encoding="utf-8")
    sources.write_text("\n".join(v for k, v in entries.items() if k in PURE_SOURCES) + "\n", encoding="utf-8")
    choice = ["--no-deps", "--require-hashes"]
    _pip(
        steps, "download", *choice, "--only-binary", ":all:", *_platforms(), "--python-version", PYTHON,
        "--dest", out, "-r", ready, what="fetching the device's Python packages",
    )  # fmt: skip
    _pip(steps, "wheel", *choice, "--no-cache-dir", "--wheel-dir", out, "-r", sources, what="making a pure wheel")
    for name in PURE_SOURCES:
        if name in entries and not list(out.glob(f"{name}-*-none-any.whl")):
            raise BuildError(f"{name} is no longer pure Python; it needs a wheel for aarch64 (image/build/wheels.py)")


def cross_compiled(steps: Steps, cache: Path) -> Path:
    """The wheel of llama-cpp-python for the Cortex-A76, compiled at most once for its ingredients."""
    script = Path(__file__).resolve().parents[1] / "cross" / "llama"
    environment = {**os.environ, "PYTHON": sys.executable}
    return Path(steps.run([script, cache], env=environment, what="cross-compiling llama.cpp").strip().splitlines()[-1])


def install(wheels: list[Path], out: Path) -> None:
    """Unpack wheels into `out`, as an installer would for packages without scripts of their own."""
    out.mkdir(parents=True, exist_ok=True)
    for wheel in sorted(wheels):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(out)
        data = next(iter(out.glob("*.data")), None)
        if data is not None:
            for kind in ("purelib", "platlib"):
                if (data / kind).is_dir():
                    shutil.copytree(data / kind, out, dirs_exist_ok=True)
            shutil.rmtree(data)
    for useless in _USELESS:
        for path in out.glob(useless):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    strangers = [p for p in out.rglob("*.so*") if p.is_file() and not _for_arm64(p)]
    if strangers:
        raise BuildError(f"{strangers[0].relative_to(out)} is not for aarch64; look at the wheel that brought it")


# what no device runs: the packages' own tests, sources to compile against, type stubs
_USELESS = (
    "*/tests",
    "*/*/tests",
    "numpy/**/*.a",
    "numpy/_core/include",
    "numpy/f2py",
    "llama_cpp/include",
    "**/*.pyi",
    "bin",
    "include",
)


def _for_arm64(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(20)
    return head[:4] != b"\x7fELF" or head[18:20] == b"\xb7\x00"
