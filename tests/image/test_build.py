"""The builder's parts that need neither root nor a network."""

import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant.artifacts.installed import RECEIPT, Receipt, ReceiptFile
from image.build import host, main, sbom, wheels
from image.build.errors import BuildError
from image.build.layers import IMAGE
from image.build.rpi_image_gen import checkout, prepare_data
from image.build.steps import Steps, digest
from image.emulator import main as proof

LOCK = IMAGE.parent / "requirements" / "base.txt"
ELF = b"\x7fELF\x02\x01\x01" + bytes(11)


def test_the_lock_has_an_entry_for_everything_the_device_runs():
    found = wheels.requirements(LOCK.read_text())
    assert {"vosk", "piper-tts", "numpy", "onnxruntime", "gpiozero", "srt"} <= set(found)
    assert not {"colorama", "tzdata"} & set(found), "these are for Windows alone"
    assert all("--hash=sha256:" in block for block in found.values())
    versions = [block.splitlines()[0] for name, block in found.items() if name == "deprecated"]
    assert len(versions) == 1
    assert ">= '3.12'" in versions[0]


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_wheel_is_unpacked_without_what_no_device_runs(tmp_path):
    found = wheel(
        tmp_path / "a.whl",
        {
            "a/__init__.py": b"1",
            "a/tests/test_a.py": b"1",
            "a/typed.pyi": b"1",
            "a/lib.so": ELF + b"\xb7\x00",
            "a-1.data/purelib/b.py": b"2",
            "a-1.data/scripts/tool": b"#!python",
        },
    )
    out = tmp_path / "lib"
    wheels.install([found], out)
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()) == [
        "a/__init__.py",
        "a/lib.so",
        "b.py",
    ]


def test_a_library_for_another_processor_stops_the_build(tmp_path):
    found = wheel(tmp_path / "a.whl", {"a/lib.so": ELF + b"\x3e\x00"})
    with pytest.raises(BuildError, match=r"a/lib\.so is not for aarch64"):
        wheels.install([found], tmp_path / "lib")


def test_a_step_is_done_once_and_taken_up_again_after_a_break(tmp_path):
    made = []

    def make(out):
        (out / "part").write_text("half")
        made.append(out)
        if len(made) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Steps(tmp_path, total=1).step("a", "a thing", "k", make)
    for _ in range(3):
        place = Steps(tmp_path, total=1).step("a", "a thing", "k", make)
    assert len(made) == 2
    assert (place / "part").read_text() == "half"


def test_old_results_of_a_step_are_thrown_away(tmp_path):
    steps = Steps(tmp_path, total=9, kept=1)
    for number in range(5):
        steps.step("a", "a thing", str(number), lambda out: None)
    assert len(list(tmp_path.glob("a-*"))) == 2


def test_ingredients_are_told_apart(tmp_path):
    (tmp_path / "d").mkdir()
    file = tmp_path / "d" / "f"
    file.write_text("x")
    first = digest(tmp_path / "d", "ab", "c")
    assert digest(tmp_path / "d", "a", "bc") != first
    file.chmod(0o755)
    assert digest(tmp_path / "d", "ab", "c") != first


def test_a_program_that_fails_is_named_with_its_last_words(tmp_path):
    with pytest.raises(BuildError, match=r"mixing failed \(no flour\)"):
        Steps(tmp_path, total=1).run(["sh", "-c", "echo no flour >&2; exit 3"], what="mixing")


def test_everything_a_host_lacks_is_said_at_once(tmp_path):
    needs = host.missing({"no-such-program": "a-package", "nor-this-one": "b-package"})
    needs += host.room(tmp_path, 1e9)
    with pytest.raises(BuildError) as caught:
        host.demand(needs, as_root=False)
    text = str(caught.value)
    assert "apt-get install --no-install-recommends a-package" in text
    assert "b-package" in text
    assert "GB free" in text


def test_wrong_use_of_the_builder_is_one_line(capsys):
    assert main.main(["--variant", "huge"]) == 1
    assert main.main(["--variant", "lite", "--model", "qwen3-0.6b"]) == 1
    assert main.main(["--variant", "lite-hailo"]) == 1
    lines = capsys.readouterr().err
    assert "there is no image for --target rpi5 --variant huge" in lines
    assert "--model goes with --variant full" in lines
    assert "--own-use" in lines
    assert "Traceback" not in lines


