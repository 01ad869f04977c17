"""Installed models: one directory each under `settings.paths.models`, each with the receipt of its installation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.artifacts.catalogue import Catalogue, Entry
from assistant.artifacts.marks import Marks
from assistant.errors import ModelError

RECEIPT = "installed.json"
"""Written last into a model's directory, before the directory gets its name: what has a receipt is complete."""


class ReceiptFile(BaseModel):
    """One file as it was installed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Relative to the model's directory, with '/'."""
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Receipt(BaseModel):
    """What was installed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    id: str
    source: dict[str, str]
    """Catalogue file → sha256 of what was fetched (for an archive, of the archive)."""
    files: tuple[ReceiptFile, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is there."""

    entry: Entry
    directory: Path
    receipt: Receipt

    @property
    def path(self) -> Path:
        """What the engine is given: a directory or a file."""
        return self.directory / self.entry.main if self.entry.main else self.directory

    @property
    def bytes(self) -> int:
        """Bytes on disk."""
        return sum(file.bytes for file in self.receipt.files)

    @property
    def current(self) -> bool:
        """Whether it is what the catalogue now describes; an older one works and is replaced by the next pull."""
        return self.receipt.source == {file.name: file.sha256 for file in self.entry.files}

    def verify(self, marks: Marks, *, again: bool = False) -> None:
        """Every file is what was installed. `again` reads them all; else untouched ones are trusted (`Marks`).

        Raises ModelError, one line naming the file and the remedy.
        """
        remedy = f"fetch it again: assistant models pull {self.entry.id}"
        for file in self.receipt.files:
            path = self.directory / file.name
            try:
                if not path.is_file():
                    raise ModelError(f"{path}: is missing; {remedy}")
                size = path.stat().st_size
                if size != file.bytes:
                    raise ModelError(f"{path}: has {size} bytes instead of {file.bytes}; {remedy}")
                if again:
                    marks.forget(path)
                if not marks.matches(path, file.sha256):
                    raise ModelError(f"{path}: does not match its checksum (damaged or changed); {remedy}")
            except OSError as error:
                raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def read_receipt(directory: Path) -> Receipt:
    """The receipt in a model's directory. Raises ModelError."""
    path = directory / RECEIPT
    remedy = f"remove it and fetch it again: assistant models pull {directory.name}"
    try:
        receipt = Receipt.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: is no receipt of an installation; {remedy}") from error
    if any(
        part in ("", ".", "..") or "\\" in part or "\0" in part
        for file in receipt.files
        for part in file.name.split("/")
    ):
        raise ModelError(f"{path}: names a file outside the model's directory; {remedy}")
    return receipt


def find_installed(models: Path, catalogue: Catalogue, model_id: str) -> Installed | None:
    """The installed model of this id, or None when it is not there. Raises ModelError for a broken receipt."""
    entry = catalogue.get(model_id)
    directory = models / model_id
    if entry is None or not directory.is_dir():
        return None
    receipt = read_receipt(directory)
    if receipt.id != model_id:
        raise ModelError(f"{directory}: holds '{receipt.id}'; remove it: assistant models remove {model_id}")
    return Installed(entry, directory, receipt)
