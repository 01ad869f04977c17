r"""An update in one file: a signed list, then the images it lists.

    "ASSISTANT-UPDATE-1\n"   19 bytes
    length of the list       4 bytes, big-endian
    the list                 JSON: version, variant, target, files (name, size in bytes, sha256)
    number of signatures     1 byte
    signatures               64 bytes each, Ed25519 over "ASSISTANT-UPDATE-1\n" and the list
    the files                one after the other, nothing between them, nothing behind the last

Only the signed list is believed, and nothing is looked at in it before a known key's signature has been found to fit.
Several signatures let a key be replaced: devices that know either take the file.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from assistant.errors import AssistantError, UsageError

MAGIC = b"ASSISTANT-UPDATE-1\n"
SIGNATURE = 64
MOST_LIST = 16_384
MOST_SIGNATURES = 8
CHUNK = 1 << 20
"""Bytes read at a time."""

PARTS = ("boot", "system")
"""The files of an update, in the order in which they lie in it: one for each partition of a slot."""

_Short = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\w.+-]+$")]


class UpdateError(AssistantError):
    """An update that cannot be used; nothing was changed by it unless the text says so."""


class Part(BaseModel):
    """One image."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Literal["boot", "system"]
    size: int = Field(gt=0, le=1 << 40)
    """Bytes."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """The signed list."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    version: _Short
    variant: _Short
    target: _Short
    files: Annotated[list[Part], Field(min_length=2, max_length=2)]

    @field_validator("version")
    @classmethod
    def _ordered(cls, value: str) -> str:
        release(value)
        return value

    @field_validator("files")
    @classmethod
    def _both(cls, value: list[Part]) -> list[Part]:
        if tuple(part.name for part in value) != PARTS:
            raise ValueError("the files must be boot, then system")
        return value


def release(version: str) -> tuple[int, int, int]:
    """The part of a version that has an order: "1.4.2+g12ab" is (1, 4, 2). Raises ValueError for anything else."""
    found = re.match(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?=\+|$)", version)
    if not found:
        raise ValueError("a version looks like 1.4.2, with or without +build")
    return int(found[1]), int(found[2]), int(found[3])


def older(new: str, here: str) -> bool:
    """Whether `new` comes before `here`: by the release, and within one by the moments of the builds where both name
    one, as "1.4.2+20261121170133.g12ab" does. Builds that name none are of one age. Raises ValueError.
    """
    if release(new) != release(here):
        return release(new) < release(here)
    built, running = (re.search(r"\+(\d{14})(?:\.|$)", version) for version in (new, here))
    return built is not None and running is not None and built[1] < running[1]


def public_keys(directory: Path) -> list[Ed25519PublicKey]:
    """The keys (PEM, *.pub) that updates may be signed with. Raises UpdateError when there is none."""
    keys = []
    try:
        for path in sorted(directory.glob("*.pub")):
            key = load_pem_public_key(path.read_bytes())
            if isinstance(key, Ed25519PublicKey):
                keys.append(key)
    except (OSError, ValueError) as error:
        raise UpdateError(f"{directory}: a key there cannot be used ({error}); flash the card anew") from error
    if not keys:
        raise UpdateError(f"{directory}: holds no public key (*.pub), so no update can be trusted; flash the card anew")
    return keys


