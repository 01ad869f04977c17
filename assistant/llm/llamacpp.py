"""llama.cpp behind the streaming port: prompts by the model's own template, prefixes kept, words as they come."""

import codecs
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import AssistantError, ModelError
from assistant.llm import Message, engine, tryload
from assistant.llm.cleaning import Cleaner
from assistant.llm.context import BATCH, EngineContext, shared
from assistant.llm.generation import Generation, Trail
from assistant.llm.gguf import Header, read_header
from assistant.llm.guard import Guard
from assistant.llm.masking import Constraint, Logits, Masks
from assistant.llm.memory import ensure_fits
from assistant.llm.prefix import Prefix, PrefixFiles
from assistant.llm.template import ChatTemplate
from assistant.trial import ensure_loads, fingerprint

engine.prepare_threads()  # must come before the library below is loaded

import jinja2  # noqa: E402
import llama_cpp  # noqa: E402

TEMPERATURE, TOP_K, TOP_P, MIN_P = 0.4, 40, 0.95, 0.05
"""Sampling: cooler than the makers' chat settings (0.7), because a spoken answer should be dull and right."""

REPEAT_LAST, REPEAT_PENALTY = 64, 1.1
"""Small models fall into loops; llama.cpp's customary values against it."""

SEED = 1
"""Fixed, so that the same conversation gets the same answer, which makes faults repeatable."""

LEAST_ANSWER = 48
"""Tokens that an answer must have room for: two short sentences. Older turns go first."""

_FURTHER = (" what", ".", "s", "\n(It", " 1")
"""Ways in which words can go on. What is read ahead is the same whichever comes: a tokenizer may join the end of the
words with the beginning of what follows."""


