"""What the host needs, looked at before the work begins."""

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from image.build.errors import BuildError

# program: Debian package
COMMON = {
    "aarch64-linux-gnu-g++": "crossbuild-essential-arm64",
    "mkfs.erofs": "erofs-utils",
    "mke2fs": "e2fsprogs",
    "mkdosfs": "dosfstools",
    "mcopy": "mtools",
    "genimage": "genimage",
    "bmaptool": "bmap-tools",
    "xz": "xz-utils",
    "unzip": "unzip",
}
EMULATED = {"mmdebstrap": "mmdebstrap", "systemctl": "systemd", "systemd-sysusers": "systemd", "unshare": "util-linux"}
EMULATOR = {
    "qemu-system-aarch64": "qemu-system-arm",
    "mtype": "mtools",
    "dtc": "device-tree-compiler",
    "fsck.erofs": "erofs-utils",
    "mke2fs": "e2fsprogs",
}
RPI = {"podman": "podman", "newuidmap": "uidmap", "rsync": "rsync", "curl": "curl"}


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the host lacks, and how to get it."""

    what: str
    remedy: str


def missing(programs: dict[str, str]) -> list[Need]:
    """The programs that are not there."""
    lacking = {package for program, package in programs.items() if shutil.which(program) is None}
    return [Need(package, f"apt-get install --no-install-recommends {package}") for package in sorted(lacking)]


def foreign_programs(root: Path = Path("/proc/sys/fs/binfmt_misc")) -> list[Need]:
    """Whether this machine runs arm64 programs."""
    if platform.machine() == "aarch64" or (root / "qemu-aarch64").exists():
        return []
    remedy = (
        "apt-get install --no-install-recommends qemu-user-static binfmt-support; "
        "mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; update-binfmts --enable qemu-aarch64"
    )
    return [Need("arm64 programs do not run here", remedy)]


def room(directory: Path, gigabytes: float) -> list[Need]:
    """Whether the disk has space enough."""
    place = next(p for p in (directory, *directory.parents) if p.exists())
    free = shutil.disk_usage(place).free / 2**30
    if free >= gigabytes:
        return []
    return [Need(f"{place} has {free:.0f} GB free, {gigabytes:.0f} are needed", "choose another place with --work")]


def demand(needs: Sequence[Need], *, as_root: bool) -> None:
    """Raise BuildError with every missing thing and its remedy; nothing has been started then."""
    lines = [f"  {need.what}: {need.remedy}" for need in needs]
    if as_root and os.geteuid() != 0:
        lines.append("  root rights (file owners, chroot): run it with sudo")
    if lines:
        raise BuildError("this host lacks:\n" + "\n".join(lines))