def private_key(path: Path) -> Ed25519PrivateKey:
    """The release's signing key (PEM without a pass phrase). Raises UsageError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); docs/release.md says how a key is made"
        ) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: is no private key without a pass phrase (PEM); docs/release.md makes one") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: is not an Ed25519 key; docs/release.md says how one is made")
    return key


def make(
    out: Path, images: dict[str, Path], *, version: str, variant: str, target: str, keys: Sequence[Ed25519PrivateKey]
) -> Manifest:
    """Write an update file; `images` are by part name ("boot", "system"). Raises UsageError, OSError."""
    files = []
    for name in PARTS:
        with images[name].open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            files.append({"name": name, "size": source.tell(), "sha256": digest})
    values = {"version": version, "variant": variant, "target": target, "files": files}
    try:
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"update: {_first(error)}") from error
    if not 1 <= len(keys) <= MOST_SIGNATURES:
        raise UsageError(f"update: needs one to {MOST_SIGNATURES} keys to sign with")
    listing = json.dumps(values, sort_keys=True).encode()
    with out.open("wb") as target_file:
        target_file.write(MAGIC + len(listing).to_bytes(4, "big") + listing + bytes([len(keys)]))
        for key in keys:
            target_file.write(key.sign(MAGIC + listing))
        for name in PARTS:
            with images[name].open("rb") as source:
                while piece := source.read(CHUNK):
                    target_file.write(piece)
    return manifest


class Bundle:
    """An update file whose list is signed by a known key."""

    def __init__(self, path: Path, file: BinaryIO, keys: Sequence[Ed25519PublicKey]) -> None:
        """Read the list and its signatures. Raises UpdateError."""
        self._path = path
        self._file = file
        try:
            listing = self._signed(keys)
            self.size = file.seek(0, 2)
        except OSError as error:
            raise UpdateError(
                f"{path}: cannot be read ({error.strerror}); copy the update to the stick again"
            ) from error
        try:
            self.manifest = Manifest.model_validate_json(listing)
        except ValidationError as error:
            raise UpdateError(f"{path}: its list is not one that this version understands ({_first(error)})") from error
        wanted = self._begin + sum(part.size for part in self.manifest.files)
        if self.size != wanted:
            what = "is cut off" if self.size < wanted else "has more in it than its list says"
            raise UpdateError(
                f"{path}: {what} ({self.size} bytes instead of {wanted}); copy the update to the stick again"
            )

    def _signed(self, keys: Sequence[Ed25519PublicKey]) -> bytes:
        if self._exactly(len(MAGIC)) != MAGIC:
            raise UpdateError(f"{self._path}: is no update for this device")
        length = int.from_bytes(self._exactly(4), "big")
        if length > MOST_LIST:
            raise UpdateError(f"{self._path}: is damaged at its beginning; copy the update to the stick again")
        listing = self._exactly(length)
        count = self._exactly(1)[0]
        if not 1 <= count <= MOST_SIGNATURES:
            raise UpdateError(f"{self._path}: is damaged at its beginning; copy the update to the stick again")
        signatures = [self._exactly(SIGNATURE) for _ in range(count)]
        self._begin = self._file.tell()
        if not any(_fits(key, signature, MAGIC + listing) for key in keys for signature in signatures):
            raise UpdateError(f"{self._path}: is not signed by a key this device trusts; it was not used")
        return listing

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise UpdateError(f"{self._path}: is cut off at its beginning; copy the update to the stick again")
        return data

    def read(self, name: str, progress: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
        """The image `name` in pieces, checked on the way; `progress` is told the bytes of each piece.

        Raises UpdateError behind the last piece when these were not the bytes of the list: what was done with them by
        then must not be used.
        """
        begin = self._begin
        for part in self.manifest.files:
            if part.name == name:
                break
            begin += part.size
        digest, left = hashlib.sha256(), part.size
        try:
            self._file.seek(begin)
            while left and (piece := self._file.read(min(CHUNK, left))):
                digest.update(piece)
                left -= len(piece)
                progress(len(piece))
                yield piece
        except OSError as error:
            raise UpdateError(f"{self._path}: cannot be read ({error.strerror}); try another stick") from error
        if left or digest.hexdigest() != part.sha256:
            raise UpdateError(f"{self._path}: its part '{name}' is damaged; copy the update to the stick again")

    def verify(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Read everything once. Raises UpdateError at the first part that is not what the list says."""
        for part in self.manifest.files:
            for _ in self.read(part.name, progress):
                pass


def _fits(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    where = ".".join(str(part) for part in found["loc"]) or "list"
    return f"{where}: {found['msg'].removeprefix('Value error, ')}"
