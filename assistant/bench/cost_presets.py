"""Published worked examples, and what they really give."""

import difflib
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from assistant.bench.cost import compute
from assistant.bench.cost_inputs import SECTIONS, Layers, tidy
from assistant.errors import UsageError


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure beside what the same inputs give here."""

    what: str
    published: float | None
    """None where the publication gives inputs and no total."""
    computed: float
    places: int
    """Decimals of the published figure."""
    note: str

    @property
    def agrees(self) -> bool | None:
        """Whether the computed figure, rounded as in print, is the published one; None when none was published."""
        if self.published is None:
            return None
        return f"{self.computed:.{self.places}f}" == f"{self.published:.{self.places}f}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "computed": tidy(self.computed), "agrees": self.agrees}


@cache
def _presets() -> dict[str, Any]:
    return tomllib.loads((files("assistant.bench") / "cost_presets.toml").read_text(encoding="utf-8"))


def names() -> tuple[str, ...]:
    """All presets."""
    return tuple(_presets())


def title(name: str) -> str:
    """What the preset describes."""
    return str(_preset(name)["title"])


def values(name: str) -> dict[str, Any]:
    """A preset's inputs, nested as in a file. Raises UsageError for a name that is none."""
    return {section: dict(given) for section, given in _preset(name).items() if section in SECTIONS}


def figures(name: str) -> tuple[Figure, ...]:
    """The preset's published figures, each computed from the preset's own inputs."""
    found = []
    for each in _preset(name)["figures"]:
        layers = Layers()
        layers.add(values(name), f"preset {name}")
        layers.add(each.get("with", {}), f"preset {name}")
        result: Any = compute(layers.inputs()).as_json()
        for key in each["computed"].split("."):
            result = result[key]
        found.append(Figure(each["what"], each.get("published"), float(result), each["places"], each.get("note", "")))
    return tuple(found)


def _preset(name: str) -> dict[str, Any]:
    presets = _presets()
    if name not in presets:
        close = difflib.get_close_matches(name, presets, n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise UsageError(f"no preset is called {name!r:.40}; {hint}there are {', '.join(presets)}")
    found: dict[str, Any] = presets[name]
    return found