class LlamaCppModel(EngineContext):
    """A loaded instruct model. One generation at a time; the next one takes over from one that was left unfinished."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        context: int = 2048,
        cache: Path | None = None,
        patience: float = 1.0,
        instead: Callable[[int], str] | None = None,
    ) -> None:
        """Load `path` with `threads` workers and room for `context` tokens.

        `cache` and `patience` as in `trial.ensure_loads`, `instead` as in `memory.ensure_fits`. Raises ModelError,
        one line, for a file that is no complete instruct model, or one that does not fit into memory.
        """
        self.header: Header = read_header(path)
        if not self.header.template:
            raise ModelError(f"{path}: has no chat template, so it is no instruct model; choose one that is")
        if self.header.context:
            context = min(context, self.header.context)
        ensure_fits(path, self.header, context, instead=instead)
        child = ["-I", tryload.__file__, str(path)]
        ensure_loads(path, child, what="language model", cache=cache, patience=patience)
        super().__init__(path, threads=threads, context=context)
        self._sampler = _sampler(self._size)
        self._masks: Masks | None = None
        self._prefixes: list[Prefix] = []
        self._current: Generation | None = None
        try:
            self._template = ChatTemplate(self.header.template, bos=self._special("bos"), eos=self._special("eos"))
        except (jinja2.TemplateError, ValueError, TypeError, AssistantError) as error:
            self.close()
            raise ModelError(f"{path}: its chat template does not work; choose another instruct model") from error

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

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> Generation:
        """The reply's text in pieces; see LanguageModel. `Generation.cancel` may be called from any thread.

        A conversation that does not fit loses its oldest turns, whole, and keeps its beginning.
        """
        trail = Trail()
        return Generation(self, self._pieces(messages, max_tokens, trail), trail)

    def constrained(self, messages: Sequence[Message], to: Constraint, *, max_tokens: int = 128) -> Generation:
        """A reply bound to `to`, in pieces: the likeliest allowed token each time; forced ones cost nothing extra.

        Whole when `to.complete` afterwards; otherwise `max_tokens` or the context ended it.
        """
        trail = Trail()
        return Generation(self, self._bound(messages, to, max_tokens, trail), trail)

    def ahead(self, messages: Sequence[Message]) -> Generation:
        """Reads, and says nothing: what the prompt will begin with if the last message goes on. Can be cancelled."""
        return Generation(self, self._ahead(messages), Trail())

    def prepare(self, messages: Sequence[Message], cache: Path | None = None) -> int:
        """Read the static part of every prompt ahead of the first question; its number of tokens.

        `messages` are those that never change (the system message) and an empty question. `cache` is the directory
        in which the engine's memory of it outlives the program. From now on a prompt that begins so has only the
        rest to read, whatever was asked in between. Blocking, on the model's thread.
        """
        tokens = self.certain(messages)
        self._current = None
        self._stop[0] = b"\0"
        if not tokens or len(tokens) >= self.context:
            return 0
        files = PrefixFiles(cache, self._identity()) if cache else None
        if not (files and files.load(tokens, self._take_file)):
            self.forget()  # read from the first token on, so that the same prefix is the same bytes
            self._decode(tokens)
            if files:
                files.save(tokens, self.keep)
        self._prefixes = [prefix for prefix in self._prefixes if prefix.tokens != tokens]
        self._prefixes.append(Prefix(tokens, self._state()))
        return len(tokens)

    def certain(self, messages: Sequence[Message]) -> list[int]:
        """The tokens that the prompt begins with however the words of the last message go on."""
        *before, last = messages
        certain = self.tokens(self.render(messages))
        for further in _FURTHER:
            longer = [*before, replace(last, content=last.content + further)]
            certain = certain[: shared(certain, self.tokens(self.render(longer)))]
        return certain

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt text for `messages`, by the model's own template, with thinking turned off where it has it."""
        return self._template.render(messages)

    def close(self) -> None:
        """Give the memory back. The model cannot be used afterwards."""
        self._masks = None  # it points into the vocabulary
        super().close()

    def _identity(self) -> str:
        with contextlib.suppress(OSError):
            params = {"context": self.context, "batch": BATCH, "version": llama_cpp.__version__}
            return json.dumps({"model": fingerprint(self.path), **params})
        raise ModelError(f"{self.path}: has gone since it was loaded; pull or import the language model again")

    def _take_file(self, file: Path) -> list[int]:
        self.restore(file)
        return self._held

    def _prompt(self, messages: Sequence[Message]) -> tuple[list[int], int]:
        """The prompt's tokens without the turns that do not fit, and how many tokens may follow."""
        fixed = 1 if messages and messages[0].role == "system" else 0
        kept = list(messages)
        while True:
            tokens = self.tokens(self.render(kept))
            room = self.context - len(tokens)
            if room >= LEAST_ANSWER or len(kept) <= fixed + 2:
                break
            del kept[fixed : fixed + 2]
        if room < 1:
            raise AssistantError("that is too long for my language model; ask something shorter")
        return tokens, room

    def _reuse(self, tokens: list[int]) -> list[int]:
        best = max(self._prefixes, key=lambda prefix: shared(prefix.tokens, tokens[:-1]), default=None)
        if best and best.tokens == tokens[: len(best.tokens)] and len(best.tokens) > shared(self._held, tokens[:-1]):
            self._take_state(best.state, best.tokens)
        return super()._reuse(tokens)

    def _ahead(self, messages: Sequence[Message]) -> Iterator[str]:
        tokens = self.certain(messages)
        # what is held already, and perhaps more, stays; without room for an answer the question will be cut anyway
        if tokens != self._held[: len(tokens)] and len(tokens) + LEAST_ANSWER <= self.context:
            self._decode(self._reuse(tokens))
        yield from ()

    def _pieces(self, messages: Sequence[Message], max_tokens: int, trail: Trail) -> Iterator[str]:
        tokens, room = self._prompt(messages)
        trail.prompt = len(tokens)
        llama_cpp.llama_sampler_reset(self._sampler)
        fresh = self._reuse(tokens)
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        cleaner, guard = Cleaner(), Guard()
        letters = 0
        for _ in range(min(max_tokens, room)):
            if not self._decode(fresh):
                return
            token = int(llama_cpp.llama_sampler_sample(self._sampler, self._context, -1))
            trail.probabilities.append(probability(self._logits(), token))
            if self._ends(token):
                break
            text = decoder.decode(self._piece(token))
            if guard.lost(token, text):
                break
            said = cleaner.push(text)
            letters += len(said)
            trail.letters.append(letters)
            if said:
                yield said
            if cleaner.ended:
                return
            fresh = [token]
        if said := cleaner.push(decoder.decode(b"", final=True)) + cleaner.flush():
            yield said

    def _bound(self, messages: Sequence[Message], to: Constraint, max_tokens: int, trail: Trail) -> Iterator[str]:
        tokens, room = self._prompt(messages)
        fresh = self._reuse(tokens)
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
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
            trail.probabilities.append(probability(logits, token))
            to.accept(token)
            left -= 1
            if said := decoder.decode(self._piece(token)):
                yield said
            fresh = [token]


def probability(logits: Logits, token: int) -> float:
    """The share of `token` in the softmax of `logits`, 0..1."""
    shares = np.exp(logits - logits.max())
    return float(shares[token] / shares.sum())


def _sampler(size: int) -> Any:  # noqa: ANN401 - an opaque pointer
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for part in (
        llama_cpp.llama_sampler_init_top_k(TOP_K),
        llama_cpp.llama_sampler_init_penalties(size, REPEAT_LAST, REPEAT_PENALTY, 0.0, 0.0),
        llama_cpp.llama_sampler_init_top_p(TOP_P, 1),
        llama_cpp.llama_sampler_init_min_p(MIN_P, 1),
        llama_cpp.llama_sampler_init_temp(TEMPERATURE),
        llama_cpp.llama_sampler_init_dist(SEED),
    ):
        llama_cpp.llama_sampler_chain_add(chain, part)
    return chain
