"""Alarms: once or repeated, snoozed, told of when they were missed."""

from dataclasses import replace
from datetime import date, time

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.appointments import FARTHEST_S, LATE_S, MOST, Appointed, Appointment
from assistant.skills.kit import Announcement, Kit
from assistant.skills.moments import next_moment, on_day, other_half
from assistant.skills.moving import Moving
from assistant.skills.recurrence import next_instant, weekdays

SNOOZE_S = 540.0
"""Nine minutes, as bedside clocks have done for decades."""

LONGEST_SNOOZE_S = 12 * 3600.0


class Alarms(Appointed):
    """Sets, changes, tells and rings alarms."""

    intents = frozenset({"AlarmSet", "AlarmCancel", "AlarmStatus", "AlarmSnooze", "AlarmMove"})

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "alarm")
        self._moving = Moving(kit, self._book, "alarms")

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        return {
            "AlarmSet": self._set,
            "AlarmCancel": self._cancel,
            "AlarmStatus": self._status,
            "AlarmSnooze": self._snooze,
            "AlarmMove": self._move,
        }[intent.name](intent)

    # --- requests

    def _set(self, intent: Intent) -> Reply:
        say = self._kit.say
        wanted, seconds = slots.clock(intent), slots.seconds(intent)
        if wanted is None and seconds is None:
            return Reply(say("alarms.ask_time"), expects_answer=True, asks="time")
        try:
            repeat = weekdays(slots.text(intent, "repeat"))
        except ValueError:
            return Reply(say("general.bad_day", value=slots.text(intent, "repeat")[:60]), outcome="refused")
        name = slots.text(intent, "name")
        if len(name) > slots.LONGEST_TEXT:
            return Reply(say("general.too_long"), outcome="refused")
        if wanted is None:
            made = self._in(seconds or 0.0, name)
        else:
            made = self._at(wanted, slots.day(intent), repeat, name, known=slots.pm_known(intent))
        if isinstance(made, Reply):
            return made
        there = self._book.all()
        if len(there) >= MOST:
            return Reply(say("alarms.too_many", count=MOST), outcome="refused")
        if made.clock and any(_same(made, each) for each in there):
            return Reply(say("alarms.already", when=self._when(made)))
        number = self._book.put(made)
        when = self._when(made)
        self._book.remember([], [number], lambda: say("alarms.undone_set", when=when))
        return Reply(say("alarms.set", when=when) + self._doubt())

    def _doubt(self) -> str:
        """What is added to a time while the clock is unsure."""
        say, keeper = self._kit.say, self._kit.time
        return "" if keeper.trusted else say.word("alarms.untrusted").format(time=say.clock(keeper.now()))

    def _in(self, seconds: float, name: str) -> Appointment | Reply:
        say, keeper = self._kit.say, self._kit.time
        if seconds < 1 or seconds > FARTHEST_S:
            return Reply(say("alarms.passed" if seconds < 1 else "alarms.too_far"), outcome="refused")
        anchor = keeper.anchor(seconds)
        return Appointment(0, "alarm", name, None, None, frozenset(), anchor.wall, anchor=anchor)

    def _at(
        self, wanted: time, day: date | None, repeat: frozenset[int], name: str, *, known: bool
    ) -> Appointment | Reply:
        say, keeper = self._kit.say, self._kit.time
        if repeat:
            # nobody is woken every day at six in the evening: an alarm without "pm" repeats in the morning
            clock = wanted if known or wanted.hour < 12 else other_half(wanted)
            due = next_instant(clock, keeper.zone, keeper.wall(), repeat=repeat)
            return Appointment(0, "alarm", name, clock, None, repeat, due)
        if day is None:
            due = next_moment(wanted, keeper, pm_known=known)
        else:
            due = on_day(wanted, day, keeper, pm_known=known)
        if due <= keeper.wall():
            return Reply(say("alarms.passed"), outcome="refused")
        if due > keeper.wall() + FARTHEST_S:
            return Reply(say("alarms.too_far"), outcome="refused")
        local = keeper.local(due)
        # a time that the clock skips keeps its own face, so that the confirmation says when it really rings
        return Appointment(0, "alarm", name, local.time(), local.date(), frozenset(), due)

    def _cancel(self, intent: Intent) -> Reply:
        say = self._kit.say
        alarms = self._book.all()
        if not alarms:
            return Reply(say("alarms.none"))
        wanted, day = slots.clock(intent), slots.day(intent)
        if slots.flag(intent, "all"):
            self._remove(alarms)
            return Reply(say("alarms.cancelled_all", count=say.count(len(alarms), "alarm")))
        ringing = self._ringing(alarms)
        if ringing and wanted is None and day is None:
            for each in ringing:
                self._book.finish(each)
            return Reply(say("alarms.stopped"))
        found = [each for each in alarms if self._moving.fits(each, wanted, day, known=slots.pm_known(intent))]
        if not found:
            return Reply(say("alarms.no_such"), outcome="refused")
        if len(found) > 1 and wanted is None and day is None:
            question = say("alarms.which", alarms=say.join([self._when(each) for each in found[:5]], "or"))
            return Reply(question, expects_answer=True, asks="time")
        if day is not None and all(each.repeat for each in found):
            return self._skip(found, day)
        self._remove(found)
        return Reply(say("alarms.cancelled", when=say.join([self._when(each) for each in found])))

    def _skip(self, alarms: list[Appointment], day: date) -> Reply:
        """A repeated alarm is left out on one day."""
        say, today = self._kit.say, self._kit.time.now().date()
        for each in alarms:
            skipped = replace(each, skip=day)
            self._book.put(replace(skipped, due=self._book.next_time(skipped)))
        self._book.remember(alarms, [], lambda: say("alarms.undone_skip"))
        return Reply(say("alarms.skipped", day=say.day(day, today), when=say.clock(alarms[0].clock or time())))

    def _status(self, intent: Intent) -> Reply:
        say, day = self._kit.say, slots.day(intent)
        today = self._kit.time.now().date()
        alarms = [each for each in self._book.waiting() if day is None or self._book.moment(each).date() == day]
        if not alarms:
            return Reply(say("alarms.none") if day is None else say("alarms.none_day", day=say.day(day, today)))
        told = [self._when(each) for each in alarms[:5]]
        if len(alarms) == 1:
            return Reply(say("alarms.one", when=told[0]))
        more = say.word("alarms.more").format(count=len(alarms) - 5) if len(alarms) > 5 else ""
        return Reply(say("alarms.several", count=say.count(len(alarms), "alarm"), alarms=say.join(told)) + more)

    def _snooze(self, intent: Intent) -> Reply:
        say, keeper = self._kit.say, self._kit.time
        seconds = slots.seconds(intent)
        seconds = SNOOZE_S if seconds is None else seconds
        ringing = self._ringing(self._book.all())
        if not ringing:
            return Reply(say("alarms.nothing_rings"))
        if not 1 <= seconds <= LONGEST_SNOOZE_S:
            return Reply(say("alarms.bad_snooze"), outcome="refused")
        for each in ringing:
            anchor = keeper.anchor(seconds)
            self._book.put(replace(each, state="set", due=anchor.wall, anchor=anchor))
        until = say.clock(keeper.local(keeper.wall() + seconds))
        return Reply(say("alarms.snoozed", duration=say.duration(seconds), time=until))

    def _move(self, intent: Intent) -> Reply:
        """The one that is meant goes elsewhere; when that is not one, all stay."""
        say, there = self._kit.say, self._book.all()
        try:
            repeat, old_repeat = (weekdays(slots.text(intent, slot)) for slot in ("repeat", "from_repeat"))
        except ValueError:
            value = slots.text(intent, "repeat") or slots.text(intent, "from_repeat")
            return Reply(say("general.bad_day", value=value[:60]), outcome="refused")
        ringing = self._ringing(there)
        named = slots.clock(intent, "from_time") or slots.day(intent, "from_day") or old_repeat
        if ringing and not named and slots.seconds(intent) is not None and not slots.flag(intent, "earlier"):
            return self._snooze(intent)
        alarms = [*ringing, *(each for each in there if each.state == "set")]
        found = ringing if ringing and not named else self._moving.meant(alarms, intent, old_repeat)
        if len(found) != 1:
            told = say.join([self._when(each) for each in found[:5]])
            text = (
                say("alarms.move_which", alarms=told) if found else say("alarms.no_such" if alarms else "alarms.none")
            )
            return Reply(text, outcome="refused")
        if not repeat and all(read(intent) is None for read in (slots.clock, slots.day, slots.seconds)):
            return Reply(say("alarms.ask_move"), expects_answer=True, asks="time")
        made = self._moving.moved(found[0], intent, repeat)
        if isinstance(made, Reply):
            return made
        moved = made[0]
        if moved.anchor is None and any(_same(moved, each) for each in there):
            return Reply(say("alarms.already", when=self._when(moved)), outcome="refused")
        if not moved.id and len(there) >= MOST:
            return Reply(say("alarms.too_many", count=MOST), outcome="refused")
        numbers = self._book.put_all(made)
        self._book.remember(found, [] if moved.id else numbers[:1], lambda: say("alarms.undone_move"))
        when = self._when(replace(moved, repeat=frozenset()) if moved.anchor else moved)
        return Reply(say("alarms.moved" if moved.id else "alarms.moved_once", when=when) + self._doubt())

    # --- time passes

    def ringing(self) -> list[Announcement]:
        """Alarms that ring now."""
        return [self._announce(each) for each in self._ringing(self._book.all())]

    def _ringing(self, alarms: list[Appointment]) -> list[Appointment]:
        """Those that make a noise; a missed one is only told of."""
        return [each for each in alarms if each.state == "ringing" and self._book.late(each) <= LATE_S]

    def _announce(self, each: Appointment) -> Announcement:
        say, keeper = self._kit.say, self._kit.time
        number, when = f"alarm-{each.id}", say.clock(keeper.local(each.due))
        if self._book.late(each) > LATE_S:
            day = say.day(keeper.local(each.due).date(), keeper.now().date())
            return Announcement(number, say("alarms.missed", time=when, day=day), kind="alarm")
        text = say("alarms.rings_named", time=say.clock(keeper.now()), name=each.words) if each.words else ""
        return Announcement(number, text or say("alarms.rings", time=say.clock(keeper.now())), rings=True, kind="alarm")

    # --- words and choice

    def _when(self, each: Appointment) -> str:
        say, now = self._kit.say, self._kit.time.now()
        if each.repeat and each.clock:
            return f"{say.clock(each.clock)} {say.repeat(each.repeat)}"
        moment = self._book.moment(each)
        return f"{say.clock(moment)} {say.day(moment.date(), now.date())}"

    def _remove(self, alarms: list[Appointment]) -> None:
        say = self._kit.say
        self._book.delete(*(each.id for each in alarms))
        count = say.count(len(alarms), "alarm")
        self._book.remember(alarms, [], lambda: say("alarms.undone_cancel", count=count))


def _same(one: Appointment, other: Appointment) -> bool:
    return (one.clock, one.day, one.repeat) == (other.clock, other.day, other.repeat) and other.anchor is None
