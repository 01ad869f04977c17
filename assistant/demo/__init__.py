"""Recorded requests of our own making, for a machine without a microphone."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """One recording: the wake phrase and a request in one breath."""

    file: Path
    text: str
    """What is said after the wake phrase."""
    kind: str
    """The class it belongs to."""
    voice: str
    """Which synthesiser spoke it."""


def requests() -> list[Request]:
    """The demonstration, in the order in which it is played."""
    here = Path(__file__).parent
    rows = tomllib.loads((here / "manifest.toml").read_text(encoding="utf-8"))["request"]
    return [Request(here / row["file"], row["text"], row["class"], row["voice"]) for row in rows]
