"""The composition root: from settings to rooms that are ready for a conversation.

Engines are loaded here and nowhere else, several at a time, so that a second start takes seconds; a large language
model goes on loading behind the first turns.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from assistant.artifacts.selection import Selection
from assistant.audio.vad import SileroVad, SpeechDetector
from assistant.clock import Clock, SystemClock
from assistant.composition.at_work import at_work
from assistant.composition.chosen import follow, selected, voices
from assistant.composition.engines import load_hearing, load_own, load_voice, load_wake, open_memory
from assistant.composition.local_model import FirstChoice, LocalAnswers
from assistant.composition.memory import share_heaps
from assistant.composition.outdoors import Outdoors, exchange_often, open_outdoors, tell_leaving
from assistant.composition.readiness import get_ready, keep_pauses, patient
from assistant.config import Settings
from assistant.conversation import Conversation, TurnObserver
from assistant.dialogue.answering import Answerer
from assistant.dialogue.interpreting import Interpreter
from assistant.dialogue.reading_ahead import read_ahead
from assistant.dialogue.reference import Reference
from assistant.dialogue.speaking import Output, Speaker
from assistant.dialogue.tooling import lend, with_tools
from assistant.events import EventBus
from assistant.hardware.heat import Easing, Strain
from assistant.hardware.probe import read_power
from assistant.llm.prompt import Prompt
from assistant.nlu.home import load_home
from assistant.nlu.names import Names, no_names
from assistant.nlu.sounds_like import SoundsLike
from assistant.nlu.understanding import Understanding
from assistant.observers.recorder import NoLoudspeaker
from assistant.observers.trace import TurnTrace
from assistant.observers.traffic import TrafficCounter
from assistant.skills.home_source import HomeSource
from assistant.skills.kit import Health
from assistant.skills.own import OwnSentences
from assistant.skills.registry import Skills, preferences_of
from assistant.stt.graph import pronounce
from assistant.texts import texts
from assistant.turn import Deadlines, Rooms
from assistant.wake.micro import BUNDLED
from assistant.workers import Tasks, ThreadWorker

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class Named:
    """What the owner has named, as the skills' thread last told it: understanding runs on another thread."""

    now: Names = field(default_factory=no_names)

    def __call__(self) -> Names:
        return self.now


@dataclass(slots=True)
class Appliance:
    """Everything that lives as long as the program."""

    settings: Settings
    selection: Selection
    rooms: Rooms
    conversation: Conversation
    named: Named
    understanding: Understanding
    loaded_s: dict[str, float]
    """Seconds each part took to load (several load at a time)."""
    outdoors: Outdoors
    easing: Easing
    """What heat and a weak supply mean for the language model."""
    loop: asyncio.AbstractEventLoop
    model: asyncio.Task[None] | None = None
    """The language model on its way; None when none is installed."""

    async def ready(self) -> None:
        """Return when the language model, if one is installed, can be asked too."""
        if self.model is not None:
            await self.model


