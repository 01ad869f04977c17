"""Which of the installed voices speaks."""

from assistant.errors import AssistantError
from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import Kit, Voice


class Voices:
    """Changes the voice and tells which there are."""

    intents = frozenset({"VoiceNext", "VoiceSet", "VoiceStatus"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def names(self) -> tuple[str, ...]:
        """What the voices are called."""
        return tuple(voice.name for voice in self._kit.voices())

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, voices = self._kit.say, list(self._kit.voices())
        at = next((index for index, voice in enumerate(voices) if voice.running), -1)
        if intent.name == "VoiceStatus":
            others = [voice.name for index, voice in enumerate(voices) if index != at]
            return Reply(say("voice.others", others=say.join(others, "or")) if others else say("voice.only"))
        if intent.name == "VoiceSet":
            wanted = slots.text(intent, "voice").lower()
            chosen = next((voice for voice in voices if wanted in (voice.id, voice.name.lower())), None)
            if chosen is None:
                return Reply(say("voice.unknown", names=say.join([v.name for v in voices], "or")), outcome="refused")
            if chosen.running:
                return Reply(say("voice.already", name=chosen.name))
        elif len(voices) < 2:
            return Reply(say("voice.only"), outcome="refused")
        else:
            chosen = voices[(at + 1) % len(voices)]
        return self._change(chosen)

    def _change(self, chosen: Voice) -> Reply:
        """What is confirmed is spoken by the new voice already."""
        say, preferences = self._kit.say, self._kit.preferences
        before = preferences.voice
        try:
            preferences.set("voice", chosen.id)
        except AssistantError:  # it cannot be loaded: the one that speaks stays
            preferences.set("voice", before)
            raise

        def undo() -> str:
            preferences.set("voice", before)
            return say("voice.undone")

        self._kit.undo.add(undo)
        return Reply(say("voice.changed", name=chosen.name))
