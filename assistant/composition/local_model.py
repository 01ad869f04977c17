"""The language model that answers: loaded behind the first turns, on the backend that was measured to be fastest.

When nobody has measured these models on this hardware, it is done once, in the background, while nobody speaks. Until
then the processor answers where it has a model.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from assistant.artifacts.selection import Choice
from assistant.bench.chosen import Chosen, read_choice
from assistant.clock import Clock
from assistant.composition.at_work import Started
from assistant.composition.backends import Backend, LocalModel, load, present
from assistant.config import Settings
from assistant.dialogue.answering import Answerer
from assistant.errors import AssistantError, ModelError
from assistant.hardware.probe import HardwareReport, probe
from assistant.llm.confidence import read_calibration
from assistant.llm.engine import AnswerEngine
from assistant.llm.hailo_ollama import Service
from assistant.llm.prompt import Prompt
from assistant.observers.trace import TurnTrace
from assistant.workers import Worker

logger = logging.getLogger(__name__)

QUIET_S = 60.0
"""Seconds without a turn before a measurement begins: nobody is in the middle of something."""

TRIES = 5
"""Measurements that a turn interrupted, until it is left to the next start."""

REPEATS = 3
"""Repeats a backend: the choice is between factors, and the first start should not be busy for long."""


class LocalAnswers:
    """Keeps one model attached to the answerer. On the core's loop; the model lives on `worker`."""

    def __init__(
        self,
        settings: Settings,
        llm: Choice,
        answerer: Answerer,
        *,
        clock: Clock,
        worker: Worker,
        service: Service | None = None,
        told: Callable[[LocalModel, Worker], Awaitable[None]] | None = None,
    ) -> None:
        """`llm`: the processor's model; `service`: the door's accelerator verb; `told`: of each model that begins to
        answer, before the one before it is closed."""
        self._settings, self._answerer, self._clock, self._worker = settings, answerer, clock, worker
        self._title = llm.title
        self._service, self._told = service, told
        self.backends: tuple[Backend, ...] = ()
        try:
            self.backends = present(settings, llm)
        except ModelError as error:  # the one that is named is not here: it is not replaced
            logger.error("%s", error)
        self.machine: HardwareReport | None = None
        self.running: Backend | None = None
        self._threads = 0
        self._model: LocalModel | None = None

    async def start(self) -> None:
        """Load the model that was chosen; where that fails the next backend, which the log says. Never raises."""
        self.machine = await self._worker.run(probe)
        chosen = read_choice(self._settings, self.backends, self.machine)
        current = chosen if chosen and chosen.current else None
        failed: list[str] = []
        order = sorted(self.backends, key=lambda backend: current is not None and backend.kind != current.kind)
        for backend in order:
            try:
                await self._load(backend, self._count(backend, current))
            except AssistantError as error:
                logger.error("%s: %s", backend.title, error)
                failed.append(f"{backend.title}: {error}")
                continue
            break
        kind = self.running.kind if self.running else ""
        await self._worker.run(Started(kind, self.told, tuple(failed)).keep, self._settings.paths.cache)

    @property
    def told(self) -> str:
        """The model that answers now and where it runs, as words; "" while none does."""
        if self._model is None or self.running is None:
            return ""
        if self.running.kind == "cpu":
            return f"llama.cpp with {self._title} on the processor"
        return self._model.name

    def _count(self, backend: Backend, chosen: Chosen | None) -> int:
        """Threads: as set, else as measured, else the default."""
        thinking = self._settings.thinking
        if "threads" in thinking.model_fields_set or chosen is None or backend.kind != "cpu" or chosen.threads < 1:
            return thinking.threads
        return chosen.threads

    async def _load(self, backend: Backend, threads: int) -> None:
        settings, prompt = self._settings, Prompt(self._settings.name)
        model = await self._worker.run(lambda: load(backend, settings, threads=threads, service=self._service))
        # the part of the prompt that never changes is read once, before the first question
        await self._worker.run(lambda: model.prepare(prompt.messages([], ""), settings.paths.cache / "prefixes"))
        deadline_s = settings.thinking.deadline_s * settings.limits.patience
        engine = AnswerEngine(model, self._clock, deadline_s, worker=self._worker)
        measured = read_calibration(settings.paths.data, backend.path) if backend.path else None
        self._answerer.attach(engine, measured)
        if self._told is not None:
            await self._told(model, self._worker)
        self._model, self.running, self._threads = model, backend, threads

    @property
    def unmeasured(self) -> bool:
        """Whether there is something to choose and nobody has measured it yet, as it is now."""
        if self.machine is None or not self.backends:
            return False
        only = len(self.backends) == 1 and (
            self.backends[0].kind != "cpu" or "threads" in self._settings.thinking.model_fields_set
        )
        chosen = read_choice(self._settings, self.backends, self.machine)
        return not only and not (chosen and chosen.current)

    async def change(self, idle: Callable[[], Awaitable[object]]) -> None:
        """Take over a choice that was just stored, when nobody is being answered (`idle` waits for that)."""
        assert self.machine is not None
        chosen = read_choice(self._settings, self.backends, self.machine)
        backend = next((b for b in self.backends if chosen and b.kind == chosen.kind), None)
        if backend is None or chosen is None:
            return
        threads = self._count(backend, chosen)
        if (backend, threads) == (self.running, self._threads):
            return
        await idle()
        old = self._model
        try:
            await self._load(backend, threads)
        except AssistantError as error:
            logger.error("%s: %s", backend.title, error)
            return
        if old is not None:
            await idle()  # an answer may have begun on the old one
            await self._worker.run(old.close)
        await self._worker.run(Started(backend.kind, self.told).keep, self._settings.paths.cache)

    async def close(self) -> None:
        """Give the model's memory, or the card, back."""
        model, self._model = self._model, None
        if model is not None:
            try:
                await self._worker.run(model.close)
            except AssistantError as error:
                logger.warning("%s", error)


