"""The finished request: the exact bytes that would leave, and the last look at them."""

import json
from dataclasses import dataclass
from typing import Any

from assistant.routing.identifiers import find

SYSTEM = (
    "You answer one question for a voice assistant. Answer in plain spoken English, at most four short sentences, "
    "no lists, no markdown. Words in square brackets such as [name 1] stand for themselves: repeat them unchanged."
)
MAX_TOKENS = 200
"""Upper bound of an answer: about a minute of speech, far more than anyone wants to hear."""

_KEYS = {"model", "messages", "max_tokens", "stream", "stream_options", "temperature"}


@dataclass(frozen=True, slots=True)
class Payload:
    """One question, ready to leave."""

    body: bytes
    """The HTTP body, byte for byte."""
    question: str
    """The redacted question inside it."""
    restore: tuple[tuple[str, str], ...] = ()
    """Placeholder and value, for the answer. Never leaves the core."""

    def restored(self, text: str) -> str:
        """`text` with the placeholders' values put back."""
        for placeholder, value in self.restore:
            text = text.replace(placeholder, value)
        return text


class Restorer:
    """Puts values back while an answer streams: a placeholder may come in two pieces."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be said now."""
        text = self._held + piece
        if not self._payload.restore:
            return text
        opened = text.rfind("[")
        if (
            opened >= 0 and "]" not in text[opened:] and len(text) - opened <= 12
        ):  # the longest placeholder: "[phone A]"
            self._held = text[opened:]
            text = text[:opened]
        else:
            self._held = ""
        return self._payload.restored(text)

    def rest(self) -> str:
        """What was still held back at the end."""
        held, self._held = self._held, ""
        return held


def build(question: str, *, model: str, history: tuple[str, ...] = (), stream: bool = True) -> bytes:
    """The request body for an OpenAI-compatible chat endpoint: the question (and earlier questions that passed the
    same gate), nothing else. No user field, no device id, no tools."""
    messages = [
        {"role": "system", "content": SYSTEM},
        *({"role": "user", "content": h} for h in history),
        {"role": "user", "content": question},
    ]
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "max_tokens": MAX_TOKENS,
        "temperature": 0.3,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def inspect(body: bytes, names: tuple[str, ...] = ()) -> str:
    """The last look at a finished request: "" when it may go, else what is wrong with it.

    Run by the core before it escalates and again by the egress process before it sends.
    """
    try:
        request: Any = json.loads(body)
    except ValueError:
        return "not JSON"
    if not isinstance(request, dict) or not set(request) <= _KEYS or not isinstance(request.get("messages"), list):
        return "a field that has no business there"
    for message in request["messages"]:
        if (
            not isinstance(message, dict)
            or set(message) != {"role", "content"}
            or not isinstance(message["content"], str)
        ):
            return "a message of an unknown shape"
        if message["role"] == "system":
            if message["content"] != SYSTEM:
                return "an unknown instruction"
        elif message["role"] != "user":
            return "a role that has no business there"
        elif found := find(message["content"], names):
            return f"a {found[0].kind.value}"
    return ""
