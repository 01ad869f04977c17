"""Reminders: words that are spoken when their time has come."""

from datetime import date, time

from rapidfuzz import fuzz, process

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.appointments import FARTHEST_S, LATE_S, MOST, Appointed, Appointment
from assistant.skills.kit import Announcement, Kit
from assistant.skills.moments import next_moment, on_day
from assistant.skills.moving import Moving
from assistant.skills.recurrence import next_instant, weekdays

MORNING = time(9)
"""When a reminder for a day without a time is spoken."""

AFTERNOON_HOURS = 6
"""On another day, "at five" means the afternoon: nobody is reminded of anything at five in the morning."""

ALIKE = 70
"""Similarity (0..100) from which words mean a stored reminder: "the dentist" finds "call the dentist"."""


class Reminders(Appointed):
    """Keeps words for a moment and says them then."""

    intents = frozenset({"ReminderSet", "ReminderList", "ReminderCancel", "ReminderMove"})

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "reminder")
        self._moving = Moving(kit, self._book, "reminders", afternoon_hours=AFTERNOON_HOURS)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        return {
            "ReminderSet": self._set,
            "ReminderList": self._list,
            "ReminderCancel": self._cancel,
            "ReminderMove": self._move,
        }[intent.name](intent)

    # --- requests

    def _set(self, intent: Intent) -> Reply:
        say = self._kit.say
        words = self._bare(slots.text(intent, "text"))
        if not words:
            return Reply(say("reminders.ask_text"), expects_answer=True, asks="text")
        if len(words) > slots.LONGEST_TEXT:
            return Reply(say("general.too_long"), outcome="refused")
        made = self._timed(intent, words)
        if isinstance(made, Reply):
            return made
        if len(self._book.all()) >= MOST:
            return Reply(say("reminders.too_many", count=MOST), outcome="refused")
        number = self._book.put(made)
        self._book.remember([], [number], lambda: say("reminders.undone_set"))
        text = say("reminders.set", words=say.to_speaker(words), when=self._when(made))
        return Reply(text + self._doubt(made))

    def _doubt(self, made: Appointment) -> str:
        """What is added to a time while the clock is unsure."""
        say, keeper = self._kit.say, self._kit.time
        if keeper.trusted or not made.clock:
            return ""
        return say.word("alarms.untrusted").format(time=say.clock(keeper.now()))

    def _timed(self, intent: Intent, words: str) -> Appointment | Reply:
        say, keeper = self._kit.say, self._kit.time
        wanted, day, seconds = slots.clock(intent), slots.day(intent), slots.seconds(intent)
        if seconds is not None:
            if not 1 <= seconds <= FARTHEST_S:
                return Reply(say("reminders.passed" if seconds < 1 else "reminders.too_far"), outcome="refused")
            anchor = keeper.anchor(seconds)
            return Appointment(0, "reminder", words, None, None, frozenset(), anchor.wall, anchor=anchor)
        try:
            repeat = weekdays(slots.text(intent, "repeat"))
        except ValueError:
            return Reply(say("general.bad_day", value=slots.text(intent, "repeat")[:60]), outcome="refused")
        if wanted is None and day is None and not repeat:
            question = say("reminders.ask_time", words=say.to_speaker(words))
            return Reply(question, expects_answer=True, asks="time")
        if repeat:
            clock = wanted or MORNING
            due = next_instant(clock, keeper.zone, keeper.wall(), repeat=repeat)
            return Appointment(0, "reminder", words, clock, None, repeat, due)
        due = self._instant(wanted, day, known=slots.pm_known(intent))
        if due <= keeper.wall():
            return Reply(say("reminders.passed"), outcome="refused")
        if due > keeper.wall() + FARTHEST_S:
            return Reply(say("reminders.too_far"), outcome="refused")
        local = keeper.local(due)
        return Appointment(0, "reminder", words, local.time(), local.date(), frozenset(), due)

    def _instant(self, wanted: time | None, day: date | None, *, known: bool) -> float:
        keeper = self._kit.time
        if day is None:
            return next_moment(wanted or MORNING, keeper, pm_known=known)
        if wanted is None:
            morning = on_day(MORNING, day, keeper, pm_known=True)
            # "remind me today" in the afternoon: in an hour is better than never
            today = day == keeper.now().date()
            return keeper.wall() + 3600.0 if today and morning <= keeper.wall() else morning
        return on_day(wanted, day, keeper, pm_known=known, evening_hours=AFTERNOON_HOURS)

    def _list(self, intent: Intent) -> Reply:
        say, day = self._kit.say, slots.day(intent)
        today = self._kit.time.now().date()
        found = [each for each in self._book.waiting() if day is None or self._book.moment(each).date() == day]
        if not found:
            key, said = ("reminders.none", "") if day is None else ("reminders.none_day", say.day(day, today))
            return Reply(say(key, day=said))
        told = [f"{say.to_speaker(each.words)} {self._when(each)}" for each in found[:5]]
        more = say.word("alarms.more").format(count=len(found) - 5) if len(found) > 5 else ""
        return Reply(say("reminders.list", count=say.count(len(found), "reminder"), reminders=say.join(told)) + more)

    def _cancel(self, intent: Intent) -> Reply:
        say = self._kit.say
        there = self._book.all()
        if not there:
            return Reply(say("reminders.none"))
        if slots.flag(intent, "all"):
            self._remove(there)
            return Reply(say("reminders.cancelled_all", count=say.count(len(there), "reminder")))
        day = slots.day(intent)
        if day is not None:
            there = [each for each in there if self._book.moment(each).date() == day]
        chosen = self._one(self._named(intent, there))
        if isinstance(chosen, Reply):
            return chosen
        self._remove([chosen])
        return Reply(say("reminders.cancelled", words=say.to_speaker(chosen.words)))

    def _move(self, intent: Intent) -> Reply:
        """The one that is meant goes elsewhere; when that is not one, all stay."""
        say, there = self._kit.say, self._book.all()
        if not there:
            return Reply(say("reminders.none"))
        try:
            repeat = weekdays(slots.text(intent, "repeat"))
        except ValueError:
            return Reply(say("general.bad_day", value=slots.text(intent, "repeat")[:60]), outcome="refused")
        chosen = self._one(self._moving.meant(self._named(intent, there), intent))
        if isinstance(chosen, Reply):
            return chosen
        words = say.to_speaker(chosen.words)
        if not repeat and all(read(intent) is None for read in (slots.clock, slots.day, slots.seconds)):
            return Reply(say("reminders.ask_move", words=words), expects_answer=True, asks="time")
        made = self._moving.moved(chosen, intent, repeat)
        if isinstance(made, Reply):
            return made
        moved = made[0]
        if not moved.id and len(there) >= MOST:
            return Reply(say("reminders.too_many", count=MOST), outcome="refused")
        numbers = self._book.put_all(made)
        self._book.remember([chosen], [] if moved.id else numbers[:1], lambda: say("reminders.undone_move"))
        text = say("reminders.moved" if moved.id else "reminders.moved_once", words=words, when=self._when(moved))
        return Reply(text + self._doubt(moved))

    def _named(self, intent: Intent, there: list[Appointment]) -> list[Appointment]:
        """The one of `there` that fits the words, comes "next" or was set "last"; all where nothing was said."""
        words = self._bare(slots.text(intent, "text"))[: slots.LONGEST_TEXT].casefold()
        if words:
            choices = {each.id: each.words.casefold() for each in there}
            best = process.extractOne(
                words, choices, scorer=fuzz.token_set_ratio, processor=_singular, score_cutoff=ALIKE
            )
            return [each for each in there if best and each.id == best[2]]
        which = slots.text(intent, "which")
        if which == "last":
            return sorted(there, key=lambda each: each.id)[-1:]
        return there[:1] if which == "next" else there

    def _one(self, found: list[Appointment]) -> Appointment | Reply:
        """The reminder that was found; or the reply that there is none, or that asks which."""
        say = self._kit.say
        if not found:
            return Reply(say("reminders.no_such"), outcome="refused")
        if len(found) == 1:
            return found[0]
        told = say.join([say.to_speaker(each.words) for each in found[:5]], "or")
        return Reply(say("reminders.which", reminders=told), expects_answer=True, asks="text")

    # --- time passes

    def ringing(self) -> list[Announcement]:
        """None: a reminder is spoken, it does not go on ringing."""
        return []

    def _announce(self, each: Appointment) -> Announcement:
        say, keeper = self._kit.say, self._kit.time
        words = say.to_speaker(each.words)
        if self._book.late(each) > LATE_S:
            moment = keeper.local(each.due)
            day = say.day(moment.date(), keeper.now().date())
            text = say("reminders.missed", words=words, time=say.clock(moment), day=day)
        else:
            text = say("reminders.speak", words=words)
        return Announcement(f"reminder-{each.id}", text, kind="reminder")

    # --- words

    def _bare(self, words: str) -> str:
        """Without the "to" or "that" that joined it to "remind me"."""
        first, _, rest = words.partition(" ")
        return rest.strip() if first.lower() in self._kit.say.table("reminders")["joints"] and rest else words

    def _when(self, each: Appointment) -> str:
        say, now = self._kit.say, self._kit.time.now()
        if each.repeat and each.clock:
            return f"{say.repeat(each.repeat)} {say.word('words.at_time').format(time=say.clock(each.clock))}"
        if each.clock is None:
            return say.word("reminders.in").format(duration=say.duration(self._book.left(each), exact=False))
        return say.moment(self._book.moment(each), now)

    def _remove(self, there: list[Appointment]) -> None:
        say = self._kit.say
        self._book.delete(*(each.id for each in there))
        count = say.count(len(there), "reminder")
        self._book.remember(there, [], lambda: say("reminders.undone_cancel", count=count))


def _singular(text: str) -> str:
    """One plant is as good as many: without the s behind each word."""
    return " ".join(word.removesuffix("s") for word in text.split())
