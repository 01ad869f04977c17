"""Reads a settings text that a person wrote with whatever editor there was: as much of it as can be understood."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 65_536
"""A longer file is no settings file."""

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "‘": "'", "’": "'", "‚": "'"})
_INVISIBLE = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " ") | dict.fromkeys("\u200b\u2060\ufeff"))
_BARE = re.compile(r"\s*([\w.-]+)\s*[=:]\s*([^\"'\[{#=\s][^\"#]*?)\s*(#.*)?")
"""A value without quotation marks, or with a colon before it."""


@dataclass(slots=True)
class Read:
    """What was found in a text."""

    values: dict[str, Any] = field(default_factory=dict)
    """As TOML gives them: tables are dictionaries."""
    problems: list[str] = field(default_factory=list)
    """One sentence for each line that could not be understood."""


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding; no bytes are refused, and encoding the text gives them back."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                break
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def read(text: str) -> Read:
    """Everything that can be understood of `text`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE)
    if (values := _toml(text)) is not None:
        return Read(values)
    found, skipping = Read(), False
    where: dict[str, Any] = found.values
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        header = re.fullmatch(r"\s*\[\s*([\w.-]+)\s*\]\s*(#.*)?", line)
        if header:
            skipping = False
            inner = found.values.setdefault(header[1], {})
            if isinstance(inner, dict):
                where = inner
            else:
                where, skipping = {}, True
                found.problems.append(f"line {number}: '{header[1]}' is a value above and a section here")
            continue
        if skipping:
            continue
        values = next(_attempts(line), None)
        if values is None:
            found.problems.append(f"line {number} cannot be understood: {_shown(line)}")
            continue
        for key, value in values.items():
            if key in where:
                found.problems.append(f"line {number}: '{key}' was set before; the first one counts")
            else:
                where[key] = value
    return found


def _attempts(line: str) -> Iterator[dict[str, Any]]:
    """Readings of one line, the strictest first."""
    straight = line.translate(_QUOTES)
    for form in (line, straight):
        if (values := _toml(form)) is not None:
            yield values
    if bare := _BARE.fullmatch(straight):
        value = bare[2].strip().strip("'").replace("\\", "\\\\")
        for form in (f"{bare[1]} = {value}", f'{bare[1]} = "{value}"'):
            if (values := _toml(form)) is not None:
                yield values


def _toml(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # no TOML, numbers beyond all bounds, brackets without end
        return None


def _shown(line: str) -> str:
    """The key alone: a line may hold a password."""
    return f"'{line.partition('=')[0].strip()[:30]} ...'"
