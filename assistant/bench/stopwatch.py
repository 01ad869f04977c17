"""The appliance's own language-model engine with a stopwatch on every step."""

import ctypes
import time
from collections.abc import Iterator, Sequence
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
        """From the question to the first token: the prompt was read, and the next word can be drawn."""
        return self.steps[0].ended - self.began

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

    def forced(self, messages: Sequence[Message], answer: Sequence[int]) -> Iterator[None]:
        """Read the prompt, then the tokens of a given `answer` one by one; each step ends before its token is read."""
        self.read(messages)
        for token in answer:
            yield
            self._decode([token])


class Grammar:
    """A JSON grammar of llama.cpp over one model's vocabulary, applied in its two ways."""

    def __init__(self, model: TimedModel, grammar: str) -> None:
        vocabulary = model._vocabulary  # noqa: SLF001 - one instrument in two parts
        self._sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if not self._sampler:
            raise AssistantError("the engine refuses this grammar")
        size = int(llama_cpp.llama_vocab_n_tokens(vocabulary))
        # untyped on purpose: the library's fields are C integers that take Python's
        every: Any = (llama_cpp.llama_token_data * size)()
        for number in range(size):
            every[number].id = number
        self._all = every
        self._one: Any = (llama_cpp.llama_token_data * 1)()

    def begin(self) -> None:
        """A new answer."""
        llama_cpp.llama_sampler_reset(self._sampler)

    def allows(self, token: int) -> bool:
        """Whether `token` may come next: only this one is checked."""
        self._one[0].id, self._one[0].logit = token, 0.0
        array = llama_cpp.llama_token_data_array(data=self._one, size=1, selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return bool(self._one[0].logit > float("-inf"))

    def mask(self) -> None:
        """Rule out every token that may not come next: the whole vocabulary is checked."""
        array = llama_cpp.llama_token_data_array(data=self._all, size=len(self._all), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))

    def accept(self, token: int) -> None:
        """`token` was chosen. Only one that is allowed may be given: the engine ends the process on others."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Give the memory back."""
        llama_cpp.llama_sampler_free(self._sampler)
