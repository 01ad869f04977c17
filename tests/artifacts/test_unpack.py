"""Archives that are not trusted."""

import contextlib
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.artifacts.catalogue import Archive
from assistant.artifacts.unpack import unpack
from assistant.errors import ModelError
from tests.artifacts.samples import content, zipped

LIMITS = Archive(format="zip", root="model", max_bytes=10_000_000, max_entries=20)


@pytest.fixture
def target(tmp_path):
    (tmp_path / "outer" / "target").mkdir(parents=True)
    return tmp_path / "outer" / "target"


def archive_of(path, *members: tuple[str | zipfile.ZipInfo, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def files(directory) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_the_root_is_left_out_and_progress_ends_at_the_total(tmp_path, target):
    wanted = {"am/final.mdl": content(300_000), "conf/model.conf": b"--beam=10\n", "README": b""}
    (tmp_path / "a.zip").write_bytes(zipped(wanted))
    seen: list[tuple[int, int]] = []
    unpack(tmp_path / "a.zip", LIMITS, target, "a.zip", lambda done, total: seen.append((done, total)))
    assert files(target) == wanted
    assert seen[-1] == (300_010, 300_010)


@pytest.mark.parametrize(
    "name",
    [
        "model/../../escape", "../escape", "/etc/escape", "model/../model/x", "model//x", "model/./x", "C:/escape",
        "model/..\\..\\escape", "model/a\nb", "model/" + "d/" * 12 + "x", "model/" + "x" * 300, "other/x", "model",
    ],
)  # fmt: skip
def test_paths_that_lead_elsewhere(tmp_path, target, name):
    archive_of(tmp_path / "a.zip", ("model/good", b"good"), (name, b"bad"))
    with pytest.raises(ModelError, match=r"^a\.zip: "):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")
    assert files(tmp_path / "outer") in ({}, {"target/good": b"good"})


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644, stat.S_IFDIR | 0o755]
)
def test_links_and_devices(tmp_path, target, mode):
    archive_of(tmp_path / "a.zip", (special("model/x", mode), b"/etc/passwd"))
    with pytest.raises(ModelError, match="is a link or device"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")
    assert list(target.iterdir()) == []


def test_a_bomb_by_ratio(tmp_path, target):
    archive_of(tmp_path / "a.zip", ("model/zeros", b"\0" * 5_000_000))
    with pytest.raises(ModelError, match="200-fold"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")
    assert list(target.iterdir()) == []


def test_a_bomb_by_size(tmp_path, target):
    archive_of(tmp_path / "a.zip", *((f"model/{i}", content(1_500_000, i)) for i in range(8)))
    with pytest.raises(ModelError, match="unpacks to more than 10 MB"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")
    assert list(target.iterdir()) == []


def test_a_bomb_by_number(tmp_path, target):
    archive_of(tmp_path / "a.zip", *((f"model/{i}", b"x") for i in range(21)))
    with pytest.raises(ModelError, match="has 21 members, at most 20"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")


def test_an_archive_that_lies_about_a_members_size(tmp_path, target):
    """The directory of the archive announces 10 bytes; the member unpacks to 4 MB."""
    data = zipped({"x": b"\0" * 4_000_000})
    size = (4_000_000).to_bytes(4, "little")
    assert data.count(size) == 2
    (tmp_path / "a.zip").write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(ModelError, match="sound zip"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")
    assert sum(len(data) for data in files(target).values()) <= 10


@pytest.mark.parametrize("pair", [("model/x", "model/x"), ("model/X", "model/x"), ("model/x", "model/x/y")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_in_one_place(tmp_path, target, pair):
    archive_of(tmp_path / "a.zip", (pair[0], b"one"), (pair[1], b"two"))
    with pytest.raises(ModelError, match=r"twice|same place"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")


def test_an_encrypted_member(tmp_path, target):
    data = bytearray(zipped({"x": b"secret"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.rindex(signature)
        data[at + offset] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ModelError, match="encrypted"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")


@pytest.mark.parametrize("data", [b"", b"no zip", zipped({"x": content()})[:-30], zipped({}), zipped({"x": b""})])
def test_what_is_no_archive_or_holds_nothing(tmp_path, target, data):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ModelError, match=r"^a\.zip: .*not installed$"):
        unpack(tmp_path / "a.zip", LIMITS, target, "a.zip")


SOUND = zipped({"am/final.mdl": b"sound" * 200, "conf/model.conf": b"--beam=10\n"})


@given(st.data())
def test_damage_anywhere_is_one_line_or_harmless(tmp_path_factory, data):
    """Any bytes changed anywhere: everything stays inside the target, and failure is a ModelError."""
    damaged = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(SOUND) - 1))] = data.draw(st.integers(0, 255))
    base = tmp_path_factory.mktemp("zip")
    (base / "a.zip").write_bytes(damaged)
    (base / "target").mkdir()
    with contextlib.suppress(ModelError):
        unpack(base / "a.zip", LIMITS, base / "target", "a.zip")
    assert {p.name for p in base.iterdir()} == {"a.zip", "target"}
    assert all(path.is_dir() or path.is_file() for path in (base / "target").rglob("*"))
