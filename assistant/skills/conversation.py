"""The conversation itself: stop, repeat, slower, undo, yes and no, and questions about what was just done."""

from collections.abc import Callable
from datetime import UTC, datetime

from assistant import events as ev
from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext
from assistant.skills.kit import Kit
from assistant.skills.preferences import RATES

REPEATABLE_S = 1800.0
"""How long "repeat that" still means the last reply."""


class Conversation:
    """About the talk, not the world."""

    intents = frozenset(
        {
            "Stop", "NeverMind", "Repeat", "SpeakSlower", "SpeakFaster", "Help", "Why", "WhatSent", "Undo", "Yes", "No",
            "Thanks", "Greeting", "StayOffline", "GoOnline", "WhatModel",
        }
    )  # fmt: skip

    def __init__(self, kit: Kit, stop_ringing: Callable[[], bool]) -> None:
        self._kit = kit
        self._stop_ringing = stop_ringing
        self._last: tuple[float, str] | None = None

    def remember(self, reply: Reply) -> None:
        """The registry hands every reply over, so that it can be repeated."""
        if reply.text:
            self._last = (self._kit.time.monotonic(), reply.text)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say = self._kit.say
        match intent.name:
            case "Stop":
                self._stop_ringing()
                self._kit.questions.take()
                return Reply("")
            case "NeverMind":
                self._kit.questions.take()
                return Reply(say("conversation.never_mind"))
            case "Repeat":
                if self._last is None or self._kit.time.monotonic() - self._last[0] > REPEATABLE_S:
                    return Reply(say("conversation.nothing_to_repeat"))
                return Reply(self._last[1])
            case "SpeakSlower":
                return self._speed(-1)
            case "SpeakFaster":
                return self._speed(1)
            case "Help":
                home = say.word("conversation.help_home" if self._kit.hub else "conversation.help_no_home")
                return Reply(say("conversation.help", home=home))
            case "Why":
                return Reply(self._why())
            case "WhatSent":
                return Reply(self._sent())
            case "Undo":
                return Reply(" ".join(self._kit.undo.run()) or say("conversation.undone_nothing"))
            case "Yes" | "No":
                return self._answer(yes=intent.name == "Yes")
            case "Thanks":
                return Reply(say("conversation.thanks"))
            case "StayOffline" | "GoOnline":
                return self._offline(wanted=intent.name == "StayOffline")
            case "WhatModel":
                models = list(self._kit.models())
                if not models:
                    return Reply(say("conversation.no_models"))
                return Reply(say("conversation.models", models=say.join(models)))
        hour = self._kit.time.now().hour
        part = "morning" if 4 <= hour < 11 else "evening" if hour >= 18 else "day"
        return Reply(say(f"conversation.greeting_{part}"))

    def _answer(self, *, yes: bool) -> Reply:
        question = self._kit.questions.take()
        if question is None:
            return Reply(self._kit.say("conversation.no_question" if yes else "conversation.never_mind"))
        on_yes, on_no = question
        return on_yes() if yes else on_no()

    def _speed(self, step: int) -> Reply:
        say, preferences = self._kit.say, self._kit.preferences
        before = preferences.rate
        faster = [rate for rate in RATES if rate > before + 0.01]
        slower = [rate for rate in RATES if rate < before - 0.01]
        choice = faster[:1] if step > 0 else slower[-1:]
        if not choice:
            return Reply(say("conversation.fastest" if step > 0 else "conversation.slowest"))
        preferences.set("rate", choice[0])

        def undo() -> str:
            preferences.set("rate", before)
            return say("conversation.rate_undone")

        self._kit.undo.add(undo)
        return Reply(say("conversation.faster" if step > 0 else "conversation.slower"))

    def _offline(self, *, wanted: bool) -> Reply:
        say, preferences = self._kit.say, self._kit.preferences
        if not wanted and self._kit.settings.cloud.stay_offline:
            return Reply(say("conversation.offline_by_settings"), outcome="refused")
        if preferences.offline == wanted:
            return Reply(say("conversation.already_offline" if wanted else "conversation.already_online"))
        preferences.set("offline", wanted)
        if wanted:
            # going online again is only ever said in so many words, so "undo" covers this direction alone
            self._kit.undo.never(say("conversation.offline"))
        return Reply(say("conversation.offline" if wanted else "conversation.online"))

    def _why(self) -> str:
        say, trace = self._kit.say, self._kit.trace()
        if trace is None or (heard := trace.first(ev.Transcript)) is None:
            return say("conversation.why_nothing")
        understood, route = trace.last(ev.IntentMatched), trace.last(ev.RouteDecided)
        if understood is None or understood.tier == "none":
            rule = say("conversation.why_none")
        elif understood.sentence:
            rule = say("conversation.why_sentence", sentence=understood.sentence)
        elif understood.tier == "grammar":
            rule = say("conversation.why_grammar")
        else:
            rule = say("conversation.why_other", tier=understood.tier)
        place, reason = (route.where, route.reason) if route else ("command", "")
        where = say(f"conversation.why_{place}", reason=reason)
        timings, times = trace.timings_ms(), ""
        if (total := timings.get("speech_end_to_first_audio")) is not None:
            times += say.word("conversation.why_time").format(total=self._milliseconds(total))
        if (understand := timings.get("understand")) is not None:
            times += say.word("conversation.why_stage").format(understand=self._milliseconds(understand))
        return say("conversation.why", heard=heard.text, rule=rule, where=where, times=times)

    def _milliseconds(self, value: float) -> str:
        return self._kit.say.word("conversation.milliseconds").format(number=max(1, round(value)))

    def _sent(self) -> str:
        """Today is the place's day; entries are told from the latest."""
        say, now, ledger = self._kit.say, self._kit.time.now(), self._kit.ledger
        if callable(ledger):
            return ledger(now)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        entries = ledger.sent_since(midnight.astimezone(UTC)) if ledger else []
        if not entries:
            return say("conversation.sent_nothing")
        told = [
            say.word("conversation.sent_entry").format(
                what=entry.what, to=entry.to, size=say.count(entry.size, "byte"), time=self._clock(entry.at)
            )
            for entry in list(reversed(entries))[:3]
        ]
        text = say("conversation.sent", count=say.count(len(entries), "request"), entries=say.join(told))
        if len(entries) > 3:
            text = f"{text[:-1]}, {say.word('conversation.sent_more').format(count=len(entries) - 3)}."
        return text

    def _clock(self, moment: datetime) -> str:
        return self._kit.say.clock(moment.astimezone(self._kit.time.zone))
