"""Which sentences there are: Home Assistant's own for the home, and this package's for everything else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from hassil import Intents

from assistant.errors import AssistantError
from assistant.nlu.intent import Class

SENTENCES = Path(__file__).parent / "sentences"

HASS_INTENTS = frozenset(
    { "HassTurnOn", "HassTurnOff", "HassLightSet", "HassSetPosition", "HassGetState",
    "HassClimateGetTemperature", "HassClimateSetTemperature", "HassClimateSetFanMode", "HassFanSetSpeed",
    "HassVacuumStart", "HassVacuumReturnToBase", "HassVacuumCleanArea", "HassLawnMowerDock",
    "HassLawnMowerStartMowing", "HassMediaNext", "HassMediaPause", "HassMediaPrevious", "HassMediaUnpause",
    "HassMediaPlayerMute", "HassMediaPlayerUnmute", "HassSetVolume", "HassSetVolumeRelative",
    "HassBroadcast", }
)  # fmt: skip
"""Taken from home-assistant-intents. Its timers, lists, clock, weather and music search are covered by our own
files, whose sentences know every spoken form of a time and never let a wildcard begin a sentence."""

_FILE_KEYS = frozenset({"class", "intents", "expansion_rules", "lists", "language"})
_WILDCARDS = ("item", "text", "query", "place", "new_name", "new_list")
_BARE_NAMES = frozenset({"[<the>] {name}", "[<the>] {name} [scene]", "[<the>] {area}"})
"""Sentences of Home Assistant that are a name alone. Saying "the kitchen lights" asks for nothing yet."""

OWN_PREFIX = "own."
"""Begins the names of the owner's own intents and lists, so that they never meet the built-in ones."""

SPAN_LISTS = ("time", "duration", "day", "number", "daypart")
"""Lists whose values are found by the normaliser (assistant.nlu.spans), not listed."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Compiled sentences."""

    own: Intents
    """Matched against the abstract text, where a span is one token."""
    home: Intents
    """Home Assistant's, matched against the words as said."""
    kinds: dict[str, Class]
    """Class of each intent of our own files."""
    source: dict[str, Any]
    """The merged dictionary of our own files, for sampling."""


def own_dictionary(folder: Path) -> tuple[dict[str, Any], dict[str, Class]]:
    """All sentence files of `folder` merged into one dictionary in hassil's form, and each intent's class.

    A file's own rules and lists stay private to its sentences. Raises AssistantError naming the file.
    """
    intents: dict[str, Any] = {}
    kinds: dict[str, Class] = {}
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise AssistantError(f"{folder}: holds no sentence files (*.yaml); reinstall the package")
    for file in files:
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506  a safe loader
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise AssistantError(f"{file}: is not a readable sentence file: {' '.join(str(error).split())}") from error
        if not isinstance(content, dict) or not isinstance(content.get("intents"), dict):
            raise AssistantError(f"{file}: has no 'intents' table; see docs/understanding.md for the format")
        if unknown := set(content) - _FILE_KEYS:
            raise AssistantError(f"{file}: unknown key '{min(unknown)}'; known are {', '.join(sorted(_FILE_KEYS))}")
        try:
            kind = Class(content.get("class", ""))
        except ValueError as error:
            raise AssistantError(f"{file}: class: must be one of {', '.join(Class)}") from error
        for name, body in content["intents"].items():
            kinds.setdefault(name, kind)
            blocks = intents.setdefault(name, {"data": []})["data"]
            for block in body.get("data", []):
                blocks.append(
                    {
                        **block,
                        "expansion_rules": content.get("expansion_rules") or {},
                        "lists": content.get("lists") or {},
                    }
                )
    lists: dict[str, Any] = {name: {"wildcard": True} for name in _WILDCARDS}
    return {"language": folder.name, "intents": intents, "lists": lists}, kinds


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is ten times as fast where it was built


def home_dictionary(language: str) -> dict[str, Any]:
    """Home Assistant's sentences for `language`, only the intents in HASS_INTENTS and none about people's zones."""
    text = resources.files("home_assistant_intents").joinpath("data", f"{language}.json").read_text(encoding="utf-8")
    content = json.loads(text)
    kept = {}
    # in the file's order: what is said here, and which of two readings comes first, must not change from start to start
    for name in (name for name in content["intents"] if name in HASS_INTENTS):
        blocks = []
        for block in content["intents"][name]["data"]:
            # "who is {zone}" would swallow every question about a person
            sentences = [line for line in block["sentences"] if "{zone" not in line and line not in _BARE_NAMES]
            if sentences:
                blocks.append({**block, "sentences": sentences, **_narrowed(name, block)})
        kept[name] = {"data": blocks}
    return {**content, "intents": kept, "skip_words": []}


def _narrowed(name: str, block: dict[str, Any]) -> dict[str, Any]:
    """ "What's the sliding door?" asks nothing: the bare state of a thing is for sensors and thermostats."""
    domains = block.get("requires_context", {}).get("domain", [])
    if name == "HassGetState" and "sensor" in domains and len(domains) > 1:
        return {"requires_context": {**block["requires_context"], "domain": ["sensor", "climate"]}}
    return {}


def extended(catalogue: Catalogue, intents: Mapping[str, Any]) -> Catalogue:
    """`catalogue` with the owner's own intents (in hassil's dictionary form) among ours."""
    if not intents:
        return catalogue
    source = {**catalogue.source, "intents": {**catalogue.source["intents"], **intents}}
    kinds = {**catalogue.kinds, **dict.fromkeys(intents, Class.OWN)}
    return Catalogue(Intents.from_dict(source), catalogue.home, kinds, source)


@lru_cache(maxsize=4)
def load(language: str = "en", folder: Path | None = None) -> Catalogue:
    """The compiled sentences of `language`, read once."""
    source, kinds = own_dictionary(folder or SENTENCES / language)
    try:
        own = Intents.from_dict(source)
        for intent in own.intents.values():
            for data in intent.data:
                _ = data.sentences  # parse now, so that a mistake in a file is found at start, not at first use
    except Exception as error:
        raise AssistantError(f"sentences/{language}: a template cannot be read: {error}") from error
    return Catalogue(own, Intents.from_dict(home_dictionary(language)), kinds, source)
