"""The embedded set: models that come with the program, checked against `SHA256SUMS` before an engine sees them."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import assistant
from assistant.artifacts.marks import Marks
from assistant.errors import ModelError

SUMS = "SHA256SUMS"
"""Name of the list, in the format of sha256sum: 64 hex digits, two spaces, a path relative to the list."""

MARKS = "verified-models.json"
"""Name of the file in the cache directory that remembers verified files."""

_REMEDY = "restore the models directory from the repository or the release"


def models_root() -> Path:
    """The directory with `catalogue.toml` and `embedded/`.

    `$ASSISTANT_MODELS` when set; else the checkout the package runs from; else `share/assistant/models` of the
    Python installation. Raises ModelError when there is none.
    """
    explicit = os.environ.get("ASSISTANT_MODELS")
    candidates = (
        [Path(explicit)]
        if explicit
        else [Path(assistant.__file__).resolve().parent.parent / "models", Path(sys.prefix) / "share/assistant/models"]
    )
    for candidate in candidates:
        if (candidate / "catalogue.toml").is_file() or (candidate / "embedded").is_dir():
            return candidate
    raise ModelError(f"{candidates[0]}: the models directory is missing; {_REMEDY} or set ASSISTANT_MODELS")


def embedded_dir() -> Path:
    """The directory of the embedded models. Raises ModelError when it is missing."""
    found = models_root() / "embedded"
    if not found.is_dir():
        raise ModelError(f"{found}: the embedded models are missing; {_REMEDY}")
    return found


def read_sums(directory: Path) -> dict[str, str]:
    """Path relative to `directory` → SHA-256, from its SHA256SUMS. Raises ModelError."""
    path = directory / SUMS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read; {_REMEDY}") from error
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        digest, separator, name = line.partition("  ")
        parts = name.split("/")
        if (
            not separator
            or len(digest) != 64
            or not set(digest) <= set("0123456789abcdef")
            or any(part in ("", ".", "..") for part in parts)
        ):
            raise ModelError(f"{path}: line {number} is not a checksum; {_REMEDY}")
        sums[name] = digest
    return sums


@dataclass(frozen=True, slots=True)
class EmbeddedSet:
    """The embedded models and what is known of them."""

    directory: Path
    sums: dict[str, str]
    marks: Marks

    def parts(self) -> tuple[str, ...]:
        """The models in the set, by directory name: "hearing", "voice", …"""
        return tuple(sorted({name.split("/")[0] for name in self.sums if "/" in name}))

    def files(self, part: str) -> dict[Path, str]:
        """The part's files → SHA-256; empty when the set has no such part."""
        return {self.directory / name: digest for name, digest in self.sums.items() if name.startswith(f"{part}/")}

    def verify(self, part: str) -> Path:
        """The directory of a part of which every file is what it was when the set was sealed.

        Nothing missing, nothing truncated or changed, nothing added. The first call reads the files; later ones
        trust the file system's stamps (`Marks`). Raises ModelError, one line naming the file.
        """
        directory = self.directory / part
        expected = self.files(part)
        if not expected:
            raise ModelError(f"{directory}: is not part of the embedded models ({', '.join(self.parts())})")
        for path, digest in expected.items():
            try:
                if not path.is_file():
                    raise ModelError(f"{path}: is missing; {_REMEDY}")
                if not self.marks.matches(path, digest):
                    raise ModelError(f"{path}: does not match its checksum (damaged or changed); {_REMEDY}")
            except OSError as error:
                raise ModelError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from error
        for path in directory.rglob("*"):
            if path not in expected and not path.is_dir():
                raise ModelError(f"{path}: does not belong to the embedded models; remove it")
        self.marks.save()
        return directory


def embedded_set(cache: Path | None = None) -> EmbeddedSet:
    """The embedded models; `cache` (settings.paths.cache) is where verified files are remembered, None: nowhere.

    Raises ModelError when the set or its checksums are missing or unreadable.
    """
    directory = embedded_dir()
    return EmbeddedSet(directory, read_sums(directory), Marks(None if cache is None else cache / MARKS))
