"""Questions about the house: is it on, is it locked, how warm is it."""

from collections.abc import Mapping, Sequence

from assistant.nlu import Intent
from assistant.nlu.home import Entity
from assistant.skills import Reply, slots
from assistant.skills.home_targets import select
from assistant.skills.hub import Hub, State
from assistant.skills.kit import Kit

MOST_NAMED = 5


class HomeState:
    """Answers from what the hub says now."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, hub: Hub) -> Reply:
        """HassGetState and HassClimateGetTemperature. Raises HubError."""
        states = hub.states()
        if intent.name == "HassClimateGetTemperature":
            return self._temperature(intent, states)
        found = [each for each in select(self._kit.home(), intent) if each.id in states]
        if not found:
            area = slots.text(intent, "area")
            return Reply(self._kit.say("home.none_in" if area else "home.none", area=area), outcome="refused")
        wanted = slots.text(intent, "state").lower()
        if intent.slots.get("name") or len(found) == 1:
            return self._one(found[0], states[found[0].id], wanted)
        return self._several(found, states, wanted)

    def _one(self, entity: Entity, state: State, wanted: str) -> Reply:
        say = self._kit.say
        named = say.the(entity.name)
        if state.state in ("unavailable", "unknown"):
            return Reply(say("home.unavailable", name=named), outcome="failed")
        said = self._value(state)
        if wanted:
            key = "home.yes" if _is(state, wanted) else "home.no"
            return Reply(say(key, name=named, state=said))
        return Reply(say("home.state", name=named, state=said))

    def _several(self, entities: Sequence[Entity], states: Mapping[str, State], wanted: str) -> Reply:
        say = self._kit.say
        if not wanted:
            told = [f"{each.name} {self._value(states[each.id])}" for each in entities[:MOST_NAMED]]
            return Reply(say("home.states", states=say.join(told)))
        matching = [each for each in entities if _is(states[each.id], wanted)]
        shown = say.table("home_states").get(wanted, wanted)
        if not matching:
            return Reply(say("home.none_are", state=shown))
        if len(matching) == len(entities):
            return Reply(say("home.all_are", state=shown))
        names = [each.name for each in matching[:MOST_NAMED]]
        if len(matching) > MOST_NAMED:
            names.append(say.word("home.others").format(count=len(matching) - MOST_NAMED))
        return Reply(say("home.some_are", names=say.join(names), state=shown))

    def _temperature(self, intent: Intent, states: Mapping[str, State]) -> Reply:
        say, home = self._kit.say, self._kit.home()
        area = slots.text(intent, "area")
        chosen = select(home, intent) or list(home.entities)
        thermometers = [each for each in chosen if each.domain == "sensor" and each.device_class == "temperature"]
        climates = [each for each in chosen if each.domain == "climate"]
        if not thermometers and not climates:
            climates = [each for each in home.entities if each.domain == "climate"]
        for each in (*thermometers, *climates):
            state = states.get(each.id)
            degrees = _degrees(each, state) if state else None
            if degrees is not None:
                room = each.area or area
                key = "home.temperature_in" if room else "home.temperature"
                return Reply(say(key, degrees=say.number(round(degrees, 1)), area=room.lower()))
        return Reply(say("home.no_thermometer"), outcome="refused")

    def _value(self, state: State) -> str:
        say = self._kit.say
        unit = str(state.attributes.get("unit_of_measurement") or "")
        if unit:
            try:
                number = say.number(round(float(state.state), 2))
            except ValueError:
                number = state.state
            return f"{number}{'' if unit in ('%', '°C', '°F') else ' '}{unit}"
        kind = str(state.attributes.get("device_class") or "")
        words = say.table("home_states")
        return str(words.get(f"{kind}_{state.state}") or words.get(state.state, state.state.replace("_", " ")))


def _degrees(entity: Entity, state: State) -> float | None:
    value = state.state if entity.domain == "sensor" else state.attributes.get("current_temperature")
    try:
        return float(value) if isinstance(value, (str, int, float)) else None
    except ValueError:
        return None


def _is(state: State, wanted: str) -> bool:
    """Whether a device is as asked; an open door is "on" for a sensor, and "opening" is open."""
    now = state.state
    if state.entity.startswith("binary_sensor.") and wanted in ("open", "closed"):
        now = {"on": "open", "off": "closed"}.get(now, now)
    same = {"opening": "open", "closing": "open", "unlocking": "unlocked", "locking": "unlocked"}
    return same.get(now, now) == wanted
