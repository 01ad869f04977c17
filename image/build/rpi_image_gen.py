"""The Raspberry Pi's image is made by Raspberry Pi's own tool, at one commit, from this project's layers."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from image.build.clearance import models
from image.build.errors import BuildError
from image.build.layers import IMAGE
from image.build.steps import Steps, digest
from image.build.variants import Variant

COMMIT = "262d4df5a9f9d4133370465399a7958a7c22cdc7"
"""rpi-image-gen 2.8.0, 2026-08-13: what the layers here were linted and resolved with."""
HOW = f"git clone https://github.com/raspberrypi/rpi-image-gen && git -C rpi-image-gen checkout {COMMIT}"


def checkout(chosen: Path | None) -> Path:
    """The tool's directory. Raises BuildError when it is not there or stands at another commit."""
    place = chosen or (Path(os.environ["RPI_IMAGE_GEN"]) if os.environ.get("RPI_IMAGE_GEN") else None)
    if place is None or not (place / "rpi-image-gen").is_file():
        raise BuildError(f"rpi-image-gen is needed: {HOW}; then --rpi-image-gen DIR")
    found = subprocess.run(
        ["git", "-C", place, "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    if found != COMMIT:
        raise BuildError(
            f"{place}: stands at {found[:12] or 'no commit'}, these layers were made for {COMMIT[:12]}; {HOW}"
        )
    return place.resolve()


def build_rpi(steps: Steps, variant: Variant, laid: Path, wanted: list[str], chosen: argparse.Namespace) -> Path:
    """The directory with the raw image."""
    tool = checkout(chosen.rpi_image_gen)
    data = steps.step(
        "data", "the catalogue's models" if wanted else "an empty data partition",
        digest(*wanted, str(chosen.models_from)), lambda out: prepare_data(steps, wanted, chosen.models_from, out),
    )  # fmt: skip
    steps.total += 1
    key = digest(laid.name, data.name, IMAGE / "layer", IMAGE / "layout", IMAGE / "config", COMMIT)

    def make(out: Path) -> None:
        command = [
            tool / "rpi-image-gen", "build", "-S", IMAGE, "-c", variant.config.name, "-B", out, "--",
            f"IGconf_assistant_tree={laid}", f"IGconf_image_data_tree={data}",
        ]  # fmt: skip
        steps.run(command, what="rpi-image-gen")
        for name in (f"{variant.image['name']}.img", "sbom.cdx.json", "boot.vfat", "system.erofs"):
            shutil.move(next(p for p in out.rglob(name) if p.is_file()), out / name)

    return steps.step("rpi", "rpi-image-gen (packages, layers, card)", key, make)


def prepare_data(steps: Steps, wanted: list[str], source: Path | None, out: Path) -> None:
    """What the data partition starts with: the models, installed and checked by the program itself."""
    if not wanted:
        return
    known = models()
    need = sum(known[name].bytes for name in wanted) >> 20
    if source is None:
        inside = f"--variant full puts {', '.join(wanted)} ({need} MB) inside"
        raise BuildError(f"{inside}: give their files, as published, with --models-from DIR")
    data = out / "lib/assistant"
    data.mkdir(parents=True)
    program = [sys.executable, "-m", "assistant", "models"]
    environment = {**os.environ, "ASSISTANT_PATHS__DATA": str(data), "PYTHONPATH": str(IMAGE.parent)}
    if (source / "models").is_dir():
        # a data directory: its models were checked when they came, and are once more
        for name in wanted:
            if (source / "models" / name).is_dir():
                shutil.copytree(source / "models" / name, data / "models" / name)
        steps.run([*program, "verify"], env=environment, what="checking the models")
    else:
        steps.run([*program, "import", source.resolve()], env=environment, what="taking the models in")
    for name in wanted:
        if not (data / "models" / name / "installed.json").is_file():
            raise BuildError(f"{source}: the files of {name} are not there, whole")
    for path in (data / "models").iterdir():
        if path.name not in wanted:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in data.iterdir():
        if path.name != "models":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
