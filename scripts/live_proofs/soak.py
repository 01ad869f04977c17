"""A long listening in faster than real time: hours of a kitchen's noise, with a request every now and then and timers
and alarms that ring, through the real engines. Does memory stay flat, and is every wake word heard at the end?

    PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.soak --hours 24 [--curve curve.jsonl]

All clocks of the appliance follow the sound: a timer for ten minutes rings after ten minutes of it, and midnight comes.
"""

import argparse
import asyncio
import ctypes
import gc
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from assistant import demo
from assistant import events as ev
from assistant.appliance import Appliance, open_appliance
from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet, to_pcm
from assistant.audio.played import Played, Timeline
from assistant.audio.watch import SoundWatch
from assistant.config import Settings, load_settings
from assistant.dialogue.speaking import once
from assistant.live.own_voice import OwnSound
from assistant.observers.trace import TurnTrace
from assistant.texts import texts
from assistant.tts.cache import MEMORY_BYTES

logger = logging.getLogger(__name__)

EVERY_S = 600.0
"""One request in ten minutes."""

WARM_HOURS, WARM_EVERY_S = 1.0, 60.0
"""Before memory is looked at: an hour with a request a minute, each of the bundled ones at least six times. Every
engine has then heard its longest request and every cache is filled; that of spoken phrases, which the replies of a day
would fill only slowly, is filled by speaking as much as it holds."""

MEASURED_S = 600.0
"""Memory is read once in so much sound."""

RINGS_S = 20.0
"""So long a timer may ring before somebody asks it to stop."""

LOOK_S = 20.0
"""Seconds of sound from one look at what is due to the next, as the appliance does."""

STARTS = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

ANSWERED = frozenset({"done", "failed", "refused"})
"""A turn that heard a request; "nothing" and "cancelled" did not."""


@dataclass
class SoundClock:
    """The time is what has been heard."""

    samples: int = 0

    def monotonic(self) -> float:
        """Seconds of sound."""
        return self.samples / SAMPLE_RATE

    def now(self, zone: tzinfo | None = None) -> datetime:
        """The same as time of day."""
        moment = STARTS + timedelta(seconds=self.monotonic())
        return moment.astimezone(zone) if zone else moment


