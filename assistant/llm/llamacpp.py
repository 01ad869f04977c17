"""llama.cpp behind the streaming port, on its C interface.

The interface is used directly, because the Python package's own class redirects the whole process's output while it
loads, keeps a table of scores of hundreds of megabytes for vocabularies of today's size, and cannot be stopped
while it reads a prompt.
"""

import codecs
import ctypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import AssistantError, ModelError
from assistant.llm import Message, engine, tryload
from assistant.llm.cleaning import Cleaner
from assistant.llm.gguf import Header, read_header
from assistant.llm.masking import Constraint, Logits, Masks
from assistant.trial import ensure_loads

engine.prepare_threads()  # must come before the library below is loaded

import jinja2  # noqa: E402
import llama_cpp  # noqa: E402
from llama_cpp.llama_chat_format import Jinja2ChatFormatter  # noqa: E402

BATCH = 256
"""Prompt tokens a step. Measured: 64 costs 10 % of the prompt's speed, 512 and more gain nothing; less takes less
memory (docs/speech.md)."""

TEMPERATURE, TOP_K, TOP_P, MIN_P = 0.4, 40, 0.95, 0.05
"""Sampling: cooler than the makers' chat settings (0.7), because a spoken answer should be dull and right."""

REPEAT_LAST, REPEAT_PENALTY = 64, 1.1
"""Small models fall into loops; llama.cpp's customary values against it."""

SEED = 1
"""Fixed, so that the same conversation gets the same answer, which makes faults repeatable."""


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(_level: int, _text: bytes, _data: object) -> None:
    """The engine's own log would go to standard error."""


llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
llama_cpp.llama_backend_init()


class LlamaCppModel:
    """A loaded instruct model. One generation at a time; the next one takes over from one that was left unfinished."""

    def __init__(self, path: Path, *, threads: int, context: int = 2048, cache: Path | None = None) -> None:
        """Load `path` with `threads` workers and room for `context` tokens; `cache` as in `trial.ensure_loads`.

        Raises ModelError, one line, for a file that is no complete instruct model.
        """
        self.path = path
        self.header: Header = read_header(path)
        if not self.header.template:
            raise ModelError(f"{path}: has no chat template, so it is no instruct model; choose one that is")
        if self.header.context:
            context = min(context, self.header.context)
        self.context = context
        ensure_loads(path, ["-I", tryload.__file__, str(path)], what="language model", cache=cache)
        self._model: Any = None
        self._context: Any = None
        self._load(threads)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._bos = int(llama_cpp.llama_vocab_bos(self._vocabulary))
        self._begins_with_bos = bool(llama_cpp.llama_vocab_get_add_bos(self._vocabulary)) and self._bos >= 0
        self._sampler = _sampler(int(llama_cpp.llama_vocab_n_tokens(self._vocabulary)))
        self._held: list[int] = []
        self._masks: Masks | None = None
        self._current: Generation | None = None
        try:
            self._template = Jinja2ChatFormatter(
                self.header.template, eos_token=self._special("eos"), bos_token=self._special("bos")
            )
            self.render([Message("system", "a"), Message("user", "b")])
        except (jinja2.TemplateError, ValueError, TypeError, AssistantError) as error:
            self.close()
            raise ModelError(f"{path}: its chat template does not work; choose another instruct model") from error

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

    @property
    def name(self) -> str:
        """The model's own name."""
        return self.header.name

    @property
    def masks(self) -> Masks:
        """Makes constraints for `constrained`; the first use takes up to a second, so ask for it while loading."""
        if self._masks is None:
            self._masks = Masks(self._vocabulary)
        return self._masks

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> "Generation":
        """The reply's text in pieces; see LanguageModel. `Generation.cancel` may be called from any thread."""
        probabilities: list[float] = []
        return Generation(self, self._pieces(messages, max_tokens, probabilities), probabilities)

    def constrained(self, messages: Sequence[Message], to: Constraint, *, max_tokens: int = 128) -> "Generation":
        """A reply bound to `to`, in pieces: the likeliest allowed token each time; forced ones cost nothing extra.

        Whole when `to.complete` afterwards; otherwise `max_tokens` or the context ended it.
        """
        probabilities: list[float] = []
        return Generation(self, self._bound(messages, to, max_tokens, probabilities), probabilities)

    def prepare(self, messages: Sequence[Message]) -> int:
        """Read what never changes (the system message) ahead of the first question; the tokens now held.

        Blocking, on the model's thread. The next `stream` whose prompt begins alike has only the rest to read.
        """
        tokens = self.tokens(self.render(messages))[: self.context - 1]
        self._current = None
        self._stop[0] = b"\0"
        self._decode(self._reuse(tokens))
        return len(self._held)

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt text for `messages`, by the model's own template, with thinking turned off where it has it."""
        plain: list[Any] = [{"role": message.role, "content": _harmless(message.content)} for message in messages]
        try:
            return str(self._template(messages=plain, enable_thinking=False).prompt)
        except (jinja2.TemplateError, ValueError):
            if not plain or plain[0]["role"] != "system":
                raise
        # some templates know no system role: its text then opens the first question
        first, *rest = plain
        if rest:
            rest[0] = {"role": rest[0]["role"], "content": f"{first['content']}\n\n{rest[0]['content']}"}
        return str(self._template(messages=rest, enable_thinking=False).prompt)

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

    def close(self) -> None:
        """Give the memory back. The model cannot be used afterwards."""
        self._masks = None  # it points into the vocabulary
        if self._context:
            llama_cpp.llama_free(self._context)
            self._context = None
        if self._model:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def _special(self, which: str) -> str:
        token = getattr(llama_cpp, f"llama_vocab_{which}")(self._vocabulary)
        if token < 0:
            return ""
        return str((llama_cpp.llama_vocab_get_text(self._vocabulary, token) or b"").decode("utf-8", "replace"))

    def _prompt(self, messages: Sequence[Message]) -> tuple[list[int], int]:
        """The prompt's tokens, and how many more the context takes."""
        tokens = self.tokens(self.render(messages))
        room = self.context - len(tokens)
        if room < 1:
            raise AssistantError("that is too long for my language model; ask something shorter")
        return tokens, room

    def _pieces(self, messages: Sequence[Message], max_tokens: int, probabilities: list[float]) -> Iterator[str]:
        tokens, room = self._prompt(messages)
        llama_cpp.llama_sampler_reset(self._sampler)
        fresh = self._reuse(tokens)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        cleaner = Cleaner()
        for _ in range(min(max_tokens, room)):
            if not self._decode(fresh):
                return
            token = int(llama_cpp.llama_sampler_sample(self._sampler, self._context, -1))
            probabilities.append(probability(self._logits(), token))
            if llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                break
            if said := cleaner.push(decoder.decode(self._piece(token))):
                yield said
            if cleaner.ended:
                return
            fresh = [token]
        if said := cleaner.push(decoder.decode(b"", final=True)) + cleaner.flush():
            yield said

    def _bound(
        self, messages: Sequence[Message], to: Constraint, max_tokens: int, probabilities: list[float]
    ) -> Iterator[str]:
        tokens, room = self._prompt(messages)
        fresh = self._reuse(tokens)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        left = min(max_tokens, room)
        to.begin()
        while True:
            forced = to.forced()[:left]
            left -= len(forced)
            if said := decoder.decode(b"".join(self._piece(token) for token in forced)):
                yield said
            if to.finished or left < 1 or not self._decode(fresh + forced):
                return
            logits = self._logits()
            token = to.choose(logits)
            probabilities.append(probability(logits, token))
            to.accept(token)
            left -= 1
            if said := decoder.decode(self._piece(token)):
                yield said
            fresh = [token]

    def _logits(self) -> Logits:
        """Of the last token read; the engine's own memory, valid until the next one is read."""
        size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self._context, -1), (size,))

    def _reuse(self, tokens: list[int]) -> list[int]:
        """Keep what the engine already holds of the prompt; the tokens it still has to read (at least one)."""
        same = 0
        for held, wanted in zip(self._held, tokens[:-1], strict=False):
            if held != wanted:
                break
            same += 1
        memory = llama_cpp.llama_get_memory(self._context)
        if not llama_cpp.llama_memory_seq_rm(memory, 0, same, -1):
            llama_cpp.llama_memory_clear(memory, True)  # some architectures cannot forget a part
            same = 0
        self._held = tokens[:same]
        return tokens[same:]

    def _decode(self, tokens: list[int]) -> bool:
        """Read `tokens`, a batch at a time. False when it was told to stop."""
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            array = (llama_cpp.llama_token * len(part))(*part)
            status = llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(array, len(part)))
            if status:
                memory = llama_cpp.llama_get_memory(self._context)
                llama_cpp.llama_memory_seq_rm(memory, 0, len(self._held), -1)
                if status == 2:
                    return False
                raise AssistantError(f"{self.path}: the language model failed on this question; ask another way")
            self._held += part
        return True

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        size = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, size)]


