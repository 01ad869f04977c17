"""What a cost calculation needs to know, from presets, a TOML file, measured traffic and flags, in that order."""

import difflib
import math
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.errors import UsageError

HOURS_PER_MONTH = 730.0
"""A twelfth of a year of 365 days. The published examples behind the presets use a month of 30 days, 720 hours."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Load(_Section):
    """How much is asked."""

    requests_per_month: float | None = Field(None, gt=0, le=1e12, description="Requests a month, all sites together.")
    requests_per_year: float | None = Field(None, gt=0, le=1e13, description="Requests a year, instead of a month.")
    peak_factor: float = Field(1.0, ge=1, le=10_000, description="Busiest hour over average hour; sizes the devices.")
    hours_per_month: float = Field(HOURS_PER_MONTH, ge=1, le=744, description="Hours a device is switched on a month.")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if self.requests_per_month is not None and self.requests_per_year is not None:
            raise ValueError("give requests_per_month or requests_per_year, not both")
        return self

    @property
    def monthly(self) -> float | None:
        """Requests a month; None when nobody said."""
        return self.requests_per_year / 12 if self.requests_per_year is not None else self.requests_per_month


class Edge(_Section):
    """The devices. Amounts are for one device."""

    price: float = Field(ge=0, le=1e7, description="Price of a device with all it needs; 0 when you own it already.")
    count: int = Field(1, ge=1, le=1_000_000, description="Devices there are in any case (one a site).")
    life_months: float = Field(36.0, ge=1, le=600, description="Months until it is replaced.")
    watts: float = Field(0.0, ge=0, le=10_000, description="Average power at the wall, in watts.")
    price_per_kwh: float | None = Field(None, ge=0, le=100, description="Price of electricity per kWh.")
    upkeep_per_year: float = Field(0.0, ge=0, le=1e7, description="Upkeep a year (repairs, updates, visits).")
    upkeep_share_per_year: float = Field(0.0, ge=0, le=10, description="Upkeep a year as a share of the price; adds.")
    connectivity_per_month: float = Field(0.0, ge=0, le=1e6, description="Line or SIM a month.")
    requests_per_hour: float | None = Field(None, gt=0, le=1e9, description="Most requests an hour; else unlimited.")

    @model_validator(mode="after")
    def _power(self) -> Self:
        if self.watts > 0 and self.price_per_kwh is None:
            raise ValueError("watts needs price_per_kwh (0 when the power costs nothing)")
        return self


BILLING: dict[str, tuple[str, ...]] = {
    "tokens": (
        "price_per_million_tokens", "tokens_per_request",
        "price_per_million_output_tokens", "output_tokens_per_request",
    ),
    "request": ("price_per_request",),
    "gpu_hours": ("price_per_gpu_hour", "gpu_hours_per_month", "requests_per_gpu_hour"),
}  # fmt: skip
"""The ways a cloud bills, each with its fields. Exactly one is used."""


class Cloud(_Section):
    """The service, billed by token, by request or by GPU hour."""

    price_per_million_tokens: float | None = Field(None, ge=0, le=1e6, description="Price of a million (input) tokens.")
    tokens_per_request: float | None = Field(None, gt=0, le=1e8, description="(Input) tokens of a request.")
    price_per_million_output_tokens: float | None = Field(None, ge=0, le=1e6, description="Output, if priced apart.")
    output_tokens_per_request: float | None = Field(None, gt=0, le=1e8, description="Output tokens, if priced apart.")
    price_per_request: float | None = Field(None, ge=0, le=1e5, description="Price of a request.")
    price_per_gpu_hour: float | None = Field(None, ge=0, le=1e5, description="Price of a GPU hour.")
    gpu_hours_per_month: float | None = Field(None, gt=0, le=1e8, description="GPU hours a month for the whole load.")
    requests_per_gpu_hour: float | None = Field(None, gt=0, le=1e9, description="Or requests served by a GPU hour.")
    fixed_per_month: float = Field(0.0, ge=0, le=1e9, description="Subscription a month, whatever is asked.")
    fixed_per_year: float = Field(0.0, ge=0, le=1e10, description="Fixed cost a year (staff, storage); adds.")
    connectivity_per_month: float = Field(0.0, ge=0, le=1e9, description="Lines to the cloud a month, all together.")

    @model_validator(mode="after")
    def _one_billing(self) -> Self:
        used = [kind for kind, names in BILLING.items() if any(getattr(self, name) is not None for name in names)]
        if len(used) != 1:
            ways = "price_per_million_tokens, price_per_request or price_per_gpu_hour"
            raise ValueError(f"{'give' if not used else 'give only one of'} {ways}")
        if used == ["tokens"]:
            self._together("price_per_million_tokens", "tokens_per_request")
            apart = BILLING["tokens"][2:]
            if any(getattr(self, name) is not None for name in apart):
                self._together(*apart)
        elif used == ["gpu_hours"]:
            self._together("price_per_gpu_hour")
            if (self.gpu_hours_per_month is None) == (self.requests_per_gpu_hour is None):
                raise ValueError("price_per_gpu_hour needs gpu_hours_per_month or requests_per_gpu_hour, one of them")
        return self

    def _together(self, *names: str) -> None:
        if missing := [name for name in names if getattr(self, name) is None]:
            raise ValueError(f"{missing[0]} is missing")

    @property
    def billing(self) -> str:
        """ "tokens", "request" or "gpu_hours"."""
        return next(kind for kind, names in BILLING.items() if any(getattr(self, n) is not None for n in names))


class Hybrid(_Section):
    """The device first, the cloud for the rest."""

    share: float = Field(0.1, ge=0, le=1, description="Share of requests passed on to the cloud (0 to 1).")


class Inputs(_Section):
    """Everything. Money is in one currency throughout."""

    load: Load = Load()
    edge: Edge
    cloud: Cloud
    hybrid: Hybrid = Hybrid()
    currency: str = Field("$", min_length=1, max_length=8, description="Sign or code that amounts are printed with.")

    @model_validator(mode="after")
    def _load_is_known(self) -> Self:
        if self.load.monthly is None and self.cloud.gpu_hours_per_month is None:
            raise ValueError("load.requests_per_month or load.requests_per_year is missing")
        if self.load.monthly is None and self.edge.requests_per_hour is not None:
            raise ValueError("edge.requests_per_hour needs load.requests_per_month")
        return self


SECTIONS: dict[str, type[_Section]] = {"load": Load, "edge": Edge, "cloud": Cloud, "hybrid": Hybrid}


def known_keys() -> Iterator[tuple[str, str, Any]]:
    """(section, field, pydantic's description of the field) of every input except the currency."""
    for section, model in SECTIONS.items():
        for name, info in model.model_fields.items():
            yield section, name, info


@dataclass(slots=True)
class Layers:
    """Values that are laid over each other, the later over the earlier, each with the place it came from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    """Dotted key to where its value came from: "preset hat-100k", a file, "measured", or a flag."""

    def add(self, values: dict[str, Any], origin: str) -> None:
        """Lay `values` (nested as in the file) over what there is.

        A way of billing or a unit of load given here replaces another one from an earlier layer. Raises UsageError for
        keys that do not exist.
        """
        for key, value in values.items():
            if key == "currency":
                self.values[key], self.origins[key] = value, origin
            elif key not in SECTIONS:
                _unknown(key, origin, [*SECTIONS, "currency"])
            elif not isinstance(value, dict):
                raise UsageError(f"{origin}: {key} must be a table, for example [{key}]")
            else:
                self._section(key, value, origin)

    def _section(self, section: str, given: dict[str, Any], origin: str) -> None:
        fields = SECTIONS[section].model_fields
        for name in given:
            if name not in fields:
                _unknown(f"{section}.{name}", origin, [f"{section}.{known}" for known in fields])
        groups = {"cloud": tuple(BILLING.values()), "load": (("requests_per_month",), ("requests_per_year",))}
        present = [group for group in groups.get(section, ()) if any(name in given for name in group)]
        into = self.values.setdefault(section, {})
        if present:
            kept = {name for group in present for name in group}
            for name in {n for group in groups[section] for n in group} - kept:
                into.pop(name, None)
                self.origins.pop(f"{section}.{name}", None)
        pair = ("gpu_hours_per_month", "requests_per_gpu_hour")
        for one, other in (pair, pair[::-1]):
            if section == "cloud" and one in given and other not in given:
                into.pop(other, None)
        for name, value in given.items():
            into[name] = value
            self.origins[f"{section}.{name}"] = origin

    def inputs(self) -> Inputs:
        """The inputs, checked. Raises UsageError, one line that names the field and where its value came from."""
        try:
            return Inputs(**self.values)
        except ValidationError as error:
            raise UsageError(self._explain(error)) from error

    def _explain(self, error: ValidationError) -> str:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        if first["type"] == "missing":
            hint = f"--{key.replace('.', '-').replace('_', '-')}" if "." in key else f"its values (--{key}-...)"
            return f"{key} is missing; give {hint}, a file with --file, or begin from a --preset"
        if first["type"] == "value_error":
            return f"{key + ': ' if key else ''}{message}"
        origin = self.origins.get(key, "")
        where = origin if origin.startswith("--") else f"{origin}: {key}" if origin else key
        return f"{where}: {message} (got {first.get('input')!r:.40})"


def _unknown(key: str, origin: str, known: Iterable[str]) -> NoReturn:
    names = list(known)
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(names)}"
    raise UsageError(f"{origin}: unknown key {key!r:.60}; {hint}")


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file. Raises UsageError, one line, when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not a text file; a TOML text is expected") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: is not valid TOML: {str(error).splitlines()[0]}") from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise UsageError(f"{path}: holds a number that is too long") from error


def as_toml(inputs: Inputs) -> str:
    """The inputs as a file that --file reads back to the same inputs."""
    lines = [f"currency = {_quoted(inputs.currency)}"]
    for section in SECTIONS:
        lines += ["", f"[{section}]"]
        given = getattr(inputs, section).model_dump(exclude_none=True)
        lines += [f"{name} = {value!r}" for name, value in given.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = "".join(f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 32 or ord(c) == 127 else c for c in text)
    return f'"{escaped}"'


def tidy(value: float) -> float:
    """The value without the last digits' binary dust: ten significant digits."""
    return float(f"{value:.10g}") if math.isfinite(value) else value
