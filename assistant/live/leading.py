"""Leading a talk by voice: saying something outside a turn, and taking the next words for an answer. Nothing is in the
way meanwhile: a wake word silences it, and every request that is no answer is served as always."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant import events as ev
from assistant.audio import FRAME_SECONDS, Samples
from assistant.conversation import Conversation
from assistant.dialogue.listening import Frame
from assistant.dialogue.speaking import once
from assistant.nlu import Intent
from assistant.skills import Reply
from assistant.turn import Rooms

ANSWER_S = 60.0
"""A turn that has not ended by then never will: the microphone has stopped. One of silence takes 5 s."""

REST_S, PAUSE_S = 1.2, 0.5
"""So long after a wake phrase, with such a pause, only the phrase was said; else a request follows, and is served."""

SKIP = "skip"
_SKIPS = frozenset({"No", "NeverMind", "Stop", "WelcomeSkip", "MusicNext"})
"""A bare "skip" means the next song elsewhere."""


class Leave(Exception):  # noqa: N818 - it is no error
    """The talk ends before its end; `str` says why: "skipped", "nobody" (nobody answers), "later" (something else was
    wanted) or "deaf" (no sound comes in)."""


@dataclass(slots=True)
class Ear:
    """What is collected of the sound: at most `most_s` seconds."""

    most_s: float
    keep: list[Samples] = field(default_factory=list)
    speech: bool = False
    """Somebody spoke."""
    silence_s: float = 0.0
    """Seconds since the last speech."""

    def __call__(self, frame: Frame) -> None:
        self.speech = self.speech or frame.activity.speech
        self.silence_s = frame.activity.silence_s
        if len(self.keep) * FRAME_SECONDS < self.most_s:
            self.keep.append(frame.samples)


class Leading:
    """One who leads, at a time. An observer. Everything raises Leave, and AssistantError where nothing can be said."""

    def __init__(self, turn: str, rooms: Rooms, conversation: Conversation) -> None:
        """`turn`: under which it speaks."""
        self.turn, self._rooms, self._conversation = turn, rooms, conversation
        self.silenced = False
        """Somebody asked for silence since it last began to speak."""
        self._expects: Mapping[str, str] = {}
        self._answer = ""
        self._speaking = self._woken = False
        self._outcome = ""
        """How the last turn ended."""
        self._something = asyncio.Event()
        rooms.skills.kit.questions.expected = self._expected

    def close(self) -> None:
        """Nobody leads any more."""
        self._rooms.skills.kit.questions.expected = lambda _: None

    def observe(self, event: ev.Event) -> None:
        """Follow what goes on around it."""
        match event:
            case ev.WakeDetected():
                self._woken = True
                if self._speaking:  # somebody has something else in mind, or knows it all
                    self._rooms.speaker.output.stop(self.turn)
            case ev.Silenced():
                self.silenced = True
            case ev.TurnEnded():
                self._outcome = event.outcome
            case _:
                return
        self._something.set()

    async def say(self, text: str) -> bool:
        """Say it when nobody speaks. True when it was called meanwhile; what was wanted has then been served."""
        await self._quiet()
        self._woken = self.silenced = False
        self._speaking = True
        try:
            await self._rooms.speaker.say(self.turn, once(text))
        finally:
            self._speaking = False
        if self.silenced:
            raise Leave("skipped")
        if self._woken:
            await self._quiet()
        return self._woken

    async def ask(self, question: str, again: str, answers: Mapping[str, str], ear: Ear) -> str:
        """The value in `answers` of the intent that answers `question`; `again` is asked once when none does."""
        why = ""
        for text in (question, again):
            self._expects, self._answer = {**dict.fromkeys(_SKIPS, SKIP), **answers}, ""
            try:
                if not await self.say(text):
                    await self._hear(ear)
            finally:
                self._expects = {}
            if self._answer == SKIP:
                raise Leave("skipped")
            if self._answer:
                return self._answer
            why = "nobody" if self._outcome == "nothing" else "later"
        raise Leave(why)

    async def called(self, request: str, ear: Ear, within_s: float) -> bool:
        """Whether the wake phrase alone was heard, within so many seconds after `request`. A request that comes along
        is served, and ends the talk."""
        if await self.say(request):  # called while it was still speaking
            return self._only_called()
        self._woken, self._outcome = False, ""
        self._conversation.hearers.append(ear)
        try:
            if not await self._until(lambda: self._woken, within_s):
                return False
            await self._until(lambda: bool(self._outcome), REST_S)
        finally:
            self._conversation.hearers.remove(ear)
        if not self._outcome and ear.silence_s >= PAUSE_S:
            self._conversation.stop()
            return True
        await self._quiet()
        return self._only_called()

    def _only_called(self) -> bool:
        if self._outcome != "nothing":
            raise Leave("later")
        return True

    async def _hear(self, ear: Ear) -> None:
        """Listen without a wake word, until what was said has been served."""
        conversation, self._outcome = self._conversation, ""
        conversation.hearers.append(ear)
        conversation.invite()
        try:
            if not await self._until(lambda: bool(self._outcome), ANSWER_S):
                conversation.stop()
                raise Leave("deaf")
            await self._quiet()
        finally:
            conversation.hearers.remove(ear)

    async def _quiet(self) -> None:
        """Return when no turn goes on."""
        try:
            await asyncio.wait_for(self._conversation.quiet(), ANSWER_S)
        except TimeoutError as error:
            raise Leave("deaf") from error

    def _expected(self, intent: Intent) -> Reply | None:
        """Take an answer. On the skills' thread."""
        answer = self._expects.get(intent.name, "")
        if not answer:
            return None
        self._answer = answer
        return Reply("")

    async def _until(self, happened: Callable[[], bool], most_s: float) -> bool:
        """Wait until `happened`, looked at after every event; False after `most_s` seconds."""
        try:
            async with asyncio.timeout(most_s):
                while not happened():
                    self._something.clear()
                    await self._something.wait()
        except TimeoutError:
            return False
        return True
