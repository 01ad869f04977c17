"""The update file: what is made is read, whatever else is refused in one line."""

import io
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.update import bundle
from assistant.update.bundle import MAGIC, Bundle, UpdateError, make, older, private_key, public_keys, release
from tests.update.files import IMAGES, KEY, NEW, STRANGER, opened, update


def read(data: bytes, *keys) -> Bundle:
    found = Bundle(Path("u.update"), io.BytesIO(data), [key.public_key() for key in keys or (KEY,)])
    found.verify()
    return found


def signed(values: object, tail: bytes = b"") -> bytes:
    listing = json.dumps(values).encode()
    return MAGIC + len(listing).to_bytes(4, "big") + listing + b"\x01" + KEY.sign(MAGIC + listing) + tail


def part(name: str, size: object = 1) -> dict[str, object]:
    return {"name": name, "size": size, "sha256": "0" * 64}


def test_what_is_made_is_read(tmp_path):
    found = opened(update(tmp_path / "u"))
    assert (found.manifest.version, found.manifest.variant, found.manifest.target) == (NEW, "lite", "rpi5")
    assert (b"".join(found.read("boot")), b"".join(found.read("system"))) == IMAGES[NEW]


def test_one_known_key_among_several_signatures_is_enough(tmp_path):
    parts = {name: tmp_path / name for name in ("boot", "system")}
    for path in parts.values():
        path.write_bytes(b"content")
    make(tmp_path / "u", parts, version="1.0.0", variant="lite", target="rpi5", keys=[STRANGER, KEY])
    assert read((tmp_path / "u").read_bytes(), KEY).manifest.version == "1.0.0"
    assert read((tmp_path / "u").read_bytes(), STRANGER).manifest.version == "1.0.0"


def test_cut_off_anywhere_it_is_refused(tmp_path):
    data = update(tmp_path / "u").read_bytes()
    for length in [*range(0, 420, 7), len(data) - 7000, len(data) - 1]:
        with pytest.raises(UpdateError):
            read(data[:length])


def test_more_behind_the_end_is_refused(tmp_path):
    with pytest.raises(UpdateError, match="more in it"):
        read(update(tmp_path / "u").read_bytes() + b"!")


@given(st.data())
def test_no_changed_byte_goes_unnoticed(tmp_path_factory, data):
    content = bytearray(_sample(tmp_path_factory))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UpdateError):
        read(bytes(content))


_made: list[bytes] = []


def _sample(factory) -> bytes:
    if not _made:
        _made.append(update(factory.mktemp("u") / "u").read_bytes())
    return _made[0]


@given(st.binary(max_size=400))
def test_noise_is_refused(noise):
    for data in (noise, MAGIC + noise):
        with pytest.raises(UpdateError):
            read(data)


SCALARS = st.none() | st.integers() | st.text(max_size=9)
NONSENSE = SCALARS | st.lists(SCALARS) | st.dictionaries(st.text(), SCALARS | st.lists(SCALARS))


@given(NONSENSE)
def test_a_signed_list_of_nonsense_is_refused(values):
    with pytest.raises(UpdateError, match="not one that this version understands"):
        read(signed(values))


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.2"}, {"version": "new"}, {"version": "../../x"}, {"files": []}, {"target": ""},
        {"files": [part("system"), part("boot")]},
        {"files": [part("boot", -1), part("system")]},
        {"files": [part("boot", "1"), part("system")]},
        {"files": [part("boot"), part("boot")]},
    ],
)  # fmt: skip
def test_a_signed_list_with_one_mistake_is_refused(change):
    files = [part("boot"), part("system")]
    values = {"version": "1.0.0", "variant": "lite", "target": "rpi5", "files": files}
    with pytest.raises(UpdateError, match="part 'boot' is damaged"):
        read(signed(values, b"ab"))
    with pytest.raises(UpdateError, match="not one that this version understands"):
        read(signed(values | change, b"ab"))


def test_versions_have_an_order():
    assert release("1.10.0") > release("1.9.9+g12") > release("1.9.9".replace("9.9", "0.20"))
    assert release("0.1.0+gabc+") == (0, 1, 0)
    for wrong in ("1.2", "1.2.3.4", "1.2.3rc1", "v1.2.3", ""):
        with pytest.raises(ValueError, match=r"1\.4\.2"):
            release(wrong)


@pytest.mark.parametrize(
    ("new", "here", "earlier"),
    [
        ("1.4.2", "1.4.3", True),
        ("1.4.3+20260101000000.gab", "1.4.2+20270101000000.gcd", False),
        ("1.4.2+20260101000000.gab", "1.4.2+20270101000000.gcd", True),
        ("1.4.2+20270101000000.gab", "1.4.2+20260101000000.gcd+", False),
        ("1.4.2+20260101000000.gab", "1.4.2+20260101000000.gab", False),
        # one that names no moment is of any age
        ("1.4.2+gab", "1.4.2+20270101000000.gcd", False),
        ("1.4.2", "1.4.2+20270101000000", False),
    ],
)
def test_builds_of_one_version_are_told_apart_by_their_moment(new, here, earlier):
    assert older(new, here) is earlier


def test_keys_come_from_pem_files(tmp_path):
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "k.pem").write_bytes(pem)
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "release.pub").write_bytes(public)
    assert private_key(tmp_path / "k.pem").public_key() == public_keys(tmp_path)[0]
    (tmp_path / "release.pub").write_bytes(b"nothing")
    with pytest.raises(UpdateError, match="cannot be used"):
        public_keys(tmp_path)
    (tmp_path / "release.pub").unlink()
    with pytest.raises(UpdateError, match="no public key"):
        public_keys(tmp_path)
    with pytest.raises(UsageError, match="no private key"):
        private_key(tmp_path / "k.pem" if (tmp_path / "k.pem").write_bytes(b"x") else tmp_path)


def test_a_version_without_order_cannot_be_made(tmp_path):
    (tmp_path / "i").write_bytes(b"1")
    with pytest.raises(UsageError, match="version"):
        make(
            tmp_path / "u",
            dict.fromkeys(bundle.PARTS, tmp_path / "i"),
            version="x",
            variant="l",
            target="t",
            keys=[KEY],
        )
