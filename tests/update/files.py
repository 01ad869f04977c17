"""Update files and keys for tests."""

import io
import random
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.update.bundle import Bundle, make

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OLD, NEW = "1.2.0+g1", "1.3.0+g2"
ROOM = 8192


def image(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


IMAGES = {OLD: (image(1, 1500), image(2, 6000)), NEW: (image(3, 1700), image(4, 7001))}


def update(path: Path, version: str = NEW, *, key: Ed25519PrivateKey = KEY, variant: str = "lite", images=None) -> Path:
    """A signed update file with the images of `version`."""
    images = images or IMAGES[version]
    parts = {}
    for name, content in zip(("boot", "system"), images, strict=True):
        parts[name] = path.with_suffix(f".{name}")
        parts[name].write_bytes(content)
    make(path, parts, version=version, variant=variant, target="rpi5", keys=[key])
    return path


def opened(path: Path) -> Bundle:
    return Bundle(path, io.BytesIO(path.read_bytes()), [KEY.public_key()])
