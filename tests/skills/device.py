"""A device in a test: real skills on a real store, a clock that is moved by hand."""

import random
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assistant.clock import ManualClock
from assistant.config import Place, Settings
from assistant.nlu import Class, Intent
from assistant.nlu.home import Home
from assistant.skills import Reply
from assistant.skills.registry import Skills, context
from assistant.skills.timekeeping import Source
from assistant.store import Store, memory_store, open_store


class Device:
    """Skills on a store; `restart` and `power_cut` build them anew on the same file."""

    def __init__(
        self,
        start: datetime | None = None,
        *,
        path: Path | None = None,
        zone: str = "Europe/Berlin",
        source: Source = Source.NETWORK,
        **options: Any,
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.clock = ManualClock(start or datetime(2026, 11, 21, 17, 0, tzinfo=self.zone), monotonic=1000.0)
        self.source = source
        self.path = path
        self.boot = "boot-1"
        self.turn = 0
        self.options = options
        self.settings = options.pop("settings", None) or Settings(
            place=Place(time_zone=zone, latitude=52.52, longitude=13.4)
        )
        self.home = options.pop("home", Home())
        self.store: Store = open_store(path) if path else memory_store()
        self.skills = self._build()

    def _build(self) -> Skills:
        return Skills(
            self.store,
            self.clock,
            self.settings,
            self.home,
            rng=random.Random(1),
            source=lambda: self.source,
            boot_id=self.boot,
            **self.options,
        )

    def restart(self) -> None:
        """The program is started again; the machine ran on."""
        if self.path:
            self.store.close()
            self.store = open_store(self.path)
        self.skills = self._build()

    def power_cut(self, seconds: float, *, wall: datetime | None = None) -> None:
        """Off for `seconds`; the wall clock then shows the true time, or `wall` where nothing kept it."""
        self.clock.advance(seconds)
        self.clock = ManualClock(wall or self.clock.now(), monotonic=5.0)
        self.boot = f"boot-{int(self.boot.removeprefix('boot-')) + 1}"
        self.restart()

    def say(
        self, name: str, /, *, same_turn: bool = False, unresolved: dict[str, str] | None = None, **slots: Any
    ) -> Reply:
        """What the skill answers to an intent."""
        self.turn += not same_turn
        intent = Intent(name, Class.ASSISTANT, slots, unresolved=unresolved or {})
        return self.skills.handle(intent, context(str(self.turn), name))

    def text(self, name: str, /, **slots: Any) -> str:
        """The words of the answer."""
        return self.say(name, **slots).text
