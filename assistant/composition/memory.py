"""The heaps of many threads."""

import contextlib
import ctypes

M_ARENA_MAX = -8
"""glibc's number for the setting (malloc.h)."""

ARENAS = 2
"""Heaps for all threads together. glibc gives each thread one of its own, and what one has freed no other can use:
after 22 requests 39 MB lay free in them and 20 MB in two heaps, of 332 and 316 MB in all (docs/audio.md). Two, so that
a reply being synthesised does not wait for the recogniser."""


def share_heaps() -> None:
    """Call before threads are started. Does nothing where the C library is another one."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
