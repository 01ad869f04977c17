"""The weather, as the home hub knows it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from assistant.nlu import Intent
from assistant.nlu.home import Entity
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.home import hub_words
from assistant.skills.hub import Hub, HubError, ServiceCall
from assistant.skills.kit import Kit


class Weather:
    """Now and in the coming days."""

    intents = frozenset({"WeatherQuery", "HassGetWeather"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, hub = self._kit.say, self._kit.hub
        if hub is None:
            return Reply(say("weather.no_hub"), outcome="failed")
        station = self._station(intent)
        if station is None:
            return Reply(say("weather.no_station"), outcome="failed")
        place = slots.text(intent, "place") or intent.unresolved.get("place", "")
        if place and not self._is_here(place, station):
            return Reply(say("weather.elsewhere", place=place[:60]), outcome="refused")
        day = slots.day(intent)
        today = self._kit.time.now().date()
        try:
            if day is None or day == today:
                return self._now(hub, station)
            return self._forecast(hub, station, day, today)
        except HubError as error:
            return Reply(hub_words(self._kit, error), outcome="failed")

    def _station(self, intent: Intent) -> Entity | None:
        stations = [each for each in self._kit.home().entities if each.domain == "weather" and each.id]
        name = slots.text(intent, "name").casefold()
        return next((each for each in stations if each.name.casefold() == name), stations[0] if stations else None)

    def _is_here(self, place: str, station: Entity) -> bool:
        known = {self._kit.settings.place.name.casefold(), station.name.casefold(), *map(str.casefold, station.aliases)}
        return place.casefold() in known

    def _now(self, hub: Hub, station: Entity) -> Reply:
        say = self._kit.say
        state = hub.states().get(station.id)
        if state is None or state.state in ("unavailable", "unknown"):
            return Reply(say("weather.unavailable"), outcome="failed")
        condition = self._condition(state.state)
        degrees = state.attributes.get("temperature")
        if not isinstance(degrees, (int, float)):
            return Reply(say("weather.now_plain", condition=condition))
        return Reply(say("weather.now", condition=condition, degrees=say.number(round(degrees))))

    def _forecast(self, hub: Hub, station: Entity, day: date, today: date) -> Reply:
        say = self._kit.say
        call = ServiceCall("weather", "get_forecasts", (station.id,), {"type": "daily"})
        found = hub.call(call).response.get(station.id)
        rows = found.get("forecast") if isinstance(found, Mapping) else None
        row = next((row for row in rows or () if isinstance(row, Mapping) and self._day(row) == day), None)
        if row is None:
            return Reply(say("weather.too_far"), outcome="refused")
        values: dict[str, str] = {"day": say.day(day, today), "condition": self._condition(str(row.get("condition")))}
        high, low = row.get("temperature"), row.get("templow")
        text = say("weather.day", **values)
        if isinstance(high, (int, float)) and isinstance(low, (int, float)):
            text += say.word("weather.between").format(low=say.number(round(low)), high=say.number(round(high)))
        elif isinstance(high, (int, float)):
            text += say.word("weather.up_to").format(high=say.number(round(high)))
        chance = row.get("precipitation_probability")
        if isinstance(chance, (int, float)) and chance >= 10:
            text += say.word("weather.chance").format(chance=round(chance))
        return Reply(f"{text}.")

    def _day(self, row: Mapping[str, Any]) -> date | None:
        """The day of a forecast. A date is the place's own; a time in another zone is turned into it."""
        try:
            moment = datetime.fromisoformat(str(row.get("datetime")))
        except ValueError:
            return None
        return moment.astimezone(self._kit.time.zone).date() if moment.tzinfo else moment.date()

    def _condition(self, condition: str) -> str:
        return str(self._kit.say.table("weather_conditions").get(condition, condition.replace("-", " ")))
