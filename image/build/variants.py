"""The image's variants: what `--variant` and `--target` mean."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from image.build.errors import BuildError
from image.build.layers import IMAGE, Layer, all_layers, resolve

CONFIG = IMAGE / "config"
Target = Literal["rpi5", "qemu-arm64"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One image that can be built."""

    target: Target
    name: str
    """ "lite", "full", "lite-hailo" or "full-hailo"."""
    config: Path
    image: dict[str, str]
    """Name and partition sizes."""
    layers: tuple[Layer, ...]
    """This project's layers, in the order in which they are applied."""

    @property
    def full(self) -> bool:
        """Whether the catalogue's models are inside."""
        return self.name.startswith("full")

    @property
    def hailo(self) -> bool:
        """Whether the AI HAT+ 2's software is inside."""
        return self.name.endswith("-hailo")


def known() -> list[tuple[str, str]]:
    """Every target and variant there is a configuration for."""
    return [
        (target, path.stem.removeprefix(f"{target}-"))
        for path in sorted(CONFIG.glob("*.yaml"))
        for target in ("rpi5", "qemu-arm64")
        if path.stem.startswith(f"{target}-") and not path.stem.endswith("-common")
    ]


def variant(target: str, name: str) -> Variant:
    """The variant with its layers resolved. Raises BuildError for one that is not there."""
    if (target, name) not in known():
        every = ", ".join(f"--target {t} --variant {n}" for t, n in known())
        raise BuildError(f"there is no image for --target {target} --variant {name}; there are: {every}")
    path = CONFIG / f"{target}-{name}.yaml"
    settings = _read(path)
    sections = [settings["device"]["layer"], *settings["layer"].values(), settings["image"]["layer"]]
    layers = all_layers()
    ours = resolve([n for n in sections if n in layers], layers)
    # the last word is the last one's, wherever it was named
    ours.sort(key=lambda layer: layer.name == "assistant-strip")
    image = {key: str(value) for key, value in settings["image"].items() if key != "layer"}
    return Variant("rpi5" if target == "rpi5" else "qemu-arm64", name, path, image, tuple(ours))


def _read(path: Path) -> dict[str, Any]:
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    include = settings.pop("include", None)
    if include is None:
        return dict(settings)
    base = _read(path.with_name(include["file"]))
    for section, values in settings.items():
        base[section] = {**base.get(section, {}), **values}
    return base
