"""`assistant update`: making, verifying, and refusing where there are no slots."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from assistant.cli import update as module
from tests.update.files import KEY


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A directory with what a release is made of."""
    private = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "release.pem").write_bytes(private)
    (tmp_path / "release.pub").write_bytes(public)
    (tmp_path / "boot").write_bytes(b"kernel")
    (tmp_path / "system").write_bytes(b"everything")
    identity = {"version": "1.3.0+g2", "variant": "lite", "target": "rpi5", "may_be_passed_on": True}
    (tmp_path / "image.json").write_text(json.dumps(identity))
    return tmp_path


def made(command, release: Path):
    parts = [f"--{name}={release / name}" for name in ("boot", "system")]
    return command(
        "update", "make", *parts, "--identity", release / "image.json", "--key", release / "release.pem",
        release / "new.update",
    )  # fmt: skip


def test_what_is_made_is_verified(command, release):
    status, out, _ = made(command, release)
    assert status == 0
    assert "version 1.3.0+g2 for rpi5 (lite)" in out
    status, out, _ = command("update", "verify", release / "new.update", "--keys", release)
    assert (status, "complete and signed" in out) == (0, True)
    content = (release / "new.update").read_bytes()
    (release / "new.update").write_bytes(content[:-1])
    status, _, err = command("update", "verify", release / "new.update", "--keys", release)
    assert (status, "is cut off" in err, len(err.splitlines())) == (1, True, 1)


@pytest.mark.parametrize("missing", ["boot", "release.pem", "image.json"])
def test_what_is_missing_is_named(command, release, missing):
    (release / missing).unlink()
    status, _, err = made(command, release)
    assert status == 2
    assert missing in err
    assert len(err.splitlines()) == 1


def test_a_computer_without_slots_takes_no_update(command, release, monkeypatch):
    made(command, release)
    monkeypatch.setattr(module, "SYSTEM", release)
    status, _, err = command("update", "apply", release / "new.update")
    assert status == 1
    assert "docs/image.md" in err


def test_a_stick_that_is_not_there_is_named(command, release):
    status, _, err = command("update", "verify", release / "none", "--keys", release)
    assert (status, "none: cannot be read" in err) == (1, True)
