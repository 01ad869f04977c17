"""Timers: several at once, named or not, that go on through a restart."""

from dataclasses import replace

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.kit import RING_S, Announcement, Kit
from assistant.skills.moments import next_moment
from assistant.skills.timekeeping import Anchor
from assistant.skills.timer_choice import TimerChoice, bare_name, new_length
from assistant.skills.timer_table import Timer, TimerTable

LONGEST_S = 7 * 86_400.0
"""A week. Beyond that people mean a date, and a reminder keeps it in local time."""

MOST = 50
"""Timers at once; more is a misunderstanding, not a kitchen."""


class Timers:
    """Sets, changes, tells and rings timers."""

    intents = frozenset(
        {
            "TimerSet", "TimerCancel", "TimerStatus", "TimerPause", "TimerResume", "TimerAdd", "TimerSubtract",
            "TimerStop", "TimerChange",
        }
    )  # fmt: skip

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._table = TimerTable(kit.store, kit.time)
        self._choice = TimerChoice(kit.say)
        self._carried: frozenset[int] = frozenset()
        kit.time.listeners.append(self._clock_corrected)

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        return {
            "TimerSet": self._set,
            "TimerCancel": self._cancel,
            "TimerStop": self._stop,
            "TimerStatus": self._status,
            "TimerPause": self._pause,
            "TimerResume": self._resume,
            "TimerAdd": self._add,
            "TimerSubtract": self._add,
            "TimerChange": self._change,
        }[intent.name](intent)

    # --- requests

    def _set(self, intent: Intent) -> Reply:
        say, time = self._kit.say, self._kit.time
        if command := slots.text(intent, "command"):
            return Reply(say("timers.no_commands", command=say.to_speaker(command[:60])), outcome="refused")
        seconds, until = slots.seconds(intent), None
        if seconds is None and (wanted := slots.clock(intent)) is not None:
            until = next_moment(wanted, time, pm_known=slots.pm_known(intent))
            seconds = until - time.wall()
        if seconds is None:
            return Reply(say("timers.ask_length"), expects_answer=True, asks="duration")
        name = bare_name(slots.text(intent, "name"))
        if until is not None and not name:
            name = say.clock(time.local(until))
        if seconds < 1:
            return Reply(say("timers.not_positive"), outcome="refused")
        if seconds > LONGEST_S:
            return Reply(say("timers.too_long"), outcome="refused")
        if len(name) > slots.LONGEST_TEXT:
            return Reply(say("general.too_long"), outcome="refused")
        if len(self._table.all()) >= MOST:
            return Reply(say("timers.too_many", count=MOST), outcome="refused")
        made = Timer(0, name, seconds, "running", seconds, time.anchor(seconds))
        number, label = self._table.insert(made), self._choice.label(made)

        def undo() -> str:
            self._table.delete(number)
            return say("timers.undone", timer=label)

        self._kit.undo.add(undo)
        if until is not None:
            text = say("timers.until", time=say.clock(time.local(until)), duration=say.duration(seconds, exact=False))
        elif name:
            text = say("timers.set_named", name=name, duration=say.duration(seconds))
        else:
            text = say("timers.set", length=say.length(seconds))
        return Reply(text)

    def _cancel(self, intent: Intent) -> Reply:
        say = self._kit.say
        timers = self._table.all()
        if not timers:
            return Reply(say("timers.none"))
        if slots.flag(intent, "all"):
            self._remove(timers)
            if len(timers) == 1:
                return Reply(say("timers.cancelled_one"))
            return Reply(say("timers.cancelled_all", count=say.count(len(timers), "timer")))
        chosen = self._choice.one(intent, timers)
        if isinstance(chosen, Reply):
            return chosen
        self._remove([chosen])
        return Reply(say("timers.cancelled", timer=self._choice.label(chosen)))

    def _stop(self, intent: Intent) -> Reply:
        ringing = [timer for timer in self._table.all() if timer.state == "ringing"]
        if ringing:
            for timer in ringing:
                self._table.delete(timer.id)
            return Reply(self._kit.say("timers.stopped"))
        return self._cancel(intent)

    def _status(self, intent: Intent) -> Reply:
        say = self._kit.say
        timers = self._table.all()
        if not timers:
            return Reply(say("timers.none"))
        if intent.slots.get("name") or intent.unresolved.get("name") or intent.slots.get("duration"):
            chosen = self._choice.one(intent, timers)
            return chosen if isinstance(chosen, Reply) else Reply(self._choice.left(chosen))
        if len(timers) == 1 and timers[0].state == "running":
            return Reply(say("timers.left_one", duration=say.duration(timers[0].remaining)))
        return Reply(" ".join(self._choice.left(timer) for timer in timers[:5]))

    def _pause(self, intent: Intent) -> Reply:
        say = self._kit.say
        chosen = self._choice.one(intent, [timer for timer in self._table.all() if timer.state != "ringing"])
        if isinstance(chosen, Reply):
            return chosen
        if chosen.state == "paused":
            return Reply(say("timers.already_paused", timer=self._choice.label(chosen)))
        self._table.save(replace(chosen, state="paused", anchor=None))
        self._restore_on_undo(chosen)
        return Reply(say("timers.paused", timer=self._choice.label(chosen), duration=say.duration(chosen.remaining)))

    def _resume(self, intent: Intent) -> Reply:
        say = self._kit.say
        timers = self._table.all()
        paused = [timer for timer in timers if timer.state == "paused"]
        chosen = self._choice.one(intent, paused or timers)
        if isinstance(chosen, Reply):
            return chosen
        if chosen.state != "paused":
            return Reply(say("timers.not_paused", timer=self._choice.label(chosen)))
        self._table.save(replace(chosen, state="running", anchor=self._kit.time.anchor(chosen.remaining)))
        self._restore_on_undo(chosen)
        return Reply(say("timers.resumed", timer=self._choice.label(chosen), duration=say.duration(chosen.remaining)))

    def _add(self, intent: Intent) -> Reply:
        say = self._kit.say
        timers = self._table.all()
        change = slots.seconds(intent)
        if change is None:
            return Reply(say("timers.ask_length"), expects_answer=True, asks="duration")
        chosen = self._choice.one(intent, timers, by_duration=False)
        if isinstance(chosen, Reply):
            return chosen
        if change < 1:
            return Reply(say("timers.not_positive"), outcome="refused")
        change = change if intent.name == "TimerAdd" else -change
        left = max(0.0, chosen.remaining) + change
        if left < 1:
            text = say("timers.would_end", timer=self._choice.label(chosen), duration=say.duration(chosen.remaining))
            return Reply(text, outcome="refused")
        if left > LONGEST_S:
            return Reply(say("timers.too_long"), outcome="refused")
        changed = self._rerun(chosen, max(1.0, chosen.length + change), left)
        return Reply(say("timers.changed", timer=self._choice.label(changed), duration=say.duration(left)))

    def _change(self, intent: Intent) -> Reply:
        """The new length counts from now on."""
        say = self._kit.say
        chosen = self._choice.one(intent, self._table.all(), by_duration=False)
        if isinstance(chosen, Reply):
            return chosen
        seconds = new_length(intent, chosen)
        if seconds is None:
            return Reply(say("timers.ask_change"), expects_answer=True, asks="duration")
        if seconds < 1:
            return Reply(say("timers.not_positive"), outcome="refused")
        if seconds > LONGEST_S:
            return Reply(say("timers.too_long"), outcome="refused")
        changed = self._rerun(chosen, seconds, seconds)
        key = "timers.reset_paused" if changed.state == "paused" else "timers.reset"
        return Reply(say(key, timer=self._choice.label(chosen), duration=say.duration(seconds)))

    def _rerun(self, timer: Timer, length: float, left: float) -> Timer:
        """Store `timer` with another length and so much left: a paused one stays paused, a ringing one runs again."""
        paused = timer.state == "paused"
        changed = replace(
            timer,
            length=length,
            state="paused" if paused else "running",
            remaining=left,
            anchor=None if paused else self._kit.time.anchor(left),
        )
        self._table.save(changed)
        self._restore_on_undo(timer)
        return changed

    # --- time passes

    def due(self) -> list[Announcement]:
        """Timers that have just ended, each once; one that has rung for RING_S is ended quietly."""
        found = []
        for timer in self._table.all():
            if timer.state == "ringing" and timer.remaining < -RING_S:
                self._table.delete(timer.id)
            elif timer.state == "running" and timer.remaining <= 0:
                self._table.save(replace(timer, state="ringing"))
                found.append(self._rings(timer))
        return found

    def ringing(self) -> list[Announcement]:
        """Timers that ring now."""
        return [self._rings(timer) for timer in self._table.all() if timer.state == "ringing"]

    def next_due(self) -> float | None:
        """Seconds until the next timer ends."""
        left = [timer.remaining for timer in self._table.all() if timer.state == "running"]
        return min(left) if left else None

    def acknowledge(self, number: int) -> None:
        """It was stopped: forget it."""
        self._table.delete(number)

    def boot(self) -> list[Announcement]:
        """After a start: timers that ended meanwhile ring now (with how long ago), the others are told of."""
        found, running = [], []
        for timer in self._table.all():
            if timer.state == "paused":
                continue
            if timer.remaining <= 0:
                self._table.save(replace(timer, state="ringing", anchor=self._kit.time.anchor(timer.remaining)))
                found.append(self._rings(timer))
            else:
                if timer.anchor and timer.anchor.boot != self._kit.time.boot:
                    self._table.save(replace(timer, anchor=self._reanchored(timer)))
                running.append(timer)
        self._carried = frozenset(timer.id for timer in running)
        return found

    def recovered(self) -> list[Announcement]:
        """How long the timers from before the power cut still have: told once it is known, or will not be."""
        say = self._kit.say
        told = [
            say(
                "timers.recovered_one",
                duration=say.duration(each.remaining, exact=False),
                timer=self._choice.label(each),
            )
            for each in self._table.all()
            if each.id in self._carried and each.state == "running" and each.remaining > 0
        ]
        if not told:
            return []
        return [Announcement("notice-timers", say("timers.recovered", timers=say.join(told[:3])), kind="timer")]

    def _clock_corrected(self) -> None:
        """The true time is known again: timers from before the power cut are reckoned by it, later ones keep theirs."""
        time = self._kit.time
        for timer in self._table.all():
            if timer.state != "running" or timer.anchor is None:
                continue
            if timer.anchor.trusted:
                left = timer.anchor.wall - time.wall()
                # without a power cut between, the monotonic clock knows better than any correction
                if timer.anchor.boot != time.boot:
                    self._table.save(replace(timer, anchor=time.anchor(left)))
            else:
                self._table.save(replace(timer, anchor=time.anchor(timer.remaining)))

    def _reanchored(self, timer: Timer) -> Anchor:
        """The anchor for this boot. One from a trusted time keeps its true wall time until the clock is right again."""
        time = self._kit.time
        if timer.anchor and not time.trusted and timer.anchor.boot != time.boot and timer.anchor.trusted:
            return timer.anchor
        return time.anchor(timer.remaining)

    # --- naming and undoing

    def names(self) -> tuple[str, ...]:
        """Names that can be said."""
        return tuple(dict.fromkeys(timer.name for timer in self._table.all() if timer.name))

    def _rings(self, timer: Timer) -> Announcement:
        """What is said when it ends. One that ended long before anybody could hear it does not ring any more."""
        say = self._kit.say
        late = -timer.remaining
        if late > 60 and timer.state != "ringing":
            text = say("timers.is_up_late", timer=self._choice.label(timer), ago=say.duration(late, exact=False))
        else:
            text = say("timers.is_up", timer=self._choice.label(timer))
        return Announcement(f"timer-{timer.id}", text, rings=late < RING_S, kind="timer")

    def _remove(self, timers: list[Timer]) -> None:
        self._table.delete(*(timer.id for timer in timers))
        for timer in timers:
            self._restore_on_undo(timer, "timers.undone_cancel")

    def _restore_on_undo(self, timer: Timer, key: str = "timers.undone_change") -> None:
        """ "Undo that" puts the timer back as it was; while it ran, time went on."""

        def undo() -> str:
            left = self._kit.time.remaining(timer.anchor) if timer.anchor else timer.remaining
            self._table.delete(timer.id)
            self._table.insert(timer, timer.id)
            return self._kit.say(key, timer=self._choice.label(timer), duration=self._kit.say.duration(left))

        self._kit.undo.add(undo)
