"""Whether a model fits into memory, said before it is loaded: a machine that swaps to a memory card stops speaking."""

from collections.abc import Callable
from pathlib import Path

import psutil

from assistant.errors import ModelError
from assistant.llm.gguf import Header

BUFFERS = 130_000_000
"""Bytes beside weights and cache: what the engine computes in, tables of the vocabulary. Measured 106 MB for
Qwen2.5-0.5B's shape in 4 bits (docs/language-model.md)."""

RESERVE = 150_000_000
"""Bytes that stay free for everything else that runs."""

CELL_BYTES = 2
"""Of a number in the cache of keys and values, which is kept in 16 bits."""

_CGROUP = Path("/sys/fs/cgroup")


def cache_bytes(header: Header, context: int) -> int:
    """Of the keys and values of `context` tokens; 0 for a file that does not tell its sizes."""
    return header.layers * header.kv_width * 2 * CELL_BYTES * context


def needed_bytes(header: Header, size: int, context: int) -> int:
    """Of a model file of `size` bytes that answers with `context` tokens."""
    return size + cache_bytes(header, context) + BUFFERS


def free_bytes(cgroup: Path = _CGROUP) -> int:
    """What a program can still get: of the machine, or of the limit that was set for this service (`MemoryMax=`)."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
        # the file cache counts as used there, and is given back when somebody needs it
        return free if limit == "max" else min(free, int(limit) - used + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):
        return free


def resident_mb() -> int:
    """MB of memory this process holds now."""
    return round(psutil.Process().memory_info().rss / 1e6)


def ensure_fits(
    path: Path, header: Header, context: int, *, instead: Callable[[int], str] | None = None, free: int | None = None
) -> None:
    """Raise ModelError, one line, for a model that does not fit into the `free` bytes (what there is now).

    `instead` names what would fit into a number of bytes.
    """
    free = free_bytes() if free is None else free
    needed = needed_bytes(header, path.stat().st_size, context)
    if needed + RESERVE <= free:
        return
    advice = instead(max(0, free - RESERVE)) if instead else ""
    raise ModelError(
        f"{path}: needs about {needed // 10**6} MB with {context} tokens of context, and {max(0, free) // 10**6} MB "
        f"are free; {advice or 'choose a smaller model or free some memory'}"
    )
