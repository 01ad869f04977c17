"""The vendor's Python package for the Hailo-10H, simulated: `hailo_platform.genai` and `hailo_platform.pyhailort`.

Signatures, statuses, rules and error names follow pyhailort 5.2.0's published source. There is no card behind it: a
reply is a list of tokens that a test gives, and the context on the card is the text that was sent to it.
"""

import enum
import os
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

RECOVERY = "<|im_end|>"
STOP_TOKENS = ["<|im_end|>", "<|endoftext|>"]


class HailoRTException(Exception):  # noqa: N818 - the vendor's name
    pass


class LLMGeneratorCompletionStatus(enum.Enum):
    GENERATING = 0
    LOGICAL_END_OF_GENERATION = 1
    MAX_TOKENS_REACHED = 2
    ABORTED = 3


class Speech2TextTask(enum.Enum):
    TRANSCRIBE = 0
    TRANSLATE = 1


@dataclass
class Card:
    """What is plugged in, and what a test made of it."""

    replies: list[list[str]] = field(default_factory=lambda: [["Hello", ".", RECOVERY]])
    """Tokens of one reply after another, end token included; the last is repeated."""
    capacity: int = 2048
    open_errors: list[str] = field(default_factory=list)
    """What the next attempts to open the card fail with."""
    load_error: str = ""
    prefill_ms: int = 100
    """How long the first token takes; a shorter timeout fails."""
    break_at: int | None = None
    """Index of the token at which the card dies."""
    abort_at: int | None = None
    holder: int | None = None
    """Process that has the card."""
    llms: int = 0
    prompts: list[Any] = field(default_factory=list)
    """Every prompt as it was sent."""
    wishes: list[dict[str, Any]] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    contexts_saved: int = 0
    contexts_loaded: int = 0


def install(monkeypatch: pytest.MonkeyPatch, card: Card, version: str = "5.1.1") -> None:
    """Make `import hailo_platform.genai` find this simulation with `card` plugged in."""
    package, genai, pyhailort = (
        types.ModuleType(name) for name in ("hailo_platform", "hailo_platform.genai", "hailo_platform.pyhailort")
    )
    package.__version__ = version  # type: ignore[attr-defined]
    package.genai, package.pyhailort = genai, pyhailort  # type: ignore[attr-defined]
    pyhailort.HailoRTException = HailoRTException  # type: ignore[attr-defined]
    for name, value in {
        "VDevice": type("VDevice", (_VDevice,), {"card": card}),
        "LLM": type("LLM", (_LLM,), {"card": card}),
        "Speech2TextTask": Speech2TextTask,
    }.items():
        setattr(genai, name, value)
    for module in (package, genai, pyhailort):
        monkeypatch.setitem(sys.modules, module.__name__, module)


@dataclass
class VDeviceParams:
    group_id: str | None = "UNIQUE"
    multi_process_service: bool = False
    scheduling_algorithm: str = "ROUND_ROBIN"
    device_ids: list[str] | None = None


class _VDevice:
    card: Card

    @staticmethod
    def create_params() -> VDeviceParams:
        return VDeviceParams()

    def __init__(self, params: VDeviceParams | None = None, *, device_ids: list[str] | None = None) -> None:
        if self.card.open_errors:
            raise HailoRTException(self.card.open_errors.pop(0))
        if self.card.holder is not None:
            raise HailoRTException("Failed to create vdevice. libhailort failed with error: 73 (HAILO_DEVICE_IN_USE)")
        self.params = params or VDeviceParams()
        if self.params.multi_process_service:
            raise HailoRTException("libhailort failed with error: 77 (HAILO_RPC_FAILED): no service is running")
        self.card.groups.append(self.params.group_id)
        self.card.holder = self.pid = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        self.card.holder = None


