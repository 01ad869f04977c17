"""What may be said to the home hub: structured calls of known services with known, bounded values. Nothing else leaves.

The request's words are never among them. The one text a call may hold is the title or artist to play, which a person
named for exactly that.
"""

import re
from collections.abc import Mapping
from typing import Any

_ON_OFF = frozenset({"turn_on", "turn_off", "toggle"})

SERVICES: Mapping[str, frozenset[str]] = {
    "light": _ON_OFF,
    "switch": _ON_OFF,
    "input_boolean": _ON_OFF,
    "fan": _ON_OFF | {"set_percentage", "set_preset_mode"},
    "humidifier": _ON_OFF | {"set_humidity"},
    "siren": _ON_OFF,
    "remote": frozenset({"turn_on", "turn_off"}),
    "automation": _ON_OFF | {"trigger"},
    "cover": frozenset({"open_cover", "close_cover", "stop_cover", "set_cover_position", "set_cover_tilt_position"}),
    "valve": frozenset({"open_valve", "close_valve", "set_valve_position"}),
    "lock": frozenset({"lock", "unlock"}),
    "climate": frozenset({"set_temperature", "set_hvac_mode", "set_fan_mode", "turn_on", "turn_off"}),
    "water_heater": frozenset({"set_temperature", "turn_on", "turn_off"}),
    "scene": frozenset({"turn_on"}),
    "script": frozenset({"turn_on", "turn_off"}),
    "button": frozenset({"press"}),
    "input_button": frozenset({"press"}),
    "vacuum": frozenset({"start", "pause", "stop", "return_to_base"}),
    "lawn_mower": frozenset({"start_mowing", "pause", "dock"}),
    "alarm_control_panel": frozenset({"alarm_arm_home", "alarm_arm_away", "alarm_arm_night", "alarm_disarm"}),
    "media_player": frozenset(
        {
            "turn_on",
            "turn_off",
            "media_play",
            "media_pause",
            "media_stop",
            "media_next_track",
            "media_previous_track",
            "volume_set",
            "volume_mute",
            "volume_up",
            "volume_down",
            "shuffle_set",
            "repeat_set",
            "play_media",
        }
    ),
    "weather": frozenset({"get_forecasts"}),
}
"""The services that may be called, by domain."""

WITH_RESPONSE = frozenset({("weather", "get_forecasts")})
"""Services that answer with data; they are called over the WebSocket."""

_WORD = re.compile(r"[a-z][a-z0-9_]{0,40}")
_ENTITY = re.compile(r"[a-z][a-z0-9_]{0,60}\.[a-z0-9_]{1,120}")

_RANGES = {
    "brightness": (0, 255),
    "brightness_pct": (0, 100),
    "brightness_step_pct": (-100, 100),
    "color_temp_kelvin": (1000, 20_000),
    "temperature": (-50, 300),
    "humidity": (0, 100),
    "position": (0, 100),
    "tilt_position": (0, 100),
    "percentage": (0, 100),
    "volume_level": (0, 1),
    "transition": (0, 60),
}
_SWITCHES = frozenset({"is_volume_muted", "shuffle"})
_WORDS = frozenset({"hvac_mode", "fan_mode", "preset_mode", "color_name", "type", "media_content_type", "repeat"})
LONGEST_TITLE = 100
"""Letters of a title or artist."""


class RuleError(ValueError):
    """A request that may not be sent. The message names what is wrong with it."""


def checked_call(request: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Domain, service and data of a call that may be sent. Raises RuleError for any other."""
    domain, service = request.get("domain"), request.get("service")
    entities, data = request.get("entities", []), request.get("data", {})
    if not isinstance(domain, str) or not isinstance(service, str) or service not in SERVICES.get(domain, ()):
        raise RuleError(f"the service {str(domain)[:40]}.{str(service)[:40]} is not one that may be called")
    if not isinstance(entities, list) or not 1 <= len(entities) <= 200:
        raise RuleError("a call names between one and 200 devices")
    for entity in entities:
        if not isinstance(entity, str) or not _ENTITY.fullmatch(entity):
            raise RuleError(f"{str(entity)[:60]!r} is no entity id")
    if not isinstance(data, Mapping):
        raise RuleError("the data of a call must be a mapping")
    checked = {str(key): _checked_value(str(key), value) for key, value in data.items()}
    return domain, service, {"entity_id": entities, **checked}


def _checked_value(key: str, value: object) -> object:
    if key in _RANGES:
        low, high = _RANGES[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise RuleError(f"{key} must be a number from {low} to {high}")
    elif key in _SWITCHES:
        if not isinstance(value, bool):
            raise RuleError(f"{key} must be true or false")
    elif key in _WORDS:
        if not isinstance(value, str) or not _WORD.fullmatch(value):
            raise RuleError(f"{key} must be a single lower-case word")
    elif key == "media_content_id":
        if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_TITLE or not value.isprintable():
            raise RuleError(f"{key} must be a title of at most {LONGEST_TITLE} letters")
    elif key == "rgb_color":
        if (
            not isinstance(value, list)
            or len(value) != 3
            or not all(isinstance(v, int) and 0 <= v < 256 for v in value)
        ):
            raise RuleError(f"{key} must be three numbers from 0 to 255")
    else:
        raise RuleError(f"{key[:40]} may not be sent")
    return value
