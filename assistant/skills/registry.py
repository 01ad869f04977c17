"""All skills of one device, behind one door.

A new skill is one file and one line in `build` below (docs/skills.md shows one from end to end).
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from assistant.clock import Clock
from assistant.config import Settings
from assistant.errors import AssistantError, StoreError
from assistant.nlu import Intent
from assistant.nlu.home import Home
from assistant.nlu.names import Names
from assistant.observers.trace import TurnTrace
from assistant.skills import Reply, Skill, TurnContext
from assistant.skills.alarms import Alarms
from assistant.skills.chance import Chance
from assistant.skills.clock import TimeAndDate
from assistant.skills.condition import Condition
from assistant.skills.conversation import Conversation
from assistant.skills.findings import Findings, Left
from assistant.skills.home import HomeControl
from assistant.skills.hub import Hub
from assistant.skills.kit import Announcement, Health, Kit, Ledger, Questions, Undo, Voice
from assistant.skills.lists import Lists
from assistant.skills.music import Music
from assistant.skills.preferences import Memory, Preferences
from assistant.skills.quiet_hours import QuietTime
from assistant.skills.reminders import Reminders
from assistant.skills.say import Say
from assistant.skills.sums import Sums
from assistant.skills.timekeeping import Source, Timekeeper, clock_source, place_zone
from assistant.skills.timers import Timers
from assistant.skills.units import Units
from assistant.skills.voice import Voices
from assistant.skills.volume import Volume
from assistant.skills.wake_word import WakeWord
from assistant.skills.weather import Weather
from assistant.skills.welcome import Welcome
from assistant.store import Store

logger = logging.getLogger(__name__)

GRACE_S = 90.0
"""After a start without a trusted clock, how long the network is given to set it before a person is bothered: a Pi
has joined its Wi-Fi and asked a time server within a minute of power-up."""

SAYABLE = 60
"""Letters of a person's own words that are said back in a complaint."""


class Scheduled(Protocol):
    """A skill that speaks up of its own accord."""

    def due(self) -> list[Announcement]:
        """What has become due since the last call."""
        ...

    def ringing(self) -> list[Announcement]:
        """What rings now."""
        ...

    def next_due(self) -> float | None:
        """Seconds until something becomes due; None when nothing is set."""
        ...

    def acknowledge(self, number: int) -> None:
        """The announcement was heard or stopped."""
        ...

    def boot(self) -> list[Announcement]:
        """What became due while the device was off."""
        ...


