"""Spoken values for the free places of templates: durations, times, days, numbers; more than a word list holds."""

import random
from collections.abc import Callable

from assistant.nlu.numbers import say_number, say_ordinal

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december"]  # fmt: skip


def duration(rng: random.Random) -> str:
    """ "twenty five minutes", "an hour and a half", "two hours and ten minutes", "90 seconds"."""
    minutes = rng.choice([*range(1, 21), 25, 30, 35, 40, 45, 50, 55, 60, 75, 90])
    said = say_number(minutes) if rng.random() < 0.88 else str(minutes)
    unit = "minute" if minutes == 1 else rng.choice(["minutes"] * 9 + ["minute", "mins", "min"])
    hours = rng.randint(1, 12)
    hour_words = f"{say_number(hours)} {'hour' if hours == 1 else 'hours'}"
    forms = [
        f"{said} {unit}", f"{said} {unit}", f"{said} {unit}", f"{say_number(rng.randint(5, 90))} seconds", hour_words,
        f"{hour_words} and {say_number(rng.randint(2, 50))} minutes",
        f"{hour_words} {say_number(rng.randint(2, 50))} minutes",
        f"{say_number(minutes)} and a half minutes", f"{say_number(hours)} and a half hours", "half an hour",
        "a half hour",
        "an hour and a half", "a quarter of an hour", "three quarters of an hour", "an hour", "a minute",
        f"{said} minutes and {say_number(rng.randint(5, 55))} seconds",
        f"a minute and {say_number(rng.randint(5, 50))} seconds",
        f"{say_number(rng.randint(2, 6))} days", "a couple of minutes", "half a minute", "a minute and a half",
    ]  # fmt: skip
    return rng.choice(forms)


def clock(rng: random.Random) -> str:
    """ "half past six", "seven forty five pm", "6:30", "eight in the morning"."""
    hour, minute = rng.randint(1, 12), rng.choice([0, 5, 10, 15, 20, 25, 30, 40, 45, 50, 55, rng.randint(1, 59)])
    said = say_number(hour)
    past = f"{said} oh {say_number(minute)}" if 0 < minute < 10 else f"{said} {say_number(minute)}"
    half = rng.choice(["", "", " am", " pm", " in the morning", " in the evening", " at night", " in the afternoon"])
    forms = [
        f"{said}{half}", f"{said} o'clock{rng.choice(['', half])}", f"{past}{half}" if minute else f"{said} am",
        f"half past {said}{half}", f"quarter past {said}{half}", f"a quarter to {said}{half}", f"quarter to {said}",
        f"{rng.choice(['five', 'ten', 'twenty', 'twenty five'])} {rng.choice(['to', 'past'])} {said}{half}",
        f"{said} thirty{half}", f"{said} fifteen{half}", f"{said} forty five{half}",
        rng.choice(["noon", "midnight", "midday", "lunchtime"]), f"{hour}:{minute:02d}{rng.choice(['', ' am', ' pm'])}",
        f"{hour} {rng.choice(['am', 'pm'])}", f"{said} {rng.choice(['am', 'pm'])}",
    ]  # fmt: skip
    return rng.choice(forms)


def day(rng: random.Random) -> str:
    """ "tomorrow", "on friday", "next tuesday", "on the third of may", "in two weeks"."""
    name, month, date = rng.choice(WEEKDAYS), rng.choice(MONTHS), say_ordinal(rng.randint(1, 31))
    part = rng.choice(["morning", "afternoon", "evening", "night"])
    forms = [
        "tomorrow", "today", "tonight", "this evening", "the day after tomorrow", f"tomorrow {part}", f"on {name}",
        name, f"next {name}", f"this {name}", f"on {name} {part}", f"{name} {part}", f"on the {date}",
        f"on {month} {date}",
        f"on the {date} of {month}", f"{month} {date}", "this weekend", "next week", "this week", "at the weekend",
        f"this {part if part != 'night' else 'evening'}", f"in {say_number(rng.randint(2, 9))} days", "in a week",
        f"in {say_number(rng.randint(2, 4))} weeks", "this morning", "later today", f"a week on {name}",
    ]  # fmt: skip
    return rng.choice(forms)


def repeating(rng: random.Random) -> str:
    """ "every weekday", "every tuesday and thursday", "daily"."""
    one, other = rng.sample(WEEKDAYS, 2)
    return rng.choice(
        ["every day", "every morning", "every evening", "every night", "each day", "daily", "every weekday", "weekdays",
         "on weekdays", "on weekends", "every weekend", f"every {one}", f"each {one}", f"every {one} and {other}",
         f"on {one}s", "monday to friday", "monday through friday", "every single day", "every week day", "on workdays"]
    )  # fmt: skip


def percent(rng: random.Random) -> str:
    """0 to 100, mostly round."""
    value = rng.choice([*range(0, 101, 10), *range(5, 100, 10), 1, 2, 3, 4, 6, 7, 8, 9, rng.randint(1, 100)])
    return say_number(value) if rng.random() < 0.9 else str(value)


def degrees(rng: random.Random) -> str:
    """A room's temperature in either unit."""
    value = rng.choice([rng.randint(15, 28), rng.randint(60, 80)])
    words = say_number(value) if rng.random() < 0.9 else str(value)
    return f"{words} and a half" if value < 30 and rng.random() < 0.08 else words


VALUES: dict[str, Callable[[random.Random], str]] = {
    "dur": duration, "time": clock, "day": day, "repeat": repeating, "percent": percent, "degrees": degrees,
}  # fmt: skip
"""By the name of the word list they stand beside."""
