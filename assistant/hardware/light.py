"""The light: an observer of what happens, on a plain LED, a coloured one, or none."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from assistant import events as ev
from assistant.hardware.gpio import GpioError
from assistant.hardware.patterns import PATTERNS, Colour, Pattern

logger = logging.getLogger(__name__)

ERROR_S = 2.4
"""How long a failed turn is shown: two rounds of the pattern."""

LEAVING_S = 0.8
"""What leaves is shown for at least one round of the pattern, however short it was."""


class Lamp(Protocol):
    """Something that shines."""

    def show(self, colour: Colour, level: float, floor: float) -> None:
        """Shine in `colour` at brightness `level` 0..1; a lamp that has colours never below `floor`."""
        ...

    def close(self) -> None:
        """Dark, and the pins let go."""
        ...


class GpioLamp:
    """A plain LED on one pin, or a coloured one on three (red, green, blue); dimmed by pulse width."""

    def __init__(self, pins: Sequence[int], factory: Any, *, active_high: bool = True, brightness: float = 1.0) -> None:  # noqa: ANN401
        """`brightness` 0..1 is the brightest it becomes. Raises GpioError when a pin cannot be used."""
        import gpiozero  # noqa: PLC0415 - imported on machines with pins alone

        self._coloured, self._brightness = len(pins) == 3, brightness
        try:
            if self._coloured:
                self._device = gpiozero.RGBLED(*pins, active_high=active_high, pin_factory=factory)
            else:
                self._device = gpiozero.PWMLED(pins[0], active_high=active_high, pin_factory=factory)
        except Exception as error:  # gpiozero and lgpio raise a dozen untyped errors
            names = ", ".join(str(pin) for pin in pins)
            raise GpioError(f"light: GPIO {names} cannot be used ({error}); set hardware.light and its pins") from error

    def show(self, colour: Colour, level: float, floor: float) -> None:
        if self._coloured:
            bright = max(level, floor) * self._brightness
            self._device.value = tuple(part * bright for part in colour)
        else:
            self._device.value = level * self._brightness

    def close(self) -> None:
        self._device.close()


class Light:
    """Shows the most important of what goes on. Everything runs on the event loop; `observe` goes on the bus."""

    def __init__(self, lamp: Lamp, loop: asyncio.AbstractEventLoop) -> None:
        self._lamp = lamp
        self._loop = loop
        self._on: dict[str, str] = {}  # state → the turn it belongs to
        self._timer: asyncio.TimerHandle | None = None
        self._ending: dict[str, asyncio.TimerHandle] = {}
        self._begun = self._leaving_since = 0.0
        self._shown: Pattern | None = None
        self._broken = False
        self._troubled: set[str] = set()

    @property
    def state(self) -> str:
        """What is shown: a key of PATTERNS, or "" for darkness."""
        return next((name for name in PATTERNS if name in self._on), "")

    def set(self, state: str, *, on: bool, turn: str = "") -> None:
        """Turn one of PATTERNS on or off."""
        if state in self._ending:
            self._ending.pop(state).cancel()
        if on:
            self._on[state] = turn
        else:
            self._on.pop(state, None)
        self._refresh()

    def observe(self, event: ev.Event) -> None:
        """Follow a turn, an announcement, what rings and what leaves."""
        match event:
            case ev.WakeDetected() | ev.ListeningAgain():
                self._stage("listening", event.turn)
            case ev.SpeechEnded():
                self._stage("" if event.rule == "nothing" else "thinking", event.turn)
            case ev.SpeechOut():
                self._stage("speaking", event.turn)
            case ev.SpeechOver() if self._on.get("speaking") == event.turn:
                self._stage("", event.turn)
            case ev.TurnEnded():
                if event.turn in (self._on.get(stage) for stage in ("listening", "thinking", "speaking")):
                    self._stage("", event.turn)
                if event.outcome == "failed":
                    self.set("error", on=True)
                    self._ending["error"] = self._loop.call_later(ERROR_S, lambda: self.set("error", on=False))
            case ev.SoundTrouble():
                (self._troubled.add if event.kind else self._troubled.discard)(event.device)
                self.set("trouble", on=bool(self._troubled))
            case ev.Ringing():
                self.set("ringing", on=event.on)
            case ev.Leaving():
                self._leave(on=event.on)

    def close(self) -> None:
        """Dark."""
        for timer in (self._timer, *self._ending.values()):
            if timer is not None:
                timer.cancel()
        self._lamp.close()

    def _stage(self, stage: str, turn: str) -> None:
        for other in ("listening", "thinking", "speaking"):
            self._on.pop(other, None)
        if stage:
            self._on[stage] = turn
        self._refresh()

    def _leave(self, *, on: bool) -> None:
        if on:
            self._leaving_since = self._loop.time()
            self.set("leaving", on=True)
            return
        left = LEAVING_S - (self._loop.time() - self._leaving_since)
        if left <= 0:
            self.set("leaving", on=False)
        else:
            self._ending["leaving"] = self._loop.call_later(left, lambda: self.set("leaving", on=False))

    def _refresh(self) -> None:
        pattern = PATTERNS.get(self.state)
        if pattern is self._shown:
            return
        self._shown, self._begun = pattern, self._loop.time()
        if self._timer is not None:
            self._timer.cancel()
        self._tick()

    def _tick(self) -> None:
        """Show the present moment and come back when it changes."""
        pattern, self._timer = self._shown, None
        since = self._loop.time() - self._begun
        try:
            if pattern is None:
                self._lamp.show((0.0, 0.0, 0.0), 0.0, 0.0)
                return
            self._lamp.show(pattern.colour, pattern.level(since), pattern.floor)
        except Exception:  # a loose wire must not silence the device
            if not self._broken:
                logger.exception("the light failed")
            self._broken = True
            return
        wait = pattern.next_change_s(since)
        if wait is not None:
            self._timer = self._loop.call_later(wait, self._tick)
