"""What can be said about the image without building it: in seconds, without root and without a network."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from image.build import variants
from image.build.errors import BuildError
from image.build.layers import IMAGE, LAYERS, all_layers
from image.build.rpi_image_gen import checkout

# what no layer may bring onto a device
FORBIDDEN = re.compile(
    r"^(openssh-.*|sudo|build-essential|gcc.*|g\+\+.*|apt|rpi-connect.*|avahi-daemon|telnetd?|docker.*)$"
)


def problems() -> list[str]:
    """One line each; empty when there is nothing to say."""
    found: list[str] = []
    try:
        layers = all_layers()
        every = [variants.variant(target, name) for target, name in variants.known()]
    except BuildError as error:
        return [str(error)]
    for layer in layers.values():
        found += [f"{layer.path}: '{name}' must not be on a device" for name in layer.packages if FORBIDDEN.match(name)]
        found += [
            f"{layer.path}: a hook is no valid shell: {line}"
            for hooks in layer.hooks.values()
            for hook in hooks
            for line in _shell(hook)
        ]
    for variant in every:
        names = [layer.name for layer in variant.layers]
        if names[-1] != "assistant-strip":
            found.append(f"{variant.config}: the last layer must be assistant-strip")
        if variant.target == "rpi5" and "assistant-virt" in names:
            found.append(f"{variant.config}: the test's hand must not be in a Pi's image")
        for key in ("name", "boot_part_size", "system_part_size", "data_part_size"):
            if not variant.image.get(key):
                found.append(f"{variant.config}: image.{key} is missing")
    found += _units()
    return found


def _shell(hook: str) -> list[str]:
    done = subprocess.run(["bash", "-n", "-c", hook], capture_output=True, text=True, check=False)
    return [done.stderr.strip().splitlines()[0]] if done.returncode else []


def _units() -> list[str]:
    """Units that a hook enables or masks must exist: in an overlay, in image/units, or as Debian's."""
    ours = {p.name for p in LAYERS.glob("*.rootfs-overlay/usr/lib/systemd/system/*") if p.is_file()}
    ours |= {p.name for p in (IMAGE / "units").glob("*.*")}
    found = []
    for layer in all_layers().values():
        for hook in layer.hooks["customize-hooks"]:
            if "systemctl --root" in hook and " enable " in hook and "for unit in" not in hook:
                wanted = re.findall(r"\b(assistant-[a-z]+\.(?:service|socket|timer))\b", hook)
                found += [f"{layer.path}: enables {name}, which is nowhere" for name in wanted if name not in ours]
    return found


def foreign(place: Path | None) -> list[str] | None:
    """What rpi-image-gen itself says of every layer and variant; None when it is not here to ask."""
    try:
        tool = checkout(place)
    except BuildError:
        return None
    program = str(tool / "rpi-image-gen")
    # its Python modules are Debian's: an environment of ours must not stand before them
    environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    environment.pop("VIRTUAL_ENV", None)
    found = []
    for path in sorted(LAYERS.glob("*.yaml")):
        done = subprocess.run(
            [program, "metadata", "--lint", path], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            found.append(f"{path}: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
    for target, name in variants.known():
        if target == "rpi5":
            found += _resolved(program, variants.variant(target, name), environment)
    return found


def _resolved(program: str, variant: variants.Variant, environment: dict[str, str]) -> list[str]:
    """Let it resolve a variant up to the plan of layers; what comes after needs the network."""
    work = Path(tempfile.mkdtemp(prefix="rpi-image-gen-"))
    try:
        command = [program, "build", "-S", str(IMAGE), "-c", variant.config.name, "-B", str(work)]
        # no proxy leads out: it stops where it would fetch its tools
        quiet = {**environment, "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
        done = subprocess.run(
            [*command, "--", f"IGconf_assistant_tree={work}", "IGconf_image_data_tree="],
            capture_output=True,
            text=True,
            env=quiet,
            check=False,
        )
        plan = work / "bootstrap" / "layer.plan"
        if not plan.is_file():
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            return [f"{variant.config}: rpi-image-gen could not resolve it: {lines[-1] if lines else 'no word'}"]
        names = [line.split(":")[0] for line in plan.read_text(encoding="utf-8").splitlines() if line.strip()]
        lacking = [layer.name for layer in variant.layers if layer.name not in names]
        if lacking or names[-1] != "assistant-strip":
            return [f"{variant.config}: the plan ends with {names[-1]} and lacks {', '.join(lacking) or 'nothing'}"]
        return []
    finally:
        shutil.rmtree(work, ignore_errors=True)
