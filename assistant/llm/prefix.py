"""What never changes of a prompt, read once and kept: in memory for the next turn, on disk for the next start."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError

KEPT = 6
"""Files at most, the newest: two prompts (answers, tool calls) of three models. A prefix of 300 tokens takes 3.7 MB
for a model of 0.5B and 8.6 MB for one of 1.5B."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """Tokens and the engine's memory of having read them."""

    tokens: list[int]
    state: bytes


class PrefixFiles:
    """Prefixes in a directory, one pair of files each: the engine's own state file and its SHA-256."""

    def __init__(self, folder: Path, identity: str) -> None:
        """`identity` names everything the state depends on beside the tokens: model file, engine, settings."""
        self._folder, self._identity = folder, identity

    def file(self, tokens: list[int]) -> Path:
        """Where the state for `tokens` lies or would lie."""
        digest = hashlib.sha256(self._identity.encode())
        digest.update(b"".join(token.to_bytes(4, "little") for token in tokens))
        return self._folder / f"{digest.hexdigest()[:32]}.state"

    def load(self, tokens: list[int], take: Callable[[Path], list[int]]) -> bool:
        """Let `take` load the file for `tokens`; True when it is whole and holds exactly these.

        A file that was changed, cut short or holds something else is removed; whoever asked then reads anew.
        """
        file = self.file(tokens)
        try:
            if _sum(file) == _beside(file).read_text(encoding="ascii").strip() and take(file) == tokens:
                os.utime(file)
                return True
        except FileNotFoundError:
            return False
        except (OSError, ValueError, AssistantError):
            pass
        for path in (file, _beside(file)):
            with contextlib.suppress(OSError):
                path.unlink()
        return False

    def save(self, tokens: list[int], write: Callable[[Path], object]) -> None:
        """Let `write` write the file for `tokens`. A disk that is full or read-only costs the next start some time,
        nothing else."""
        file = self.file(tokens)
        with contextlib.suppress(OSError, AssistantError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                written = Path(folder) / file.name
                write(written)
                _beside(written).write_text(_sum(written), encoding="ascii")
                written.replace(file)
                _beside(written).replace(_beside(file))
            self._prune()

    def _prune(self) -> None:
        files = sorted(self._folder.glob("*.state"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in files[KEPT:]:
            file.unlink(missing_ok=True)
            _beside(file).unlink(missing_ok=True)


def _beside(file: Path) -> Path:
    return file.with_suffix(".sha256")


def _sum(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
