"""From what the card says to the program's own settings: the good parts are taken, each of the others is named."""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from assistant.config import Settings, known_keys
from assistant.errors import AssistantError
from assistant.wake.micro import BUNDLED

NAMES = {
    "name": "name",
    "language": "language",
    "wake_word": "wake.phrases",
    "volume": "audio.volume",
    "quiet_hours": "quiet.hours",
    "voice": "speaking.model",
    "units": "place.units",
    "time_zone": "place.time_zone",
    "place": "place.name",
    "latitude": "place.latitude",
    "longitude": "place.longitude",
}
"""The card's short names for the settings that everybody asks for."""

SECRETS = ("wifi.password", "hub.token", "cloud.token")
WIFI = ("wifi.network", "wifi.password")

_SECTIONS = (
    "audio", "quiet", "wake", "hearing", "speaking", "thinking", "hardware", "place", "accelerator", "hub", "cloud",
)  # fmt: skip
"""Sections of docs/configuration.md that may stand on the card as well."""

_OWN = {
    "wake.openwakeword", "accelerator.hef", "hub.token_file", "cloud.token_file", "cloud.token_command",
    "cloud.ca_file", "cloud.client_cert", "cloud.client_key",
}  # fmt: skip
"""Keys that name the device's own files or programs: a card does not choose these."""

MOST_CHARACTERS = 500

_SAID = {
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text in quotation marks",
    "literal_error": "must be {expected}",
}
"""pydantic's kinds of error in plain words."""


@dataclass(slots=True)
class Wanted:
    """What the card asks for."""

    settings: dict[str, Any] = field(default_factory=dict)
    """By the program's dotted key; every value is one that `Settings` takes, alone and together."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Those that are given, in clear or as "set"."""
    network: str = ""
    """The Wi-Fi's name; "" for none."""
    problems: list[str] = field(default_factory=list)


def understand(values: Mapping[str, Any], usable: Callable[[Settings], str] = lambda _: "") -> Wanted:
    """Sort what was read. `usable` says why the models and addresses that settings name cannot be used; "" when
    they can."""
    wanted = Wanted()
    for key, given in _flat(values):
        value = given
        if value in ("", []):
            continue
        if key in SECRETS or key in WIFI:
            if not isinstance(value, str) or not value.isprintable() or len(value) > MOST_CHARACTERS:
                wanted.problems.append(f"'{key}' must be a text in quotation marks, on one line")
            elif key == "wifi.network":
                wanted.network = value
            else:
                wanted.secrets[key] = value
            continue
        own = NAMES.get(key, key)
        if problem := _unknown(key, own):
            wanted.problems.append(problem)
            continue
        if own == "wake.phrases":
            value, problem = _phrases(value)
        problem = problem or _refused(wanted.settings, own, value, usable)
        if problem:
            wanted.problems.append(f"'{key}': {problem}")
        else:
            wanted.settings[own] = value
    return wanted


def as_settings(settings: Mapping[str, Any]) -> Settings:
    """Settings of dotted keys. Raises pydantic's ValidationError."""
    return Settings(**_nested(settings))


def as_toml(settings: Mapping[str, Any]) -> str:
    """The program's settings file for dotted keys and plain values."""
    nested = _nested(settings)
    lines = ["# Made from assistant.toml on the card's first partition; change it there."]
    lines += [f"{key} = {_toml(value)}" for key, value in nested.items() if not isinstance(value, dict)]
    for section, inner in nested.items():
        if isinstance(inner, dict):
            lines += ["", f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in inner.items())]
    return "\n".join(lines) + "\n"


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", found) for inner, found in value.items())
        else:
            yield key, value


def _nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in settings.items():
        section, _, name = key.rpartition(".")
        if section:
            nested.setdefault(section, {})[name] = value
        else:
            nested[name] = value
    return nested


def _unknown(key: str, own: str) -> str:
    """Why there is no such key on a card; "" when there is."""
    if own in _OWN or own.partition(".")[0] in ("paths", "service", "knowledge"):
        return f"'{key[:60]}' belongs to the device and cannot be set here"
    on_card = [
        name for name in known_keys() if name.partition(".")[0] in _SECTIONS and "." in name and name not in _OWN
    ]
    if own in on_card or key in NAMES:
        return ""
    close = difflib.get_close_matches(key[:60], [*NAMES, *SECRETS, *WIFI, *on_card], n=1, cutoff=0.5)
    return f"there is no '{key[:60]}'" + (f"; did you mean '{close[0]}'?" if close else "; it was passed over")


def _phrases(value: object) -> tuple[tuple[str, ...], str]:
    """Wake words as their models are called."""
    given = value if isinstance(value, list) else [value]
    plain = tuple(" ".join("".join(c if c.isalnum() else " " for c in str(each)).lower().split()) for each in given)
    for phrase in plain:
        if phrase not in BUNDLED:
            close = difflib.get_close_matches(phrase, BUNDLED, n=1)
            known = ", ".join(f"'{name}'" for name in BUNDLED)
            hint = f"did you mean '{close[0]}'?" if close else f"say one of {known}"
            return (), f"nothing listens for '{phrase[:40]}'; {hint}"
    return plain, ""


def _refused(settings: Mapping[str, Any], key: str, value: object, usable: Callable[[Settings], str]) -> str:
    """Why `value` cannot be taken; "" when it can."""
    if not _plain(value):
        return "cannot be of that kind"
    if key.endswith(".url") and not str(value).lower().startswith(("http://", "https://")):
        return f"an address begins with http:// or https:// (there stands {json.dumps(value, ensure_ascii=False)[:40]})"
    try:
        built = as_settings({**settings, key: value})
        return usable(built) if key.endswith((".model", ".url")) else ""
    except ValidationError as error:
        return f"{_plainly(error.errors()[0])} (there stands {json.dumps(value, ensure_ascii=False)[:40]})"
    except AssistantError as error:
        return str(error)


def _plainly(error: ErrorDetails) -> str:
    """What is wrong with a value, for somebody who has never heard of types."""
    said = _SAID.get(error["type"])
    if said is not None:
        return said.format(**{name: str(value).replace("'", '"') for name, value in error.get("ctx", {}).items()})
    message = error["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


def _plain(value: object) -> bool:
    """Whether it can be written down again: a text on one line, a number, yes or no, or a list of them."""
    if isinstance(value, (list, tuple)):
        return len(value) <= 20 and all(_plain(each) and not isinstance(each, (list, tuple)) for each in value)
    if isinstance(value, str):
        return value.isprintable() and len(value) <= MOST_CHARACTERS
    return isinstance(value, (bool, int, float))


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else repr(value)
