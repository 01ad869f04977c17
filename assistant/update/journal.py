"""How far an update is, on the data partition: one small file that is old or new after a power cut."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import AssistantError
from assistant.update.machine import Medium, replace

State = Literal["writing", "trial"]


class Entry(BaseModel):
    """One update under way."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: State
    """"writing": the other slot's content is of no use. "trial": it is complete, and was or is to be tried once."""
    slot: Literal["a", "b"]
    """The slot that the update is written to."""
    version: str
    """The version in it."""
    before: str
    """The version that ran when it was begun."""
    problem: str = ""
    """Why the trial is to end, as the health check found."""


class Journal:
    """Reads and writes the file."""

    def __init__(self, medium: Medium, path: Path) -> None:
        self._medium = medium
        self._path = path

    def read(self) -> Entry | None:
        """The update under way; None when there is none, or the file is damaged (the bootloader knows what counts)."""
        try:
            data = self._medium.read(self._path)
            return None if data is None else Entry.model_validate_json(data)
        except (OSError, ValidationError):
            return None

    def write(self, entry: Entry) -> None:
        """Safe when it returns. Raises AssistantError."""
        try:
            replace(self._medium, self._path, entry.model_dump_json().encode())
        except OSError as error:
            raise AssistantError(
                f"{self._path}: cannot be written ({error.strerror}); make room on the data partition: "
                "remove a model or documents you do not need"
            ) from error

    def clear(self) -> None:
        """No update is under way any more. Raises AssistantError."""
        try:
            self._medium.remove(self._path)
            self._medium.sync_directory(self._path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AssistantError(
                f"{self._path}: cannot be removed ({error.strerror}); the card may be worn out"
            ) from error
