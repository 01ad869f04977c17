"""The emulated target's root file system: Debian's packages, then each layer's overlay and hooks.

As rpi-image-gen does it, in the same order.
"""

import os
import shutil
from pathlib import Path

from image.build.layers import Layer
from image.build.steps import Steps

SOURCES = """deb http://deb.debian.org/debian trixie main
deb http://deb.debian.org/debian trixie-updates main
deb http://deb.debian.org/debian-security trixie-security main
"""

_DPKG = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)

# what a hook sees of the machine: a chroot's programs want /proc, /sys and /dev, and nothing of it may stay behind
_INSIDE = """set -eu
mount -t proc proc "$1/proc"; mount -t sysfs sys "$1/sys" -o ro; mount --rbind /dev "$1/dev"
mount -t tmpfs tmp "$1/tmp"
eval "$HOOK"
"""


def packages(layers: tuple[Layer, ...]) -> list[str]:
    """Every Debian package that the layers name."""
    return sorted({name for layer in layers for name in layer.packages})


def bootstrap(steps: Steps, layers: tuple[Layer, ...], out: Path) -> None:
    """`out/base.tar`: the packages, configured, nothing of ours yet."""
    sources = out / "trixie.list"
    sources.write_text(SOURCES, encoding="utf-8")
    environment = dict(os.environ)
    for layer in layers:
        environment.update(layer.environment)
    options = [f"--dpkgopt={option}" for option in _DPKG]
    steps.run(
        [
            "mmdebstrap", "--mode=root", "--variant=essential", "--architectures=arm64",
            f"--include={','.join(packages(layers))}",
            *options, "trixie", out / "base.tar", sources,
        ],
        env=environment,
        what="Debian's packages",
    )  # fmt: skip


def compose(steps: Steps, layers: tuple[Layer, ...], base: Path, tree: Path, out: Path) -> None:
    """`out/root`: the base with every layer applied, in the order in which rpi-image-gen applies them."""
    root = out / "root"
    root.mkdir()
    steps.run(["tar", "--numeric-owner", "--xattrs", "-xpf", base / "base.tar", "-C", root], what="unpacking")
    environment = {
        **os.environ,
        "IGconf_assistant_tree": str(tree),
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    for layer in layers:
        environment.update(layer.environment)
    for layer in layers:
        if layer.overlay is not None:
            shutil.copytree(layer.overlay, root, dirs_exist_ok=True, symlinks=True)
        for hook in layer.hooks["customize-hooks"]:
            _hook(steps, layer, hook, root, environment)
    for layer in layers:
        for hook in layer.hooks["cleanup-hooks"]:
            _hook(steps, layer, hook, root, environment)


def _hook(steps: Steps, layer: Layer, hook: str, root: Path, environment: dict[str, str]) -> None:
    command = ["unshare", "--mount", "--propagation", "private", "bash", "-c", _INSIDE, "hook", root]
    steps.run(command, env={**environment, "HOOK": hook}, what=f"layer {layer.name}: '{hook.splitlines()[0][:60]}'")
