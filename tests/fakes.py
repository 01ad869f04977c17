"""Scripted rooms for conversations in virtual time. They stand in for engines only: the turn is the real one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, TypeVarTuple

import numpy as np

from assistant.audio import FRAME_SAMPLES, FRAME_SECONDS, Samples
from assistant.audio.vad import SpeechDetector
from assistant.conversation import Conversation
from assistant.dialogue.answering import Answer
from assistant.dialogue.interpreting import Heard
from assistant.dialogue.speaking import Speaker
from assistant.errors import AssistantError
from assistant.events import Event, EventBus, PartialTranscript, SpeechOut, SpeechOver
from assistant.nlu import Class, Intent
from assistant.nlu.dialogue import Dialogue
from assistant.observers.trace import TurnTrace
from assistant.skills import Reply, TurnContext
from assistant.stt import Hypothesis, Transcription
from assistant.stt.endpoint import Ending, Endpointer
from assistant.tts import AudioChunk
from assistant.turn import Deadlines, Rooms
from assistant.wake import Wake
from assistant.workers import InlineWorker, Worker
from tests.virtual_time import LoopClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

WAKE, VOICE, SILENCE = 30_000, 10_000, 0
"""Loudness codes in scripted frames: what the fake wake engine, voice activity and recogniser react to."""


def sound(*parts: tuple[int, float]) -> Samples:
    """Frames of constant code: (code, seconds) after (code, seconds)."""
    return np.concatenate(
        [np.full(round(seconds / FRAME_SECONDS) * FRAME_SAMPLES, code, np.int16) for code, seconds in parts]
    )


class FakeWake:
    """Detects the WAKE code, once per stretch."""

    phrases = ("okay nabu",)

    def __init__(self) -> None:
        self._inside = False
        self.suspicion = 0.0
        self._fed = 0

    def process(self, samples: Samples) -> Wake | None:
        self._fed += len(samples)
        was, self._inside = self._inside, bool(samples[0] == WAKE)
        self.suspicion = 0.6 * self._inside
        return Wake("okay nabu", self._fed / 16000, 0.95) if was and not self._inside else None

    def reset(self) -> None:
        self._inside = False


class FakeVoiceActivity:
    """VOICE and WAKE codes are speech."""

    asked = 0

    def probability(self, samples: Samples) -> float:
        self.asked += 1
        return float(np.mean(samples >= VOICE))

    def reset(self) -> None:
        pass


@dataclass
class FakeRecognizer:
    """Hears the words of its script, one utterance after another, a word for every 0.3 s of VOICE."""

    script: Sequence[str]
    fail_on: str = ""
    """"start", "feed" or "finish": where it breaks."""
    imagines_s: float = 0.0
    """So much VOICE it takes the sound before an utterance for."""
    confidence: float = 0.9
    started: int = 0
    fed: list[Samples] = field(default_factory=list)

    def set_phrases(self, phrases: Sequence[str]) -> None:
        pass

    def start(self, skip_s: float = 0.0) -> "FakeStream":
        if self.fail_on == "start":
            raise RuntimeError("scripted")
        text = self.script[min(self.started, len(self.script) - 1)]
        self.started += 1
        return FakeStream(self, text, round(self.imagines_s * 16000))


@dataclass
class FakeStream:
    recognizer: FakeRecognizer
    text: str
    voiced: int = 0

    def feed(self, samples: Samples) -> str:
        if self.recognizer.fail_on == "feed":
            raise RuntimeError("scripted")
        self.recognizer.fed.append(samples)
        self.voiced += int(np.sum(samples == VOICE))
        return " ".join(self.text.split()[: int(self.voiced / (0.3 * 16000))])

    def settle(self) -> Transcription:
        text = self.feed(np.zeros(0, np.int16))
        return Transcription(Hypothesis(text, self.recognizer.confidence if text else 0.0), (), "scripted")

    def finish(self) -> Transcription:
        if self.recognizer.fail_on == "finish":
            raise RuntimeError("scripted")
        text = self.text if self.voiced else ""
        return Transcription(Hypothesis(text, self.recognizer.confidence if text else 0.0), (), "scripted")


class FakeVoice:
    """A tone of 0.1 s for every word."""

    sample_rate = 16_000

    def __init__(self, fail: bool = False) -> None:
        self.said: list[str] = []
        self.fail = fail

    def synthesize(self, text: str) -> Iterator[AudioChunk]:
        if self.fail:
            raise AssistantError("the voice is broken; see assistant doctor")
        self.said.append(text)
        yield AudioChunk(np.full(1600 * len(text.split()), 1000, np.int16), 16_000)


class FakeLoudspeaker:
    """Plays in virtual time."""

    def __init__(self) -> None:
        self.waiting_s = self.heard_s = 0.0
        self.stopped = 0

    def play(self, chunk: AudioChunk, turn: str = "") -> None:
        self.waiting_s += len(chunk.samples) / chunk.sample_rate

    async def drain(self, turn: str = "") -> None:
        await asyncio.sleep(self.waiting_s)
        self.heard_s, self.waiting_s = self.heard_s + self.waiting_s, 0.0

    def stop(self, turn: str = "") -> None:
        self.stopped += 1


@dataclass
class ScriptedSource:
    """A microphone (live: real-time pace in virtual time) or a recording."""

    samples: Samples
    live: bool = False
    name: str = "script"

    async def frames(self) -> AsyncIterator[Samples]:
        for start in range(0, len(self.samples), FRAME_SAMPLES):
            if self.live:
                await asyncio.sleep(FRAME_SECONDS)
            yield self.samples[start : start + FRAME_SAMPLES]


class FakeInterpreter:
    """Knows a few sentences; everything else is a question."""

    def __init__(self, commands: Sequence[str] = ("what time is it", "turn on the lamp")) -> None:
        self.commands = tuple(commands)
        self.dialogues: list[Dialogue] = []

    def said(self, text: str) -> str:
        return text.removeprefix("okay nabu").strip()

    def ending(self, said: str) -> Ending:
        longer = any(command.startswith(said + " ") for command in self.commands)
        if said in self.commands:
            return Ending.OPEN if longer else Ending.CLOSED
        return Ending.UNFINISHED if longer else Ending.OTHER

    def read(self, text: str, dialogue: Dialogue) -> Heard:
        self.dialogues.append(dialogue)
        name = "Known" if text in self.commands else ""
        kind = Class.ASSISTANT if name else Class.OUT_OF_SCOPE
        intent = Intent(name=name, kind=kind, tier="grammar" if name else "none", text=text)
        return Heard(text=text, intents=(intent,), source="typed", confidence=1.0)

    def interpret(self, transcription: Transcription, dialogue: Dialogue) -> Heard:
        text = self.said(transcription.chosen.text)
        if not text:
            return Heard(text="", intents=(), source="open", confidence=0.0)
        return replace(self.read(text, dialogue), source="open", confidence=transcription.chosen.confidence)


class FakeSkills:
    """Answers with a fixed reply, or breaks."""

    def __init__(self, reply: Reply | Exception | None = None) -> None:
        self.reply = reply or Reply("It is half past seven.")
        self.handled: list[Intent] = []

    def handle(self, intent: Intent, context: TurnContext) -> Reply:
        self.handled.append(intent)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


class SlowWorker(InlineWorker):
    """An engine that takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def run(self, call: Callable[[*Ts], T], *args: *Ts) -> T:
        await asyncio.sleep(self.seconds)
        return call(*args)


