"""Manifests and predictions: one JSON object a line."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import UsageError
from assistant.files import write_whole


def read_manifest(path: Path, *fields: str) -> list[dict[str, Any]]:
    """The rows of a manifest, each with at least `fields`. Raises UsageError that names file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not a text file; a manifest has one JSON object a line") from error
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: line {number} is not JSON; a manifest has one JSON object a line") from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}: line {number} is not a JSON object")
        for field in fields:
            if field not in row:
                raise UsageError(f"{path}: line {number} has no '{field}'; it has {', '.join(row) or 'nothing'}")
        rows.append(row)
    if not rows:
        raise UsageError(f"{path}: has no rows")
    return rows


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, the whole file or nothing. Raises UsageError."""
    try:
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another --out") from error
