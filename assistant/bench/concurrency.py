"""Several answers at once: how each and how all of them together slow down or speed up."""

import ctypes
import time
from pathlib import Path
from typing import Any

from assistant.bench.figures import Effort, Stage, percentile
from assistant.bench.llm import QUESTIONS
from assistant.errors import AssistantError, ModelError, UsageError
from assistant.llm.context import BATCH
from assistant.llm.gguf import read_header

import llama_cpp  # isort: skip - after the engine, which prepares the process for it

ANSWER_TOKENS = 32
MOST = 64
"""Answers at once; more is no household."""


def counts_of(text: str) -> list[int]:
    """ "1,2,4" as numbers. Raises UsageError."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or any(not 1 <= count <= MOST for count in found):
        raise UsageError(f"--concurrency {text}: give whole numbers from 1 to {MOST}, such as 1,2,4,8")
    return found


class Together:
    """One model that answers `count` questions in the same steps, as a server does: a step reads the weights once."""

    def __init__(self, path: Path, count: int, *, threads: int) -> None:
        """Load `path`. Raises ModelError."""
        read_header(path)
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), settings)
        if not self._model:
            raise ModelError(f"{path}: the engine cannot load this language model; pull or import it again")
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.count = count
        self._prompts = [self._tokens(QUESTIONS[number % len(QUESTIONS)]) for number in range(count)]
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx = sum(len(prompt) + ANSWER_TOKENS + 8 for prompt in self._prompts) + 64 * count
        wanted.n_batch = max(BATCH, sum(len(prompt) for prompt in self._prompts))
        wanted.n_ubatch = min(BATCH, wanted.n_batch)
        wanted.n_seq_max = count
        wanted.kv_unified = True
        wanted.n_threads = wanted.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, wanted)
        if not self._context:
            self.close()
            raise ModelError(f"{path}: there is not enough memory for {count} answers at once; ask for fewer")
        self._batch: Any = llama_cpp.llama_batch_init(wanted.n_batch, 0, 1)

    def _tokens(self, text: str) -> list[int]:
        data = text.encode()
        array = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(self._vocabulary, data, len(data), array, len(array), True, True)
        return list(array[: max(0, count)])

    def run(self) -> tuple[float, list[float]]:
        """Seconds until all have their first token, and seconds of each step after it (one token for everybody)."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        batch = self._batch
        batch.n_tokens = 0
        for number, prompt in enumerate(self._prompts):
            for place, token in enumerate(prompt):
                self._put(token, place, number, wanted=place == len(prompt) - 1)
        began = time.perf_counter()
        self._decode()
        first = time.perf_counter() - began
        places = [len(prompt) for prompt in self._prompts]
        steps: list[float] = []
        for step in range(ANSWER_TOKENS - 1):
            began = time.perf_counter()
            batch.n_tokens = 0
            for number in range(self.count):
                # which token makes no difference to the time; a changing one keeps the model off a loop
                self._put(self._prompts[number][step % places[number]], places[number] + step, number, wanted=True)
            self._decode()
            steps.append(time.perf_counter() - began)
        return first, steps

    def _put(self, token: int, place: int, sequence: int, *, wanted: bool) -> None:
        batch, at = self._batch, self._batch.n_tokens
        batch.token[at], batch.pos[at] = token, place
        batch.n_seq_id[at], batch.seq_id[at][0] = 1, sequence
        batch.logits[at] = int(wanted)
        batch.n_tokens = at + 1

    def _decode(self) -> None:
        if llama_cpp.llama_decode(self._context, self._batch):
            raise AssistantError(f"the engine failed with {self.count} answers at once; ask for fewer")
        llama_cpp.llama_synchronize(self._context)

    def close(self) -> None:
        """Give the memory back."""
        if getattr(self, "_batch", None) is not None:
            llama_cpp.llama_batch_free(self._batch)
            self._batch = None
        if getattr(self, "_context", None):
            llama_cpp.llama_free(self._context)
            self._context = ctypes.c_void_p(0)
        if self._model:
            llama_cpp.llama_model_free(self._model)
            self._model = None


def measure_concurrency(stage: Stage, model_file: Path, counts: list[int], effort: Effort, *, threads: int) -> None:
    """A point for each number of answers at once in `stage.points["concurrency"]`."""
    points = stage.points["concurrency"] = []
    stage.notes.append(
        "concurrency: that many answers in the same steps of one context; the appliance itself answers one at a time"
    )
    alone: float | None = None
    for count in counts:
        together = Together(model_file, count, threads=threads)
        try:
            firsts: list[float] = []
            steps: list[float] = []
            for use in effort.rounds(stage, f"{count} at once"):
                first, taken = together.run()
                if use:
                    firsts.append(first)
                    steps += taken
        finally:
            together.close()
        each = len(steps) / sum(steps)
        alone = alone or each
        points.append(
            {
                "at_once": count,
                "first_token_ms_p50": round(percentile(firsts, 0.5) * 1000, 1),
                "first_token_ms_p95": round(percentile(firsts, 0.95) * 1000, 1),
                "step_ms_p50": round(percentile(steps, 0.5) * 1000, 2),
                "step_ms_p95": round(percentile(steps, 0.95) * 1000, 2),
                "each_tok_s": round(each, 2),
                "all_tok_s": round(each * count, 2),
                "each_over_first_row": round(each / alone, 4),
            }
        )
