"""The seam between language model and understanding: the skills' declarations as tools, a model's call as a meaning."""

import asyncio
import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path

from assistant.artifacts.embedded import embedded_set
from assistant.config import Settings
from assistant.errors import AssistantError, ModelError
from assistant.llm.tools import NONE, BoundModel, Tool, Toolbox, ToolCaller
from assistant.nlu.called import Called
from assistant.nlu.understanding import Understanding
from assistant.skills.declarations import Declarations, declarations
from assistant.workers import Worker

logger = logging.getLogger(__name__)

PART = "intent-model"
"""The embedded model's directory in the embedded set; it holds these two files."""
MODEL, CALIBRATION = "intent.gguf", "calibration.json"

CONTEXT = 160
"""Tokens: the longest request has 40 words, the longest call 40 tokens."""

ACT = 0.8
"""Calibrated confidence below which a call that changes something is asked back instead of done. Asking when it was
right costs one word, doing when it was wrong costs an undo and trust; one wrong in five is where we draw the line."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a model's own probability to the share that is right: a logistic curve over its logit."""

    slope: float = 1.0
    offset: float = 0.0
    most: float = 0.99
    """Never surer than this."""

    def __call__(self, probability: float) -> float:
        """0..1, rising with `probability`."""
        kept = min(max(probability, 1e-6), 1 - 1e-6)
        logit = self.slope * math.log(kept / (1 - kept)) + self.offset
        return min(self.most, 1 / (1 + math.exp(-max(-50.0, min(50.0, logit)))))

    @classmethod
    def read(cls, path: Path) -> "Calibration":
        """From a JSON file. Raises ModelError, one line."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(float(found["slope"]), float(found["offset"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path}: cannot be read as a calibration ({error}); restore the file") from error


PATIENCE_S = 1.5
"""For the language model's call; understanding as a whole has two seconds (turn.Deadlines)."""

UNCALIBRATED = Calibration(most=ACT - 0.01)
"""For a model that was never measured at this: whatever changes something is asked back."""


def toolbox(declared: Declarations, *, learnt: bool = False) -> Toolbox:
    """The declarations as a model's tools; `learnt`: only those that the embedded intent model was trained on."""
    offered = (tool for tool in declared.tools.values() if tool.learnt or not learnt)
    tools = tuple(Tool(tool.name, tool.does, tool.slots) for tool in offered)
    return Toolbox(tools, declared.slots, declared.choices)


class ToolTier:
    """Tier 3 of understanding: a language model that calls tools."""

    def __init__(self, model: BoundModel, calibration: Calibration = UNCALIBRATED, *, learnt: bool = False) -> None:
        """`learnt` as in `toolbox`. Raises AssistantError when the engine fails."""
        self._declared = declarations()
        self._caller = ToolCaller(model, toolbox(self._declared, learnt=learnt))
        self._calibration = calibration

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._caller.name

    def called(self, request: str) -> Called | None:
        """See nlu.called.Caller."""
        try:
            call = self._caller.call(request)
        except AssistantError as error:
            logger.warning("the intent model failed on a request: %s", error)
            return None
        if call is None:
            return None
        confidence = self._calibration(call.probability)
        if call.name == NONE:
            return Called("", {}, confidence)
        declared = self._declared.tools[call.name]
        doubtful = declared.acts and confidence < ACT
        return Called(call.name, call.arguments, confidence, doubtful, declared.meaning(call.arguments))

    def cancel(self) -> None:
        """Give up the call that is being made. From any thread."""
        self._caller.cancel()

    def close(self) -> None:
        """Give the model's memory back."""
        self._caller.close()


class Elsewhere:
    """A tier whose model lives on another worker's thread: it is waited for, but not for long."""

    def __init__(
        self, tier: ToolTier, worker: Worker, loop: asyncio.AbstractEventLoop, limit_s: float = PATIENCE_S
    ) -> None:
        self._tier, self._worker, self._loop, self._limit_s = tier, worker, loop, limit_s

    def called(self, request: str) -> Called | None:
        """See nlu.called.Caller. Not on the loop's own thread, which it waits for."""
        waiting = asyncio.run_coroutine_threadsafe(self._worker.run(self._tier.called, request), self._loop)
        try:
            return waiting.result(self._limit_s)
        except TimeoutError:
            self._tier.cancel()
            return None


def embedded_tier(settings: Settings) -> ToolTier:
    """Tier 3 by the embedded intent model. Raises ModelError when its files are not what was sealed."""
    from assistant.llm.llamacpp import LlamaCppModel  # noqa: PLC0415 - imports a large library; only where it is used

    folder = embedded_set(settings.paths.cache).verify(PART)
    # one thread: the work is too small to share, and nothing waits for a second core
    model = LlamaCppModel(
        folder / MODEL, threads=1, context=CONTEXT, cache=settings.paths.cache / "working-models.json"
    )
    return ToolTier(model, Calibration.read(folder / CALIBRATION), learnt=True)


def with_tools(understanding: Understanding, settings: Settings) -> Understanding:
    """`understanding` with the embedded intent model as its last tier. On the understanding's thread.

    A model that is missing or damaged costs this tier alone: the others go on, and the log says what is wrong.
    """
    try:
        understanding.caller = embedded_tier(settings)
    except AssistantError as error:
        logger.error("%s", error)
    return understanding


async def lend(model: object, worker: Worker, understanding: Understanding, settings: Settings) -> None:
    """Let the model that answers, which lives on `worker`, make the calls too, where the settings say so.

    One that cannot be bound to a schema (a card's) leaves the calls to the embedded model.
    """
    if settings.thinking.calls != "language":
        return
    from assistant.llm.llamacpp import LlamaCppModel  # noqa: PLC0415 - as above

    if isinstance(model, LlamaCppModel):
        try:
            tier = await worker.run(ToolTier, model)
        except AssistantError as error:
            logger.error("%s", error)
            return
        limit_s = PATIENCE_S * settings.limits.patience
        understanding.caller = Elsewhere(tier, worker, asyncio.get_running_loop(), limit_s)
    elif isinstance(understanding.caller, Elsewhere):
        await asyncio.to_thread(with_tools, understanding, settings)
