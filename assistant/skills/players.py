"""Which media player a request means."""

from collections.abc import Mapping

from assistant.nlu import Intent
from assistant.nlu.home import Entity, Home
from assistant.skills.home_targets import select
from assistant.skills.hub import State

ACTIVE = ("playing", "paused", "buffering")


def choose_player(home: Home, intent: Intent, states: Mapping[str, State]) -> Entity | None:
    """By name or room; else the one that plays, the one in this room, or the only one there is."""
    if intent.slots.get("name") or intent.slots.get("area"):
        named = [each for each in select(home, intent, default_domain="media_player") if each.domain == "media_player"]
        return named[0] if named else None
    players = [each for each in home.entities if each.domain == "media_player" and each.id]
    for wanted in ACTIVE:
        for each in players:
            state = states.get(each.id)
            if state is not None and state.state == wanted:
                return each
    here = [each for each in players if home.here and each.area == home.here]
    if here:
        return here[0]
    return players[0] if len(players) == 1 else None
