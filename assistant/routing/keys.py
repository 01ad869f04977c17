"""The device's own keys: files of mode 0600 in one directory, made when first needed."""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from assistant.errors import StoreError


def secret_file(path: Path, size: int = 32) -> bytes:
    """The `size` random bytes in `path`, made on the first call. Raises StoreError when it cannot be used."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            value = path.read_bytes()
            if len(value) != size:
                raise StoreError(
                    f"{path}: is {len(value)} bytes long instead of {size}; restore it from a backup"
                ) from None
            return value
        value = secrets.token_bytes(size)
        with os.fdopen(handle, "wb") as stream:
            stream.write(value)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be used ({error.strerror}); check the directory's owner and free space"
        ) from error
    return value


class DeviceKey:
    """An Ed25519 key that signs checkpoints of the ledger."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def at(cls, path: Path) -> "DeviceKey":
        """The key kept in `path` (32 raw bytes), made on the first call."""
        return cls(Ed25519PrivateKey.from_private_bytes(secret_file(path)))

    @property
    def public(self) -> bytes:
        """The public half, 32 bytes."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self._private.sign(message)

    def private_bytes(self) -> bytes:
        """The private half, 32 bytes, for moving the key to another store."""
        return self._private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is that key's for `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
