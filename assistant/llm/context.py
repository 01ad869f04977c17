"""One loaded model and its memory of what it has read, on llama.cpp's C interface.

The interface is used directly, because the Python package's own class redirects the whole process's output while it
loads, keeps a table of scores of hundreds of megabytes for vocabularies of today's size, and cannot be stopped
while it reads a prompt.
"""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import AssistantError, ModelError
from assistant.llm import engine
from assistant.llm.masking import Logits

engine.prepare_threads()  # must come before the library below is loaded

import llama_cpp  # noqa: E402

BATCH = 256
"""Prompt tokens a step. Measured: 64 costs 10 % of the prompt's speed, 512 and more gain nothing; less takes less
memory (docs/speech.md)."""


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(_level: int, _text: bytes, _data: object) -> None:
    """The engine's own log would go to standard error."""


llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()


class EngineContext:
    """Weights, vocabulary, and the keys and values of the tokens read so far. Everything is on one thread."""

    def __init__(self, path: Path, *, threads: int, context: int) -> None:
        """Load `path` with `threads` workers and room for `context` tokens. Raises ModelError."""
        self.path = path
        self.context = context
        self.threads = threads
        self._model: Any = None
        self._context: Any = None
        self._load(threads)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        self._bos = int(llama_cpp.llama_vocab_bos(self._vocabulary))
        self._begins_with_bos = bool(llama_cpp.llama_vocab_get_add_bos(self._vocabulary)) and self._bos >= 0
        self._held: list[int] = []
        """The tokens read, in order: what the memory holds, always exactly."""

    def _load(self, threads: int) -> None:
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(str(self.path).encode(), settings)
        if not self._model:
            raise ModelError(f"{self.path}: the engine cannot load this language model; pull or import it again")
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx = self.context
        wanted.n_batch = wanted.n_ubatch = min(BATCH, self.context)
        wanted.n_threads = wanted.n_threads_batch = threads
        # The engine asks after every layer whether to stop. A Python function would wait for the interpreter's lock
        # each time; C's strlen of a two-byte buffer answers the same question without it: "" is no, "x" is yes.
        self._stop = ctypes.create_string_buffer(2)
        self._asks = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        wanted.abort_callback = self._asks
        wanted.abort_callback_data = ctypes.cast(self._stop, ctypes.c_void_p)
        self._context = llama_cpp.llama_init_from_model(self._model, wanted)
        if not self._context:
            self.close()
            raise ModelError(
                f"{self.path}: there is not enough memory for {self.context} tokens of context; ask for fewer"
            )

    def spare(self, *, on: bool) -> None:
        """See llm.Spares."""
        threads = max(1, self.threads // 2) if on else self.threads
        llama_cpp.llama_set_n_threads(self._context, threads, threads)

    def tokens(self, prompt: str) -> list[int]:
        """The prompt as token numbers."""
        data = prompt.encode("utf-8")
        room = len(data) + 8
        array = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocabulary, data, len(data), array, room, False, True)
        if count < 0:
            raise AssistantError(f"{self.path}: the language model cannot read this question; ask another way")
        found = list(array[:count])
        return [self._bos, *found] if self._begins_with_bos and found[:1] != [self._bos] else found

    def keep(self, file: Path) -> int:
        """Write the memory of what was read to `file`; bytes. Raises AssistantError."""
        array = (llama_cpp.llama_token * len(self._held))(*self._held)
        size = int(llama_cpp.llama_state_seq_save_file(self._context, str(file).encode(), 0, array, len(self._held)))
        if not size:
            raise AssistantError(f"{file}: the language model's state cannot be written; free some disk")
        return size

    def restore(self, file: Path) -> int:
        """Take back what `keep` wrote in place of what is held; the tokens now held. Raises AssistantError.

        The engine looks at the file's head alone: whoever calls this must know that the rest is what was written.
        """
        self.forget()
        array = (llama_cpp.llama_token * self.context)()
        count = ctypes.c_size_t(0)
        taken = llama_cpp.llama_state_seq_load_file(
            self._context, str(file).encode(), 0, array, self.context, ctypes.byref(count)
        )
        if not taken:
            self.forget()
            raise AssistantError(f"{file}: is no state of this language model")
        self._held = list(array[: count.value])
        return len(self._held)

    def forget(self) -> None:
        """Hold nothing: the next prompt is read from its first token."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        self._held = []

    def close(self) -> None:
        """Give the memory back. Nothing of this can be used afterwards."""
        if self._context:
            llama_cpp.llama_free(self._context)
            self._context = None
        if self._model:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def _state(self) -> bytes:
        """The memory of what was read, to be kept in memory."""
        size = int(llama_cpp.llama_state_seq_get_size(self._context, 0))
        buffer = (ctypes.c_uint8 * size)()
        taken = int(llama_cpp.llama_state_seq_get_data(self._context, buffer, size, 0))
        return bytes(memoryview(buffer)[:taken])

    def _take_state(self, state: bytes, tokens: list[int]) -> bool:
        """Hold `tokens`, whose memory is `state`, and nothing else. False, and nothing held, when that fails."""
        self.forget()
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if not llama_cpp.llama_state_seq_set_data(self._context, buffer, len(state), 0):
            self.forget()
            return False
        self._held = list(tokens)
        return True

    def _reuse(self, tokens: list[int]) -> list[int]:
        """Keep what is held of the prompt; the tokens that are still to be read (at least one)."""
        same = shared(self._held, tokens[:-1])
        memory = llama_cpp.llama_get_memory(self._context)
        if not llama_cpp.llama_memory_seq_rm(memory, 0, same, -1):
            llama_cpp.llama_memory_clear(memory, True)  # some architectures cannot forget a part
            same = 0
        self._held = tokens[:same]
        return tokens[same:]

    def _decode(self, tokens: list[int]) -> bool:
        """Read `tokens`, a batch at a time. False when it was told to stop; whole batches are kept then."""
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            array = (llama_cpp.llama_token * len(part))(*part)
            status = llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(array, len(part)))
            if status:
                memory = llama_cpp.llama_get_memory(self._context)
                if not llama_cpp.llama_memory_seq_rm(memory, 0, len(self._held), -1):
                    self.forget()
                if status == 2:
                    return False
                raise AssistantError(f"{self.path}: the language model failed on this question; ask another way")
            self._held += part
        return True

    def _logits(self) -> Logits:
        """Of the last token read; the engine's own memory, valid until the next one is read."""
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self._context, -1), (self._size,))

    def _ends(self, token: int) -> bool:
        """Whether `token` is an end of a reply, of any kind that the model has."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        size = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, size)]

    def _special(self, which: str) -> str:
        token = getattr(llama_cpp, f"llama_vocab_{which}")(self._vocabulary)
        if token < 0:
            return ""
        return str((llama_cpp.llama_vocab_get_text(self._vocabulary, token) or b"").decode("utf-8", "replace"))


def shared(one: list[int], other: list[int]) -> int:
    """How many tokens the two begin with in common."""
    same = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        same += 1
    return same
