"""One utterance: its sound through the recogniser, what can be prepared in its pauses, and its end.

Nothing is done here. In every pause the words so far are understood, so that when the pause turns out to be the end
the turn goes on at once; a pause that was none costs that work and nothing else.
"""

import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from assistant import events as ev
from assistant.audio import SAMPLE_RATE, Samples
from assistant.audio.vad import Activity
from assistant.dialogue.interpreting import CLEAR, Heard
from assistant.errors import AssistantError
from assistant.nlu.dialogue import Dialogue
from assistant.stt import RecognizerStream, Transcription
from assistant.stt.endpoint import Ending
from assistant.workers import Worker

if TYPE_CHECKING:
    from assistant.turn import Rooms

logger = logging.getLogger(__name__)
T = TypeVar("T")

WAKE_TAIL_S = 0.4
"""A word that begins longer than this before the wake detection is the wake phrase's: the models fire at most 0.35 s
after its end (docs/wake.md), and the phrase's last word lasts longer than what is left."""

PAUSE_S = 0.1
"""Silence in which the words so far are worked out: half of the shortest that ends a request, so that the result is
there in time, and longer than the closure of most stops, so that it is not done within words."""


GUESSED_S = PAUSE_S + 0.24
"""Silence behind which no sound that was made before it can still become a word: the recogniser works in blocks of
0.24 s. A word that comes later was guessed from its beginning."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of sound and what voice activity detection made of it."""

    samples: Samples
    activity: Activity


class Frames(Protocol):
    """The sound that follows the wake word. Closing it says that the turn has heard enough."""

    rule: str
    """Why they end, where nothing in them ended the request: "end-of-sound" or "button"."""

    def __aiter__(self) -> AsyncIterator[Frame]: ...

    def aclose(self) -> Coroutine[Any, Any, None]: ...


class Stage(Protocol):
    """Runs an engine's blocking call within a stage's deadline; its failure becomes a sentence."""

    def __call__(self, stage: str, worker: Worker, call: Callable[[], T]) -> Coroutine[Any, Any, T]: ...


