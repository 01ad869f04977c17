"""Hands and eyes: what the button does, and what the light shows besides turns. The light observes; only the button
acts, and it acts on the conversation's own ports."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from assistant import events as ev
from assistant.config import Hardware, Settings
from assistant.conversation import Conversation
from assistant.errors import AssistantError
from assistant.hardware.button import Button, Meanings
from assistant.hardware.gpio import GpioError, header_chip, pin_factory
from assistant.hardware.light import GpioLamp, Light
from assistant.turn import Rooms
from assistant.workers import Tasks

logger = logging.getLogger(__name__)


class Panel:
    """The button's meanings. Everything runs on the event loop."""

    def __init__(
        self,
        conversation: Conversation,
        rooms: Rooms,
        light: Light | None = None,
        door: Callable[[bool], Awaitable[None]] | None = None,
    ) -> None:
        """`door` closes (True) or opens the way out of the device at once; None where nothing can leave anyway."""
        self._conversation, self._rooms = conversation, rooms
        self._light, self._door = light, door
        self._ringing = False
        self._announcing = ""
        self._tasks = Tasks()
        self._loop = asyncio.get_running_loop()
        self._pushed = asyncio.Lock()

    @property
    def meanings(self) -> Meanings:
        """What the button's gestures do."""
        return Meanings(press=self.press, hold=self.hold, long_hold=self.long_hold)

    def observe(self, event: ev.Event) -> None:
        """Know what rings or is announced: then a press means stop."""
        match event:
            case ev.Ringing():
                self._ringing = event.on
            case ev.SpeechOut() if not self._conversation.serves(event.turn):
                self._announcing = event.turn
            case ev.SpeechOver() if event.turn == self._announcing:
                self._announcing = ""

    def press(self) -> None:
        """Stop what rings or speaks, else listen. A muted device stays deaf: its light says so."""
        if self._ringing or self._announcing:
            self._rooms.speaker.output.stop()
            self._rooms.bus.publish(ev.Silenced(turn="", at=self._rooms.clock.monotonic()))
            self._do(self._stop_ringing())
        elif self._conversation.unmuted.is_set() or self._conversation.busy:
            self._conversation.press()

    def hold(self) -> None:
        """Close the microphone, or open it again."""
        self._conversation.stop()  # what the press began
        self._mute(on=self._conversation.unmuted.is_set())

    def long_hold(self) -> None:
        """Go offline, or come back. On its way there the hold has turned the microphone over: that is taken back."""
        self._mute(on=self._conversation.unmuted.is_set())
        self._do(self._turn_offline())

    async def restore(self, *, button: bool) -> None:
        """Show what was left so at the last stop. A microphone stays closed only where a `button` can open it."""
        preferences = self._rooms.skills.preferences
        offline, closed = await self._rooms.acting.run(lambda: (preferences.offline, preferences.microphone_closed))
        self._show("offline", on=offline)
        if closed and button:
            self._conversation.mute(on=True)
            self._show("muted", on=True)
        preferences.listeners.append(self._changed)

    async def close(self) -> None:
        """Finish what a gesture began."""
        await self._tasks.settle()

    def _mute(self, *, on: bool) -> None:
        self._conversation.mute(on=on)
        self._show("muted", on=on)
        self._do(self._remember("microphone_closed", on))

    async def _turn_offline(self) -> None:
        preferences = self._rooms.skills.preferences
        wanted = not await self._rooms.acting.run(lambda: preferences.offline)
        # the door first: what is leaving must stop at once, whatever the skills' thread is busy with
        if self._door is not None:
            await self._door(wanted)
        await self._remember("offline", wanted)

    async def _remember(self, name: str, value: bool) -> None:
        await self._rooms.acting.run(self._rooms.skills.preferences.set, name, value)

    async def _stop_ringing(self) -> None:
        await self._rooms.acting.run(self._rooms.skills.stop_ringing)

    def _changed(self, name: str) -> None:
        """A preference changed, by voice or by us. On the skills' thread."""
        if name == "offline" and not self._loop.is_closed():
            offline = self._rooms.skills.preferences.offline
            self._loop.call_soon_threadsafe(lambda: self._show("offline", on=offline))

    def _show(self, state: str, *, on: bool) -> None:
        if self._light is not None:
            self._light.set(state, on=on)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        async with self._pushed:  # gestures follow one another
            try:
                await work
            except AssistantError as error:
                logger.error("the button: %s", error)
                self._rooms.bus.publish(
                    ev.TurnEnded(turn="button", at=self._rooms.clock.monotonic(), outcome="failed", reason=str(error))
                )


@asynccontextmanager
async def open_panel(
    settings: Settings,
    conversation: Conversation,
    rooms: Rooms,
    door: Callable[[bool], Awaitable[None]] | None = None,
    *,
    factory: Any = None,  # noqa: ANN401 - gpiozero is untyped
    root: Path = Path("/"),
) -> AsyncGenerator[Panel]:
    """Button and light as the settings wire them; a machine without pins gets neither, and is none the worse.

    `factory` are pins to use instead of the machine's own. Pins that cannot be used are reported, not fatal: the
    microphone still works.
    """
    wired = settings.hardware
    async with AsyncExitStack() as stack:
        light, pins = None, factory
        try:
            pins = factory or pin_factory(header_chip(root) if wired.uses_pins else None)
            if pins is not None and (lamp := _lamp(wired, pins)) is not None:
                light = Light(lamp, asyncio.get_running_loop())
                stack.callback(light.close)
                rooms.bus.subscribe(light.observe)
                stack.callback(rooms.bus.unsubscribe, light.observe)
        except GpioError as error:
            logger.error("%s", error)
        panel = Panel(conversation, rooms, light, door)
        stack.push_async_callback(panel.close)
        rooms.bus.subscribe(panel.observe)
        stack.callback(rooms.bus.unsubscribe, panel.observe)
        button = None
        try:
            if pins is not None and wired.button_pin:
                button = Button(wired.button_pin, pins, panel.meanings)
                stack.callback(button.close)
        except GpioError as error:
            logger.error("%s", error)
        await panel.restore(button=button is not None)
        yield panel


def _lamp(wired: Hardware, factory: Any) -> GpioLamp | None:  # noqa: ANN401 - gpiozero is untyped
    if wired.light == "none":
        return None
    pins = wired.rgb_pins if wired.light == "rgb" else (wired.led_pin,)
    return GpioLamp(pins, factory, active_high=wired.light_active_high, brightness=wired.brightness / 100)