class Skills:
    """The skills and what they share. Use it from one thread: the one that opened the store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Settings,
        home: Home | Callable[[], Home],
        *,
        hub: Hub | None = None,
        ledger: Ledger | Callable[[datetime], str] | None = None,
        trace: Callable[[], TurnTrace | None] | None = None,
        models: Callable[[], Sequence[str]] = tuple,
        health: Callable[[], Health] = Health,
        left: Left | None = None,
        voices: Callable[[], Sequence[Voice]] = tuple,
        wake_words: Sequence[str] = (),
        rng: random.Random | None = None,
        source: Callable[[], Source] = clock_source,
        boot_id: str | None = None,
    ) -> None:
        """Build every skill.

        Args:
            home: rooms and devices, or a function that returns them as they are now.
            hub: the owner's home hub; None when none is configured.
            ledger: what left the device, as entries or as a function of the present time that puts it into words; None
                while nothing can leave.
            trace: returns the trace of the turn before the present one.
            models: the engines at work, as phrases for "what are you running on?".
            health: how hot and how well supplied the machine is.
            left: questions that were left to be found out; None while nothing can leave.
            voices: the installed voices.
            wake_words: those that can be chosen by voice.
            rng: dice, coins and the choice between equally good replies; a seeded one in tests.
            source: where the machine's clock has its time from; another one in tests.
            boot_id: an id of this boot of the machine; the system's own when None.
        """
        rng = rng or random.Random()
        say = Say(settings.language, rng, imperial=settings.place.units == "imperial")
        time = Timekeeper(clock, store, place_zone(settings.place.time_zone), source=source, boot=boot_id)
        self.kit = Kit(
            store=store,
            time=time,
            say=say,
            settings=settings,
            preferences=preferences_of(store, settings),
            undo=Undo(time.monotonic),
            questions=Questions(time.monotonic),
            rng=rng,
            home=home if callable(home) else lambda: home,
            hub=hub,
            ledger=ledger,
            trace=trace or (lambda: None),
            models=models,
            health=health,
            voices=voices,
            wake_words=wake_words,
        )
        self._clock = clock
        self._last_served = ("", "")
        self._settles_at: float | None = None
        self._notices: list[Announcement] = []
        self._timers = Timers(self.kit)
        self._conversation = Conversation(self.kit, self.stop_ringing)
        self._lists = Lists(self.kit)
        self._findings = Findings(self.kit, left)
        self._voices = Voices(self.kit)
        alarms, reminders = Alarms(self.kit), Reminders(self.kit)
        self._scheduled: dict[str, Scheduled] = {"timer": self._timers, "alarm": alarms, "reminder": reminders}
        self._skills: dict[str, Skill] = {}
        for skill in (
            self._timers,
            alarms,
            reminders,
            self._lists,
            TimeAndDate(self.kit),
            Sums(self.kit),
            Units(self.kit),
            Volume(self.kit),
            self._voices,
            WakeWord(self.kit),
            QuietTime(self.kit),
            Welcome(self.kit),
            Chance(self.kit),
            HomeControl(self.kit),
            Music(self.kit),
            Weather(self.kit),
            Condition(self.kit),
            self._findings,
            self._conversation,
        ):
            self.add(skill)
        self._at_boot = self._start()

    def ask(self, question: str, on_yes: Callable[[], Reply], on_no: Callable[[], Reply]) -> Reply:
        """Leave a question open that "yes" or "no" will answer, for whoever is not a skill (the turn itself)."""
        return self.kit.questions.ask(question, on_yes, on_no)

    def add(self, skill: Skill) -> None:
        """Let `skill` serve its intents. Raises ValueError when another skill serves one of them already."""
        for name in skill.intents:
            if name in self._skills:
                raise ValueError(f"{name} is served by {type(self._skills[name]).__name__} already")
        self._skills.update(dict.fromkeys(skill.intents, skill))

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that is served."""
        return frozenset(self._skills)

    @property
    def preferences(self) -> Preferences:
        """Loudness, voice, wake word, quiet hours, staying offline: as people changed them by voice."""
        return self.kit.preferences

    @property
    def quiet(self) -> bool:
        """Whether it is to keep quiet now, unless it is asked."""
        return self.kit.quiet

    def handle(self, intent: Intent, context: TurnContext) -> Reply:
        """Do what is asked and say what happened. Never raises: a failure is a reply that says so."""
        self.kit.undo.turn = context.turn
        if intent.name not in ("Yes", "No"):
            self._drop_question(intent)
        try:
            intent = self._corrected(intent)
            reply = self._unknown_value(intent) or self._doubted(intent, context) or self._serve(intent, context)
        except AssistantError as error:
            reply = Reply(self.kit.say("general.failed", why=_sentence(str(error))), outcome="failed")
        except Exception:  # whatever a skill's own defect is, the person is told that it is not done
            logger.exception("the skill for %s failed", intent.name)
            reply = Reply(self.kit.say("general.broken"), outcome="failed")
        self._conversation.remember(reply)
        return reply

    def _doubted(self, intent: Intent, context: TurnContext) -> Reply | None:
        """A guess that is not sure enough to act on: the person says whether it was meant."""
        if not intent.doubtful:
            return None
        sure = replace(intent, doubtful=False)
        question = self.kit.say("general.did_you_mean", what=intent.sentence)
        return self.kit.questions.ask(question, lambda: self._serve(sure, context), self.kit.say("general.not_meant"))

    def _serve(self, intent: Intent, context: TurnContext) -> Reply:
        if (taken := self.kit.questions.expected(intent)) is not None:
            return taken
        skill = self._skills.get(intent.name)
        if skill is None:
            return Reply(self.kit.say("general.unknown"), outcome="failed")
        return skill.handle(intent, context)

    def _corrected(self, intent: Intent) -> Intent:
        """ "No, fifteen" takes back what the last turn did for the same intent before it is done anew."""
        before, self._last_served = self._last_served, (intent.name, self.kit.undo.turn)
        if not intent.slots.get("replaces"):
            return intent
        if before == (intent.name, self.kit.undo.latest):  # else the last turn only asked, or refused
            self.kit.undo.run()
        slots = {name: value for name, value in intent.slots.items() if name != "replaces"}
        return replace(intent, slots=slots)

    def _drop_question(self, intent: Intent) -> None:
        if intent.name not in ("Stop", "NeverMind", "Repeat"):
            self.kit.questions.take()

    def _unknown_value(self, intent: Intent) -> Reply | None:
        """A date, time or duration that was said but does not exist ("the thirtieth of February")."""
        for slot, key in (("day", "bad_day"), ("time", "bad_time"), ("duration", "bad_duration")):
            value = intent.unresolved.get(slot)
            if value and not (intent.name == "DaysUntil" and slot == "day"):
                return Reply(self.kit.say(f"general.{key}", value=value[:SAYABLE]), outcome="refused")
        return None

    # --- what speaks up of its own accord

    def boot(self) -> list[Announcement]:
        """What must be said after a start: a repaired store, an unsure clock, what was missed. Once; then empty."""
        found, self._at_boot = self._at_boot, []
        return found

    def _start(self) -> list[Announcement]:
        found = self._store_notice()
        try:
            for scheduled in self._scheduled.values():
                found += scheduled.boot()
        except StoreError as error:
            text = self.kit.say("store.broken", why=_sentence(str(error)))
            found.append(Announcement("notice-store", text))
            return found
        time = self.kit.time
        if not time.same_boot and time.last_alive is not None:
            if time.trusted:
                found += self._timers.recovered()
            else:
                self._settles_at = time.monotonic() + GRACE_S
                time.listeners.append(self._clock_is_right)
        return found

    def due(self, now: datetime | None = None) -> list[Announcement]:  # noqa: ARG002 - see below
        """What has become due, each once. Call at least once a minute, and when `next_due` comes.

        `now` is accepted for symmetry with `next_due`; the injected clock is what counts, since the skills know how
        far it can be trusted. What was not acknowledged comes again from `boot` after a restart.
        """
        at_boot = self.boot()
        self.kit.time.check()
        self._notices = [*at_boot, *self._notices, *self._settle(), *self._findings.due()]
        # what nobody asked for waits for the end of the quiet hours
        found = [each for each in self._notices if each.kind != "notice" or not self.quiet]
        self._notices = [each for each in self._notices if each not in found]
        for scheduled in self._scheduled.values():
            found += scheduled.due()
        return found

    def ringing(self) -> list[Announcement]:
        """What rings now, until it is acknowledged."""
        return [each for scheduled in self._scheduled.values() for each in scheduled.ringing()]

    def next_due(self) -> datetime | None:
        """When something becomes due, as the machine's own clock will show it; None when nothing is set."""
        left = [each for scheduled in self._scheduled.values() if (each := scheduled.next_due()) is not None]
        return self._clock.now(self.kit.time.zone) + timedelta(seconds=max(0.0, min(left))) if left else None

    def acknowledge(self, announcement: str) -> None:
        """The announcement with this id was spoken, or its ringing stopped. Unknown ids are passed over.

        Raises StoreError when that cannot be stored (it will then be announced again after a restart).
        """
        kind, _, number = announcement.partition("-")
        if kind in self._scheduled and number.isdigit():
            self._scheduled[kind].acknowledge(int(number))

    def stop_ringing(self) -> bool:
        """Silence whatever rings (the word "stop", the button). True when something rang."""
        found = self.ringing()
        for each in found:
            self.acknowledge(each.id)
        return bool(found)

    def names(self) -> Names:
        """What the owner has named, for the understanding: read afresh for every sentence."""
        return Names(timers=self._timers.names(), lists=self._lists.names(), voices=self._voices.names())

    def _store_notice(self) -> list[Announcement]:
        store, say = self.kit.store, self.kit.say
        if store.broken:
            return [Announcement("notice-store", say("store.broken", why=_sentence(store.broken)))]
        if store.repair is None:
            return []
        return [Announcement("notice-store", say(f"store.{store.repair.label}", file=store.repair.kept_as.name))]

    def _settle(self) -> list[Announcement]:
        """After a start without a clock: say so when nobody has set it by the end of the grace."""
        if self._settles_at is None or self.kit.time.monotonic() < self._settles_at:
            return []
        self._settles_at = None
        return [Announcement("notice-clock", self.kit.say("clock.here_again")), *self._timers.recovered()]

    def _clock_is_right(self) -> None:
        self.kit.time.listeners.remove(self._clock_is_right)
        if self._settles_at is None:  # it was said that the clock is unsure
            text = self.kit.say("clock.synced", time=self.kit.say.clock(self.kit.time.now()))
            self._notices.append(Announcement("notice-clock", text))
        else:
            self._settles_at = None
            self._notices += self._timers.recovered()


def preferences_of(store: Memory, settings: Settings) -> Preferences:
    """What people changed by voice, over what `settings` say."""
    return Preferences(
        store,
        volume=settings.audio.volume,
        rate=settings.speaking.rate,
        quiet=settings.quiet.hours,
        wake=settings.wake.phrases,
        voice=settings.speaking.model,
    )


def context(turn: str, heard: str, source: str = "typed") -> TurnContext:
    """A turn's context, for the command line and tests."""
    return TurnContext(turn, heard, source)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


__all__ = ["Announcement", "Scheduled", "Skills", "context", "preferences_of"]
