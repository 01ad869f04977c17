"""A long listening in faster than real time: hours of a quiet room, with a request every now and then, through the real
engines. Does memory stay flat, and is the wake word still heard at the end?

    PYTHONPATH=. .venv/bin/python -m scripts.live_proofs.soak --hours 24
"""

import argparse
import asyncio
import gc
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import psutil

from assistant import demo
from assistant.appliance import open_appliance
from assistant.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from assistant.audio.files import read
from assistant.audio.noise import quiet
from assistant.audio.played import Played, Timeline
from assistant.audio.watch import SoundWatch
from assistant.config import Settings, load_settings
from assistant.conversation import Conversation
from assistant.live.own_voice import OwnSound
from assistant.observers.trace import TurnTrace

logger = logging.getLogger(__name__)

EVERY_S = 600.0
"""One request in ten minutes."""

WARM_HOURS = 0.5
"""After so much the memory counts as filled: every engine has run, every buffer is full."""


@dataclass
class Soak:
    """A source of sound, and what became of it."""

    hours: float
    every_s: float = EVERY_S
    name: str = "soak"
    live: bool = False
    asked: int = 0
    heard: int = 0
    rss: list[int] = field(default_factory=list)
    """Bytes, once every ten minutes of sound."""

    def begun(self, trace: TurnTrace) -> None:
        """A turn began."""

    def ended(self, trace: TurnTrace) -> None:
        """A turn is over."""
        self.heard += trace.outcome in {"done", "failed", "refused"}

    async def frames(self) -> AsyncIterator[Samples]:
        """Quiet rooms with a request in each, through the live path's own watch, reference and canceller."""
        requests = [read(request.file) for request in demo.requests() if request.kind != "out_of_scope"]
        room = quiet(30.0, seed=1)
        watch, own = SoundWatch("soak"), OwnSound(None, None)
        played, timeline, position = Played(22_050), Timeline(SAMPLE_RATE), 0

        def taken(piece: Samples) -> Samples:
            at = position / SAMPLE_RATE
            watch.feed(piece, at)
            played.note(None, 441, at)
            timeline.note(position, at)
            return own.clean(piece, played.frame(timeline, position))

        while position < self.hours * 3600 * SAMPLE_RATE:
            request = requests[self.asked % len(requests)]
            self.asked += 1
            silence = round(self.every_s * SAMPLE_RATE) - request.size
            for piece in (room[i : i + FRAME_SAMPLES] for i in _starts(silence, room.size)):
                yield taken(piece)
                position += FRAME_SAMPLES
            for start in range(0, request.size - FRAME_SAMPLES, FRAME_SAMPLES):
                piece = request[start : start + FRAME_SAMPLES]
                yield taken(piece)
                position += FRAME_SAMPLES
            gc.collect()
            self.rss.append(psutil.Process().memory_info().rss)
            if len(self.rss) % 6 == 0:
                hours, rss = position / SAMPLE_RATE / 3600, self.rss[-1] / 2**20
                logger.info("%.1f h: %d asked, %d answered, %.1f MB", hours, self.asked, self.heard, rss)
        for piece in (room[i : i + FRAME_SAMPLES] for i in _starts(2 * SAMPLE_RATE, room.size)):
            yield piece


def _starts(length: int, wrap: int) -> list[int]:
    size = wrap // FRAME_SAMPLES
    return [(number % size) * FRAME_SAMPLES for number in range(length // FRAME_SAMPLES)]


async def run(hours: float, every_s: float = EVERY_S, settings: Settings | None = None) -> dict[str, float]:
    """Run it; what was asked, heard, and how memory grew from WARM_HOURS on."""
    soak = Soak(hours, every_s)
    began = time.monotonic()
    async with open_appliance(settings or load_settings(), observers=(soak,), keep=False) as appliance:
        conversation: Conversation = appliance.conversation
        await conversation.run(soak)
    warm = soak.rss[min(len(soak.rss) - 1, round(min(WARM_HOURS, hours / 4) * 3600 / every_s))]
    return {
        "hours": hours,
        "requests": soak.asked,
        "answered": soak.heard,
        "rss_warm_mb": round(warm / 2**20, 1),
        "rss_end_mb": round(soak.rss[-1] / 2**20, 1),
        "growth": round(soak.rss[-1] / warm - 1, 4),
        "largest_growth": round(float(np.max(soak.rss[-max(1, len(soak.rss) // 2) :])) / warm - 1, 4),
        "took_s": round(time.monotonic() - began),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--every", type=float, default=EVERY_S, help="seconds from one request to the next")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(json.dumps(asyncio.run(run(options.hours, options.every))))
