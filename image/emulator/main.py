"""`scripts/test_image`: the proof, quick or whole."""

import argparse
import sys
import time
from pathlib import Path

from image.build import host, lint, variants
from image.build.errors import BuildError
from image.build.layers import IMAGE
from image.emulator import firmware
from image.emulator.machine import DeadError
from image.emulator.proof import Bench, ClaimError, Report

ROOT = IMAGE.parent


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="test_image",
        description="Builds the image for an emulated board, boots it and tries what is claimed of it.",
    )
    parser.add_argument("--quick", action="store_true", help="lint and resolution alone: no root, no network, seconds")
    parser.add_argument(
        "--rpi-image-gen", type=Path, metavar="DIR", help="a checkout of rpi-image-gen, to be asked as well"
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".cache" / "image", help="where the build keeps its results"
    )
    parser.add_argument("--image", type=Path, help="an image that is there already, instead of building one")
    parser.add_argument("--key", type=Path, help="the key whose public half that image holds; the work directory's own")
    parser.add_argument("--cuts", type=int, default=25, help="power cuts in the scenario of that name")
    parser.add_argument(
        "scenario",
        nargs="*",
        help="only these: fresh, again, settings, network, slots, broken, small, lost, full, updates, cuts",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 every claim holds, 1 one does not."""
    chosen = options(sys.argv[1:] if arguments is None else arguments)
    begun = time.monotonic()
    if not quick(chosen.rpi_image_gen):
        return 1
    if chosen.quick:
        return 0
    try:
        return whole(chosen)
    except BuildError as error:
        print(f"test_image: {error}", file=sys.stderr)
        return 1
    finally:
        print(f"{time.monotonic() - begun:.0f} s")


def quick(tool: Path | None) -> bool:
    """Lint and resolve."""
    found = lint.problems()
    theirs = lint.foreign(tool)
    for line in [*found, *(theirs or [])]:
        print(f"FAIL {line}")
    if found or theirs:
        return False
    print(f"ok   layers, hooks, units and {len(variants.known())} variants: linted and resolved")
    if theirs is None:
        print("     rpi-image-gen was not asked: give its checkout with --rpi-image-gen or RPI_IMAGE_GEN")
    else:
        print("ok   rpi-image-gen: every layer linted, every Raspberry Pi variant resolved to its plan")
    return True


def whole(chosen: argparse.Namespace) -> int:
    """Build (or take) the image and play the scenarios."""
    from image.build import main as builder  # noqa: PLC0415 - --quick runs without what a build needs
    from image.emulator.scenarios import SCENARIOS  # noqa: PLC0415 - --quick runs without what a board needs

    host.demand(host.missing(host.EMULATOR), as_root=False)
    for name in chosen.scenario:
        if name not in SCENARIOS:
            raise BuildError(f"no scenario is called '{name}'; there are {', '.join(SCENARIOS)}")
    image = chosen.image
    if image is None:
        wanted = ["--target", "qemu-arm64", "--variant", "lite", "--raw", "--work", str(chosen.work)]
        image = next(builder.build(builder.options(wanted)).glob("*.img"))
    work = chosen.work.resolve() / "proof"
    work.mkdir(parents=True, exist_ok=True)
    report = Report(work / "report.json")
    bench = Bench(image, chosen.key or chosen.work.resolve() / "own-key.pem", work, chosen.cuts, report)
    try:
        for name in chosen.scenario or SCENARIOS:
            print(f"--- {name}", flush=True)
            begun = time.monotonic()
            try:
                SCENARIOS[name](bench)
            except (ClaimError, DeadError, firmware.NoBootError) as error:
                # between two claims: the other scenarios have boards of their own
                report.note(f"{name}: is played to its end", str(error), holds=False, seconds=time.monotonic() - begun)
    finally:
        for machine in bench.machines:
            machine.cut()
    print(f"{sum(1 for c in report.claims if c['holds'])} of {len(report.claims)} claims hold; {report.path}")
    return 0 if report.good else 1
