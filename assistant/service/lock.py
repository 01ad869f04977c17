"""One assistant at a time on one set of data: two would both ring, and both answer."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import AssistantError


class AlreadyRunning(AssistantError):  # noqa: N818 - it names what is the case
    """Another instance holds the lock."""


@contextmanager
def only_instance(data: Path) -> Iterator[None]:
    """Hold the lock file in `data` (made when missing) until the block ends, however the process ends.

    Raises AlreadyRunning with the other's process id, AssistantError when the file cannot be made.
    """
    path = data / "running.lock"
    try:
        data.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise AssistantError(f"{path}: cannot be made ({error.strerror}); check paths.data in the settings") from error
    try:
        try:
            # the kernel lets go of it with the process, so a crash leaves no stale lock
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            other = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise AlreadyRunning(
                f"an assistant is running already (process {other}) with the data in {data}; "
                "stop it first (as a service: sudo systemctl stop assistant-core)"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