class _LLM:
    card: Card

    def __init__(
        self, vdevice: _VDevice, model_path: str, lora_name: str = "", optimize_memory_on_device: bool = False
    ) -> None:
        if vdevice.params.scheduling_algorithm == "NONE":
            raise HailoRTException("libhailort failed with error: 6 (HAILO_INVALID_OPERATION)")
        if self.card.load_error:
            raise HailoRTException(self.card.load_error)
        self._vdevice, self.context = vdevice, list[str]()
        self._open: LLMGeneratorCompletion | None = None
        self.card.llms += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        self.card.llms -= 1

    def _check(self) -> None:
        if os.getpid() != self._vdevice.pid:
            raise HailoRTException("libhailort failed with error: 6 (HAILO_INVALID_OPERATION): another process")
        if self._open is not None:
            raise HailoRTException("libhailort failed with error: 6 (HAILO_INVALID_OPERATION): a generator is open")

    def generate(  # noqa: PLR0917 - the vendor's signature
        self,
        prompt: str | list[dict[str, str]],
        tools: list[Any] | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        frequency_penalty: float | None = None,
        max_generated_tokens: int | None = None,
        do_sample: bool | None = None,
        seed: int | None = None,
    ) -> "LLMGeneratorCompletion":
        self._check()
        if isinstance(prompt, list):
            if self.context and (tools or any(message["role"] == "system" for message in prompt)):
                raise HailoRTException("libhailort failed with error: 2 (HAILO_INVALID_ARGUMENT): context is not fresh")
            text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in prompt)
            text += "<|im_start|>assistant\n"
        else:
            text = prompt
        if len(self.context) + len(self.tokenize(text)) > self.max_context_capacity():
            raise HailoRTException("libhailort failed with error: 9 (HAILO_OUT_OF_HOST_MEMORY): context is full")
        self.card.prompts.append(prompt)
        self.card.wishes.append({"max_generated_tokens": max_generated_tokens, "seed": seed, "top_k": top_k})
        self.context += self.tokenize(text)
        reply = self.card.replies.pop(0) if len(self.card.replies) > 1 else self.card.replies[0]
        self._open = LLMGeneratorCompletion(self, reply, max_generated_tokens or 10**9)
        return self._open

    def tokenize(self, text: str) -> list[str]:
        return [text[place : place + 4] for place in range(0, len(text), 4)]

    def get_context_usage_size(self) -> int:
        return len(self.context)

    def max_context_capacity(self) -> int:
        return self.card.capacity

    def clear_context(self) -> None:
        self._check()
        self.context = []

    def save_context(self) -> bytes:
        self._check()
        self.card.contexts_saved += 1
        return b"HAILOCTX" + "\0".join(self.context).encode()

    def load_context(self, data: bytes) -> None:
        self._check()
        if not data.startswith(b"HAILOCTX"):
            raise HailoRTException("libhailort failed with error: 2 (HAILO_INVALID_ARGUMENT)")
        self.card.contexts_loaded += 1
        self.context = data.removeprefix(b"HAILOCTX").decode().split("\0")

    def prompt_template(self) -> str:
        return "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"

    def get_stop_tokens(self) -> list[str]:
        return list(STOP_TOKENS)

    def get_generation_recovery_sequence(self) -> str:
        return RECOVERY


class LLMGeneratorCompletion:
    def __init__(self, llm: _LLM, tokens: list[str], most: int) -> None:
        self._llm, self._most = llm, most
        self._tokens = list(tokens)
        self._read = 0
        self.generation_status = LLMGeneratorCompletionStatus.GENERATING

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __iter__(self) -> Iterator[str]:
        while self.generation_status is LLMGeneratorCompletionStatus.GENERATING:
            yield self.read()

    def read(self, timeout_ms: int = 10_000) -> str:
        card, status = self._llm.card, LLMGeneratorCompletionStatus
        if self.generation_status is not status.GENERATING:
            raise HailoRTException("libhailort failed with error: 6 (HAILO_INVALID_OPERATION): it has ended")
        if self._read == 0 and timeout_ms < card.prefill_ms:
            raise HailoRTException("libhailort failed with error: 4 (HAILO_TIMEOUT)")
        if card.break_at == self._read:
            raise HailoRTException("libhailort failed with error: 8 (HAILO_INTERNAL_FAILURE)")
        if card.abort_at == self._read:
            self.generation_status = status.ABORTED
            return RECOVERY
        if self._read == self._most:
            self.generation_status = status.MAX_TOKENS_REACHED
            self._llm.context.append(RECOVERY)
            return RECOVERY
        token = self._tokens[self._read]
        self._read += 1
        self._llm.context.append(token)
        if self._read == len(self._tokens):
            self.generation_status = status.LOGICAL_END_OF_GENERATION
        return token

    def read_all(self, timeout_ms: int = 10_000) -> str:
        return "".join(self)

    def release(self) -> None:
        if self.generation_status is LLMGeneratorCompletionStatus.GENERATING:
            self.generation_status = LLMGeneratorCompletionStatus.ABORTED
            self._llm.context.append(RECOVERY)
        if self._llm._open is self:
            self._llm._open = None