def kitchen(seconds: float, seed: int) -> Samples:
    """Noise of a room in which somebody is busy: hiss at -60 dB, a hum that comes and goes, now and then a knock."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    noise = quiet(seconds, seed=seed) / 32768.0
    noise += 0.004 * np.sin(2 * np.pi * 100.0 * at) * (np.sin(2 * np.pi * at / 41.0) > 0)
    for start in rng.integers(0, at.size - 800, round(seconds / 9)):
        noise[start : start + 800] += rng.uniform(0.02, 0.3) * rng.standard_normal(800) * np.exp(-np.arange(800) / 150)
    return to_pcm(noise)


@dataclass
class Soak:
    """A source of sound, and what became of it."""

    clock: SoundClock
    hours: float
    every_s: float = EVERY_S
    warm_hours: float = WARM_HOURS
    curve: Path | None = None
    appliance: Appliance | None = None
    name: str = "soak"
    live: bool = False
    asked: int = 0
    heard: int = 0
    unasked: int = 0
    """Turns that nobody's request began."""
    rang: int = 0
    went_on: int = 0
    """Of these, how many still rang after "stop"."""
    heard_after: int = 0
    """How many of the requests that follow the last hour were heard."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Hours of sound and megabytes of resident memory."""
    used: list[float] = field(default_factory=list)
    """Megabytes in use in glibc's heaps at these times: resident memory never shrinks below its highest, so a slow leak
    would first fill what is free there."""
    _expected: bool = False

    def begun(self, trace: TurnTrace) -> None:
        """A turn began."""

    def ended(self, trace: TurnTrace) -> None:
        """A turn is over."""
        answered = trace.outcome in ANSWERED
        self.heard += answered and self._expected
        self.unasked += not self._expected
        self._expected = self._expected and not answered

    async def frames(self) -> AsyncIterator[Samples]:
        """The warm-up, the hours, and every request once more; through the live path's watch, reference and guard."""
        self._requests = [read(request.file) for request in demo.requests() if request.kind != "out_of_scope"]
        self._room = kitchen(120.0, seed=1).reshape(-1, FRAME_SAMPLES)
        watch, own = SoundWatch("soak"), OwnSound(None, None)
        played, timeline = Played(22_050), Timeline(SAMPLE_RATE)
        async for piece in self._heard():
            at = self.clock.monotonic()
            watch.feed(piece, at)
            played.note(None, 441, at)
            timeline.note(self.clock.samples, at)
            yield own.clean(piece, played.frame(timeline, self.clock.samples))
            self.clock.samples += FRAME_SAMPLES

    async def _heard(self) -> AsyncGenerator[Samples]:
        until = self.warm_hours * 3600
        while self.clock.monotonic() < until:
            async for piece in self._round(min(self.every_s, WARM_EVERY_S)):
                yield piece
        until += self.hours * 3600
        while self.clock.monotonic() < until:
            async for piece in self._round(self.every_s):
                yield piece
        before = self.heard
        for _ in self._requests:
            async for piece in self._request():
                yield piece
        self.heard_after = self.heard - before

    async def _round(self, seconds: float) -> AsyncGenerator[Samples]:
        """A request, then noise; what becomes due in it is announced, rings, and is stopped."""
        until = self.clock.monotonic() + seconds
        async for piece in self._request():
            yield piece
        while (left := until - self.clock.monotonic()) > 0:
            async for piece in self._noise(min(LOOK_S, left)):
                yield piece
            if await self._due():
                async for piece in self._noise(RINGS_S):
                    yield piece
                async for piece in self._request("stop"):
                    yield piece
                self.rang += 1
                self.went_on += bool(await self._rings())
            self._measure()

    async def _noise(self, seconds: float) -> AsyncGenerator[Samples]:
        for _ in range(round(seconds * SAMPLE_RATE / FRAME_SAMPLES)):
            yield self._room[self.clock.samples // FRAME_SAMPLES % len(self._room)]

    async def _request(self, name: str = "") -> AsyncGenerator[Samples]:
        names = [request.file.stem for request in demo.requests() if request.kind != "out_of_scope"]
        number = names.index(name) if name else self.asked % len(names)
        self.asked, self._expected = self.asked + 1, True
        spoken = self._requests[number]
        for start in range(0, spoken.size - FRAME_SAMPLES, FRAME_SAMPLES):
            yield spoken[start : start + FRAME_SAMPLES]
        async for piece in self._noise(4.0):  # longer than any rule waits for
            yield piece
        self._expected = False

    async def _due(self) -> bool:
        """Say what is due, as the appliance does; whether something rings now."""
        assert self.appliance is not None
        rooms = self.appliance.rooms
        for due in await rooms.acting.run(rooms.skills.due):
            await rooms.speaker.say(due.id, once(due.text))
            if not due.rings:
                await rooms.acting.run(rooms.skills.acknowledge, due.id)
        return await self._rings()

    async def _rings(self) -> bool:
        assert self.appliance is not None
        return bool(await self.appliance.rooms.acting.run(self.appliance.rooms.skills.ringing))

    def _measure(self) -> None:
        hours = self.clock.monotonic() / 3600 - self.warm_hours
        if hours < 0 or hours * 3600 < len(self.memory) * min(MEASURED_S, self.every_s):
            return
        gc.collect()
        self.memory.append((hours, psutil.Process().memory_info().rss / 2**20))
        self.used.append(in_use() / 2**20)
        if self.curve is not None:
            row = {
                "hours": hours,
                "mb": self.memory[-1][1],
                "used_mb": self.used[-1],
                "asked": self.asked,
                "heard": self.heard,
                "rang": self.rang,
            }
            with self.curve.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


class _Heaps(ctypes.Structure):
    """glibc's struct mallinfo2."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "top",
        )
    )


def in_use() -> int:
    """Bytes that were asked of glibc and not given back, large blocks included; 0 with another C library."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return 0
    ask.restype = _Heaps
    found = ask()
    return int(found.uordblks + found.hblkhd)


async def fill_phrases(appliance: Appliance, most_bytes: int = MEMORY_BYTES) -> None:
    """Speak, unheard, as much as the cache of spoken phrases holds."""
    rooms, spoken = appliance.rooms, 0

    def count(event: ev.Event) -> None:
        nonlocal spoken
        spoken += event.samples.nbytes if isinstance(event, ev.SpeechOut) else 0

    rooms.bus.subscribe(count)
    for number in range(1, 2000):
        if spoken >= most_bytes:
            break
        await rooms.speaker.say(
            "warm-up", once(texts("en", "answering")["now"].format(rooms.clock.now()) + f" {number}.")
        )
    rooms.bus.unsubscribe(count)


async def run(
    hours: float,
    every_s: float = EVERY_S,
    *,
    warm_hours: float = WARM_HOURS,
    phrases: int = MEMORY_BYTES,
    settings: Settings | None = None,
    curve: Path | None = None,
) -> dict[str, float]:
    """Run it; what was asked and heard, and memory at the end of the hours over memory after the warm-up.

    `growth` compares the medians of the first and the last hour, `largest_growth` the highest of all with the former.
    """
    clock = SoundClock()
    soak = Soak(clock, hours, every_s, warm_hours, curve)
    began = time.monotonic()
    async with open_appliance(settings or load_settings(), observers=(soak,), keep=False, clock=clock) as appliance:
        await appliance.ready()
        soak.appliance = appliance
        await fill_phrases(appliance, phrases)
        await appliance.conversation.run(soak)
    begin, end = soak.memory[0][0], soak.memory[-1][0]
    part = min(1.0, (end - begin) / 4)
    first = median(mb for at, mb in soak.memory if at <= begin + part)
    last = median(mb for at, mb in soak.memory if at >= end - part)
    return {
        "hours": hours,
        "requests": soak.asked,
        "answered": soak.heard,
        "answered_after": soak.heard_after,
        "unasked": soak.unasked,
        "rang": soak.rang,
        "rang_on": soak.went_on,
        "rss_warm_mb": round(first, 1),
        "rss_end_mb": round(last, 1),
        "growth": round(last / first - 1, 4),
        "used_growth_mb": round(float(np.mean(soak.used[-5:]) - np.mean(soak.used[:5])), 2),
        "largest_growth": round(max(mb for _, mb in soak.memory) / first - 1, 4),
        "took_s": round(time.monotonic() - began),
        "cpu_s": round(time.process_time()),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0, help="after the warm-up")
    parser.add_argument("--every", type=float, default=EVERY_S, help="seconds from one request to the next")
    parser.add_argument("--curve", type=Path, help="append memory and counts every ten minutes of sound")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    print(json.dumps(asyncio.run(run(options.hours, options.every, curve=options.curve)), indent=1))
