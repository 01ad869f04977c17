"""The Hailo-10H behind the vendor's server `hailo-ollama`, reached through the door's process.

The core opens no network connection: each call goes over the Unix socket to the door, which speaks to the server on
loopback. The server keeps the conversation's context as long as the next prompt only adds to the last one, so what
was sent is sent again to the letter.
"""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from assistant.errors import AssistantError, ModelError
from assistant.llm import Message
from assistant.llm.cleaning import Cleaner
from assistant.llm.hailo_context import LEAST_ANSWER, Cost, Held, fit

CONTEXT = 2048
"""Tokens; fixed when the vendor compiled the models, the same for all of them."""

TEMPERATURE, TOP_K, TOP_P, SEED = 0.4, 40, 0.95, 1
"""As for llama.cpp: a spoken answer should be dull, right and repeatable."""

KEEP_ALIVE, UNLOAD = -1, 0
"""Whole seconds; negative keeps the model loaded. Ollama's texts such as "5m" are not understood here."""


class Call(Protocol):
    """The objects of one answer of the server, as they arrive. Raises AssistantError."""

    def __iter__(self) -> Iterator[dict[str, Any]]: ...

    def __next__(self) -> dict[str, Any]: ...

    def cancel(self) -> None:
        """No more of it; from any thread."""

    def close(self) -> None: ...


class Service(Protocol):
    """The door's accelerator verb."""

    def __call__(self, path: str, body: dict[str, Any] | None = None) -> Call: ...


class HailoOllamaModel:
    """A model of the server. One generation at a time."""

    def __init__(self, service: Service, model: str = "") -> None:
        """`model`: such as "qwen2.5-instruct:1.5b"; the only one on disk when empty. Raises AssistantError."""
        self._service = service
        self.model = _on_disk(service, model)
        self._held: Held | None = None
        self.generated = 0
        """Tokens of the last reply, as the server counts them."""

    @property
    def name(self) -> str:
        """The server's name for it, and where it runs."""
        return f"{self.model} on the Hailo-10H (hailo-ollama)"

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 96) -> "Generation":
        """The reply's text in pieces; see LanguageModel. `Generation.cancel` may be called from any thread."""
        return Generation(self, messages, max_tokens)

    def prepare(self, messages: Sequence[Message], cache: Path | None = None) -> int:  # noqa: ARG002 - as the others
        """Have the server load the model (seconds), so that the first question need not; it reads nothing ahead: 0."""
        for _ in self._service("/api/chat", {"model": self.model, "keep_alive": KEEP_ALIVE}):
            pass
        return 0

    def close(self) -> None:
        """Have the server give the card free: while a model is loaded, nobody else can open it."""
        self._held = None
        for _ in self._service("/api/chat", {"model": self.model, "keep_alive": UNLOAD}):
            pass

    def _request(self, messages: Sequence[Message], max_tokens: int) -> tuple[list[Message], int]:
        """What is sent, what was sent before included, and how many tokens may come back."""
        cost = Cost()
        new = self._held.new(messages) if self._held else None
        if self._held is not None and new is not None:
            whole = [*self._held.messages, *new]
            if cost(whole) + max_tokens <= CONTEXT:
                return whole, max_tokens
        self._held = None
        kept = fit(messages, CONTEXT - max_tokens, cost) or fit(messages, CONTEXT - LEAST_ANSWER, cost)
        if kept is None:
            raise AssistantError("that is too long for my language model; ask something shorter")
        return kept, min(max_tokens, CONTEXT - cost(kept))

    def _call(self, sent: Sequence[Message], tokens: int) -> Call:
        return self._service(
            "/api/chat",
            {
                "model": self.model,
                "messages": [{"role": message.role, "content": message.content} for message in sent],
                # the server generates to the end whoever listens: only this bounds it
                "options": {
                    "temperature": TEMPERATURE,
                    "seed": SEED,
                    "top_k": TOP_K,
                    "top_p": TOP_P,
                    "num_predict": tokens,
                },
                "stream": True,
                "keep_alive": KEEP_ALIVE,
            },
        )


class Generation:
    """The pieces of one reply. Its steps run on the model's thread; `cancel` may come from any."""

    def __init__(self, model: HailoOllamaModel, messages: Sequence[Message], max_tokens: int) -> None:
        self._model = model
        self._call: Call | None = None
        self._over = False
        self._pieces = self._generate(messages, max_tokens)

    def __iter__(self) -> "Generation":
        return self

    def __next__(self) -> str:
        if self._over:
            raise StopIteration
        return next(self._pieces)

    def cancel(self) -> None:
        """Stop waiting now. The server goes on to the end of its reply; the door keeps others off it until then."""
        self._over = True
        if self._call is not None:
            self._call.cancel()

    def close(self) -> None:
        """Stop for good; on the model's thread."""
        self.cancel()
        self._pieces.close()
        if self._call is not None:
            self._call.close()

    def _generate(self, messages: Sequence[Message], max_tokens: int) -> Generator[str]:
        model = self._model
        sent, tokens = model._request(messages, max_tokens)  # noqa: SLF001 - one thing in two parts
        model._held, model.generated = None, 0  # noqa: SLF001 - unknown until this reply has come to its end
        self._call = model._call(sent, tokens)  # noqa: SLF001
        cleaner, raw = Cleaner(), list[str]()
        for answer in self._call:
            text, done = _content(answer)
            if text:
                raw.append(text)
                model.generated += 1
                if not cleaner.ended and (said := cleaner.push(text)):
                    yield said
            if done:
                model.generated = _count(answer) or model.generated
                break
        if self._over:
            return
        if said := cleaner.flush():
            yield said
        held = Held(sent[0] if sent[0].role == "system" else None)
        held.said([message for message in sent if message.role != "system"], "".join(raw))
        model._held = held  # noqa: SLF001


def _on_disk(service: Service, wanted: str) -> str:
    """The model to use: the list of what could be fetched is longer than the list of what is there."""
    found: list[str] = []
    for answer in service("/api/tags"):
        models = answer.get("models")
        if not isinstance(models, list):
            raise AssistantError("hailo-ollama lists its models in a way that is not known here; is it another server?")
        found += [str(model.get("name", "")) for model in models if isinstance(model, dict)]
    if wanted in found:
        return wanted
    if not found:
        raise ModelError("hailo-ollama has no model on disk; docs/accelerator.md says how one gets there")
    if wanted:
        raise ModelError(f"hailo-ollama has no model '{wanted}' on disk, it has {', '.join(found)}; correct "
                         "accelerator.model")  # fmt: skip
    if len(found) > 1:
        raise ModelError(f"hailo-ollama has several models ({', '.join(found)}); name one in accelerator.model")
    return found[0]


def _content(answer: dict[str, Any]) -> tuple[str, bool]:
    """Text and whether it is the last. Raises AssistantError for anything else."""
    message, done = answer.get("message") or {}, answer.get("done")
    text = message.get("content", "") if isinstance(message, dict) else None
    if not isinstance(text, str) or not isinstance(done, bool):
        raise AssistantError("hailo-ollama answers in a way that is not known here; is it another server?")
    return text, done


def _count(answer: dict[str, Any]) -> int:
    count = answer.get("eval_count")
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0
