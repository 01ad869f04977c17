"""`scripts/build_image`: from a checkout to an image that can be flashed."""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from image.build import clearance, host, release, rootfs, tree, variants, wheels
from image.build.errors import BuildError
from image.build.layers import IMAGE
from image.build.rpi_image_gen import COMMIT, build_rpi
from image.build.steps import Steps, digest
from image.build.variants import Variant

ROOT = IMAGE.parent
NO_ADDRESS = "https://releases.invalid"


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="build_image",
        description="Builds the SD image. What was finished before is kept; an interrupted build goes on.",
    )
    parser.add_argument(
        "--target",
        choices=["rpi5", "qemu-arm64"],
        default="rpi5",
        help="a Raspberry Pi 5, or the tests' emulated machine",
    )
    parser.add_argument("--variant", default="lite", help="lite, full, lite-hailo, full-hailo")
    parser.add_argument(
        "--model", action="append", default=[], metavar="ID", help="another model of the catalogue to put inside (full)"
    )
    parser.add_argument(
        "--models-from",
        type=Path,
        metavar="DIR",
        help="a data directory with the models installed, or their files as published",
    )
    parser.add_argument(
        "--own-use", action="store_true", help="also what may not be passed on; the image cannot be released"
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".cache" / "image", help="where the build keeps its results"
    )
    parser.add_argument("--out", type=Path, help="where the finished image goes; work/out when not given")
    parser.add_argument(
        "--key", type=Path, help="Ed25519 key (PEM) that signs; without it one of this work directory's own"
    )
    parser.add_argument("--url", default=NO_ADDRESS, help="where the files will be published, for Raspberry Pi Imager")
    parser.add_argument(
        "--rpi-image-gen", type=Path, metavar="DIR", help=f"a checkout of raspberrypi/rpi-image-gen at {COMMIT[:12]}"
    )
    parser.add_argument("--compression", type=int, default=6, choices=range(10), help="of xz")
    parser.add_argument("--raw", action="store_true", help="stop at the raw image: no compression, no signature")
    parser.add_argument("--verify", type=Path, metavar="DIR", help="check a finished image instead of building one")
    parser.add_argument("--public-key", type=Path, help="Ed25519 key (PEM) for --verify")
    parser.add_argument(
        "--list", action="store_true", help="list targets and variants, and what keeps each from being passed on"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 built, 1 not built, 2 wrong use."""
    chosen = options(sys.argv[1:] if arguments is None else arguments)
    try:
        if chosen.list:
            listing()
            return 0
        if chosen.verify:
            return check(chosen.verify, chosen.public_key)
        print(build(chosen))
    except BuildError as error:
        print(f"build_image: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbuild_image: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def check(directory: Path, public_key: Path | None) -> int:
    """Say what is wrong with a finished image; 0 when nothing is."""
    try:
        public = public_key.read_bytes() if public_key else b""
    except OSError as error:
        raise BuildError(f"{public_key}: cannot be read ({error.strerror})") from error
    wrong = release.verify(directory, public)
    for line in wrong:
        print(f"build_image: {directory}: {line}", file=sys.stderr)
    return 1 if wrong else 0


def listing() -> None:
    """Every variant with its layers."""
    for target, name in variants.known():
        variant = variants.variant(target, name)
        print(f"--target {target} --variant {name}: {' '.join(layer.name for layer in variant.layers)}")
        for line in clearance.refusals(variant, clearance.recommended() if variant.full else []):
            print(f"  not to be passed on: {line}")


def build(chosen: argparse.Namespace) -> Path:
    """Run every step; the directory with the result."""
    variant = variants.variant(chosen.target, chosen.variant)
    if chosen.model and not variant.full:
        raise BuildError("--model goes with --variant full: the lite image has the embedded models alone")
    wanted = [*clearance.recommended(), *chosen.model] if variant.full else []
    may_be_passed_on = clearance.demand(variant, wanted, own_use=chosen.own_use)
    check_host(chosen, variant)
    steps = Steps(chosen.work.resolve(), total=6 if chosen.raw else 7)
    key = release.signing_key(chosen.key or steps.work / "own-key.pem", make=chosen.key is None)
    public = steps.work / "release.pub"
    public.write_bytes(release.public_pem(key))

    lock = ROOT / "requirements" / "base.txt"
    fetched = steps.step(
        "wheels",
        "Python packages for the device",
        digest(lock, IMAGE / "build" / "wheels.py"),
        lambda out: wheels.fetch(steps, lock, out),
    )
    cross = IMAGE / "cross"
    llama_key = digest(cross, ROOT / "requirements" / "llama.txt", ROOT / "requirements" / "build.txt")
    llama = steps.step("llama", "llama.cpp for the Cortex-A76", llama_key, lambda out: compile_llama(steps, out))
    packages = [*fetched.glob("*.whl"), *llama.glob("*.whl")]
    tree_key = digest(
        *tree.ingredients(),
        fetched.name,
        llama.name,
        tree.version(),
        variant.name,
        variant.target,
        public,
        str(may_be_passed_on),
    )
    laid = steps.step(
        "tree", "program, packages, models, units", tree_key,
        lambda out: tree.make(out, variant, packages, public, may_be_passed_on=may_be_passed_on),
    )  # fmt: skip
    if variant.target == "rpi5":
        image = build_rpi(steps, variant, laid, wanted, chosen)
    else:
        image = build_emulated(steps, variant, laid)
    if chosen.raw:
        return image
    out = (chosen.out or steps.work / "out").resolve() / f"{variant.target}-{variant.name}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    steps.done += 1
    print(f"[{steps.done}/{steps.total}] compressing, hashing, signing ...", file=sys.stderr)
    raw = image / f"{variant.image['name']}.img"
    from assistant.update.bundle import make  # noqa: PLC0415 - only this step needs the program itself

    update = image / "update"
    parts = {"boot": image / "boot.vfat", "system": image / "system.erofs"}
    make(update, parts, version=tree.version(), variant=variant.name, target=variant.target, keys=[key])
    beside = [image / "sbom.cdx.json", laid / "usr/share/doc/assistant/third-party.md", update]
    release.publish(
        steps,
        raw,
        out,
        variant=variant.name,
        version=tree.version(),
        url=chosen.url,
        key=key,
        beside=beside,
        level=chosen.compression,
    )
    if chosen.key is None:
        print(
            f"build_image: signed with this work directory's own key ({steps.work}/own-key.pem); a release needs --key",
            file=sys.stderr,
        )
    if not may_be_passed_on:
        print("build_image: for your own use alone: it holds what may not be passed on", file=sys.stderr)
    return out


def check_host(chosen: argparse.Namespace, variant: Variant) -> None:
    """Everything that is lacking, at once, before anything is begun."""
    needs = (
        host.missing(host.COMMON)
        + host.foreign_programs()
        + host.room(chosen.work.resolve(), 30 if variant.full else 12)
    )
    if variant.target == "qemu-arm64":
        needs += host.missing(host.EMULATED)
    else:
        needs += host.missing(host.RPI)
    host.demand(needs, as_root=variant.target == "qemu-arm64")


def compile_llama(steps: Steps, out: Path) -> None:
    """The wheel from the cache of wheels, compiled when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "assistant" / "wheels"
    shutil.copy(wheels.cross_compiled(steps, cache), out)


def build_emulated(steps: Steps, variant: Variant, laid: Path) -> Path:
    """The emulated target's disk, by the same layers and the same layout."""
    layers = variant.layers
    environment = "".join(f"{k}={v}" for layer in layers for k, v in layer.environment.items())
    base_key = digest(*rootfs.packages(layers), rootfs.SOURCES, environment)
    base = steps.step(
        "base",
        "Debian's packages (long: every script of theirs is emulated)",
        base_key,
        lambda out: rootfs.bootstrap(steps, layers, out),
    )
    root_key = digest(base.name, laid.name, IMAGE / "layer", IMAGE / "build" / "rootfs.py")
    rooted = steps.step(
        "root", "layers: overlays and hooks", root_key, lambda out: rootfs.compose(steps, layers, base, laid, out)
    )
    image_key = digest(rooted.name, IMAGE / "layout", str(sorted(variant.image.items())))
    return steps.step(
        "image", "partitions and card", image_key, lambda out: assemble(steps, variant, rooted / "root", out)
    )


def assemble(steps: Steps, variant: Variant, root: Path, out: Path) -> None:
    """Partitions by the layout's script, the card by genimage, the bill of materials beside it."""
    steps.run([sys.executable, IMAGE / "build" / "sbom.py", root, out / "sbom.cdx.json"], what="bill of materials")
    sizes = {f"IGconf_image_{key}": value for key, value in variant.image.items()}
    steps.run([IMAGE / "layout" / "pre-image.sh", root, out], env={**os.environ, **sizes}, what="partitions")
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        empty = Path(scratch, "root")
        empty.mkdir()
        steps.run(
            [
                "genimage", "--rootpath", empty, "--tmppath", Path(scratch, "tmp"),
                "--inputpath", out, "--outputpath", out, "--config", out / "genimage.cfg",
            ],
            what="genimage",
        )  # fmt: skip