def test_the_tool_for_the_pi_must_stand_at_its_commit(tmp_path, monkeypatch):
    monkeypatch.delenv("RPI_IMAGE_GEN", raising=False)
    with pytest.raises(BuildError, match="git clone"):
        checkout(None)
    (tmp_path / "rpi-image-gen").touch()
    with pytest.raises(BuildError, match="these layers were made for"):
        checkout(tmp_path)


def test_a_full_image_says_which_files_it_needs(tmp_path):
    with pytest.raises(BuildError, match="--models-from"):
        prepare_data(Steps(tmp_path / "w", total=1), ["piper-kristin"], None, tmp_path)


def rootfs(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in (
        "usr/lib/assistant",
        "usr/share/doc/busybox",
        "opt/assistant/lib/a-1.dist-info",
        "opt/assistant/models",
    ):
        (root / folder).mkdir(parents=True)
    (root / "usr/lib/assistant/image.json").write_text(
        json.dumps({"version": "1", "variant": "lite", "target": "rpi5", "may_be_passed_on": True})
    )
    (root / "usr/lib/assistant/debian-packages.tsv").write_text("busybox\t1:1.37\tarm64\tbusybox\t1:1.37\n")
    (root / "usr/share/doc/busybox/copyright").write_text("Format: x\n\nFiles: *\nLicense: GPL-2\n text\n")
    (root / "opt/assistant/lib/a-1.dist-info/METADATA").write_text(
        "Name: A_b\nVersion: 1\nLicense-Expression: MIT\n\ntext\n"
    )
    (root / "opt/assistant/models/embedded").mkdir()
    (root / "opt/assistant/models/embedded/SHA256SUMS").write_text(f"{'0' * 64}  voice/tiny.onnx\n")
    return root


def test_the_bill_names_packages_and_models_with_versions_and_licences(tmp_path):
    root = rootfs(tmp_path)
    bill = sbom.bill(root, json.loads((root / "usr/lib/assistant/image.json").read_text()))
    by_name = {component["name"]: component for component in bill["components"]}
    assert by_name["busybox"]["purl"] == "pkg:deb/debian/busybox@1:1.37?arch=arm64&distro=trixie"
    assert by_name["busybox"]["licenses"] == [{"license": {"name": "GPL-2"}}]
    assert by_name["A_b"]["purl"] == "pkg:pypi/a-b@1"
    assert by_name["A_b"]["licenses"] == [{"license": {"name": "MIT"}}]
    assert by_name["voice/tiny.onnx"]["hashes"][0]["content"] == "0" * 64
    assert bill["bomFormat"] == "CycloneDX"


def test_the_bill_of_a_full_image_names_its_installed_models(tmp_path):
    root, data = rootfs(tmp_path), tmp_path / "data"
    shutil.copy(IMAGE.parent / "models/catalogue.toml", root / "opt/assistant/models")
    entry = next(e for e in sbom.catalogue(root / "opt/assistant/models/catalogue.toml") if e["kind"] == "stt")
    file = ReceiptFile(name="am/final.mdl", bytes=1, sha256="1" * 64)
    model = data / "lib/assistant/models" / entry["id"]
    model.mkdir(parents=True)
    (model / RECEIPT).write_text(Receipt(id=entry["id"], source={}, files=(file,)).model_dump_json())
    identity = json.loads((root / "usr/lib/assistant/image.json").read_text())
    found = next(c for c in sbom.bill(root, identity, data)["components"] if c["name"] == f"{entry['id']}/am/final.mdl")
    assert found["hashes"] == [{"alg": "SHA-256", "content": "1" * 64}]
    assert found["licenses"] == [{"license": {"name": entry["licence"]}}]


def test_the_notices_say_what_gpl_means_and_what_is_not_cleared(tmp_path):
    library = rootfs(tmp_path) / "opt/assistant/lib"
    plain = sbom.notices(library, SimpleNamespace(name="lite", hailo=False, full=False))
    assert "Piper" in plain
    assert "corresponding source" in plain
    assert "| A_b | 1 | MIT |" in plain
    assert "own use" not in plain
    assert "own use" in sbom.notices(library, SimpleNamespace(name="lite-hailo", hailo=True, full=False))


def test_the_quick_proof_passes():
    """Lint and resolution; rpi-image-gen is asked where RPI_IMAGE_GEN names a checkout."""
    assert proof.main(["--quick"]) == 0
