"""What is published: hashes, signature, Imager's entry."""

import datetime
import hashlib
import json
import os
import shutil
import subprocess

import pytest

from image.build import main, release
from image.build.errors import BuildError
from image.build.steps import Steps

needs_tools = pytest.mark.skipif(
    not (shutil.which("bmaptool") and shutil.which("xz")), reason="skipped: bmap-tools or xz-utils is not installed"
)


@pytest.fixture
def key(tmp_path):
    return release.signing_key(tmp_path / "keys" / "own.pem", make=True)


@pytest.fixture
def published(tmp_path, key):
    image = tmp_path / "assistant-rpi5-lite.img"
    with image.open("wb") as file:
        file.write(os.urandom(4096) + bytes(1 << 20) + os.urandom(4096))
        file.truncate(4 << 20)
    bill = tmp_path / "sbom.cdx.json"
    bill.write_text("{}")
    out = tmp_path / "out"
    out.mkdir()
    release.publish(
        Steps(tmp_path / "work", total=1), image, out, variant="lite", version="1.2.3",
        url="https://example.org/r/", key=key, beside=[bill], level=1,
    )  # fmt: skip
    return image, out


@needs_tools
def test_a_release_is_whole_and_its_figures_are_the_files(published, key):
    image, out = published
    assert {p.name for p in out.iterdir()} == {
        "assistant-rpi5-lite.img.xz", "assistant-rpi5-lite.img.bmap", "assistant-rpi5-lite.rpi-imager-manifest",
        "assistant-rpi5-lite.sbom.cdx.json", "assistant-rpi5-lite.SHA256SUMS", "assistant-rpi5-lite.SHA256SUMS.sig",
        "assistant-rpi5-lite.icon.svg",
    }  # fmt: skip
    assert release.verify(out, release.public_pem(key)) == []
    unpacked = subprocess.run(["xz", "-dc", out / "assistant-rpi5-lite.img.xz"], capture_output=True, check=True).stdout
    entry = json.loads((out / "assistant-rpi5-lite.rpi-imager-manifest").read_text())["os_list"][0]
    assert entry["extract_size"] == len(unpacked) == image.stat().st_size
    assert entry["extract_sha256"] == hashlib.sha256(unpacked).hexdigest()
    assert entry["image_download_size"] == (out / "assistant-rpi5-lite.img.xz").stat().st_size
    assert entry["url"] == "https://example.org/r/assistant-rpi5-lite.img.xz"
    # whatever the entry points at is published with it
    for name in ("icon", "url", "bmap_url"):
        assert (out / entry[name].removeprefix("https://example.org/r/")).is_file()
    assert "<bmap" in (out / "assistant-rpi5-lite.img.bmap").read_text()


@needs_tools
def test_a_changed_file_and_a_changed_list_are_found(published, key):
    _, out = published
    (out / "assistant-rpi5-lite.sbom.cdx.json").write_text("{ }")
    assert release.verify(out, release.public_pem(key)) == [
        "assistant-rpi5-lite.sbom.cdx.json: is missing or was changed"
    ]
    sums = out / "assistant-rpi5-lite.SHA256SUMS"
    sums.write_text(sums.read_text().replace("a", "b"))
    assert release.verify(out, release.public_pem(key)) == [
        "assistant-rpi5-lite.SHA256SUMS: the signature is missing or wrong"
    ]


@needs_tools
def test_another_key_does_not_verify(published, tmp_path):
    _, out = published
    other = release.signing_key(tmp_path / "other.pem", make=True)
    assert release.verify(out, release.public_pem(other)) == [
        "assistant-rpi5-lite.SHA256SUMS: the signature is missing or wrong"
    ]


def test_the_entry_has_every_field_that_imager_requires(tmp_path):
    image, compressed = tmp_path / "a.img", tmp_path / "a.img.xz"
    image.write_bytes(b"12345")
    compressed.write_bytes(b"123")
    day = datetime.date(2026, 11, 21)
    entry = release.imager_entry(image, compressed, variant="full-hailo", url="https://x.org", version="1", day=day)
    required = {
        "name", "description", "icon", "url", "extract_size", "extract_sha256", "image_download_size",
        "release_date", "devices",
    }  # fmt: skip
    assert required <= set(entry)
    assert entry["release_date"] == "2026-11-21"
    assert entry["extract_size"] == 5
    assert "AI HAT+ 2" in entry["name"]


def test_a_key_is_kept_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "key.pem"
    first = release.public_pem(release.signing_key(path, make=True))
    assert path.stat().st_mode & 0o077 == 0
    assert release.public_pem(release.signing_key(path, make=False)) == first


@pytest.mark.parametrize("text", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(tmp_path, text):
    path = tmp_path / "key.pem"
    path.write_bytes(text)
    with pytest.raises(BuildError, match=r"key\.pem"):
        release.signing_key(path, make=False)


def test_a_missing_key_is_not_made_up_for_a_release(tmp_path):
    with pytest.raises(BuildError, match="there is no signing key"):
        release.signing_key(tmp_path / "no.pem", make=False)


@needs_tools
def test_a_release_is_verified_from_the_command_line(published, key, tmp_path, capsys):
    _, out = published
    public = tmp_path / "release.pub"
    public.write_bytes(release.public_pem(key))
    assert main.main(["--verify", str(out), "--public-key", str(public)]) == 0
    (out / "assistant-rpi5-lite.img.xz").write_bytes(b"")
    assert main.main(["--verify", str(out), "--public-key", str(public)]) == 1
    assert main.main(["--verify", str(out)]) == 1
    assert main.main(["--verify", str(tmp_path), "--public-key", str(public)]) == 1
    errors = capsys.readouterr().err
    assert "assistant-rpi5-lite.img.xz: is missing or was changed" in errors
    assert "no public key" in errors
    assert "holds 0 lists of hashes" in errors
