"""YAML with the line of every value: what a person wrote by hand and may have written wrongly."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml

MarkedPath: TypeAlias = tuple[str | int, ...]
"""Keys and numbers from the top of the file down to a value."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 12
_MOST_VALUES = 20_000


class MistakeError(Exception):
    """Something wrong in a file; `line` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


class MarkedYaml:
    """A YAML text as plain values, every scalar a text ("on" stays "on"), and the line of each."""

    def __init__(self, text: str) -> None:
        """Raises MistakeError for what is no YAML, or no table."""
        self._lines: dict[MarkedPath, int] = {}
        self._values: dict[MarkedPath, Any] = {}
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise MistakeError(mark.line + 1 if mark else 1, f"is no YAML: {error.problem or error.context}") from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise MistakeError(1, f"is no YAML: {' '.join(str(error).split())[:120]}") from error
        if not isinstance(node, yaml.MappingNode):
            raise MistakeError(1, "a skill's file begins with 'intents:'")
        self._take(node, ())

    def _take(self, node: yaml.Node, path: MarkedPath) -> None:
        line = node.start_mark.line + 1
        if len(path) > _DEEPEST or len(self._values) > _MOST_VALUES:
            raise MistakeError(line, "is nested too deeply or too large")
        self._lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            keys = []
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise MistakeError(key.start_mark.line + 1, "a key must be a plain word")
                if key.value in keys:
                    raise MistakeError(key.start_mark.line + 1, f"'{key.value}' is there twice")
                keys.append(key.value)
                self._lines[*path, key.value] = key.start_mark.line + 1
                self._take(value, (*path, key.value))
            self._values[path] = keys
        elif isinstance(node, yaml.SequenceNode):
            self._values[path] = range(len(node.value))
            for number, value in enumerate(node.value):
                self._take(value, (*path, number))
        else:
            self._values[path] = str(node.value)

    def line(self, path: MarkedPath) -> int:
        """Where `path` stands, or the nearest thing above it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def has(self, path: MarkedPath) -> bool:
        """Whether there is anything at `path`."""
        return path in self._values

    def keys(self, path: MarkedPath) -> list[str]:
        """The keys of a table; none when it is not there."""
        value = self._values.get(path, [])
        if value == "":
            return []
        if not isinstance(value, list):
            raise MistakeError(self.line(path), f"'{path[-1]}' must be a table of names")
        return value

    def known(self, path: MarkedPath, allowed: tuple[str, ...]) -> None:
        """Refuse keys that mean nothing here."""
        for key in self.keys(path):
            if key not in allowed:
                raise MistakeError(self.line((*path, key)), f"unknown key '{key}'; known are {', '.join(allowed)}")

    def text(self, path: MarkedPath, default: str | None = None) -> str:
        """The text at `path`; `default` where there is none, a MistakeError without a default."""
        value = self._values.get(path, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise MistakeError(self.line(path), f"'{path[-1]}' must be a text")
        return value.strip()

    def texts(self, path: MarkedPath) -> Iterator[tuple[int, str]]:
        """(number, text) of a list of texts; a single text counts as a list of one."""
        value = self._values.get(path, range(0))
        if isinstance(value, str) and value.strip():
            self._values[*path, 0] = value
            value = range(1)
        if not isinstance(value, range):
            raise MistakeError(self.line(path), f"'{path[-1]}' must be a list of texts, each begun by a dash")
        for number in value:
            yield number, self.text((*path, number))

    def items(self, path: MarkedPath) -> range:
        """The numbers of a list's entries."""
        value = self._values.get(path, range(0))
        if not isinstance(value, range):
            raise MistakeError(self.line(path), f"'{path[-1]}' must be a list, each value begun by a dash")
        return value
