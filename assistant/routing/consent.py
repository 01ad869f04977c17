"""Whether questions may leave at all: asked once in plain words, kept with time and wording, taken back at any time."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.clock import Clock
from assistant.errors import StoreError
from assistant.files import write_whole


@dataclass(frozen=True, slots=True)
class Consent:
    """An answer to the question."""

    given: bool
    at: str
    """ISO time of the answer."""
    wording: str
    """What was asked, word for word."""
    person: str = ""


def read_consent(directory: Path) -> Consent | None:
    """The last answer; None when nobody was asked or the file cannot be understood (then it is asked again)."""
    try:
        return Consent(**json.loads((directory / "consent.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_consent(directory: Path, clock: Clock, *, given: bool, wording: str, person: str = "") -> Consent:
    """Store an answer; it is on disk when this returns. Raises StoreError."""
    consent = Consent(given, clock.now().isoformat(), wording, person)
    path = directory / "consent.json"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, json.dumps(asdict(consent)), durable=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check free space") from error
    return consent
