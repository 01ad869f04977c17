"""Files that are written whole or not at all."""

import contextlib
import os
import threading
from pathlib import Path


def write_whole(path: Path, data: str | bytes, *, durable: bool = False, mode: int = 0o666) -> None:
    """Put `data` (a text as UTF-8) at `path`, making its directory: beside it first, then by one rename, so that nobody
    ever reads a part.

    `durable`: on the disk when this returns, for what was confirmed or is dear to make anew; a cache does without.
    `mode`: of a new file, less what the umask takes. Raises OSError; what was there before is there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of this writer's own: another process or thread may write the same file now
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data.encode() if isinstance(data, str) else data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if durable:
        sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file, or a directory's list of names, to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
