"""Hours of every day in which the assistant keeps quiet unless it is asked: no chime, a low voice, nothing unasked.
Alarms, timers and reminders were asked for: they come as always."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Self

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.moments import other_half

if TYPE_CHECKING:
    from assistant.skills.kit import Kit

EVENING_HOURS = range(6, 12)
"""Beginnings said without "am" or "pm" that mean the evening; twelve means midnight, one to five the night."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until `ends`, local time, over midnight where `ends` is the earlier one."""

    begins: time
    ends: time

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Those of a text such as "22:00-7:00"; None for anything else. As config.Quiet.hours is written."""
        try:
            begins, ends = (datetime.strptime(part, "%H:%M").time() for part in text.split("-"))  # noqa: DTZ007
        except ValueError:
            return None
        return cls(begins, ends) if begins != ends else None

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"

    def hold(self, moment: datetime) -> bool:
        """Whether `moment` (local) lies in them."""
        now = moment.time()
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


def meant(begins: time, ends: time, *, begins_known: bool, ends_known: bool) -> QuietHours | None:
    """The hours meant by two times, of which it may not be known whether they are before noon; None for none."""
    begins, ends = (each.replace(second=0, microsecond=0) for each in (begins, ends))
    if not begins_known:
        begins = begins.replace(hour=begins.hour % 12 + (12 if begins.hour in EVENING_HOURS else 0))
    if not ends_known:  # the first of both that comes after the beginning
        ends = min((ends, other_half(ends)), key=lambda each: _minutes(begins, each) or 24 * 60)
    return QuietHours(begins, ends) if begins != ends else None


def _minutes(begins: time, ends: time) -> int:
    return (ends.hour * 60 + ends.minute - begins.hour * 60 - begins.minute) % (24 * 60)


class QuietTime:
    """Sets, ends and tells the quiet hours."""

    intents = frozenset({"QuietHoursSet", "QuietHoursOff", "QuietHoursStatus"})

    def __init__(self, kit: "Kit") -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        say, before = self._kit.say, self._kit.preferences.quiet
        if intent.name == "QuietHoursStatus":
            return Reply(self._told(before))
        if intent.name == "QuietHoursOff":
            if before is None:
                return Reply(say("quiet.none"))
            self._change(None, before)
            return Reply(say("quiet.off"))
        begins, ends = slots.clock(intent, "begins"), slots.clock(intent, "ends")
        if begins is None or ends is None:
            return Reply(say("quiet.how"), outcome="refused")
        known = {f"{name}_known": bool(intent.slots.get(f"{name}_known", True)) for name in ("begins", "ends")}
        hours = meant(begins, ends, **known)
        if hours is None:
            return Reply(say("quiet.empty"), outcome="refused")
        self._change(hours, before)
        return Reply(self._told(hours, "set"))

    def _change(self, hours: QuietHours | None, before: QuietHours | None) -> None:
        self._kit.preferences.set("quiet", str(hours or ""))

        def undo() -> str:
            self._kit.preferences.set("quiet", str(before or ""))
            return self._told(before)

        self._kit.undo.add(undo)

    def _told(self, hours: QuietHours | None, key: str = "status") -> str:
        say = self._kit.say
        if hours is None:
            return say("quiet.none")
        return say(f"quiet.{key}", begins=say.clock(hours.begins), ends=say.clock(hours.ends))
