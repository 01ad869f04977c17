"""What is published: the compressed image, its map of used blocks, hashes, signature, and the entry for Raspberry Pi
Imager.
"""

import datetime
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from image.build.errors import BuildError
from image.build.layers import IMAGE
from image.build.steps import Steps

ICON = IMAGE / "icon.svg"
"""Shown by Raspberry Pi Imager beside the title."""

TITLES = {
    "lite": ("Voice assistant, small", "Offline voice assistant with its embedded models. Needs no network, ever."),
    "full": ("Voice assistant", "Offline voice assistant with larger models inside. Needs no network, ever."),
}


def sha256(path: Path) -> str:
    """Of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def signing_key(path: Path, *, make: bool) -> Ed25519PrivateKey:
    """The Ed25519 key in `path` (PEM); a new one is written there when `make` and there is none."""
    if not path.exists():
        if not make:
            raise BuildError(f"{path}: there is no signing key; docs/release.md says how to make one")
        path.parent.mkdir(parents=True, exist_ok=True)
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.touch(mode=0o600)
        path.write_bytes(pem)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise BuildError(f"{path}: is not a private key without a pass phrase (PEM)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BuildError(f"{path}: must be an Ed25519 key")
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The key that verifies."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign(sums: Path, key: Ed25519PrivateKey) -> Path:
    """`sums.sig`: the signature's 64 bytes over the file of hashes."""
    signature = sums.with_name(f"{sums.name}.sig")
    signature.write_bytes(key.sign(sums.read_bytes()))
    return signature


def verify(directory: Path, public: bytes) -> list[str]:
    """What is wrong with a release: nothing, or one line a file. Raises BuildError when it cannot be judged."""
    try:
        key = serialization.load_pem_public_key(public)
    except ValueError as error:
        raise BuildError("that is no public key (PEM)") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BuildError("the public key must be an Ed25519 key")
    lists = sorted(directory.glob("*.SHA256SUMS"))
    if len(lists) != 1:
        raise BuildError(f"{directory}: holds {len(lists)} lists of hashes (*.SHA256SUMS), one belongs there")
    sums = lists[0]
    try:
        key.verify(sums.with_name(f"{sums.name}.sig").read_bytes(), sums.read_bytes())
    except (InvalidSignature, OSError):
        return [f"{sums.name}: the signature is missing or wrong"]
    wrong = []
    for line in sums.read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        path = directory / name
        if not path.is_file() or sha256(path) != expected:
            wrong.append(f"{name}: is missing or was changed")
    return wrong


def imager_entry(
    image: Path, compressed: Path, *, variant: str, url: str, version: str, day: datetime.date
) -> dict[str, Any]:
    """One entry for Raspberry Pi Imager, sizes in bytes."""
    title, description = TITLES[variant.removesuffix("-hailo")]
    base = url.rstrip("/")
    return {
        "name": f"{title} {version}" + (" for the AI HAT+ 2" if variant.endswith("-hailo") else ""),
        "description": description,
        "icon": f"{base}/{image.stem}.{ICON.name}",
        "url": f"{base}/{compressed.name}",
        "bmap_url": f"{base}/{image.name}.bmap",
        "extract_size": image.stat().st_size,
        "extract_sha256": sha256(image),
        "image_download_size": compressed.stat().st_size,
        "image_download_sha256": sha256(compressed),
        "release_date": day.isoformat(),
        "devices": ["pi5-64bit"],
        "init_format": "none",
        "architecture": "armv8",
    }


def publish(
    steps: Steps,
    image: Path,
    out: Path,
    *,
    variant: str,
    version: str,
    url: str,
    key: Ed25519PrivateKey,
    beside: list[Path],
    level: int,
) -> None:
    """Fill `out` with everything that belongs to one image."""
    compressed = out / f"{image.name}.xz"
    with compressed.open("wb") as target:
        steps.pipe(["xz", f"-{level}", "--threads=0", "--stdout", image], target, what="compressing")
    steps.run(["bmaptool", "create", "-o", out / f"{image.name}.bmap", image], what="mapping used blocks")
    day = datetime.datetime.now(datetime.UTC).date()
    manifest = {"os_list": [imager_entry(image, compressed, variant=variant, url=url, version=version, day=day)]}
    (out / f"{image.stem}.rpi-imager-manifest").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for file in [*beside, ICON]:
        shutil.copy(file, out / f"{image.stem}.{file.name}")
    sums = out / f"{image.stem}.SHA256SUMS"
    named = sorted(p for p in out.iterdir() if p.name not in {sums.name, f"{sums.name}.sig"})
    sums.write_text("".join(f"{sha256(p)}  {p.name}\n" for p in named), encoding="utf-8")
    sign(sums, key)
