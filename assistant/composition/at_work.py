"""What really runs: the engines as phrases, and how the language model's last start went, for the doctor."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.artifacts.selection import Selection
from assistant.composition.backends import TITLES
from assistant.files import write_whole

logger = logging.getLogger(__name__)

FILE = "last-start.json"
"""In the cache directory."""


@dataclass(frozen=True, slots=True)
class Started:
    """How the language model's last start went."""

    kind: str
    """Of the backend that answers (backends.Kind); "" when none does."""
    model: str
    """What it calls itself; "" when none answers."""
    failed: tuple[str, ...] = ()
    """One line for each backend that was to answer before this one."""

    def keep(self, cache: Path) -> None:
        """For the doctor; a cache that cannot be written costs its line alone."""
        try:
            write_whole(cache / FILE, json.dumps(asdict(self)))
        except OSError as error:
            logger.warning("%s: cannot be written (%s)", cache / FILE, error.strerror)


def last_start(cache: Path) -> Started | None:
    """What `keep` wrote; None when nothing usable was."""
    try:
        found = json.loads((cache / FILE).read_text(encoding="utf-8"))
        kind, model, failed = str(found["kind"]), str(found["model"]), tuple(map(str, found["failed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Started(kind, model, failed) if kind in {"", *TITLES} else None


def at_work(selection: Selection, answering: str) -> list[str]:
    """The engines at work, as phrases for "what are you running on?". `answering`: the language model that really
    answers, and where; "" while none does."""
    found = [f"{choice.engine} with {choice.title}" for choice in selection.running() if choice.stage != "llm"]
    return [*found, answering] if answering else found