class Publish(Protocol):
    """Publishes an event of this turn."""

    def __call__(self, happened: type[ev.Event], /, **fields: Any) -> None: ...  # noqa: ANN401 - the event's fields


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made of the words in a pause."""

    transcription: Transcription
    heard: Heard
    said: str
    """The words that decide whether the speaker has finished."""
    ending: Ending


class Listening:
    """Hears one utterance. `stage` and `publish` are the turn's."""

    def __init__(self, rooms: "Rooms", dialogue: Dialogue, stage: Stage, publish: Publish) -> None:
        self._rooms = rooms
        self._dialogue = dialogue
        self._stage = stage
        self._publish = publish
        self._prepared: Prepared | None = None
        self._tried = ""
        """The recogniser's words when this pause was last worked out: when they change, it is done anew."""
        self._guessed = False
        """In this pause a word came to those that promised more, without a sound."""

    async def hear(
        self, preroll: Samples, frames: Frames, begins_s: float, voice_after_s: float = 0.0
    ) -> Transcription | None:
        """The words, or None when nobody spoke.

        `preroll` is the sound just before stream position `begins_s`, `frames` what follows. Words count from the
        moment on at which there is a voice after `voice_after_s`: what a recogniser makes of the wake phrase's end,
        of noise or of the own voice's last echo is no request.
        """
        rooms, endpointer = self._rooms, self._rooms.endpointer
        endpointer.begin(begins_s)
        partial, started, spoken, rule = "", False, False, ""
        position = last_speech = begins_s
        # what begins earlier belongs to the wake phrase
        skip_s = max(0.0, len(preroll) / SAMPLE_RATE - WAKE_TAIL_S)
        stream = await self._stage("recognise", rooms.hearing, lambda: rooms.recognizer.start(skip_s))
        if len(preroll):
            partial = await self._stage("recognise", rooms.hearing, partial_of(stream, preroll))
        async for frame in frames:
            activity = frame.activity
            position = activity.position_s
            if activity.speech and not started:
                started = True
                self._publish(ev.SpeechStarted, stream_s=position)
            if activity.last_speech_s is not None:
                last_speech = activity.last_speech_s
            words = await self._stage("recognise", rooms.hearing, partial_of(stream, frame.samples))
            if words != partial:
                partial = words
                self._publish(ev.PartialTranscript, text=partial)
                self._tell(partial)
            await self._prepare(stream, partial, activity)
            spoken = activity.last_speech_s is not None and activity.last_speech_s > voice_after_s
            said, ending = rooms.interpreter.said(partial) if spoken else "", Ending.OTHER
            if spoken and self._prepared is not None:
                said, ending = self._prepared.said, self._prepared.ending
            fired = endpointer.update(position, activity.speech, activity.silence_s, said, ending)
            if fired:
                rule = fired
                break
        rule = rule or frames.rule
        self._publish(ev.SpeechEnded, rule=rule, stream_s=position, last_speech_s=min(last_speech, position))
        if rule == "nothing" or not spoken:
            return None
        return await self._stage("recognise", rooms.hearing, stream.finish)

    @property
    def unfinished(self) -> bool:
        """The last word promised more, and it did not come."""
        return self._prepared is not None and self._prepared.ending is Ending.TRAILING

    async def understand(self, transcription: Transcription) -> Heard:
        """What was asked for: as prepared, when the final words are the same."""
        prepared = self._prepared
        # it was prepared as if heard clearly
        clear = all(each.confidence >= CLEAR for each in (transcription.chosen, *transcription.others))
        if prepared is not None and clear and _texts(prepared.transcription) == _texts(transcription):
            return prepared.heard
        return await self._interpreted(transcription)

    async def _interpreted(self, transcription: Transcription) -> Heard:
        rooms = self._rooms
        return await self._stage(
            "understand", rooms.thinking, lambda: rooms.interpreter.interpret(transcription, self._dialogue)
        )

    async def _prepare(self, stream: RecognizerStream, partial: str, activity: Activity) -> None:
        """In a pause: work out the words so far and what they ask for. Speech makes that stale."""
        if activity.speech:
            self._prepared, self._tried, self._guessed = None, "", False
            return
        if activity.silence_s < PAUSE_S or not partial or partial == self._tried:
            return
        self._tried, before = partial, self._prepared
        try:
            self._prepared = await self._worked_out(stream)
            self._doubt(before, activity.silence_s)
        except AssistantError as error:
            # the end of speech is then judged by silence alone, and the request understood when it is over
            logger.warning("what was said could not be worked out in a pause: %s", error)
            self._prepared = None

    async def _worked_out(self, stream: RecognizerStream) -> Prepared:
        sketch = await self._stage("recognise", self._rooms.hearing, stream.settle)
        heard = await self._interpreted(sketch)
        said, ending = await self._stage("understand", self._rooms.thinking, lambda: self._judge(sketch, heard))
        return Prepared(sketch, heard, said, ending)

    def _doubt(self, before: Prepared | None, silence_s: float) -> None:
        """A word that comes late in a pause, behind one that promised more, was guessed from its beginning: all that
        was said had been worked out before. Its sentence is whole, but nobody has finished saying it yet."""
        assert self._prepared is not None
        now = self._prepared
        if before is not None and before.ending is Ending.TRAILING and _begins(before.said, now.said):
            self._guessed = silence_s > GUESSED_S
        if self._guessed and now.ending is not Ending.TRAILING:
            self._prepared = replace(now, ending=Ending.UNFINISHED)

    def _judge(self, sketch: Transcription, heard: Heard) -> tuple[str, Ending]:
        """The words to judge by and how they end.

        Words that were understood are judged as the sentence they are, unless a reading says that more was begun:
        matching by sound leaves out what does not fit, and a hesitation comes behind just such a word.
        """
        interpreter = self._rooms.interpreter
        readings = [said for each in (sketch.chosen, *sketch.others) if (said := interpreter.said(each.text))]
        if not readings:
            return "", Ending.OTHER
        endings = [interpreter.ending(said) for said in readings]
        if Ending.TRAILING in endings and not (heard.understood and self._dialogue.pending):
            return readings[0], Ending.TRAILING
        if not heard.understood:
            return readings[0], Ending.UNFINISHED if Ending.UNFINISHED in endings else Ending.OTHER
        ending = interpreter.ending(heard.text)
        if self._dialogue.pending and ending not in (Ending.CLOSED, Ending.OPTIONAL):
            return heard.text, Ending.OPEN  # an answer to a question of ours is whole, though it is no sentence
        if heard.text.split()[-1] not in {said.split()[-1] for said in readings}:
            return heard.text, Ending.UNFINISHED
        if any(_begins(said, heard.text) for said in readings):
            # one recogniser heard the end that the other one's grammar supplied
            return heard.text, Ending.UNFINISHED
        return heard.text, ending

    def _tell(self, partial: str) -> None:
        said = self._rooms.interpreter.said(partial)
        for listener in self._rooms.partials:
            listener(said)


def _begins(said: str, sentence: str) -> bool:
    """Whether `sentence` is these words and more."""
    words, whole = said.split(), sentence.split()
    return len(words) < len(whole) and whole[: len(words)] == words


def _texts(transcription: Transcription) -> tuple[str, ...]:
    return tuple(reading.text for reading in (transcription.chosen, *transcription.others))


def partial_of(stream: RecognizerStream, samples: Samples) -> Callable[[], str]:
    """A call for the recogniser's thread: feed it and have the words so far."""
    return lambda: stream.feed(samples)
