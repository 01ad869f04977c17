"""What heat and a weak supply do to the language model, before the firmware does it to everything.

A Raspberry Pi 5 slows its processor from 80 °C on: then the wake word and the voice suffer with the rest. Thinking less
at 75 °C keeps them whole.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from assistant.clock import Clock
from assistant.hardware.probe import PowerReport
from assistant.workers import ThreadWorker, Worker

COOL_BY_C = 5.0
"""Degrees that it must have cooled down before answers grow long again: the fan curve's own hysteresis is as wide."""

STEADY_S = 60.0
"""Under-voltage comes in bursts with the load: it counts as over when none was seen for so long."""

LOOK_S = 10.0
"""Seconds between two looks. A Pi with a stopped fan warms by about 1 °C in that time under load."""


@dataclass(frozen=True, slots=True)
class Strain:
    """How the machine feels, and what is done about it."""

    temperature_c: float | None = None
    hot: bool = False
    """It was at least as hot as set, and has not cooled down since."""
    weak_supply: bool = False
    """Under-voltage now, or a moment ago."""
    slowed: bool = False
    """The firmware has slowed the processor down at this moment."""

    @property
    def eased(self) -> bool:
        """Whether the language model is spared."""
        return self.hot or self.weak_supply or self.slowed


class Easing:
    """Judges one report after another."""

    def __init__(self, clock: Clock, hot_c: float = 75.0) -> None:
        self._clock, self._hot_c = clock, hot_c
        self._weak_until = -1.0
        self.now = Strain()
        """The last judgement."""

    def judge(self, report: PowerReport) -> Strain:
        """What `report` means, with what came before."""
        moment, warmth = self._clock.monotonic(), report.temperature_c
        if "under-voltage" in report.now:
            self._weak_until = moment + STEADY_S
        # a sensor that stops telling changes nothing: what was hot a moment ago is
        hot = self.now.hot if warmth is None else warmth >= self._hot_c - (COOL_BY_C if self.now.hot else 0.0)
        slowed = bool({"throttled", "frequency capped", "soft temperature limit"} & set(report.now))
        self.now = Strain(warmth, hot, moment < self._weak_until, slowed)
        return self.now


async def watch(
    read: Callable[[], PowerReport],
    easing: Easing,
    ease: Callable[[Strain], Awaitable[None]],
    *,
    look_s: float = LOOK_S,
    worker: Worker | None = None,
) -> None:
    """Look every `look_s` seconds until cancelled; `ease` is told when to spare the model and when no longer.

    `worker` runs `read`, which may start a vendor's tool; a thread of its own when not given.
    """
    worker = worker or ThreadWorker("heat")
    told = False
    while True:
        strain = easing.judge(await worker.run(read))
        if strain.eased != told:
            await ease(strain)
            told = strain.eased
        await asyncio.sleep(look_s)
