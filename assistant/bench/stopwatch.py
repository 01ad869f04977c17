"""The appliance's own language-model engine with a stopwatch on every step."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.llm import Message
from assistant.llm.llamacpp import LlamaCppModel

import llama_cpp  # isort: skip - after the engine, which prepares the process for it


@dataclass(frozen=True, slots=True)
class Step:
    """One reading of tokens by the engine."""

    tokens: int
    began: float
    ended: float
    """Seconds on `time.perf_counter`."""
    cpu_s: float = 0.0
    """Processor seconds of the whole process meanwhile, all threads."""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Spoken:
    """One generated answer."""

    began: float
    steps: tuple[Step, ...]
    """The prompt's reading first, then one a token."""
    ended: float

    @property
    def first_token_s(self) -> float:
        """From the question to the first token: the prompt was read and the first word drawn (without the drawing
        where no second one was)."""
        return (self.steps[1].began if len(self.steps) > 1 else self.steps[0].ended) - self.began

    @property
    def token_s(self) -> tuple[float, ...]:
        """Seconds of each token after the first, drawing included."""
        return tuple(after.ended - before.ended for before, after in zip(self.steps, self.steps[1:], strict=False))

    @property
    def cpu_ms_a_token(self) -> float:
        """Processor milliseconds of the engine for a token after the first; 0 when there were none."""
        steps = self.steps[1:]
        return sum(step.cpu_s for step in steps) / len(steps) * 1000 if steps else 0.0

    @property
    def tokens_a_second(self) -> float:
        """Of the tokens after the first; 0 when there were none."""
        taken = sum(self.token_s)
        return len(self.token_s) / taken if taken else 0.0


class TimedModel(LlamaCppModel):
    """The engine that answers in the appliance; nothing but the time of its steps is added."""

    def __init__(self, path: Path, *, threads: int, context: int = 2048, cache: Path | None = None) -> None:
        self.steps: list[Step] = []
        began = time.perf_counter()
        super().__init__(path, threads=threads, context=context, cache=cache)
        self.load_s = time.perf_counter() - began
        """Seconds, with the check in a child process when the file is new."""

    def _decode(self, tokens: list[int]) -> bool:
        began, busy = time.perf_counter(), time.process_time()
        whole = super()._decode(tokens)
        self.steps.append(Step(len(tokens), began, time.perf_counter(), time.process_time() - busy))
        return whole

    def read(self, messages: Sequence[Message]) -> Step:
        """Read a prompt without answering; how long it took, and how many tokens were new."""
        self.steps.clear()
        self._current, self._stop[0] = None, b"\0"  # whatever was cancelled before
        self._decode(self._reuse(self.tokens(self.render(messages))))
        return self.steps[-1]

    def speak(self, messages: Sequence[Message], tokens: int) -> Spoken:
        """Answer with at most `tokens` tokens. Raises AssistantError when not even one came."""
        self.steps.clear()
        began = time.perf_counter()
        for _ in self.stream(messages, max_tokens=tokens):
            pass
        if not self.steps:
            raise AssistantError(f"{self.path}: the model gave no token at all")
        return Spoken(began, tuple(self.steps), time.perf_counter())

    def unlearn(self) -> None:
        """Hold nothing, nor the static part that was prepared."""
        self.forget()
        self._prefixes = []

    def write(self, messages: Sequence[Message], schema: Mapping[str, Any], tokens: int) -> Spoken:
        """Write JSON of `schema`, at most `tokens` tokens of it."""
        constraint = self.masks.json(schema)
        self.steps.clear()
        began = time.perf_counter()
        for _ in self.constrained(messages, constraint, max_tokens=tokens):
            pass
        return Spoken(began, tuple(self.steps), time.perf_counter())

    def bare(self, messages: Sequence[Message], tokens: int) -> float:
        """Tokens a second of the engine alone, as llama.cpp's own bench measures them: behind the prompt one random
        token after the other, none of them chosen, and nothing done with them."""
        self.read(messages)
        size, rng = self._size, random.Random(0)
        one = (llama_cpp.llama_token * 1)()
        began = time.perf_counter()
        for _ in range(tokens):
            one[0] = rng.randrange(size)
            if llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(one, 1)):
                raise AssistantError(f"{self.path}: the engine failed; ask for less context")
            llama_cpp.llama_synchronize(self._context)
            self._held.append(one[0])
        return tokens / (time.perf_counter() - began)

    def mask_s(self, schema: Mapping[str, Any]) -> float:
        """Seconds for the mask over the whole vocabulary at the beginning of JSON of `schema`."""
        constraint = self.masks.json(schema)
        constraint.begin()
        began = time.perf_counter()
        constraint.mask()
        return time.perf_counter() - began


class Library:
    """The Python package's own class, for comparison: what a program gets that uses it as its manual says."""

    def __init__(self, path: Path, *, threads: int, context: int) -> None:
        """Load `path` a second time, with the class's own settings but these."""
        self._llama: Any = llama_cpp.Llama(
            str(path), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False
        )

    def cold(self, messages: Sequence[Message]) -> float:
        """Seconds of a completion of one token, nothing of the prompt being known."""
        self._llama.reset()
        chat = [{"role": message.role, "content": message.content} for message in messages]
        began = time.perf_counter()
        self._llama.create_chat_completion(chat, max_tokens=1)
        return time.perf_counter() - began

    def close(self) -> None:
        """Give the memory back."""
        self._llama.close()
