"""What a language model may call: the skills' intents with what they do and what may be handed over.

The declarations stand in declarations.toml beside this file. Intents that are not declared ("yes", "stop", sums) are
for the grammar alone: they need exact words.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("declarations.toml")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\{(\w+)\}([^\[\]]*)\]")

SAYABLE = 60
"""Letters of a value that are said back."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One intent as a model may call it."""

    name: str
    does: str
    """For the model."""
    says: str
    """For a person, behind "Did you mean that I should ...": see `meaning`."""
    acts: bool
    """It changes something."""
    slots: tuple[str, ...] = ()
    """In the order in which they are handed over."""
    learnt: bool = True
    """The embedded intent model was trained on it; what it was not is offered to instruct models alone, which read
    what a tool does."""

    def meaning(self, words: Mapping[str, str]) -> str:
        """What a call asks for, in words; `words` are the slots' values as they were said."""

        def part(match: re.Match[str]) -> str:
            value = words.get(match[2], "").strip()[:SAYABLE]
            return f"{match[1]}{value}{match[3]}" if value else ""

        return _OPTIONAL.sub(part, self.says)


@dataclass(frozen=True, slots=True)
class Declarations:
    """All of them."""

    tools: Mapping[str, Declaration]
    """By name, in the file's order."""
    slots: Mapping[str, str]
    """What each slot is, for the model."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Slots that take one of a few values."""


@cache
def declarations() -> Declarations:
    """The bundled declarations."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    tools = {
        name: Declaration(name, row["does"], row["says"], row["acts"], tuple(row["slots"]), row.get("learnt", True))
        for name, row in found["tools"].items()
    }
    return Declarations(tools, found["slots"], {name: tuple(each) for name, each in found["choices"].items()})
