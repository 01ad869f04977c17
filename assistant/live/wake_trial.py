"""A wake word that was changed by voice: it stays once it was heard; until then the one before it counts as well, and
after two minutes alone again. Nobody is locked out by a word that cannot be heard here."""

import asyncio
import logging
from collections.abc import Callable

from assistant import events as ev
from assistant.conversation import Conversation
from assistant.dialogue.speaking import once
from assistant.errors import AssistantError
from assistant.texts import texts
from assistant.turn import Rooms
from assistant.wake import WakeEngine

logger = logging.getLogger(__name__)

TRIAL_S = 120.0
"""Long enough to finish a talk and try the new word a few times, short enough to wait for the old one's return."""


class WakeTrial:
    """Watches what woke. An observer; `run` beside the conversation."""

    def __init__(
        self,
        rooms: Rooms,
        conversation: Conversation,
        load: Callable[[], WakeEngine],
        guard: Callable[[WakeEngine], None],
    ) -> None:
        """`load` makes a wake engine for the phrases as they are now, on the skills' thread; `guard` is given it, on
        the loop, to recognise them in the assistant's own voice."""
        self._rooms, self._conversation, self._load, self._guard = rooms, conversation, load, guard
        self._preferences = rooms.skills.preferences
        self._loop = asyncio.get_running_loop()
        self._begun, self._heard = asyncio.Event(), asyncio.Event()
        self._wanted: tuple[str, ...] = ()
        self._preferences.listeners.append(self._changed)

    def observe(self, event: ev.Event) -> None:
        """The new word works."""
        if isinstance(event, ev.WakeDetected) and event.phrase in self._wanted:
            self._heard.set()

    async def run(self) -> None:
        """Judge one change after another; one from before a restart first."""
        acting = self._rooms.acting
        await acting.run(self._look)
        while True:
            await self._begun.wait()
            self._begun.clear()
            if not self._wanted:
                continue
            try:
                await asyncio.wait_for(self._either(), TRIAL_S)
            except TimeoutError:
                await self._take_back()
                continue
            if self._heard.is_set() and not self._begun.is_set():
                await acting.run(lambda: self._preferences.change(wake_before=""))

    def close(self) -> None:
        """Follow no more."""
        self._preferences.listeners.remove(self._changed)

    async def _either(self) -> None:
        """The new word was heard, or it was changed again."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._heard, self._begun)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def _take_back(self) -> None:
        unheard, before = self._wanted, await self._rooms.acting.run(lambda: self._preferences.wake_before)
        try:
            await self._rooms.acting.run(lambda: self._preferences.change(wake=", ".join(before), wake_before=""))
            said = texts(self._rooms.language, "wake")["unheard"]
            await self._conversation.quiet()
            await self._rooms.speaker.say(
                "wake-word", once(said.format(unheard=" or ".join(unheard), phrase=" or ".join(before)))
            )
        except AssistantError as error:
            logger.error("the wake word: %s", error)

    def _changed(self, name: str) -> None:
        if name != "wake_before" or self._loop.is_closed():  # every change of the phrases changes this too, and last
            return
        try:
            guard = self._load()
        except AssistantError as error:
            logger.error("%s", error)
            return
        wanted = self._preferences.wake if self._preferences.wake_before else ()
        self._loop.call_soon_threadsafe(self._guard, guard)
        self._loop.call_soon_threadsafe(self._begin, wanted)

    def _look(self) -> None:
        if self._preferences.wake_before:
            self._loop.call_soon_threadsafe(self._begin, self._preferences.wake)

    def _begin(self, wanted: tuple[str, ...]) -> None:
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._heard.clear()
        self._begun.set()
