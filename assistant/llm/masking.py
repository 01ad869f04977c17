"""Text bound to a JSON schema: which tokens may come next, and which must.

llama.cpp's own grammars go over the whole vocabulary for every token (15 ms at 152,000 tokens); llguidance's tables
answer the same question in microseconds, and name the tokens that leave no choice, which are then read in one batch
instead of one by one (docs/language-model.md has the figures).
"""

import ctypes
import json
from collections.abc import Mapping
from typing import Any

import llguidance
import numpy as np
import numpy.typing as npt

from assistant.errors import AssistantError
from assistant.llm import engine

engine.prepare_threads()  # must come before the library below is loaded

import llama_cpp  # noqa: E402

Logits = npt.NDArray[np.float32]
"""Of one place, one a token of the vocabulary."""

COMPACT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON as models write it on one line. Free white space would leave a choice after every comma, and let a weak model
write spaces without end."""

_LONGEST_TOKEN = 1024
"""Bytes. The longest ones in use are runs of spaces, 128."""

_lib: Any = llama_cpp.llama_cpp._lib  # noqa: SLF001 - the library's functions without the package's checks, 3x faster


class Masks:
    """One model's vocabulary, prepared for constraints: 0.6 s once for 152,000 tokens on x86-64."""

    def __init__(self, vocabulary: int) -> None:
        """`vocabulary` is the engine's pointer; this must not be used after the model is closed."""
        self._size = size = int(llama_cpp.llama_vocab_n_tokens(vocabulary))
        buffer = ctypes.create_string_buffer(_LONGEST_TOKEN)
        tokens: list[bytes] = []
        for token in range(size):
            length = _lib.llama_token_to_piece(vocabulary, token, buffer, _LONGEST_TOKEN, 0, True)
            piece = ctypes.string_at(buffer, max(0, length))
            control = _lib.llama_vocab_get_attr(vocabulary, token) & llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
            tokens.append(b"\xff" + piece if control else piece)  # the mark of a token that is no text
        make: Any = llguidance.LLTokenizer  # its stub leaves out the constructor used here
        self._tokenizer = make.from_llamacpp(
            tokens=tokens,
            vocab_ptr=vocabulary,
            tokenize_fptr=ctypes.cast(_lib.llama_tokenize, ctypes.c_void_p).value,
            eos_token=max(0, int(llama_cpp.llama_vocab_eos(vocabulary))),
            slices=llguidance.LLTokenizer.json_slices(),
        )

    def __len__(self) -> int:
        return self._size

    def json(self, schema: Mapping[str, Any]) -> "Constraint":
        """A constraint to JSON of `schema`, on one line. Give every string a `maxLength`: nothing else ends it.

        Alternatives are `anyOf`. Raises AssistantError for a schema that is none or uses what cannot be kept.
        """
        grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=COMPACT)  # type: ignore[arg-type]
        matcher = llguidance.LLMatcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            reason = matcher.get_error().strip().splitlines()[0]
            raise AssistantError(f"no text can be bound to this JSON schema ({reason}); change the declaration")
        return Constraint(matcher, len(self))


class Constraint:
    """The way through one schema. Used for one text after another; `begin` starts the next."""

    def __init__(self, matcher: llguidance.LLMatcher, size: int) -> None:
        self._matcher, self._size = matcher, size

    def begin(self) -> None:
        """A new text."""
        self._matcher.reset()

    @property
    def finished(self) -> bool:
        """Nothing more can follow."""
        return self._matcher.is_stopped()

    @property
    def complete(self) -> bool:
        """The text so far is a whole value of the schema."""
        return self._matcher.is_accepting() and not self._matcher.is_error()

    def allows(self, token: int) -> bool:
        """Whether `token` may come next; microseconds."""
        return self._matcher.validate_tokens([token]) == 1

    def mask(self) -> npt.NDArray[np.bool_]:
        """Every token of the vocabulary: True where it may come next."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        return np.unpackbits(bits, count=self._size, bitorder="little").astype(np.bool_)

    def accept(self, token: int) -> None:
        """`token` was chosen. Raises AssistantError for one that is not allowed."""
        if not self._matcher.consume_token(token):
            raise AssistantError("the language model left the form it was bound to; ask another way")

    def forced(self) -> list[int]:
        """The tokens that must come next, taken as chosen; often none, sometimes the whole rest."""
        tokens: list[int] = self._matcher.compute_ff_tokens()
        for token in tokens:
            self.accept(token)
        return tokens

    def choose(self, logits: Logits) -> int:
        """The likeliest allowed token. The mask is made only where the likeliest of all is not allowed."""
        best = int(logits.argmax())
        if self.allows(best):
            return best
        return int(np.where(self.mask(), logits, -np.inf).argmax())
