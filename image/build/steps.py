"""Steps of a build: each is done once for its ingredients, says how long it took, and is taken up again after a
break.
"""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from image.build.errors import BuildError


def digest(*parts: str | bytes | Path) -> str:
    """A short name for ingredients: texts as they are, files and directories by content and mode."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            files = (
                [part]
                if part.is_file()
                else sorted(p for p in part.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
            )
            for file in files:
                name = file.name if file == part else str(file.relative_to(part))
                whole.update(
                    f"{name}\0{file.stat().st_mode & 0o111:o}\0".encode() + hashlib.sha256(file.read_bytes()).digest()
                )
        else:
            data = part.encode() if isinstance(part, str) else part
            whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:16]


@dataclass(slots=True)
class Steps:
    """Keeps finished results under `work/<step>-<ingredients>`; what was interrupted is thrown away and made again."""

    work: Path
    total: int
    kept: int = 2
    """Results of a step that stay on the disk beside the newest."""
    done: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.log = self.work / "build.log"

    def step(self, name: str, title: str, key: str, make: Callable[[Path], None]) -> Path:
        """The directory with the result of `make`, which is called only when no earlier result has the same `key`."""
        self.done += 1
        place = self.work / f"{name}-{key}"
        print(f"[{self.done}/{self.total}] {title} ...", end=" ", file=sys.stderr, flush=True)
        if (place / ".done").exists():
            print("kept", file=sys.stderr)
            place.touch()
            return place
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        begun = time.monotonic()
        try:
            make(place)
        except BaseException:
            print("failed", file=sys.stderr)
            raise
        (place / ".done").touch()
        print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
        self._forget(name)
        return place

    def _forget(self, name: str) -> None:
        same = [p for p in self.work.glob(f"{name}-*") if (p / ".done").exists()]
        for old in sorted(same, key=lambda p: p.stat().st_mtime)[: -self.kept - 1]:
            shutil.rmtree(old, ignore_errors=True)

    def run(self, command: Sequence[object], *, env: Mapping[str, str] | None = None, what: str = "") -> str:
        """Run a program, its words into the log; its standard output. Raises BuildError with its last line."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(map(str, command))}\n")
            log.flush()
            done = subprocess.run(
                list(map(str, command)),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
            )
            log.write(done.stdout)
        if done.returncode:
            last = [
                line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
            ][-1]
            raise BuildError(
                f"{what or command[0]} failed ({last.strip()}); the whole story is at the end of {self.log}"
            )
        return done.stdout

    def pipe(self, command: Sequence[object], target: BinaryIO, *, what: str) -> None:
        """Run a program whose standard output is a file."""
        done = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=target, stderr=subprocess.PIPE, check=False
        )
        if done.returncode:
            raise BuildError(f"{what} failed ({done.stderr.decode(errors='replace').strip()})")
