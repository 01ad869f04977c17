"""The directory that is laid over the device's root: program, packages, embedded models, units, identity of the
image.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from image.build import sbom, wheels
from image.build.layers import IMAGE
from image.build.variants import Variant

ROOT = IMAGE.parent
LIBRARY = "opt/assistant/lib"

_LAUNCHER = """#!/usr/bin/python3 -I
import sys
from assistant.cli import main
sys.exit(main())
"""


def ingredients() -> list[Path]:
    """What of the checkout ends up in the tree."""
    return [
        ROOT / "assistant",
        ROOT / "models",
        ROOT / "requirements",
        IMAGE / "units",
        IMAGE / "build",
        ROOT / "pyproject.toml",
    ]


def version() -> str:
    """The program's version, and the moment (UTC) and name of the commit it was built from: builds of one version have
    an order too."""
    from assistant import __version__  # noqa: PLC0415 - the builder's other parts do not need the program

    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        return __version__
    moment = subprocess.run(
        ["git", "log", "-1", "--date=format-local:%Y%m%d%H%M%S", "--format=%cd"],
        cwd=ROOT, env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return f"{__version__}+{moment.stdout.strip()}.g{found.stdout.strip()}"


def make(out: Path, variant: Variant, packages: list[Path], public_key: Path, *, may_be_passed_on: bool) -> None:
    """Fill `out`."""
    program = out / "opt/assistant"
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "assistant", program / "assistant", ignore=ignore)
    shutil.copytree(ROOT / "models", program / "models", ignore=ignore)
    wheels.install(packages, out / LIBRARY)
    _write(out / "usr/lib/python3/dist-packages/assistant.pth", "/opt/assistant\n/opt/assistant/lib\n")
    _write(out / "usr/bin/assistant", _LAUNCHER).chmod(0o755)
    units = out / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for unit in sorted((IMAGE / "units").iterdir()):
        if unit.suffix in {".service", ".socket", ".timer", ".path", ".target"}:
            shutil.copy(unit, units / unit.name)
    identity = {
        "version": version(),
        "variant": variant.name,
        "target": variant.target,
        "may_be_passed_on": may_be_passed_on,
    }
    _write(out / "usr/lib/assistant/image.json", json.dumps(identity, indent=1) + "\n")
    keys = out / "usr/lib/assistant/update-keys"
    keys.mkdir(parents=True)
    shutil.copy(public_key, keys / "release.pub")
    documents = out / "usr/share/doc/assistant"
    documents.mkdir(parents=True)
    shutil.copy(ROOT / "docs/image.md", documents / "image.md")
    _write(documents / "third-party.md", sbom.notices(out / LIBRARY, variant))


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
