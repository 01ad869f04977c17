"""Runs in a process of its own: asks the skills for one thing after the other and tells every confirmation, until it is
killed. Used by test_durability."""

import random
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.clock import SystemClock
from assistant.config import Place, Settings
from assistant.nlu import Class, Intent
from assistant.nlu.home import Home
from assistant.skills.registry import Skills, context
from assistant.store import open_store


def confirm(path: Path, seed: int, told: Connection) -> None:
    """One message a confirmation: it stands for the words that would be spoken."""
    rng = random.Random(seed)
    skills = Skills(
        open_store(path),
        SystemClock(),
        Settings(place=Place(time_zone="Europe/Berlin")),
        Home(),
        rng=random.Random(seed),
    )
    told.send_bytes(b"ready")
    for turn in range(10_000):
        word = f"{seed}x{turn}"
        kind = rng.choice(("timer", "alarm", "reminder", "item"))
        if kind == "timer":
            intent = Intent(
                "TimerSet", Class.TIMER, {"name": word, "duration": timedelta(minutes=rng.randrange(30, 600))}
            )
        elif kind == "alarm":
            minutes = timedelta(minutes=rng.randrange(60, 500_000))
            intent = Intent("AlarmSet", Class.ALARM, {"name": word, "duration": minutes})
        elif kind == "reminder":
            minutes = timedelta(minutes=rng.randrange(60, 500_000))
            intent = Intent("ReminderSet", Class.REMINDERS_LISTS, {"text": word, "duration": minutes})
        else:
            intent = Intent("ListAdd", Class.REMINDERS_LISTS, {"item": word})
        reply = skills.handle(intent, context(str(turn), word))
        if reply.outcome == "done" and not reply.expects_answer:
            told.send_bytes(f"{kind} {word}".encode())
        elif kind == "timer" and turn % 3 == 0:
            # told first: a kill between the two must not make rightly cancelled timers look lost
            told.send_bytes(b"clearing timer")
            skills.handle(Intent("TimerCancel", Class.TIMER, {"all": True}), context(str(turn), word))
