"""The time here and elsewhere, dates, days until, the sun, and setting the clock by voice."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from astral import Observer
from astral.sun import sunrise, sunset

from assistant.nlu import Intent
from assistant.skills import Reply, TurnContext, slots
from assistant.skills.calendar import next_named
from assistant.skills.kit import Kit
from assistant.skills.moments import other_half
from assistant.skills.timekeeping import Trust


@cache
def _cities() -> dict[str, str]:
    """City names of the time zone database, as they are said."""
    found: dict[str, str] = {}
    for name in sorted(available_timezones()):
        if "/" in name and not name.startswith(("Etc/", "SystemV/")):
            found.setdefault(name.rsplit("/", 1)[1].replace("_", " ").casefold(), name)
    return found


class TimeAndDate:
    """What the clock and the calendar know."""

    intents = frozenset(
        {"TimeNow", "DateToday", "DayOfWeek", "DaysUntil", "WeekNumber", "Sunrise", "Sunset", "ClockSet"}
    )

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def handle(self, intent: Intent, context: TurnContext) -> Reply:  # noqa: ARG002 - the protocol
        return {
            "TimeNow": self._time,
            "DateToday": self._date,
            "DayOfWeek": self._weekday,
            "DaysUntil": self._days_until,
            "WeekNumber": self._week,
            "Sunrise": self._sun,
            "Sunset": self._sun,
            "ClockSet": self._set,
        }[intent.name](intent)

    def _time(self, intent: Intent) -> Reply:
        say, keeper = self._kit.say, self._kit.time
        now = keeper.now()
        if slots.clock(intent) is not None:
            return self._set(intent)  # the answer to "tell me the time", asked below
        place = slots.text(intent, "place") or intent.unresolved.get("place", "")
        if place:
            wanted = place.casefold()
            zone = say.table("places").get(wanted) or _cities().get(wanted)
            if zone is None:
                return Reply(say("clock.unknown_place", place=place[:60]), outcome="refused")
            there = now.astimezone(ZoneInfo(zone))
            named = self._as_name(place)
            if there.date() == now.date():
                return Reply(say("clock.now_place", time=say.clock(there), place=named))
            day = say.day(there.date(), now.date())
            return Reply(say("clock.now_place_day", time=say.clock(there), place=named, day=day))
        if not keeper.trusted:
            key = "clock.untrusted" if keeper.last_alive is not None else "clock.untrusted_first"
            text = say(key, time=say.clock(now), day=say.word("words.on_day").format(day=say.weekday(now.weekday())))
            return Reply(text, expects_answer=True, asks="time")
        return Reply(say("clock.now", time=say.clock(now)))

    def _as_name(self, place: str) -> str:
        """ "new york" as it is written: "New York", "the UK"."""
        table = self._kit.say.table("clock")
        words = [
            word.upper() if word.lower() in table["capitals"] else word if word in table["small"] else word.capitalize()
            for word in place.split()
        ]
        return " ".join(words) if place.islower() else place

    def _date(self, intent: Intent) -> Reply:
        say, today = self._kit.say, self._kit.time.now().date()
        day = slots.day(intent) or today
        values = {"weekday": say.weekday(day.weekday()), "date": say.calendar(day, year=day.year != today.year)}
        if day == today:
            return Reply(say("clock.today", **values))
        if not _near(day, today):
            return Reply(say("clock.day_of", **values))
        key = "clock.that_day" if day > today else "clock.that_day_past"
        return Reply(say(key, day=say.day(day, today), **values))

    def _weekday(self, intent: Intent) -> Reply:
        say, today = self._kit.say, self._kit.time.now().date()
        day = slots.day(intent) or today
        if _near(day, today):
            return self._date(intent)
        said = say.calendar(day, year=day.year != today.year)
        return Reply(say("clock.day_of", date=said, weekday=say.weekday(day.weekday())))

    def _days_until(self, intent: Intent) -> Reply:
        say, today = self._kit.say, self._kit.time.now().date()
        day = slots.day(intent)
        event = slots.text(intent, "event") or (slots.text(intent, "day") if day is None else "")
        event = event or intent.unresolved.get("event", "") or intent.unresolved.get("day", "")
        if day is None:
            if not event:
                return Reply(say("clock.no_event"), expects_answer=True, asks="day")
            rule = say.table("events").get(event.casefold())
            if rule is None:
                return Reply(say("clock.unknown_event", event=event[:60]), outcome="refused")
            day = next_named(rule, today)
        named = event.title() if event.islower() else event or say.calendar(day, year=day.year != today.year)
        ahead = (day - today).days
        if ahead == 0:
            return Reply(say("clock.event_today", event=named))
        if ahead == 1:
            return Reply(say("clock.event_tomorrow", event=named))
        key = "clock.days_until" if ahead > 0 else "clock.days_since"
        return Reply(say(key, days=say.count(abs(ahead), "day"), event=named))

    def _week(self, intent: Intent) -> Reply:
        day = slots.day(intent) or self._kit.time.now().date()
        return Reply(self._kit.say("clock.week", week=day.isocalendar().week))

    def _sun(self, intent: Intent) -> Reply:
        say, now, place = self._kit.say, self._kit.time.now(), self._kit.settings.place
        rise = intent.name == "Sunrise"
        if place.latitude is None or place.longitude is None:
            return Reply(say("clock.no_place"), outcome="failed")
        day = slots.day(intent) or now.date()
        observer = Observer(place.latitude, place.longitude)
        try:
            moment = (sunrise if rise else sunset)(observer, date=day, tzinfo=self._kit.time.zone)
        except ValueError:
            return Reply(say("clock.no_sunrise" if rise else "clock.no_sunset"))
        key = "clock.sunrise" if rise else "clock.sunset"
        if moment <= now and day == now.date():
            return Reply(say(f"{key}_past", time=say.clock(moment)))
        # the day belongs to the question; "at 7:40 am" alone means today
        at = say.word("words.at_time").format(time=say.clock(moment))
        return Reply(say(key, moment=at if day == now.date() else f"{say.day(day, now.date())} {at}"))

    def _set(self, intent: Intent) -> Reply:
        say, keeper = self._kit.say, self._kit.time
        wanted, believed = slots.clock(intent), keeper.now()
        if wanted is None:
            return Reply(say("clock.set_ask"), expects_answer=True, asks="time")
        before = (keeper.trust, keeper.now() - timedelta(0))
        moment = self._told(wanted, slots.day(intent), believed, pm_known=slots.pm_known(intent))
        if not keeper.tell(moment):
            day = say.word("words.on_day").format(day=say.weekday(believed.weekday()))
            return Reply(say("clock.kept", time=say.clock(believed), day=day))
        if before[0] is not Trust.UNTRUSTED:
            self._kit.undo.add(lambda: self._unset(moment - before[1]))
        day_words = {"weekday": say.weekday(moment.weekday()), "date": say.calendar(moment.date())}
        return Reply(say("clock.set", time=say.clock(moment), **day_words))

    def _told(self, wanted: time, day: date | None, believed: datetime, *, pm_known: bool) -> datetime:
        """The moment a person means. The clock can only be behind (time off is not counted), so without a day it is
        the first such moment after the believed one; half a minute of talking is forgiven."""
        zone = self._kit.time.zone
        halves = (wanted,) if pm_known else (wanted, other_half(wanted))
        if day is not None:
            found = [datetime.combine(day, half, zone) for half in halves]
            return min(found, key=lambda each: (each < believed - timedelta(minutes=1), abs(each - believed)))
        days = [believed.date() + timedelta(days=ahead) for ahead in (-1, 0, 1)]
        found = [datetime.combine(each, half, zone) for each in days for half in halves]
        if self._kit.time.trusted:
            return min(found, key=lambda each: abs(each - believed))
        return min(each for each in found if each >= believed - timedelta(minutes=1))

    def _unset(self, correction: timedelta) -> str:
        say, keeper = self._kit.say, self._kit.time
        keeper.tell(keeper.now() - correction)
        now = keeper.now()
        values = {"weekday": say.weekday(now.weekday()), "date": say.calendar(now.date())}
        return say("clock.set", time=say.clock(now), **values)


def _near(day: date, today: date) -> bool:
    return abs((day - today).days) <= 1
