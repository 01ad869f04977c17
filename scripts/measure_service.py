#!/usr/bin/env python3
"""The figures of docs/service.md: from start to READY, and from SIGTERM to the end, of the real program. "work" is
processor time until READY, which other programs hardly change.

scripts/measure_service.py [--starts 10]      engines and models as installed; a stand-in for the sound card
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.service.manager import Manager  # noqa: E402
from tests.service.test_run import start  # noqa: E402


def measure(directory: Path) -> tuple[float, float, float]:
    """Seconds to READY, processor time until then, and seconds from SIGTERM to the end."""
    with Manager(directory / "notify") as manager:
        begun = time.perf_counter()
        process = start(directory, manager)
        while not manager.next(120.0).get("READY"):
            if process.poll() is not None:
                sys.exit(f"the program ended: {process.communicate()}")
        ready = time.perf_counter() - begun
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        worked = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime: fields 14 and 15
        told = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.communicate()
        ended = time.perf_counter() - told
    (directory / "notify").unlink()
    return ready, worked, ended


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=10)
    with tempfile.TemporaryDirectory() as directory:
        measure(Path(directory))  # fills the page cache and makes what is made once
        found = [measure(Path(directory)) for _ in range(parser.parse_args().starts)]
    for name, values in zip(("ready", "work", "end"), zip(*found, strict=True), strict=True):
        print(f"{name:6} median {statistics.median(values):.2f} s, longest {max(values):.2f} s, of {len(values)}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
