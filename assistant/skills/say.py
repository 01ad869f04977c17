"""Replies: the texts of one language, chosen with a little variety, and values put into words."""

import math
import random
import string
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


@cache
def texts(language: str) -> Mapping[str, Mapping[str, Any]]:
    """All texts of the skills in `language`: section → key → a text, or a list of equally good ones."""
    source = resources.files("assistant.skills").joinpath("texts", f"{language}.toml")
    values: Mapping[str, Mapping[str, Any]] = tomllib.loads(source.read_text(encoding="utf-8"))
    return values


class Say:
    """Puts results into words. Keys are "section.key" of texts/<language>.toml."""

    def __init__(self, language: str = "en", rng: random.Random | None = None, *, imperial: bool = False) -> None:
        self._texts = texts(language)
        self._rng = rng or random.Random()
        self._last: dict[str, str] = {}
        self.imperial = imperial

    def __call__(self, key: str, **values: object) -> str:
        """The text `key` with `values` filled in; of several equally good ones, never the same twice running."""
        section, name = key.split(".")
        text = self._texts[section][name]
        if isinstance(text, list):
            choices = [each for each in text if each != self._last.get(key)] or text
            text = self._last[key] = self._rng.choice(choices)
        return _capital(string.Formatter().vformat(text, (), {k: str(v) for k, v in values.items()}))

    def word(self, key: str) -> str:
        """A text as it stands, uncapitalised: a part of a sentence."""
        section, name = key.split(".")
        return str(self._texts[section][name])

    def table(self, section: str) -> Mapping[str, Any]:
        """A whole section: names of events, units, …"""
        return self._texts[section]

    def count(self, number: float, noun: str) -> str:
        """ "1 minute", "3 timers": `noun` is a key of [words] holding singular and plural."""
        one, many = self._texts["words"][noun]
        return f"{self.number(number)} {one if number == 1 else many}"

    def number(self, value: float) -> str:
        """At most three significant places after the point, no trailing zeros; thousands are separated."""
        if isinstance(value, int) or value == int(value):
            return f"{int(value):,}"
        digits = 2 if abs(value) >= 1 else 2 - math.floor(math.log10(abs(value)))
        return f"{value:,.{digits}f}".rstrip("0").rstrip(".")

    def duration(self, seconds: float, *, exact: bool = True) -> str:
        """ "1 hour and 5 minutes". With `exact=False` only the two largest units are said."""
        left = max(0, round(seconds))
        parts = []
        for name, size in _UNITS:
            amount, left = divmod(left, size)
            if amount:
                parts.append(self.count(amount, name))
        return self.join(parts if exact else parts[:2]) or self.count(0, "second")

    def length(self, seconds: float) -> str:
        """A duration before a noun: "10 minute", "1 hour 30 minute"."""
        left, parts = max(0, round(seconds)), []
        for name, size in _UNITS:
            amount, left = divmod(left, size)
            if amount:
                parts.append(f"{amount} {self._texts['words'][name][0]}")
        return " ".join(parts)

    def join(self, parts: Sequence[str], word: str = "and") -> str:
        """ "a", "a and b", "a, b and c"."""
        if len(parts) < 2:
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self._texts['words'][word]} {parts[-1]}"

    def clock(self, moment: time | datetime) -> str:
        """A time of day: "7 am", "noon", "6:45 pm"."""
        words = self._texts["words"]
        if moment.minute == 0 and moment.hour in (0, 12):
            return str(words["noon" if moment.hour else "midnight"])
        half = words["pm" if moment.hour >= 12 else "am"]
        hour = moment.hour % 12 or 12
        return f"{hour}:{moment.minute:02} {half}" if moment.minute else f"{hour} {half}"

    def weekday(self, day: int) -> str:
        """The name of weekday `day`, 0 Monday … 6 Sunday."""
        return str(self._texts["words"]["weekdays"][day])

    def calendar(self, day: date, *, year: bool = False) -> str:
        """ "the 27th of November", with the year where asked for."""
        words = self._texts["words"]
        month = words["months"][day.month - 1]
        said = words["date"].format(day=self.ordinal(day.day), month=month)
        return str(words["date_year"].format(date=said, year=day.year)) if year else str(said)

    def ordinal(self, number: int) -> str:
        """ "1st", "12th", "23rd"."""
        ends = self._texts["words"]["ordinals"]
        last = number % 10 if number % 100 not in (11, 12, 13) else 0
        return f"{number}{ends[last]}"

    def day(self, day: date, today: date) -> str:
        """ "today", "tomorrow", "on Friday", "on Monday the 7th of December"."""
        words = self._texts["words"]
        ahead = (day - today).days
        if ahead in (-1, 0, 1):
            return str(words[("yesterday", "today", "tomorrow")[ahead + 1]])
        weekday = words["on_day"].format(day=self.weekday(day.weekday()))
        if 1 < ahead < 7:
            return str(weekday)
        far = day.year != today.year and abs(ahead) > 180
        return f"{weekday} {self.calendar(day, year=far)}"

    def moment(self, moment: datetime, now: datetime) -> str:
        """ "at 6 pm", "tomorrow at 7 am", "on Friday at noon"; the day is left out when it is obvious."""
        words = self._texts["words"]
        at = words["at_time"].format(time=self.clock(moment))
        if moment.date() == now.date() or moment - now < timedelta(hours=6):
            return str(at)
        return f"{self.day(moment.date(), now.date())} {at}"

    def repeat(self, days: frozenset[int]) -> str:
        """ "every day", "every weekday", "every Monday and Friday"."""
        words = self._texts["words"]
        if len(days) == 7:
            return str(words["every_day"])
        if days == frozenset(range(5)):
            return str(words["every_weekday"])
        if days == frozenset({5, 6}):
            return str(words["every_weekend"])
        return str(words["every"].format(days=self.join([self.weekday(day) for day in sorted(days)])))

    def the(self, name: str) -> str:
        """A device inside a sentence: "the desk lamp", but "the TV"."""
        return str(self._texts["home"]["the"]).format(name=name.lower() if name.istitle() else name)

    def to_speaker(self, text: str) -> str:
        """A person's own words said back: "call my mum" becomes "call your mum"."""
        swaps = self._texts["swaps"]
        return " ".join(str(swaps.get(word.lower(), word)) for word in text.split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
