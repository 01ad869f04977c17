"""The button: one press, a hold, a long hold. Edges come from gpiozero, meaning is made on the event loop's time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.hardware.gpio import GpioError

HOLD_S = 2.0
"""From here on a press is a hold. Long enough that nobody mutes the device by pressing thoughtfully."""

LONG_HOLD_S = 6.0
"""From here on it is a long hold: nobody holds a button for so long by accident."""

BOUNCE_S = 0.03
"""Edges that follow one another faster are the contact's own bouncing. Cheap push buttons settle within 10-20 ms."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """What is done; each is called on the event loop."""

    press: Callable[[], object]
    """At once when the button goes down: an answer that waits for the finger to leave feels slow."""
    hold: Callable[[], object]
    """After HOLD_S, while it is still down."""
    long_hold: Callable[[], object]
    """After LONG_HOLD_S, in addition to `hold`."""


class Gestures:
    """Turns edges into meanings. Everything runs on the loop."""

    def __init__(self, meanings: Meanings, loop: asyncio.AbstractEventLoop) -> None:
        self._meanings = meanings
        self._loop = loop
        self._timers: list[asyncio.TimerHandle] = []
        self._last_edge = -1.0
        self._is_down = False

    def down(self) -> None:
        """The contact closed."""
        if self._bounces() or self._is_down:
            return
        self._is_down = True
        self._timers = [
            self._loop.call_later(HOLD_S, self._meanings.hold),
            self._loop.call_later(LONG_HOLD_S, self._meanings.long_hold),
        ]
        self._meanings.press()

    def up(self) -> None:
        """The contact opened. Never ignored: a hold must not go on because an edge looked like a bounce."""
        self._last_edge = self._loop.time()
        self._is_down = False
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def _bounces(self) -> bool:
        return self._last_edge >= 0 and self._loop.time() - self._last_edge < BOUNCE_S


class Button:
    """A push button between a pin and ground."""

    def __init__(self, pin: int, factory: Any, meanings: Meanings) -> None:  # noqa: ANN401 - gpiozero is untyped
        """Watch GPIO `pin` (BCM number, pulled up). Call it on the loop. Raises GpioError when the pin is taken."""
        import gpiozero  # noqa: PLC0415 - imported on machines with pins alone

        loop = asyncio.get_running_loop()
        gestures = Gestures(meanings, loop)

        def edge(happened: Callable[[], None]) -> None:
            if not loop.is_closed():  # gpiozero calls from a thread of its own
                loop.call_soon_threadsafe(happened)

        try:
            self._device = gpiozero.DigitalInputDevice(pin, pull_up=True, bounce_time=None, pin_factory=factory)
        except Exception as error:  # gpiozero and lgpio raise a dozen untyped errors
            raise GpioError(f"button: GPIO {pin} cannot be used ({error}); set hardware.button_pin") from error
        self._device.when_activated = lambda: edge(gestures.down)
        self._device.when_deactivated = lambda: edge(gestures.up)
        self._gestures = gestures

    def close(self) -> None:
        """Let the pin go."""
        self._gestures.up()
        self._device.close()
