"""The release workflow: its scripts run as its runner would run them; the builder reads how it is called."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from image.build import clearance, main
from image.build.layers import IMAGE

ROOT = IMAGE.parent
JOB = yaml.safe_load((ROOT / ".github/workflows/image.yml").read_text())["jobs"]["build"]
STEPS = {step["name"]: step for step in JOB["steps"] if "run" in step}


def run(step: str, place: Path, *, variant: str, tag: str = "v1.2.3", **more: str) -> list[list[str]]:
    """Run one step's script in a checkout whose programs only write down how they were called; the calls."""
    (place / "temp").mkdir(exist_ok=True)
    for name in ("scripts/build_image", "bin/gh", ".venv/bin/assistant"):
        program = place / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/bash\n{{ printf "%q " {program.name} "$@"; echo; }} >> {place}/calls\n')
        program.chmod(0o755)
    environment = {
        "PATH": f"{place}/bin:{os.environ['PATH']}", "HOME": str(place), "RUNNER_TEMP": str(place / "temp"),
        "VARIANT": variant, "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "owner/name",
        "GITHUB_REF_NAME": tag, **more,
    }  # fmt: skip
    script = STEPS[step]["run"]
    assert "${{" not in script, "a tag's name must not become part of a script"
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=place, env=environment, check=True)
    return [shlex.split(line) for line in (place / "calls").read_text().splitlines()]


@pytest.mark.parametrize("variant", JOB["strategy"]["matrix"]["variant"])
def test_the_builder_understands_how_it_is_called(tmp_path, variant):
    # a tag may hold anything that a shell would run
    tag = "v1$(touch${IFS}here)"
    ((_, *arguments),) = run("Build, compress, sign", tmp_path, variant=variant, tag=tag)
    chosen = main.options(arguments)
    assert chosen.url == f"https://github.com/owner/name/releases/download/{tag}"
    assert (chosen.target, chosen.variant) == ("rpi5", variant)
    assert chosen.models_from == (tmp_path / "temp/models" if variant == "full" else None)
    assert not (tmp_path / "here").exists()
    out = chosen.out.resolve() / f"rpi5-{variant}"
    (tmp_path / "calls").unlink()
    ((_, *arguments),) = run("Verify what was built, with the public key of the repository", tmp_path, variant=variant)
    chosen = main.options(arguments)
    assert chosen.verify == out
    assert chosen.public_key == Path("image/release.pub")
    out.mkdir(parents=True)
    (out / "a.img.xz").touch()
    (tmp_path / "calls").unlink()
    calls = run("Publish", tmp_path, variant=variant)
    assert calls[-1] == ["gh", "release", "upload", "v1.2.3", "a.img.xz", "--clobber"]


def test_every_recommended_model_is_fetched_and_no_other(tmp_path):
    """The list is made by the program itself, which the checkout's own interpreter runs."""
    script = STEPS["The models of a full image"]["run"]
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(ROOT / ".venv/bin/python")
    for name in ("image", "assistant", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    assert "models pull" in script
    calls = run("The models of a full image", tmp_path, variant="full")
    assert [call[1:] for call in calls] == [["models", "pull", model] for model in clearance.recommended()]


def test_the_key_is_readable_by_its_owner_alone_and_goes_in_any_case(tmp_path):
    assert shutil.which("install")
    (tmp_path / "calls").touch()
    run("The signing key", tmp_path, variant="lite", KEY="-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----")
    key = tmp_path / "temp/release.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text().splitlines()[1] == "x"
    assert STEPS["Forget the key"]["if"] == "always()"
    run("Forget the key", tmp_path, variant="lite")
    assert not key.exists()
