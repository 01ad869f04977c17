"""How loud the device speaks."""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import Kit

STEP = 10
"""Per cent a "louder" changes: two of them are clearly heard."""

SOFTEST = 5
"""Below that a reply cannot be heard; "mute" is for silence."""


class Volume:
    """Changes the device's own loudness. A loudspeaker elsewhere in the house is the home skill's."""

    intents = frozenset({"VolumeSet", "VolumeUp", "VolumeDown", "Mute", "Unmute", "VolumeStatus"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, preferences = self._kit.say, self._kit.preferences
        level, muted = preferences.volume, preferences.muted
        match intent.name:
            case "VolumeStatus":
                return Reply(say("volume.status_muted" if muted else "volume.status", level=level))
            case "Mute":
                preferences.set("muted", value=True)
                self._undo(level, muted=muted)
                return Reply(say("volume.muted"))
            case "Unmute":
                preferences.set("muted", value=False)
                self._undo(level, muted=muted)
                return Reply(say("volume.unmuted", level=level))
            case "VolumeSet":
                wanted = slots.number(intent, "level")
                if wanted is None:
                    return Reply(say("volume.ask"), expects_answer=True, asks="level")
                if not 0 <= wanted <= 100:
                    return Reply(say("volume.range"), outcome="refused")
            case _:
                step = slots.number(intent, "step")
                step = STEP if step is None else abs(step)
                up = intent.name == "VolumeUp"
                if not muted and level == (100 if up else SOFTEST):
                    return Reply(say("volume.loudest" if up else "volume.softest"))
                wanted = level + (step if up else -step)
                wanted = min(100.0, max(float(SOFTEST), wanted))
        self._change(round(wanted))
        self._undo(level, muted=muted)
        if round(wanted) == 0:
            return Reply(say("volume.muted"))
        return Reply(say("volume.set", level=round(wanted)), earcon="volume")

    def _change(self, level: int) -> None:
        """Zero is silence: it mutes, and the loudness from before is kept for "unmute"."""
        if level:
            self._kit.preferences.set("volume", level)
        self._kit.preferences.set("muted", value=level == 0)

    def _undo(self, level: int, *, muted: bool) -> None:
        def undo() -> str:
            self._kit.preferences.set("volume", level)
            self._kit.preferences.set("muted", value=muted)
            return self._kit.say("volume.muted" if muted else "volume.set", level=level)

        self._kit.undo.add(undo)