class FirstChoice:
    """Measures once while nobody speaks; a turn stops it at once. Told of every turn as an observer."""

    def __init__(self, answers: LocalAnswers, settings: Settings, service: Service | None) -> None:
        self.answers, self._settings, self._service = answers, settings, service
        self._turns = 0
        self._silent, self._spoken = asyncio.Event(), asyncio.Event()
        self._silent.set()
        self._stop: Callable[[], None] | None = None

    def begun(self, trace: TurnTrace) -> None:  # noqa: ARG002 - an observer's signature
        """Somebody speaks: a measurement lets go of the machine."""
        self._turns += 1
        self._silent.clear()
        self._spoken.set()
        if self._stop is not None:
            self._stop()

    def ended(self, trace: TurnTrace) -> None:  # noqa: ARG002 - an observer's signature
        self._turns = max(0, self._turns - 1)
        if not self._turns:
            self._silent.set()

    async def run(
        self, ready: Callable[[], Awaitable[object]], measure: Callable[["FirstChoice"], Awaitable[bool]] | None = None
    ) -> None:
        """Measure where nobody has, and take the choice over. Until done, or given up until the next start.

        `ready` waits until a model, if there is one, can be asked.
        """
        await ready()
        if not self.answers.unmeasured:
            return
        for _ in range(TRIES):
            await self._quiet()
            try:
                done = await (measure or _measure)(self)
            except AssistantError as error:
                logger.warning("the backends could not be measured: %s", error)
                return
            if done:
                await self.answers.change(self._silent.wait)
                return

    async def _quiet(self) -> None:
        while True:
            await self._silent.wait()
            self._spoken.clear()
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._spoken.wait()
            except TimeoutError:
                return

    def stopped_by(self, stop: Callable[[], None] | None) -> None:
        """What ends the measurement that runs now; None when none does."""
        self._stop = stop


async def _measure(first: FirstChoice) -> bool:
    """Measure all backends on a thread and store the choice; False when a turn stopped it. Raises AssistantError."""
    from assistant.bench.choose import Brake, Chooser, Interrupted, store  # noqa: PLC0415 - measuring is rare
    from assistant.bench.figures import Effort, Stage  # noqa: PLC0415
    from assistant.bench.machine import as_json, moment  # noqa: PLC0415

    assert first.answers.machine is not None
    brake = Brake()
    chooser = Chooser(
        Stage("choose"),
        first._settings,  # noqa: SLF001 - one thing in two parts
        first.answers.backends,
        first.answers.machine,
        Effort(repeats=REPEATS),
        first._service,  # noqa: SLF001
        brake,
        all_cores=False,  # sound is being listened to
    )

    def work() -> bool:
        before = as_json(moment())
        try:
            chooser.measure()
        except Interrupted:
            return False
        store(chooser, before)
        return True

    first.stopped_by(brake.pull)
    try:
        return await asyncio.to_thread(work)
    except asyncio.CancelledError:
        brake.pull()  # the thread lets go by itself
        raise
    finally:
        first.stopped_by(None)
