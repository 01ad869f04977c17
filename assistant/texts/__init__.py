"""Every text that is spoken, one file a language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def texts(language: str, section: str = "turn") -> Mapping[str, str]:
    """The texts of `section` in `language`. A missing file or section is a packaging error: KeyError."""
    source = resources.files(__package__).joinpath(f"{language}.toml")
    values: dict[str, dict[str, str]] = tomllib.loads(source.read_text(encoding="utf-8"))
    return values[section]
