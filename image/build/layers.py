"""Layers as rpi-image-gen reads them: a YAML body below a header in comments, an overlay directory beside it.

Only what both targets need is read here; rpi-image-gen's own tools judge the rest (`image/build/lint.py`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from image.build.errors import BuildError

IMAGE = Path(__file__).resolve().parents[1]
LAYERS = IMAGE / "layer"

HOOKS = ("setup-hooks", "essential-hooks", "customize-hooks", "cleanup-hooks")
_BODY_KEYS = {"packages", "mirrors", "architectures", "mode", "variant", "suite", "aptopts", "dpkgopts", *HOOKS}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer file."""

    name: str
    path: Path
    fields: dict[str, str]
    """The header without its prefix `X-Env-`."""
    requires: tuple[str, ...]
    packages: tuple[str, ...]
    hooks: dict[str, tuple[str, ...]]
    environment: dict[str, str]

    @property
    def overlay(self) -> Path | None:
        """The directory laid over the root file system, if the layer has one."""
        path = self.path.with_name(f"{self.path.stem}.rootfs-overlay")
        return path if path.is_dir() else None


def read_layer(path: Path) -> Layer:
    """The layer in `path`. Raises BuildError, one line, for anything that rpi-image-gen would stumble over."""
    text = path.read_text(encoding="utf-8")
    header = re.search(r"^# METABEGIN\n(.*?)^# METAEND\n", text, re.DOTALL | re.MULTILINE)
    if header is None:
        raise BuildError(f"{path}: has no header between '# METABEGIN' and '# METAEND'")
    fields = _fields(header[1], path)
    for field in ("Layer-Name", "Layer-Category", "Layer-Desc", "Layer-Version"):
        if not fields.get(field):
            raise BuildError(f"{path}: the header lacks X-Env-{field}")
    if fields["Layer-Name"] != path.stem:
        raise BuildError(f"{path}: is called '{fields['Layer-Name']}' inside; file and layer share one name")
    try:
        body = yaml.safe_load(text[header.end() :]) or {}
    except yaml.YAMLError as error:
        raise BuildError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(body, dict) or not set(body) <= {"mmdebstrap", "env"}:
        raise BuildError(f"{path}: only 'mmdebstrap' and 'env' may stand in the body")
    commands = body.get("mmdebstrap") or {}
    if unknown := set(commands) - _BODY_KEYS:
        raise BuildError(f"{path}: unknown key '{min(unknown)}' below mmdebstrap")
    for key, value in commands.items():
        if key in {"packages", *HOOKS} and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            raise BuildError(f"{path}: '{key}' must be a list of texts")
    return Layer(
        name=fields["Layer-Name"],
        path=path,
        fields=fields,
        requires=tuple(part.strip() for part in fields.get("Layer-Requires", "").split(",") if part.strip()),
        packages=tuple(commands.get("packages", ())),
        hooks={kind: tuple(commands.get(kind, ())) for kind in HOOKS},
        environment={str(key): str(value) for key, value in (body.get("env") or {}).items()},
    )


def _fields(header: str, path: Path) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in header.splitlines():
        if found := re.match(r"# X-Env-([A-Za-z0-9_-]+):\s*(.*)$", line):
            last = found[1]
            if last in fields:
                raise BuildError(f"{path}: X-Env-{last} stands there twice")
            fields[last] = found[2].strip()
        elif last and re.match(r"#  ?\S", line):
            fields[last] += " " + line[1:].strip()
        elif line.strip() != "#":
            raise BuildError(f"{path}: cannot read the header's line '{line}'")
    return fields


def all_layers() -> dict[str, Layer]:
    """Every layer of the project by name."""
    return {layer.name: layer for layer in map(read_layer, sorted(LAYERS.glob("*.yaml")))}


def resolve(wanted: Iterable[str], known: dict[str, Layer]) -> list[Layer]:
    """`wanted` and what they require of this project, each once, requirements first.

    Layers of rpi-image-gen itself (and of nobody) are left out: the emulated target has no use for them.
    """
    order: list[Layer] = []
    open_: list[str] = []

    def visit(name: str) -> None:
        layer = known.get(name)
        if layer is None or layer in order:
            return
        if name in open_:
            raise BuildError(f"layers require each other in a circle: {' → '.join([*open_, name])}")
        open_.append(name)
        for required in layer.requires:
            visit(required)
        open_.pop()
        order.append(layer)

    for name in wanted:
        if name not in known:
            raise BuildError(f"no layer is called '{name}'; {LAYERS} has {', '.join(sorted(known))}")
        visit(name)
    return order
