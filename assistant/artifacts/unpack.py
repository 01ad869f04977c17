"""Unpacking an archive that is not trusted: nothing outside the target, only plain files, all within limits."""

import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from assistant.artifacts.catalogue import Archive
from assistant.errors import ModelError

MOST_RATIO = 200
"""Unpacked bytes per packed byte above which an archive is a bomb. The Vosk archives have about 1.7; text in them
packs at most 20 to 1; deflate itself ends at 1032."""

MOST_DEPTH = 8
"""Directories below one another. The Vosk models have three."""

_RATIO_FROM_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 18
_DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error,
    EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip
"""What zipfile raises for archives that are damaged in one way or another."""


def unpack(
    archive: Path, limits: Archive, target: Path, name: str, progress: Callable[[int, int], None] | None = None
) -> None:
    """Unpack the zip file into the existing, empty directory `target`, without its single root directory.

    `name` is what the archive is called in messages. `progress(done, total)` counts unpacked bytes. Raises
    ModelError for an archive that is damaged, has absolute or climbing paths, links, devices, encrypted or doubled
    members, or exceeds its limits; an OSError of the disk passes through. What was unpacked until then stays.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened, limits, name)
            total = sum(info.file_size for info, _ in members)
            done = 0
            for info, parts in members:
                path = target.joinpath(*parts)
                if info.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(info) as source, path.open("xb") as sink:
                    while block := source.read(_BLOCK_BYTES):
                        done += len(block)
                        if done > total:
                            raise ModelError(f"{name}: unpacks to more than it announces; not installed")
                        sink.write(block)
                        if progress is not None:
                            progress(done, total)
    except _DAMAGE as error:
        raise ModelError(
            f"{name}: is no sound zip archive ({str(error) or type(error).__name__}); not installed"
        ) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ModelError(f"{name}: has two members in the same place; not installed") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # a member that claims to begin before the archive does
        raise ModelError(f"{name}: is no sound zip archive ({error.strerror}); not installed") from error
    if done == 0:
        raise ModelError(f"{name}: holds no files; not installed")


def _checked(opened: zipfile.ZipFile, limits: Archive, name: str) -> list[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    """The members with their path below the root. Raises ModelError for the first one that is not acceptable."""
    infos = opened.infolist()
    if len(infos) > limits.max_entries:
        raise ModelError(f"{name}: has {len(infos)} members, at most {limits.max_entries} are expected; not installed")
    members: list[tuple[zipfile.ZipInfo, tuple[str, ...]]] = []
    seen: set[tuple[str, ...]] = set()
    total = 0
    for info in infos:
        parts = _path(info.filename, limits.root, name)
        if not parts and not info.is_dir():
            raise ModelError(f"{name}: has a file where the directory '{limits.root}/' is expected; not installed")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
            raise ModelError(f"{name}: the member {info.filename!r} is a link or device; not installed")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelError(f"{name}: the member {info.filename!r} is packed in an unusual way; not installed")
        if info.flag_bits & 0x1:
            raise ModelError(f"{name}: the member {info.filename!r} is encrypted; not installed")
        total += info.file_size
        if total > limits.max_bytes:
            raise ModelError(f"{name}: unpacks to more than {limits.max_bytes / 1e6:.0f} MB; not installed")
        if info.file_size > max(_RATIO_FROM_BYTES, info.compress_size * MOST_RATIO):
            raise ModelError(f"{name}: the member {info.filename!r} unpacks {MOST_RATIO}-fold and more; not installed")
        key = tuple(part.casefold() for part in parts)
        if parts and key in seen:
            raise ModelError(f"{name}: has the member {info.filename!r} twice; not installed")
        seen.add(key)
        if parts:
            members.append((info, parts))
    return members


def _path(filename: str, root: str, name: str) -> tuple[str, ...]:
    """The member's path below `root`; empty for the root directory itself."""
    parts = filename.removesuffix("/").split("/")
    unsafe = any(part in ("", ".", "..") or not part.isprintable() or "\\" in part or ":" in part for part in parts)
    if unsafe or len(filename) > 240 or len(parts) > MOST_DEPTH:
        raise ModelError(f"{name}: has a member with an unsafe path, {filename[:80]!r}; not installed")
    if parts[0] != root:
        raise ModelError(f"{name}: has a member outside '{root}/', {filename[:80]!r}; not installed")
    return tuple(parts[1:])
