"""What the owner has named or installed: read afresh for every sentence, since a timer may be minutes old."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Names:
    """Names that exist now, as a person says them."""

    timers: tuple[str, ...] = ()
    """Names of running or paused timers: "pasta"."""

    lists: tuple[str, ...] = ("shopping",)
    """Names of lists without the word "list": "shopping", "to do"."""

    voices: tuple[str, ...] = ()
    """What the installed voices are called: "John"."""


NamesProvider: TypeAlias = Callable[[], Names]


def no_names() -> Names:
    """A provider for when nothing has been named yet."""
    return Names()
