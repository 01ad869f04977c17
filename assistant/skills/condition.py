"""The device itself: "are you hot?", "why are you so slow?"."""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext
from assistant.skills.kit import Kit


class Condition:
    """Tells heat and power as they are measured at that moment, and what they do to answers."""

    intents = frozenset({"DeviceHeat", "DeviceSlow"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, health = self._kit.say, self._kit.health()
        why = [name for name in ("hot", "weak_supply", "slowed") if getattr(health, name)]
        if intent.name == "DeviceHeat":
            if health.temperature_c is None:
                return Reply(say("condition.unknown"))
            degrees = say.number(round(health.temperature_c))
            return Reply(say("condition.hot" if health.hot else "condition.cool", degrees=degrees))
        if not why:
            return Reply(say("condition.not_slowed"))
        return Reply(" ".join(say(f"condition.slow_{name}") for name in why))
