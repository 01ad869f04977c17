"""Tool calls: a model names a tool and hands over words, bound to a JSON schema made from the tools' declarations.

`{"name": "TimerSet", "arguments": {"duration": "ten minutes"}}`, or `none` for what no tool serves. First the tool is
chosen under a schema of all of them; then its arguments under a schema of this tool and this request, in which every
value is a run of the request's own words: a model cannot make one up. Whoever declared the tools reads the words
(numbers, times, names).
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.llm import Message

NONE = "none"
"""The call that calls nothing."""

MOST_TOKENS = 96
"""Of a call. The longest ones of the templates take 40 in an instruct model's vocabulary."""

_DOMAIN = re.compile(r'"arguments": \{"(\w+)": "(\w+)')

_RULES = (
    "You turn a request to a voice assistant in a home into one call of a tool, as JSON with a name and arguments. "
    "Copy arguments word by word from the request and leave out what was not said. "
    "Questions of knowledge, talk, and whatever no tool does are none."
)


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that can be called."""

    name: str
    does: str
    """A short phrase for the model."""
    slots: tuple[str, ...] = ()
    """What may be handed over, in this order."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one device and the meaning of their slots."""

    tools: tuple[Tool, ...]
    slots: Mapping[str, str]
    """Slot → what it is, for the model."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Slots that take one of these values instead of words of the request."""

    def names(self) -> dict[str, Any]:
        """The schema under which a tool is chosen: one alternative a tool, and none."""
        return {
            "anyOf": [
                _call(NONE, {}),
                *(_call(tool.name, self._values(tool, {"type": "string"})) for tool in self.tools),
            ]
        }

    def of(self, tool: Tool, request: str, chosen: Mapping[str, str]) -> dict[str, Any]:
        """The schema of one call for the words of `request`; `chosen` are values that stand already."""
        said = {"type": "string", "pattern": runs(request.split())}
        values = {slot: value for slot, value in self._values(tool, said).items() if slot not in chosen}
        return _call(tool.name, {slot: {"const": value} for slot, value in chosen.items()} | values, list(chosen))

    def _values(self, tool: Tool, words: Mapping[str, Any]) -> dict[str, Any]:
        return {slot: {"enum": list(self.choices[slot])} if slot in self.choices else words for slot in tool.slots}

    def system(self) -> Message:
        """What the model is told before any request: byte-identical every time, so that it is read only once."""
        lines = [f"{tool.name}({', '.join(tool.slots)}): {tool.does}" for tool in self.tools]
        used = {slot for tool in self.tools for slot in tool.slots}
        meanings = [f"{slot}: {meaning}" for slot, meaning in self.slots.items() if slot in used]
        return Message(
            "system", "\n".join((_RULES, "Tools:", *lines, f"{NONE}(): nothing of these", "Arguments:", *meanings))
        )


def runs(words: Sequence[str]) -> str:
    """A regular expression for every run of neighbouring words; a blank may stand before it."""
    found = []
    for start, first in enumerate(words):
        rest = ""
        for word in reversed(words[start + 1 :]):
            rest = f"( {re.escape(word)}{rest})?"
        found.append(re.escape(first) + rest)
    return f"^ ?({'|'.join(found)})$"


def _call(name: str, values: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    arguments = {
        "type": "object",
        "properties": dict(values),
        "required": list(required),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Call:
    """What a model wants called."""

    name: str
    """A tool, or "none"."""
    arguments: Mapping[str, str]
    """Words of the request, or one of a slot's choices."""
    probability: float
    """The model's own, of the name alone: 0..1, not calibrated."""


class Reply(Protocol):
    """A bound reply on its way."""

    @property
    def probabilities(self) -> list[float]: ...

    def __iter__(self) -> Iterator[str]: ...

    def __next__(self) -> str: ...

    def cancel(self) -> None: ...


class BoundModel(Protocol):
    """A model whose replies can be bound to a schema (LlamaCppModel)."""

    @property
    def name(self) -> str: ...

    @property
    def masks(self) -> Any: ...  # noqa: ANN401 - masking.Masks, whose import loads the engine

    def constrained(self, messages: Sequence[Message], to: Any, *, max_tokens: int) -> Reply: ...  # noqa: ANN401

    def prepare(self, messages: Sequence[Message]) -> int: ...

    def close(self) -> None: ...


class ToolCaller:
    """Asks one model for calls. Blocking, on the model's thread."""

    def __init__(self, model: BoundModel, toolbox: Toolbox) -> None:
        """Makes the first schema's constraint and lets the model read the static prefix.

        Raises AssistantError when the engine fails.
        """
        self._model, self._toolbox = model, toolbox
        self._tools = {tool.name: tool for tool in toolbox.tools}
        self._system = toolbox.system()
        self._names = model.masks.json(toolbox.names())
        self._reply: Reply | None = None
        model.prepare([self._system, Message("user", "")])

    @property
    def name(self) -> str:
        """The model's own name."""
        return self._model.name

    def call(self, request: str) -> Call | None:
        """What `request` (plain words) calls; None when the model did not come to an end.

        Raises AssistantError when the engine fails or the request does not fit.
        """
        messages = [self._system, Message("user", request)]
        reply, text = self._begin(messages, self._names), ""
        for piece in reply:
            text += piece
            if text.count('"') >= 4:  # {"name": "TimerSet"
                break
        probability = math.prod(reply.probabilities)
        name = text.split('"')[3] if text.count('"') >= 4 else ""
        if name == NONE or not request.split():
            return Call(NONE, {}, probability)
        if name not in self._tools:
            return None
        # a model whose tokens are whole phrases may have chosen the first value with the name
        chosen = {match[1]: match[2]} if (match := _DOMAIN.search(text)) else {}
        bound = self._model.masks.json(self._toolbox.of(self._tools[name], request, chosen))
        try:
            found = json.loads("".join(self._begin(messages, bound)))
        except ValueError:
            return None
        return Call(name, {slot: value.strip() for slot, value in found["arguments"].items()}, probability)

    def _begin(self, messages: Sequence[Message], to: Any) -> Reply:  # noqa: ANN401 - masking.Constraint
        self._reply = self._model.constrained(messages, to, max_tokens=MOST_TOKENS)
        return self._reply

    def cancel(self) -> None:
        """End the call that is being made, as None. From any thread."""
        if self._reply is not None:
            self._reply.cancel()

    def close(self) -> None:
        """Give the model's memory back."""
        self._model.close()
