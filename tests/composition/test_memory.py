"""Threads share two heaps: seen from outside, in a process that allocates on many threads."""

import subprocess
import sys

import pytest

MANY = """
import ctypes, sys, threading
from assistant.composition.memory import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
together = threading.Barrier(8)
def take():
    together.wait()
    for _ in range(200):
        c.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
c.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
c.fdopen.restype = ctypes.c_void_p
out = c.fdopen(1, b"w")
c.malloc_info(0, out)
c.fflush(ctypes.c_void_p(out))
"""


def heaps(how: str) -> int:
    found = subprocess.run([sys.executable, "-c", MANY, how], capture_output=True, text=True, check=True)
    return found.stdout.count("<heap nr=")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heaps are looked at")
def test_threads_share_two_heaps() -> None:
    assert heaps("shared") <= 2 < heaps("apart")