class House:
    """Real turn and conversation around scripted engines, with everything that happened."""

    def __init__(self, *script: str, answers: Sequence[str] | Exception | None = None, **changes: Any) -> None:
        self.bus, self.events = EventBus(), list[Event]()
        self.bus.subscribe(self.events.append)
        self.recognizer = FakeRecognizer(script or ("what time is it",))
        self.skills, self.voice, self.loudspeaker = FakeSkills(), FakeVoice(), FakeLoudspeaker()
        self.interpreter = FakeInterpreter()
        self.deadlines = Deadlines()
        self.answerer = FakeAnswerer(answers)
        self.vad = FakeVoiceActivity()
        self.traces: list[TurnTrace] = []
        for name, value in changes.items():
            assert hasattr(self, name), name
            setattr(self, name, value)

    def open(self, **workers: Worker) -> Conversation:
        """The conversation. Call it inside the virtual loop."""
        inline, clock = InlineWorker(), LoopClock()
        self.rooms = rooms = Rooms(
            recognizer=self.recognizer,
            hearing=workers.get("hearing", inline),
            interpreter=self.interpreter,  # type: ignore[arg-type]
            thinking=workers.get("thinking", inline),
            skills=self.skills,  # type: ignore[arg-type]
            acting=workers.get("acting", inline),
            answerer=self.answerer,  # type: ignore[arg-type]
            speaker=Speaker(self.voice, self.loudspeaker, workers.get("speaking", inline), self.bus, clock),
            endpointer=Endpointer(),
            bus=self.bus,
            clock=clock,
            deadlines=self.deadlines,
        )
        return Conversation(rooms, FakeWake(), SpeechDetector(self.vad), (self,))

    def begun(self, trace: TurnTrace) -> None:
        pass

    def ended(self, trace: TurnTrace) -> None:
        self.traces.append(trace)

    def kinds(self) -> list[str]:
        """The names of what happened, partial transcripts and sound left out."""
        sound = PartialTranscript | SpeechOut | SpeechOver
        return [type(e).__name__ for e in self.events if not isinstance(e, sound)]


class FakeAnswerer:
    """A model that says its script, a piece every 0.1 s; None: there is no model."""

    def __init__(self, answers: Sequence[str] | Exception | None) -> None:
        self.answers = answers
        self.remembered: list[tuple[str, str]] = []

    async def answer(self, question: str) -> Answer:
        if self.answers is None:
            return Answer(self._say(["There is no model."]), "refused", "no language model is installed", "failed")
        return Answer(self._say(self.answers), "local", "the local language model", by_model=True)

    async def _say(self, pieces: Sequence[str] | Exception) -> AsyncGenerator[str]:
        if isinstance(pieces, Exception):
            yield "That is a long story. "
            raise pieces
        for piece in pieces:
            await asyncio.sleep(0.1)
            yield piece

    def remember(self, question: str, reply: str) -> None:
        self.remembered.append((question, reply))
