"""What it listens for. A new word is asked back, counts at once, and the old one goes on counting until the new one was
heard: a word that cannot be said or heard must not lock anybody out."""

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import Kit


class WakeWord:
    """Changes and tells the wake word. Only bundled ones: others need a model of their own (docs/wake.md)."""

    intents = frozenset({"WakeWordSet", "WakeWordStatus"})

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, known, now = self._kit.say, self._kit.wake_words, self._kit.preferences.wake
        if not known:
            return Reply(say("wake.own"), outcome="refused")
        if intent.name == "WakeWordStatus":
            return Reply(say("wake.status", phrase=say.join(now, "or"), known=say.join(known, "or")))
        wanted = slots.text(intent, "wake_word").lower()
        if wanted not in known:
            key, outcome = ("wake.unknown", "refused") if wanted else ("wake.which", "done")
            return Reply(say(key, known=say.join(known, "or")), outcome=outcome)
        if now == (wanted,):
            return Reply(say("wake.already", phrase=wanted))
        question = say("wake.ask", phrase=wanted, before=say.join(now, "or"))
        return self._kit.questions.ask(question, lambda: self._change(wanted), say("wake.not_changed"))

    def _change(self, wanted: str) -> Reply:
        say, preferences = self._kit.say, self._kit.preferences
        before, still = ", ".join(preferences.wake), ", ".join(preferences.wake_before)
        preferences.change(wake=wanted, wake_before=still or before)

        def undo() -> str:
            preferences.change(wake=before, wake_before="")
            return say("wake.undone", phrase=say.join(preferences.wake, "or"))

        self._kit.undo.add(undo)
        return Reply(say("wake.changed", phrase=wanted, before=say.join(before.split(", "), "or")))