class _Load:
    """Loads parts on threads of their own and notes how long each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    async def __call__(self, name: str, make: Callable[[], T], worker: ThreadWorker | None = None) -> T:
        begun = time.perf_counter()
        try:
            return await (worker.run(make) if worker else asyncio.to_thread(make))
        finally:
            self.seconds[name] = round(time.perf_counter() - begun, 3)


class _KeepNames:
    """After each turn: what has been named may have changed, and the recogniser listens for names too."""

    def __init__(self) -> None:
        self.appliance: Appliance | None = None
        self.tasks = Tasks()

    def begun(self, trace: TurnTrace) -> None:
        """Nothing has changed yet."""

    def ended(self, trace: TurnTrace) -> None:  # noqa: ARG002 - an observer's signature
        if self.appliance is not None:
            self.tasks.start(refresh_names(self.appliance))


async def refresh_names(appliance: Appliance) -> None:
    """Take over the names as they are now; the recogniser is told when they have changed. What the turn taught about
    pauses is kept."""
    rooms = appliance.rooms
    await rooms.acting.run(keep_pauses, rooms)
    names = await rooms.acting.run(rooms.skills.names)
    if names == appliance.named.now:
        return
    appliance.named.now = names
    phrases = await rooms.thinking.run(appliance.understanding.phrases)
    await rooms.hearing.run(rooms.recognizer.set_phrases, phrases)


def _health(strain: Strain) -> Health:
    return Health(strain.temperature_c, strain.hot, strain.weak_supply, strain.slowed)


@contextlib.asynccontextmanager
async def open_appliance(
    settings: Settings,
    *,
    observers: tuple[TurnObserver, ...] = (),
    output: Output | None = None,
    hearing: bool = True,
    keep: bool = True,
    measure: bool = False,
    clock: Clock | None = None,
) -> AsyncGenerator[Appliance]:
    """Load everything a conversation needs; close it on the way out.

    Args:
        observers: told of every turn.
        output: where replies are heard; nowhere when None.
        hearing: False leaves out wake word and recogniser, for typed requests.
        keep: False keeps timers and lists in memory alone: for demonstrations, which must not ring in a kitchen.
        measure: measure which backend answers fastest, once, while nobody speaks.

    Raises AssistantError for a part that cannot be loaded: nothing is replaced silently.
    """
    share_heaps()
    clock = clock or SystemClock()
    load, bus = _Load(), EventBus()
    named, keeper, previous = Named(), _KeepNames(), list[TurnTrace]()
    easing = Easing(clock, settings.hardware.hot_c)
    async with contextlib.AsyncExitStack() as stack:
        workers = {name: ThreadWorker(name) for name in ("hearing", "thinking", "acting", "speaking", "answering")}
        for worker in workers.values():
            stack.callback(worker.close)
        given = settings
        store = await load("store", lambda: open_memory(given, keep=keep), workers["acting"])
        stack.push_async_callback(workers["acting"].run, store.close)
        preferences = await workers["acting"].run(lambda: preferences_of(store, given))
        settings, selection = await load("selection", lambda: selected(given, preferences), workers["acting"])
        leaving = tell_leaving(bus, clock)
        outdoors = await stack.enter_async_context(open_outdoors(settings, clock, keep=keep, on_leaving=leaving))
        here, own = load_home(settings.paths.home), load_own(settings)
        home = await workers["acting"].run(lambda: HomeSource(store, here, outdoors.hub))
        understanding, voice, recognizer, wake, vad = await asyncio.gather(
            load("understanding",
                 lambda: with_tools(
                     Understanding(home(), names=named, clock=clock, language=settings.language, own=own), settings),
                 workers["thinking"]),
            load("voice", lambda: load_voice(settings, selection), workers["speaking"]),
            load("recogniser", lambda: load_hearing(settings, selection, hearing=hearing), workers["hearing"]),
            load("wake word", lambda: load_wake(settings, hearing=hearing)),
            load("voice activity", lambda: SileroVad(selection.vad.require())),
        )  # fmt: skip
        skills = await workers["acting"].run(
            lambda: Skills(
                store,
                clock,
                given,
                home,
                hub=outdoors.hub,
                ledger=outdoors.sent,
                left=outdoors.outside.later if outdoors.outside else None,
                trace=lambda: previous[-1] if previous else None,
                health=lambda: _health(easing.judge(read_power())),
                models=lambda: at_work(appliance.selection, answers.told),
                voices=lambda: voices(given, appliance.selection.tts.id),
                wake_words=() if given.wake.openwakeword else tuple(BUNDLED),
            )
        )
        skills.add(OwnSentences(skills.kit, own))
        sounds_like = await load("sounds-like", lambda: SoundsLike(understanding, pronounce), workers["thinking"])
        now = texts(settings.language, "answering")["now"]
        prompt = Prompt(settings.name, facts=lambda: now.format(clock.now()))
        reference = Reference(settings, selection.embedding.path) if Reference.wanted(settings) else None
        if reference is not None:
            stack.callback(reference.close)
            stack.callback(asyncio.create_task(reference.open()).cancel)
        rooms = Rooms(
            recognizer=recognizer,
            hearing=workers["hearing"],
            interpreter=Interpreter(understanding, sounds_like, (*settings.wake.phrases, *BUNDLED)),
            thinking=workers["thinking"],
            skills=skills,
            acting=workers["acting"],
            answerer=Answerer(None, prompt, settings.language, outdoors.outside, reference.find if reference else None),
            speaker=Speaker(voice, output or NoLoudspeaker(), workers["speaking"], bus, clock, settings.language),
            endpointer=await workers["acting"].run(lambda: patient(settings.hearing, store)),
            bus=bus,
            clock=clock,
            language=settings.language,
            deadlines=Deadlines.times(settings.limits.patience),
        )
        read_ahead(rooms)
        service = outdoors.client.accelerator if outdoors.client else None
        answers = LocalAnswers(
            settings, selection.llm, rooms.answerer, clock=clock, worker=workers["answering"], service=service,
            told=lambda model, worker: lend(model, worker, understanding, settings),
        )  # fmt: skip
        first = FirstChoice(answers, settings, service)
        counter = TrafficCounter(store, clock, workers["acting"])
        watching: tuple[TurnObserver, ...] = (*observers, _Previous(previous), keeper, first, counter)
        conversation = Conversation(rooms, wake, SpeechDetector(vad), watching)
        appliance = Appliance(
            settings, selection, rooms, conversation, named, understanding, load.seconds, outdoors, easing,
            asyncio.get_running_loop(),
        )  # fmt: skip
        await workers["acting"].run(lambda: follow(appliance, given, outdoors.stay_offline, hearing=hearing))
        phrases = await load("phrases", understanding.phrases, workers["thinking"])
        await load("grammar", lambda: recognizer.set_phrases(phrases), workers["hearing"])
        await refresh_names(appliance)
        keeper.appliance = appliance
        if hearing:
            stack.callback(asyncio.create_task(get_ready(rooms)).cancel)
        if outdoors.outside and settings.cloud.batch:
            stack.callback(asyncio.create_task(exchange_often(outdoors.outside, settings.cloud.batch_minutes)).cancel)
        if answers.backends:
            appliance.model = asyncio.create_task(answers.start())
            stack.push_async_callback(answers.close)
            stack.callback(appliance.model.cancel)
        if measure and reference is not None:
            stack.callback(asyncio.create_task(reference.keep_fresh()).cancel)
        if measure:
            stack.callback(asyncio.create_task(first.run(appliance.ready)).cancel)
        yield appliance
        await keeper.tasks.settle()
        await counter.settle()


class _Previous:
    """Keeps the trace of the last turn that ended, for "why did you do that?"."""

    def __init__(self, kept: list[TurnTrace]) -> None:
        self._kept = kept

    def begun(self, trace: TurnTrace) -> None:
        """It has not ended yet."""

    def ended(self, trace: TurnTrace) -> None:
        self._kept[:] = [trace]
