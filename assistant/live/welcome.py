"""The spoken welcome of the first start: do we hear each other, how loud, how closely to listen for the wake word.

"Skip", "stop" and the button end it, and when nobody answers it gives up and is offered again at the next start, three
times in all.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from assistant import events as ev
from assistant.audio import Samples
from assistant.conversation import Conversation
from assistant.errors import AssistantError
from assistant.live.leading import Ear, Leading, Leave
from assistant.texts import texts
from assistant.turn import Rooms

logger = logging.getLogger(__name__)

REQUEST = "welcome-wanted"
"""A file in the data directory that asks for it: `assistant welcome` leaves it there."""

LOOK_S = 2.0
"""Seconds between looks whether it is time."""

MUTE_S = 30.0
"""Seconds until it is tried again where there is no loudspeaker."""

SETTLE_S = 6.0
"""Seconds after the start before it begins by itself: the microphone has been opened by then."""

MOST_TRIES = 3
"""Starts at which it is offered by itself."""

DAY = range(8, 22)
"""Hours in which it may begin by itself, where the clock can be trusted. Elsewhere somebody has just switched it on."""

STEP, SOFTEST = 15, 10
"""Per cent a "louder" changes here, more than in use since it begins anywhere; and the least it can become."""

CALLS, MOST_CALLS = 3, 6
"""How often the wake phrase has to be heard, and is asked for at most."""

CALL_S = 7.0
"""Seconds to say it in."""

TALK_S = 30.0
"""Seconds of answers that are kept, in memory, to hold against the phrase."""

YES = "yes"
_START = {"Yes": YES, "WelcomeStart": YES}
_LOUDNESS = {"Yes": YES, "Thanks": YES, "VolumeUp": "louder", "VolumeDown": "quieter", "Repeat": "again"}


class Sensitivity(Protocol):
    """Chooses the wake threshold from what was heard here and lets it count; True when it listens more closely now."""

    def __call__(self, without: list[Samples], spoken: list[Samples], said: int) -> bool: ...


class Welcome:
    """Leads through it. An observer; `run` stands beside the conversation."""

    def __init__(
        self,
        rooms: Rooms,
        conversation: Conversation,
        phrases: Callable[[], tuple[str, ...]],
        sensitivity: Sensitivity,
        data: Path,
        *,
        offered: bool,
    ) -> None:
        """`phrases`: the wake phrases as they are now. `data`: settings.paths.data. `offered`: it begins by itself."""
        self._rooms, self._conversation, self._phrases = rooms, conversation, phrases
        self._sensitivity, self._request = sensitivity, data / REQUEST
        self._skills = rooms.skills
        self._talk = Leading("welcome", rooms, conversation)
        self._texts = texts(rooms.language, "welcome")
        self._asked = False
        self._offered = offered
        """It may still begin by itself since this start."""
        self._deaf = False
        """The microphone is gone or sends no sound."""
        self._frames = 0
        self._skills.kit.welcome = self.ask_for

    def ask_for(self) -> bool:
        """Begin as soon as nobody speaks."""
        self._asked = True
        return True

    def observe(self, event: ev.Event) -> None:
        """Follow what goes on around it."""
        if isinstance(event, ev.SoundTrouble) and event.device == "microphone":
            self._deaf = event.kind in {"gone", "zeros", "stuck"}
        self._talk.observe(event)

    def close(self) -> None:
        """Nobody leads any more."""
        self._skills.kit.welcome = lambda: False
        self._talk.close()

    async def run(self) -> None:
        """Begin when it is time, for ever."""
        await asyncio.sleep(SETTLE_S - LOOK_S)
        self._frames = self._conversation.frames
        await asyncio.sleep(LOOK_S)
        while True:
            why = await self._lead(by_voice=self._taken()) if await self._time() else ""
            await asyncio.sleep(MUTE_S if why == "mute" else LOOK_S)

    # --- when

    async def _time(self) -> bool:
        frames, self._frames = self._frames, self._conversation.frames
        heard = frames != self._frames and not self._deaf and self._conversation.unmuted.is_set()
        if not heard or self._conversation.busy:
            return False
        if self._asked or self._request.exists():
            return True
        return self._offered and await self._rooms.acting.run(self._due)

    def _due(self) -> bool:
        """Whether it is offered by itself now."""
        store, time = self._skills.kit.store, self._skills.kit.time
        tries = store.get("welcome_tries")
        if store.get("welcome_done") or (isinstance(tries, int) and tries >= MOST_TRIES):
            return False
        return not self._skills.quiet and not (time.trusted and time.now().hour not in DAY)

    def _taken(self) -> bool:
        """Whether somebody asked for it by voice. Every request is dealt with by that."""
        by_voice, self._asked = self._asked, False
        try:
            self._request.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s: cannot be removed (%s)", self._request, error.strerror)
        return by_voice

    # --- the way through

    async def _lead(self, *, by_voice: bool) -> str:
        """Lead through it; how it ended: "done", "mute" (nothing can be said), or what Leave says."""
        why = "done"
        try:
            await self._through(by_voice=by_voice)
        except Leave as reason:
            why = str(reason)
        except AssistantError as error:  # the loudspeaker or the voice is missing: later perhaps
            logger.warning("the welcome waits: %s", error)
            why = "mute"
        self._offered = self._offered and why in {"deaf", "mute"}
        await self._rooms.acting.run(self._note, why)
        if why in self._texts and not self._talk.silenced:
            try:
                await self._say(why)
            except (AssistantError, Leave):
                logger.info("the welcome ended unheard")
        self._conversation.forget()
        return why

    def _note(self, why: str) -> None:
        """Remember how it ended. On the skills' thread."""
        store = self._skills.kit.store
        if why in {"done", "skipped"}:
            store.put(welcome_done=True)
        elif why in {"nobody", "later"}:
            tries = store.get("welcome_tries")
            store.put(welcome_tries=(tries if isinstance(tries, int) else 0) + 1)

    async def _through(self, *, by_voice: bool) -> None:
        ear = Ear(TALK_S)
        if not by_voice:
            await self._talk.ask(self._text("hello"), self._text("begin"), _START, ear)
        await self._set_loudness(ear)
        await self._set_sensitivity(ear)
        await self._say("end")

    async def _set_loudness(self, ear: Ear) -> None:
        preferences, question = self._skills.preferences, "loudness"
        while (answer := await self._talk.ask(self._text(question), self._text("again"), _LOUDNESS, ear)) != YES:
            if answer == "again":
                question = "again"
                continue
            level = await self._rooms.acting.run(lambda: preferences.volume)
            wanted = min(100, max(SOFTEST, level + (STEP if answer == "louder" else -STEP)))
            await self._rooms.acting.run(self._loud, wanted)
            question = "loudest" if wanted == 100 else "quietest" if wanted == SOFTEST else "louder"

    def _loud(self, level: int) -> None:
        self._skills.preferences.change(volume=level, muted=False)

    async def _set_sensitivity(self, others: Ear) -> None:
        """Have it called a few times, each time answered, and choose the threshold by that."""
        spoken: list[Samples] = []
        heard = said = silent = 0
        question = "call"
        for _ in range(MOST_CALLS):
            ear = Ear(CALL_S)
            called = await self._talk.called(self._text(question), ear, CALL_S)
            spoken += ear.keep
            said += called or ear.speech
            silent = 0 if called or ear.speech else silent + 1
            heard += called
            if silent == 2:
                raise Leave("nobody")
            if heard == CALLS:
                break
            question = ("once_more", "last")[heard - 1] if called else "missed"
        closer = await self._rooms.acting.run(self._sensitivity, others.keep, spoken, said)
        if closer or heard < CALLS:
            await self._say("closer" if closer else "far")

    async def _say(self, text: str) -> None:
        await self._talk.say(self._text(text))

    def _text(self, text: str) -> str:
        return self._texts[text].format(phrase=(self._phrases() or ("",))[0])
