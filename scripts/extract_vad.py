#!/usr/bin/env python3
"""Take the voice activity model out of its published wheel, without installing the wheel's torch dependency.

The result, models/embedded/vad/, is kept in the repository; this script is its recipe and its proof:
`scripts/extract_vad.py --check` compares what is kept with what the wheel holds.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REQUIREMENT = "silero-vad==6.2.3 --hash=sha256:7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8\n"
MEMBERS = {
    "silero_vad/data/silero_vad_16k_op15.onnx": (
        "silero_vad_16k_op15.onnx",
        "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
    ),
    "silero_vad-6.2.3.dist-info/licenses/LICENSE": (
        "LICENSE",
        "2e63e9a38b6e8fc0c7bc37ce174caca1862870856c6daf5697cfb785e925520b",
    ),
}
TARGET = Path(__file__).resolve().parent.parent / "models" / "embedded" / "vad"


def download(directory: Path) -> Path:
    """The wheel, its hash checked by pip, in `directory`."""
    listed = directory / "requirements.txt"
    listed.write_text(REQUIREMENT, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--requirement",
        str(listed),
        "--dest",
        str(directory),
    ]
    subprocess.run(command, check=True)
    return next(directory.glob("silero_vad-*.whl"))


def extract(wheel: Path) -> dict[str, bytes]:
    """The files by target name, each checked against its own hash."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as archive:
        for member, (name, wanted) in MEMBERS.items():
            content = archive.read(member)
            if hashlib.sha256(content).hexdigest() != wanted:
                sys.exit(f"{wheel.name}: {member} is not the file this project was measured with; nothing was changed")
            found[name] = content
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the kept files differ")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        try:
            found = extract(download(Path(temporary)))
        except subprocess.CalledProcessError:
            sys.exit("the silero-vad wheel could not be downloaded; see pip's message above")
    differing = [
        n for n, content in found.items() if not (TARGET / n).is_file() or (TARGET / n).read_bytes() != content
    ]
    if arguments.check:
        print(f"{TARGET}: " + (f"{', '.join(differing)} differ from the wheel" if differing else "as in the wheel"))
        return 1 if differing else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        (TARGET / name).write_bytes(content)
    print(f"{TARGET}: {len(found)} files written; run scripts/seal_embedded now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
