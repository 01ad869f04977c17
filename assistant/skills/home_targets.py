"""Which devices a request means, which service does it, and what needs a spoken confirmation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.nlu import Intent
from assistant.nlu.home import Entity, Home
from assistant.skills import slots
from assistant.skills.hub import ServiceCall, State

RISKY_COVERS = frozenset({"garage", "door", "gate"})
"""Covers that a burglar would like to see open."""

EVERYTHING = frozenset({"light", "switch", "fan", "media_player"})
"""What "turn off everything in the kitchen" means: locks, blinds and heating are not switched by the way."""

_ALL = frozenset({"all", "everything", "all lights", "every light"})

_ON = {
    "cover": "open_cover", "valve": "open_valve", "lock": "lock", "button": "press", "input_button": "press",
    "vacuum": "start", "lawn_mower": "start_mowing", "alarm_control_panel": "alarm_arm_away",
}  # fmt: skip
_OFF = {
    "cover": "close_cover", "valve": "close_valve", "lock": "unlock", "vacuum": "return_to_base", "lawn_mower": "dock",
    "alarm_control_panel": "alarm_disarm",
}  # fmt: skip
_PLAIN = frozenset(
    {
        "light", "switch", "fan", "input_boolean", "climate", "media_player", "humidifier", "siren", "script",
        "water_heater", "automation", "remote",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """One service for some devices, with what it sets."""

    service: str
    entities: tuple[Entity, ...]
    data: Mapping[str, Any]

    @property
    def call(self) -> ServiceCall:
        return ServiceCall(self.entities[0].domain, self.service, tuple(e.id for e in self.entities), self.data)


def select(home: Home, intent: Intent, *, default_domain: str = "", default_here: bool = False) -> list[Entity]:
    """The devices that the slots name, by name or by room, floor and kind."""
    name = slots.text(intent, "name")
    area, floor = slots.text(intent, "area").casefold(), slots.text(intent, "floor").casefold()
    if name and name.casefold() not in _ALL:
        return _named(home, name, area)
    domain = slots.text(intent, "domain") or default_domain
    kind = slots.text(intent, "device_class")
    floors = {room.name.casefold(): room.floor.casefold() for room in home.areas}
    if not area and not floor and default_here and not name:
        area = home.here.casefold()
    return [
        entity
        for entity in home.entities
        if (not domain or entity.domain == domain)
        and (not kind or entity.device_class == kind)
        and (not area or entity.area.casefold() == area)
        and (not floor or floors.get(entity.area.casefold()) == floor)
        and (domain or kind or entity.domain in EVERYTHING)
        and (domain or kind or area or floor or name)
    ]


def _named(home: Home, name: str, area: str) -> list[Entity]:
    wanted = name.casefold()
    found = [
        entity
        for entity in home.entities
        if wanted in (entity.name.casefold(), *(alias.casefold() for alias in entity.aliases))
    ]
    room = area or home.here.casefold()
    near = [entity for entity in found if room and entity.area.casefold() == room]
    return (near or found)[:1]


def switched(entities: Iterable[Entity], *, on: bool) -> list[Act]:
    """The calls that turn devices on or off: covers open and close, locks lock and unlock."""
    found: dict[str, list[Entity]] = {}
    for entity in entities:
        found.setdefault(entity.domain, []).append(entity)
    acts = []
    for domain, group in found.items():
        service = (_ON if on else _OFF).get(domain, "")
        if domain in _PLAIN or (domain == "scene" and on):
            service = "turn_on" if on else "turn_off"
        if service:
            acts.append(Act(service, tuple(group), {}))
    return acts


def is_risky(act: Act) -> bool:
    """Whether it lets somebody in: it is done only after a spoken yes."""
    if act.service in ("unlock", "alarm_disarm"):
        return True
    opens = act.service == "open_cover" or (act.service == "set_cover_position" and act.data.get("position", 0) > 0)
    return opens and any(entity.device_class in RISKY_COVERS for entity in act.entities)


def restoring(act: Act, before: Mapping[str, State]) -> list[Act]:
    """The calls that bring devices back to what they were; empty when that is not known."""
    acts = []
    for entity in act.entities:
        state = before.get(entity.id)
        if state is not None and (back := _restored(entity, act.service, state)) is not None:
            acts.append(back)
    return acts


def _restored(entity: Entity, service: str, state: State) -> Act | None:
    only, was = (entity,), state.attributes
    match entity.domain:
        case "light" if state.state == "on":
            data: dict[str, Any] = {}
            if isinstance(was.get("brightness"), (int, float)):
                data["brightness"] = was["brightness"]
            if was.get("color_mode") == "color_temp" and was.get("color_temp_kelvin"):
                data["color_temp_kelvin"] = was["color_temp_kelvin"]
            elif was.get("color_mode") in ("hs", "rgb", "xy") and was.get("rgb_color"):
                data["rgb_color"] = list(was["rgb_color"])
            return Act("turn_on", only, data)
        case "light" | "switch" | "fan" | "input_boolean" | "humidifier" | "siren":
            return Act("turn_on" if state.state == "on" else "turn_off", only, {})
        case "cover" if isinstance(was.get("current_position"), (int, float)):
            return Act("set_cover_position", only, {"position": was["current_position"]})
        case "cover" | "valve":
            opened = state.state in ("open", "opening")
            return Act(f"{'open' if opened else 'close'}_{entity.domain}", only, {})
        case "lock":
            return Act("lock" if state.state == "locked" else "unlock", only, {})
        case "climate" if isinstance(was.get("temperature"), (int, float)):
            return Act("set_temperature", only, {"temperature": was["temperature"]})
        case "media_player" if service == "volume_set" and isinstance(was.get("volume_level"), (int, float)):
            return Act("volume_set", only, {"volume_level": was["volume_level"]})
    return None
