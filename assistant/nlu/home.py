"""The home that requests speak of: rooms and devices from a TOML file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import UsageError

SAMPLE_HOME = Path(__file__).parent / "homes" / "sample.toml"
"""The bundled home, used when the owner gave none."""

_LONGEST_FILE = 1_000_000
"""Bytes. A file with a thousand devices is a tenth of this; more is no home file."""

_ENTITY_KEYS = frozenset({"name", "area", "domain", "device_class", "features", "aliases", "id"})
_AREA_KEYS = frozenset({"name", "floor", "aliases"})


@dataclass(frozen=True, slots=True)
class Area:
    """A room."""

    name: str
    floor: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """A device, scene, script or anything else with a name."""

    name: str
    domain: str
    """Home Assistant's domain: light, switch, cover, lock, climate, media_player, ..."""
    area: str = ""
    device_class: str = ""
    features: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    id: str = ""
    """The hub's entity id, where known: "light.desk"."""


@dataclass(frozen=True, slots=True)
class Home:
    """Rooms and devices."""

    here: str = ""
    """The room the device stands in."""
    areas: tuple[Area, ...] = ()
    entities: tuple[Entity, ...] = ()
    language: str = "en"

    @property
    def floors(self) -> tuple[str, ...]:
        """Names of the floors, in the order of their first room."""
        return tuple(dict.fromkeys(area.floor for area in self.areas if area.floor))

    def named(self, name: str) -> Entity | None:
        """The entity called `name` (any case, or one of its aliases)."""
        wanted = name.casefold()
        for entity in self.entities:
            if wanted in (entity.name.casefold(), *(alias.casefold() for alias in entity.aliases)):
                return entity
        return None


def load_home(path: Path | None) -> Home:
    """The home in the TOML file at `path`; the bundled sample when None.

    Raises UsageError, one line, for a file that cannot be read, is no TOML, or has unknown keys or wrong types.
    """
    file = path or SAMPLE_HOME
    try:
        if file.stat().st_size > _LONGEST_FILE:
            raise UsageError(f"{file}: is larger than 1 MB; a home file holds only rooms and devices")
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); check the path of the home file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not a text file; a home is a TOML text") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: is not valid TOML: {error}") from error
    return _home(file, values)


def _home(file: Path, values: dict[str, Any]) -> Home:
    _known(file, "", values, frozenset({"language", "here", "areas", "entities"}))
    here = values.get("here", {})
    if not isinstance(here, dict):
        raise UsageError(f"{file}: here: must be a table with 'area'")
    _known(file, "here.", here, frozenset({"area"}))
    areas = tuple(
        Area(_text(file, where, row, "name"), _text(file, where, row, "floor", ""), _texts(file, where, row, "aliases"))
        for where, row in _rows(file, values, "areas", _AREA_KEYS)
    )
    entities = tuple(
        Entity(
            name=_text(file, where, row, "name"),
            domain=_text(file, where, row, "domain"),
            area=_text(file, where, row, "area", ""),
            device_class=_text(file, where, row, "device_class", ""),
            features=_texts(file, where, row, "features"),
            aliases=_texts(file, where, row, "aliases"),
            id=_text(file, where, row, "id", ""),
        )
        for where, row in _rows(file, values, "entities", _ENTITY_KEYS)
    )
    known = {area.name.casefold() for area in areas}
    for number, entity in enumerate(entities, 1):
        if entity.area and entity.area.casefold() not in known:
            raise UsageError(f"{file}: entities {number} ({entity.name}): no area is called '{entity.area}'; add it")
    room = _text(file, "here.", here, "area", "")
    if room and room.casefold() not in known:
        raise UsageError(f"{file}: here.area: no area is called '{room}'; add it to the areas")
    return Home(room, areas, entities, _text(file, "", values, "language", "en"))


def _known(file: Path, where: str, row: dict[str, Any], keys: frozenset[str]) -> None:
    for key in row:
        if key not in keys:
            raise UsageError(f"{file}: unknown key '{where}{key}'; known are {', '.join(sorted(keys))}")


def _rows(file: Path, values: dict[str, Any], table: str, keys: frozenset[str]) -> list[tuple[str, dict[str, Any]]]:
    rows = values.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{file}: {table}: must be a list of tables, each begun by [[{table}]]")
    named = [(f"{table} {number}.", row) for number, row in enumerate(rows, 1)]
    for where, row in named:
        _known(file, where, row, keys)
    return named


def _text(file: Path, where: str, row: dict[str, Any], key: str, default: str | None = None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise UsageError(f"{file}: {where}{key}: must be a text (got {str(value)[:40]!r})")
    return value.strip()


def _texts(file: Path, where: str, row: dict[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{file}: {where}{key}: must be a list of texts")
    return tuple(value)