class Generation:
    """The pieces of one reply. Its steps run on the model's thread; `cancel` and a later reply may come from others."""

    def __init__(self, model: LlamaCppModel, pieces: Iterator[str], probabilities: list[float]) -> None:
        self._model, self._pieces = model, pieces
        self.probabilities = probabilities
        """How likely each chosen token was to the model before sampling and before any constraint, 0..1; grows."""
        self._begun = self._over = False

    def __iter__(self) -> "Generation":
        return self

    def __next__(self) -> str:
        if not self._begun:
            self._begun = True
            self._model._current = self  # noqa: SLF001 - the two are one thing in two parts
            self._model._stop[0] = b"\0"  # noqa: SLF001
        if self._over or self._model._current is not self:  # noqa: SLF001
            raise StopIteration
        return next(self._pieces)

    def cancel(self) -> None:
        """Stop within one layer of one token, even while the prompt is being read. From any thread."""
        self._over = True
        if self._model._current is self:  # noqa: SLF001
            self._model._stop[0] = b"x"  # noqa: SLF001

    def close(self) -> None:
        """Stop for good; on the model's thread."""
        self.cancel()


def probability(logits: Logits, token: int) -> float:
    """The share of `token` in the softmax of `logits`, 0..1."""
    shares = np.exp(logits - logits.max())
    return float(shares[token] / shares.sum())


def _sampler(vocabulary: int) -> Any:  # noqa: ANN401 - an opaque pointer
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for part in (
        llama_cpp.llama_sampler_init_top_k(TOP_K),
        llama_cpp.llama_sampler_init_penalties(vocabulary, REPEAT_LAST, REPEAT_PENALTY, 0.0, 0.0),
        llama_cpp.llama_sampler_init_top_p(TOP_P, 1),
        llama_cpp.llama_sampler_init_min_p(MIN_P, 1),
        llama_cpp.llama_sampler_init_temp(TEMPERATURE),
        llama_cpp.llama_sampler_init_dist(SEED),
    ):
        llama_cpp.llama_sampler_chain_add(chain, part)
    return chain


def _harmless(content: str) -> str:
    """A question cannot speak in the template's own markers."""
    return content.replace("<|", "< |").replace("<start_of_turn>", "").replace("<end_of_turn>", "").replace("</s>", "")
