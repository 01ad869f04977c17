"""Which timer is meant, and how each is called."""

from assistant.nlu import Intent
from assistant.skills import Reply, slots
from assistant.skills.say import Say
from assistant.skills.timer_table import Timer


class TimerChoice:
    """Picks by name or length, or asks which."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def label(self, timer: Timer) -> str:
        """ "pasta timer", or "10 minute timer" for one without a name."""
        if timer.name:
            return self._say.word("timers.by_name").format(name=timer.name)
        return self._say.word("timers.by_length").format(length=self._say.length(timer.length))

    def left(self, timer: Timer) -> str:
        """How long it still has, or that it is up."""
        key = {"running": "left", "paused": "left_paused", "ringing": "left_ringing"}[timer.state]
        return self._say(f"timers.{key}", timer=self.label(timer), duration=self._say.duration(timer.remaining))

    def one(self, intent: Intent, timers: list[Timer], *, by_duration: bool = True) -> Timer | Reply:
        """The timer that is meant, or the reply that asks which.

        `from_duration` is the length of the one that is meant; so is `duration`, unless `by_duration` is False: then it
        is what becomes of it.
        """
        say = self._say
        if not timers:
            return Reply(say("timers.none"))
        name = bare_name(slots.text(intent, "name") or intent.unresolved.get("name", ""))
        if name:
            named = [timer for timer in timers if timer.name.casefold() == name.casefold()]
            if not named:
                return Reply(say("timers.no_such", name=name[:60]), outcome="refused")
            timers = named
        length = slots.seconds(intent, "from_duration")
        if length is None and by_duration:
            length = slots.seconds(intent)
        if length is not None:
            same = [timer for timer in timers if abs(timer.length - length) < 1]
            if not same:
                return Reply(say("timers.no_such", name=say.length(length) or name), outcome="refused")
            timers = same
        if len(timers) == 1 or name or length is not None:
            return timers[0]
        labels = list(dict.fromkeys(self.label(timer) for timer in timers))
        question = say("timers.which", names=say.join(labels[:6], "or"))
        return Reply(question, expects_answer=True, asks="name")


def bare_name(name: str) -> str:
    """Without the word "timer" behind it."""
    return name.removesuffix(" timer").strip()


def new_length(intent: Intent, timer: Timer) -> float | None:
    """The seconds a timer shall run, None when they were not said. A number alone ("to fifteen") counts in the unit of
    the timer's own length; that of whole hours may have been said in minutes too, so up to twelve it tells none."""
    number = slots.number(intent, "number")
    seconds = slots.seconds(intent)
    if seconds is not None or number is None or (timer.length % 3600 == 0 and number <= 12):
        return seconds
    return number * (60 if timer.length >= 60 else 1)
