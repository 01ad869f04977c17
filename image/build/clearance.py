"""What may be passed on inside an image, and what may not.

A release refuses whatever is not cleared and names it. For one's own card anything may be built: then `--own-use` is
said aloud, and the image carries `may_be_passed_on: false`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.build import sbom
from image.build.errors import BuildError
from image.build.layers import IMAGE
from image.build.variants import Variant

HAILO = (
    "the AI HAT+ 2's firmware (h10-hailort-pcie-driver): Hailo's own licence; "
    "passing it on in an image has not been cleared"
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue that is to be inside."""

    id: str
    bytes: int
    licence: str
    cleared: bool


def models(catalogue: Path = IMAGE.parent / "models" / "catalogue.toml") -> dict[str, Model]:
    """The catalogue by id."""
    return {e["id"]: _model(e) for e in sbom.catalogue(catalogue)}


def _model(entry: dict[str, Any]) -> Model:
    size = sum(f.get("bytes") or f["max_bytes"] for f in entry["files"])
    return Model(entry["id"], size, entry.get("licence_note") or entry["licence"], bool(entry["redistributable"]))


def recommended(catalogue: Path = IMAGE.parent / "models" / "catalogue.toml", memory_gb: int = 8) -> list[str]:
    """What a full image carries: the ids that the catalogue recommends for a Pi with `memory_gb`, if cleared."""
    entries = sbom.catalogue(catalogue)
    return [e["id"] for e in entries if memory_gb in e.get("recommended_for", []) and e["redistributable"]]


def refusals(variant: Variant, wanted: Iterable[str]) -> list[str]:
    """Why this image may not be passed on; empty when it may."""
    known = models()
    found = [HAILO] if variant.hailo else []
    for name in wanted:
        if name not in known:
            raise BuildError(f"models/catalogue.toml has no model '{name}'")
        if not known[name].cleared:
            found.append(f"{name}: {known[name].licence}")
    return found


def demand(variant: Variant, wanted: Iterable[str], *, own_use: bool) -> bool:
    """Whether the image may be passed on. Raises BuildError with every reason unless it is for one's own use."""
    why = refusals(variant, wanted)
    if why and not own_use:
        listed = "\n".join(f"  {line}" for line in why)
        advice = "for a card of your own add --own-use; it cannot be released then"
        raise BuildError(f"these may not be passed on inside an image:\n{listed}\n{advice}")
    return not why
