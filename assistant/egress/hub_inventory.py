"""Rooms and devices of a Home Assistant, in the shape of a home file."""

from collections.abc import Mapping, Sequence
from typing import Any

DOMAINS = frozenset(
    {
        "light", "switch", "fan", "cover", "lock", "climate", "media_player", "scene", "script", "sensor",
        "binary_sensor", "vacuum", "lawn_mower", "alarm_control_panel", "weather", "input_boolean", "valve",
        "humidifier", "button", "input_button", "water_heater", "person",
    }
)  # fmt: skip
"""What people speak of."""

_ALWAYS = frozenset({"weather", "media_player"})
"""Home Assistant leaves these unexposed until the owner says otherwise, and does not tell that from a choice. The
forecast and the radio are what a speaker is asked for most; hiding one in the hub keeps it from here."""

_COLOURED = frozenset({"hs", "rgb", "xy", "rgbw", "rgbww"})
Row = Mapping[str, Any]


def inventory(
    areas: Sequence[Row],
    devices: Sequence[Row],
    entries: Sequence[Row],
    states: Sequence[Row],
    *,
    floors: Sequence[Row] | None,
    exposed: Mapping[str, Any] | None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """{"areas": [...], "entities": [...]} from the hub's registries and states.

    Left out: what the owner hid, disabled or chose not to expose to assistants, and a device's own settings. Raises
    KeyError, TypeError, ValueError or AttributeError for rows that are not as the hub documents them.
    """
    if not all(isinstance(rows, list) for rows in (areas, devices, entries, states)):
        raise TypeError("the registries and states are lists")
    known = details if isinstance(details, Mapping) else {}
    floor_names = {row["floor_id"]: str(row["name"]) for row in floors or ()}
    area_names = {row["area_id"]: str(row["name"]) for row in areas}
    device_areas = {row["id"]: row.get("area_id") for row in devices}
    registry = {row["entity_id"]: row for row in entries}
    choice = exposed.get("exposed_entities", {}) if isinstance(exposed, Mapping) else {}
    found = []
    for state in states:
        entity = str(state["entity_id"])
        domain = entity.partition(".")[0]
        entry = registry.get(entity, {})
        attributes = state.get("attributes", {})
        name = str(attributes.get("friendly_name") or "").strip()
        if domain not in DOMAINS or not name or _hidden(entry) or _unexposed(choice, entity):
            continue
        area = entry.get("area_id") or device_areas.get(entry.get("device_id"))
        row = {
            "id": entity,
            "name": name,
            "domain": domain,
            "area": area_names.get(area, ""),
            "device_class": str(attributes.get("device_class") or ""),
            "features": _features(domain, attributes),
            "aliases": [str(alias) for alias in (known.get(entity) or entry).get("aliases") or () if alias],
        }
        found.append({key: value for key, value in row.items() if value})
    rooms = [
        {
            key: value
            for key, value in (
                ("name", str(row["name"])),
                ("floor", floor_names.get(row.get("floor_id"), "")),
                ("aliases", [str(alias) for alias in row.get("aliases") or ()]),
            )
            if value
        }
        for row in areas
    ]
    return {"areas": rooms, "entities": found}


def _hidden(entry: Row) -> bool:
    return bool(entry.get("hidden_by") or entry.get("disabled_by") or entry.get("entity_category"))


def _unexposed(choice: Mapping[str, Any], entity: str) -> bool:
    row = None if entity.partition(".")[0] in _ALWAYS else choice.get(entity)
    return isinstance(row, Mapping) and row.get("conversation") is False


def _features(domain: str, attributes: Row) -> list[str]:
    if domain != "light":
        return []
    modes = set(attributes.get("supported_color_modes") or ())
    found = []
    if modes - {"onoff", "unknown"}:
        found.append("brightness")
    if modes & _COLOURED:
        found.append("color")
    if "color_temp" in modes:
        found.append("temperature")
    return found
