"""Small catalogues and archives for the tests, made here."""

import hashlib
import io
import random
import zipfile

from assistant.artifacts.catalogue import Catalogue


def content(size: int = 100_000, seed: int = 1) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zipped(files: dict[str, bytes], root: str = "model") -> bytes:
    """A zip archive with one root directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{root}/"), "")
        for name, data in files.items():
            archive.writestr(f"{root}/{name}", data)
    return buffer.getvalue()


def model(model_id: str, files: dict[str, tuple[list[str], bytes]], **more: object) -> dict[str, object]:
    """A catalogue entry: file name → (addresses, content)."""
    entry: dict[str, object] = {
        "id": model_id, "kind": "llm", "title": model_id.title(), "licence": "CC0-1.0", "ram_mb": 1, "disk_mb": 1,
        "rank": 50, "evidence": "made here", "main": next(iter(files)),
        "files": [
            {"name": name, "urls": urls, "bytes": len(data), "sha256": sha256(data)}
            for name, (urls, data) in files.items()
        ],
    }  # fmt: skip
    entry.update(more)
    return entry


def catalogue(*models: dict[str, object]) -> Catalogue:
    return Catalogue.model_validate({"version": 1, "model": list(models)})
