"""Asks for the welcome, which whoever has a microphone and a loudspeaker plays (assistant/live/welcome.py)."""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext
from assistant.skills.kit import Kit


class Welcome:
    """Begins it. To skip it means something only while it goes on, and then it is the welcome that is answered."""

    intents = frozenset({"WelcomeStart", "WelcomeSkip"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say = self._kit.say
        if intent.name == "WelcomeSkip":
            return Reply(say("welcome.nothing_to_skip"))
        if not self._kit.welcome():
            return Reply(say("welcome.nowhere"), outcome="refused")
        return Reply(say("welcome.begins"))
