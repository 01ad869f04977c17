"""The catalogue: which models are known, where they come from and how they are recognised. One TOML file."""

import tomllib
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.artifacts.embedded import models_root
from assistant.artifacts.port import url_problem
from assistant.errors import ModelError


class Kind(StrEnum):
    """What a model is for."""

    STT = "stt"
    TTS = "tts"
    LLM = "llm"
    EMBEDDING = "embedding"
    WAKE = "wake"
    VAD = "vad"


def _safe_url(value: str) -> str:
    if problem := url_problem(value):
        raise ValueError(f"'{value}' {problem}")
    return value


def _safe_name(value: str) -> str:
    if not value.isprintable() or any(c in value for c in '/\\:*?"<>|') or value.startswith(".") or not value.strip():
        raise ValueError(f"'{value}' is no plain file name")
    return value


def _safe_id(value: str) -> str:
    if not value or value.strip("abcdefghijklmnopqrstuvwxyz0123456789._-") or value[0] in "._-":
        raise ValueError(f"'{value}' is no id: lower-case letters, digits, '.', '_' and '-', a letter or digit first")
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogueFile(_Table):
    """One file to fetch."""

    name: Annotated[str, AfterValidator(_safe_name), Field(max_length=200)]
    """What it is called once installed; what `import` looks for on a stick."""
    urls: Annotated[tuple[Annotated[str, AfterValidator(_safe_url)], ...], Field(min_length=1)]
    """Where it can be had, the publisher first; mirrors are tried in order."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """The publisher's hash. A file without one does not enter the catalogue."""
    bytes: Annotated[int, Field(gt=0, le=16 << 30)] | None = None
    """The exact size when it is known."""
    max_bytes: Annotated[int, Field(gt=0, le=16 << 30)] | None = None
    """The most that is fetched when the exact size is not known."""

    @model_validator(mode="after")
    def _sized(self) -> "CatalogueFile":
        if (self.bytes is None) == (self.max_bytes is None):
            raise ValueError(f"{self.name}: give either bytes or max_bytes")
        return self

    @property
    def most_bytes(self) -> int:
        """No more than this is ever written."""
        return self.bytes or self.max_bytes or 0


class Archive(_Table):
    """How the one file of an entry is unpacked, and within which limits."""

    format: Literal["zip"]
    root: Annotated[str, AfterValidator(_safe_name)]
    """The single directory inside; its content becomes the model's directory."""
    max_bytes: Annotated[int, Field(gt=0, le=32 << 30)]
    """Most bytes of all unpacked files together."""
    max_entries: Annotated[int, Field(gt=0, le=10_000)] = 200
    """Most members of the archive."""


class Entry(_Table):
    """One model."""

    id: Annotated[str, AfterValidator(_safe_id), Field(max_length=80)]
    kind: Kind
    title: str
    files: Annotated[tuple[CatalogueFile, ...], Field(min_length=1)]
    archive: Archive | None = None
    main: str = ""
    """The file the engine is given, relative to the model's directory; "" = the directory itself."""
    licence: str
    licence_note: str = ""
    """What an owner or maker of images must know beyond the licence's name."""
    redistributable: bool = True
    """Whether an image or release may carry it; the others are fetched by each owner alone."""
    languages: tuple[str, ...] = ("en",)
    ram_mb: Annotated[int, Field(gt=0)]
    """Memory while it runs, MB; an estimate (file size and context) unless the note says measured."""
    disk_mb: Annotated[int, Field(gt=0)]
    """Space it takes once installed, MB."""
    rank: Annotated[int, Field(ge=0, le=100)]
    """Among installed models of a kind the highest that fits the memory runs."""
    recommended_for: tuple[Literal[1, 2, 4, 8, 16], ...] = ()
    """Memory classes of the machine, GB, for which `pull --recommended` takes it."""
    note: str = ""
    evidence: str
    """Where size and hash come from."""

    @model_validator(mode="after")
    def _consistent(self) -> "Entry":
        names = [file.name for file in self.files]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.id}: two files have the same name")
        if self.archive is not None and len(names) != 1:
            raise ValueError(f"{self.id}: an archive is a single file")
        if self.archive is None and self.main and self.main not in names:
            raise ValueError(f"{self.id}: main '{self.main}' is none of its files")
        if self.archive is not None and self.main:
            raise ValueError(f"{self.id}: the engine of an archive is given the directory; leave main out")
        return self

    @property
    def download_bytes(self) -> int:
        """Bytes to fetch, at most."""
        return sum(file.most_bytes for file in self.files)

    @property
    def needed_bytes(self) -> int:
        """Free space an installation needs at its peak: what is fetched and, for an archive, what it unpacks to."""
        return self.download_bytes + (self.archive.max_bytes if self.archive else 0)


class Catalogue(_Table):
    """All known models."""

    version: Literal[1]
    model: tuple[Entry, ...]

    @model_validator(mode="after")
    def _unique(self) -> "Catalogue":
        seen: set[str] = set()
        for entry in self.model:
            if entry.id in seen:
                raise ValueError(f"the id '{entry.id}' is there twice")
            seen.add(entry.id)
        return self

    def get(self, model_id: str) -> Entry | None:
        """The entry of this id, or None."""
        return next((entry for entry in self.model if entry.id == model_id), None)

    def of(self, kind: Kind) -> tuple[Entry, ...]:
        """The entries of a kind, best first."""
        return tuple(sorted((e for e in self.model if e.kind is kind), key=lambda e: -e.rank))


def parse_catalogue(text: str, name: str = "catalogue.toml") -> Catalogue:
    """The catalogue in `text`. Raises ModelError, one line that names the entry and key."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{name}: is not valid TOML: {error}") from error
    try:
        return Catalogue.model_validate(values)
    except ValidationError as error:
        raise ModelError(f"{name}: {_explain(error, values)}") from error


def _explain(error: ValidationError, values: dict[str, object]) -> str:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    models = values.get("model")
    if where[:1] == ["model"] and len(where) > 1 and where[1].isdigit() and isinstance(models, list):
        entry = models[int(where[1])]
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            where[:2] = [f"model '{entry['id'][:80]}'"]
    if first["type"] == "extra_forbidden":
        return f"{'.'.join(where[:-1]) or 'top level'}: unknown key '{where[-1]}'"
    message = " ".join(first["msg"].removeprefix("Value error, ").split())
    return f"{'.'.join(where) or 'top level'}: {message}"


@lru_cache(maxsize=4)
def _load(path: Path, _mtime_ns: int) -> Catalogue:
    return parse_catalogue(path.read_text(encoding="utf-8"), str(path))


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue at `path`, or the one that comes with the program. Raises ModelError."""
    chosen = path or models_root() / "catalogue.toml"
    try:
        return _load(chosen, chosen.stat().st_mtime_ns)
    except OSError as error:
        raise ModelError(f"{chosen}: cannot be read ({error.strerror}); restore it from the repository") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{chosen}: is not a text file; restore it from the repository") from error
