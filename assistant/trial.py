"""Try a model in a process of its own before it is loaded here, once per state of its files.

The engines are C++ libraries that end the whole process on some damaged files (docs/speech.md says which). A child
that dies in our place costs one extra load, the first time only: what loaded is remembered by a fingerprint.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_path

from assistant.errors import ModelError

_SECONDS = 180.0
"""A model that has not loaded by then is taken for broken. The largest in the catalogue takes seconds on a Pi 5."""

_ENDS = 4096
"""Bytes at the beginning and end of each file that count towards the fingerprint."""


def fingerprint(path: Path) -> str:
    """A hash over the name, size, change time and both ends of a file, or of every file in a directory.

    Enough to notice that something changed, and quick; what the bytes should be is for `assistant models verify`.
    Raises OSError.
    """
    digest = hashlib.sha256()
    for item in sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]:
        info = item.stat()
        digest.update(f"{item.relative_to(path)}\0{info.st_size}\0{info.st_mtime_ns}\0".encode())
        with item.open("rb") as file:
            digest.update(file.read(_ENDS))
            if info.st_size > 2 * _ENDS:
                file.seek(-_ENDS, os.SEEK_END)
                digest.update(file.read(_ENDS))
    return digest.hexdigest()


def ensure_loads(
    path: Path, command: Sequence[str], *, what: str, cache: Path | None = None, patience: float = 1.0
) -> None:
    """Run Python with `command` (it loads `path` and leaves with status 0) unless this state loaded before.

    `cache` is the JSON file of what loaded, in the user's cache directory when not given; when it cannot be written
    the trial is repeated the next time. `patience` (`limits.patience`) is what the deadline is multiplied
    by. Raises ModelError when the child was refused, died or hung.
    """
    cache = cache or user_cache_path("assistant") / "working_models.json"
    key = str(path.resolve())
    try:
        mark = fingerprint(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its owner and mode") from error
    known = _read(cache)
    if known.get(key) == mark:
        return
    try:
        trial = subprocess.run(
            [sys.executable, *command], capture_output=True, timeout=_SECONDS * patience, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{path}: the {what} does not finish loading; pull or import it again") from error
    except OSError as error:
        raise ModelError(f"{path}: the {what} could not be tried ({error.strerror})") from error
    if trial.returncode:
        raise ModelError(f"{path}: the engine cannot load this {what}{_why(trial)}; pull or import it again")
    _write(cache, {**known, key: mark})


def _why(trial: "subprocess.CompletedProcess[bytes]") -> str:
    """The child's own one line, when it had one. A death by signal leaves only noise."""
    lines = trial.stderr.decode("utf-8", "replace").strip().splitlines()
    return f" ({lines[-1]})" if trial.returncode > 0 and lines and len(lines[-1]) < 200 else ""


def _read(cache: Path) -> dict[str, str]:
    try:
        found = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(mark) for key, mark in found.items()} if isinstance(found, dict) else {}


def _write(cache: Path, known: dict[str, str]) -> None:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=cache.parent, delete=False) as file:
            json.dump(known, file)
        Path(file.name).replace(cache)
    except OSError:
        return  # a read-only cache costs a second trial, nothing else
