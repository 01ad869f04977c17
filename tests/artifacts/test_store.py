"""Installing models from a misbehaving server, from a stick, on a full disk; verifying and removing them."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from assistant.artifacts.catalogue import Catalogue
from assistant.artifacts.marks import Marks
from assistant.artifacts.port import Downloader
from assistant.artifacts.store import Step, Store
from assistant.egress.download import HttpDownloader
from assistant.errors import ModelError
from tests.artifacts.fault_server import FaultServer, serve
from tests.artifacts.samples import catalogue, content, model, zipped

WEIGHTS = content(100_000)
CONFIG = b'{"sample_rate": 22050}'
ARCHIVE = zipped({"am/final.mdl": content(50_000, 2), "conf/model.conf": b"--beam=10\n"})


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    with serve({"/voice.onnx": WEIGHTS, "/voice.onnx.json": CONFIG, "/model.zip": ARCHIVE}) as running:
        yield running


def models_at(url: str, **more: object) -> Catalogue:
    return catalogue(
        model(
            "voice",
            {"voice.onnx": ([f"{url}/voice.onnx"], WEIGHTS), "voice.onnx.json": ([f"{url}/voice.onnx.json"], CONFIG)},
            kind="tts",
        ),
        model(
            "hearing", {"model.zip": ([f"{url}/model.zip"], ARCHIVE)}, kind="stt", main="",
            archive={"format": "zip", "root": "model", "max_bytes": 100_000}, **more,
        ),
    )  # fmt: skip


def store_at(path: Path, server: FaultServer, downloader: Downloader | None = None, reserve_bytes: int = 0) -> Store:
    if downloader is None:
        timeout = httpx.Timeout(connect=5.0, read=5.0, write=5.0, pool=5.0)
        downloader = HttpDownloader(timeout=timeout, attempts=2, wait_s=0.0)
    return Store(path, models_at(server.url), downloader=downloader, reserve_bytes=reserve_bytes)


def visible(path: Path) -> list[str]:
    """What anybody who looks for models sees."""
    return sorted(p.name for p in path.iterdir() if not p.name.startswith(".")) if path.exists() else []


def leftovers(path: Path) -> list[Path]:
    return [p for p in path.rglob("*") if p.is_file() and p.name != ".lock" and p.suffix != ".part"]


def test_a_model_of_two_files(server, tmp_path):
    steps: list[Step] = []
    installed = store_at(tmp_path, server).pull("voice", steps.append)
    assert installed.path == tmp_path / "voice" / "voice.onnx"
    assert installed.path.read_bytes() == WEIGHTS
    assert (tmp_path / "voice" / "voice.onnx.json").read_bytes() == CONFIG
    assert {step.phase for step in steps} == {"fetch", "check"}
    assert list((tmp_path / ".downloads").iterdir()) == []
    assert list((tmp_path / ".staging").iterdir()) == []


def test_an_archive_becomes_a_directory(server, tmp_path):
    installed = store_at(tmp_path, server).pull("hearing")
    assert installed.path == tmp_path / "hearing"
    assert (installed.path / "am" / "final.mdl").read_bytes() == content(50_000, 2)
    assert list((tmp_path / ".downloads").iterdir()) == []
    receipt = json.loads((installed.path / "installed.json").read_text())
    assert [file["name"] for file in receipt["files"]] == ["am/final.mdl", "conf/model.conf"]


def test_what_is_installed_is_not_fetched_again(server, tmp_path):
    store_at(tmp_path, server).pull("voice")
    before = len(server.requests)
    store_at(tmp_path, server).pull("voice")
    assert len(server.requests) == before


def test_a_damaged_model_is_replaced(server, tmp_path):
    store = store_at(tmp_path, server)
    installed = store.pull("voice")
    installed.path.write_bytes(WEIGHTS[:-1] + b"\0")
    assert "checksum" in next(s.problem for s in store.status() if s.entry.id == "voice")
    assert store.pull("voice").path.read_bytes() == WEIGHTS
    assert store.verify("voice").path.read_bytes() == WEIGHTS


def test_a_newer_version_in_the_catalogue_replaces_the_older_one(server, tmp_path):
    store_at(tmp_path, server).pull("voice")
    newer = content(120_000, 8)
    server.files["/voice.onnx"] = newer
    files = {"voice.onnx": ([f"{server.url}/voice.onnx"], newer)}
    store = Store(tmp_path, catalogue(model("voice", files)), downloader=HttpDownloader(wait_s=0.0), reserve_bytes=0)
    before = store.status()[0]
    assert before.installed is not None
    assert not before.installed.current
    assert store.pull("voice").path.read_bytes() == newer
    assert sorted(path.name for path in (tmp_path / "voice").iterdir()) == ["installed.json", "voice.onnx"]


@pytest.mark.parametrize("fault", ["404", "503", "wrong-bytes", "lie-longer", "lie-shorter", "compressed", "redirect"])
def test_nothing_is_installed_when_no_mirror_serves_the_file(server, tmp_path, fault):
    server.fault, server.location = fault, "http://elsewhere.example/"
    store = store_at(tmp_path, server)
    with pytest.raises(ModelError, match=r"^voice: voice\.onnx could not be fetched: .*try again later$"):
        store.pull("voice")
    assert visible(tmp_path) == []
    assert leftovers(tmp_path) == []


def test_wrong_bytes_are_not_resumed(server, tmp_path):
    server.fault, server.faults = "wrong-bytes", 1
    store = store_at(tmp_path, server)
    with pytest.raises(ModelError, match="served other bytes"):
        store.pull("voice")
    assert list((tmp_path / ".downloads").iterdir()) == []
    assert store.pull("voice").path.read_bytes() == WEIGHTS


def test_a_part_of_another_file_is_fetched_anew_from_the_same_address(server, tmp_path):
    store = store_at(tmp_path, server)
    part = store._directory.part(store.entry("voice").files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(content(40_000, 9))
    assert store.pull("voice").path.read_bytes() == WEIGHTS
    assert [wanted for path, wanted in server.requests if path == "/voice.onnx"] == ["bytes=40000-", ""]


@pytest.mark.parametrize("size", [len(WEIGHTS), len(WEIGHTS) + 10])
def test_a_full_part_with_wrong_bytes_is_fetched_anew(server, tmp_path, size):
    store = store_at(tmp_path, server)
    part = store._directory.part(store.entry("voice").files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(content(size, 9))
    assert store.pull("voice").path.read_bytes() == WEIGHTS


def test_a_complete_part_is_not_fetched_again(server, tmp_path):
    store = store_at(tmp_path, server)
    part = store._directory.part(store.entry("voice").files[0])
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS)
    store.pull("voice")
    assert [path for path, _ in server.requests] == ["/voice.onnx.json"]


@pytest.mark.parametrize("tenth", range(1, 10))
def test_an_interrupted_fetch_is_continued_by_the_next_call(server, tmp_path, tenth):
    server.fault, server.faults, server.break_every = "break", 1, len(WEIGHTS) * tenth // 10
    impatient = HttpDownloader(attempts=1, wait_s=0.0)
    stop = _StopsAfter(impatient, server.break_every)
    with pytest.raises(KeyboardInterrupt):
        store_at(tmp_path, server, stop).pull("voice")
    assert visible(tmp_path) == []
    status = store_at(tmp_path, server).status()[0]
    assert status.installed is None
    assert status.partial_bytes == server.break_every
    store_at(tmp_path, server).pull("voice")
    assert server.sent == len(WEIGHTS) + len(CONFIG)


class _StopsAfter:
    """Presses Ctrl-C when so many bytes have come."""

    def __init__(self, inner: Downloader, size: int) -> None:
        self._inner, self._size = inner, size

    def fetch(self, url: str, part: Path, *, total: int | None, limit: int, progress: Callable[[int], None]) -> None:
        def report(done: int) -> None:
            progress(done)
            if done >= self._size:
                raise KeyboardInterrupt

        self._inner.fetch(url, part, total=total, limit=limit, progress=report)


@pytest.mark.parametrize("model_id", ["voice", "hearing"])
def test_ctrl_c_at_any_step_leaves_nothing_half(server, tmp_path, model_id):
    """Stopped at the first step, the second, the third … until it runs through; each time the next call succeeds."""
    for stop_at in range(1, 200):
        path = tmp_path / str(stop_at)
        count = 0

        def press(step: Step, stop_at: int = stop_at) -> None:
            nonlocal count
            count += 1
            if count == stop_at:
                raise KeyboardInterrupt

        try:
            store_at(path, server).pull(model_id, press)
        except KeyboardInterrupt:
            assert visible(path) == []
            assert leftovers(path) == []
            assert store_at(path, server).pull(model_id).path.exists()
        else:
            assert stop_at > 3
            return
    pytest.fail("never ran through")


def test_an_end_between_the_last_check_and_the_name_costs_no_second_download(server, tmp_path, monkeypatch):
    """The power fails just before the rename: what is then on the disk is an empty-handed but resumable store."""
    store = store_at(tmp_path, server)
    original = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if ".staging" in str(self) and ".staging" not in str(target):
            raise KeyboardInterrupt
        return original(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        store.pull("voice")
    monkeypatch.undo()
    assert visible(tmp_path) == []
    before = server.sent
    store_at(tmp_path, server).pull("voice")
    assert server.sent == before


def test_mirrors_in_order(server, tmp_path):
    with serve({"/voice.onnx": WEIGHTS}) as broken:
        broken.fault = "404"
        known = catalogue(
            model("voice", {"voice.onnx": ([f"{broken.url}/voice.onnx", f"{server.url}/voice.onnx"], WEIGHTS)})
        )
        downloader = HttpDownloader(attempts=1, wait_s=0.0)
        Store(tmp_path, known, downloader=downloader, reserve_bytes=0).pull("voice")
        assert [len(broken.requests), len(server.requests)] == [1, 1]


def test_a_second_mirror_continues_what_the_first_began(server, tmp_path):
    with serve({"/voice.onnx": WEIGHTS}) as first:
        first.fault, first.break_every = "break", 30_000

        def contacted(host: str) -> None:
            if first.requests:
                first.fault = "404"

        known = catalogue(
            model("voice", {"voice.onnx": ([f"{first.url}/voice.onnx", f"{server.url}/voice.onnx"], WEIGHTS)})
        )
        downloader = HttpDownloader(attempts=1, wait_s=0.0, contacted=contacted)
        Store(tmp_path, known, downloader=downloader, reserve_bytes=0).pull("voice")
        assert [len(first.requests), [wanted for _, wanted in server.requests]] == [2, ["bytes=30000-"]]
    assert (tmp_path / "voice" / "voice.onnx").read_bytes() == WEIGHTS


def test_no_room_is_said_before_anything_is_fetched(server, tmp_path):
    with pytest.raises(ModelError, match=r"needs \d+ MB free, \d+ MB are; remove something"):
        store_at(tmp_path, server, reserve_bytes=1 << 60).pull("voice")
    assert server.requests == []


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"skipped: no permission to mount a small disk ({done.stderr.strip()[:80]})")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_while_fetching(server, small_disk, monkeypatch):
    """Another program takes the room that was free when the fetch began."""
    store = store_at(small_disk, server)
    monkeypatch.setattr(type(store._directory), "free_bytes", lambda self: 1 << 40)
    with pytest.raises(ModelError, match="the disk is full; remove something"):
        store.pull("voice")
    assert visible(small_disk) == []
    assert list((small_disk / ".downloads").iterdir()) == [], "a full disk is not left full"


def test_a_disk_that_fills_up_while_unpacking(server, small_disk, monkeypatch):
    packed = zipped({"am/final.mdl": b"0123456789" * 30_000})
    server.files["/model.zip"] = packed
    known = catalogue(
        model(
            "hearing", {"model.zip": ([f"{server.url}/model.zip"], packed)}, kind="stt", main="",
            archive={"format": "zip", "root": "model", "max_bytes": 400_000},
        )
    )  # fmt: skip
    store = Store(small_disk, known, downloader=HttpDownloader(attempts=1, wait_s=0.0), reserve_bytes=0)
    with pytest.raises(ModelError, match="needs 0 MB free"):
        store.pull("hearing")
    monkeypatch.setattr(type(store._directory), "free_bytes", lambda self: 1 << 40)
    with pytest.raises(ModelError, match="the disk is full"):
        store.pull("hearing")
    assert visible(small_disk) == []
    assert leftovers(small_disk) == []


def test_a_read_only_directory(server, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ModelError, match="Read-only file system; check the directory's permissions"):
        store_at(tmp_path, server).pull("voice")


def test_two_at_once_are_kept_apart(server, tmp_path):
    store = store_at(tmp_path, server)
    store.pull("voice")
    with (tmp_path / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="another `assistant models` is at work"):
            store.pull("hearing")
    store.pull("hearing")


# --- from a stick -----------------------------------------------------------------------------------------------------


def stick(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def test_import_takes_what_is_complete(server, tmp_path):
    source = stick(tmp_path / "stick", {"a/voice.onnx": WEIGHTS, "a/voice.onnx.json": CONFIG, "b/model.zip": ARCHIVE})
    store = Store(tmp_path / "models", models_at(server.url), reserve_bytes=0)
    assert store.import_dir(source).ids == ("voice", "hearing")
    assert visible(tmp_path / "models") == ["hearing", "voice"]
    assert server.requests == []
    assert (source / "a/voice.onnx").read_bytes() == WEIGHTS, "the stick is left as it was"


def test_import_names_what_is_wrong_beside_what_is_right(server, tmp_path):
    source = stick(tmp_path / "stick", {"voice.onnx": WEIGHTS, "model.zip": ARCHIVE})
    done = Store(tmp_path / "models", models_at(server.url), reserve_bytes=0).import_dir(source)
    assert done.ids == ("hearing",)
    assert done.problems == ("voice: voice.onnx.json is missing beside its other files; bring it as well",)


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({}, "holds no file of the catalogue"),
        ({"voice.onnx": WEIGHTS}, r"voice\.onnx\.json is missing"),
        ({"model.zip": ARCHIVE[:-1]}, r"model\.zip: is not the file of hearing"),
        ({"model.zip": b""}, "is not the file of hearing"),
        ({"model.zip": ARCHIVE + b"x" * 100_000}, "is not the file of hearing"),
    ],
)
def test_import_of_nothing_usable(server, tmp_path, files, line):
    (tmp_path / "stick").mkdir()
    source = stick(tmp_path / "stick", files)
    with pytest.raises(ModelError, match=line):
        Store(tmp_path / "models", models_at(server.url), reserve_bytes=0).import_dir(source)
    assert visible(tmp_path / "models") == []
    assert leftovers(tmp_path / "models") == []


def test_import_finds_the_right_one_of_two_files_of_a_name(server, tmp_path):
    source = stick(tmp_path / "stick", {"a/model.zip": b"other", "b/model.zip": ARCHIVE})
    assert Store(tmp_path / "m", models_at(server.url), reserve_bytes=0).import_dir(source).ids == ("hearing",)


def test_import_follows_no_links(server, tmp_path):
    stick(tmp_path / "elsewhere", {"model.zip": ARCHIVE})
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "model.zip").symlink_to(tmp_path / "elsewhere" / "model.zip")
    with pytest.raises(ModelError, match="holds no file"):
        Store(tmp_path / "models", models_at(server.url), reserve_bytes=0).import_dir(tmp_path / "stick")


def test_import_of_no_directory(server, tmp_path):
    with pytest.raises(ModelError, match="is not a directory"):
        Store(tmp_path, models_at(server.url)).import_dir(tmp_path / "none")


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_remove(server, tmp_path):
    store = store_at(tmp_path, server)
    store.pull("voice")
    assert store.remove("voice") > len(WEIGHTS)
    assert visible(tmp_path) == []
    with pytest.raises(ModelError, match="nothing to remove"):
        store.remove("voice")


def test_unknown_ids(server, tmp_path):
    store = store_at(tmp_path, server)
    for call in (store.pull, store.verify, store.remove):
        with pytest.raises(ModelError, match=r"'nosuch' is not in the catalogue; known models: voice, hearing"):
            call("nosuch")


def _delete(path: Path) -> None:
    path.unlink()


def _truncate(path: Path) -> None:
    os.truncate(path, 10)


def _swap(path: Path) -> None:
    """Another content of the same size, the modification time as before: only the hash tells."""
    before = path.stat()
    path.write_bytes(content(before.st_size, 77))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(("harm", "line"), [(_delete, "is missing"), (_truncate, "has 10 bytes"), (_swap, "checksum")])
def test_harm_is_seen_at_once_and_named(server, tmp_path, harm, line):
    store = Store(
        tmp_path, models_at(server.url), downloader=HttpDownloader(wait_s=0.0), marks=Marks(tmp_path / "marks.json"),
        reserve_bytes=0,
    )  # fmt: skip
    harm(store.pull("voice").path)
    again = Store(tmp_path, models_at(server.url), marks=Marks(tmp_path / "marks.json"))
    assert line in again.status()[0].problem
    with pytest.raises(ModelError, match=f"{line}.*assistant models pull voice"):
        again.verify("voice")


@pytest.mark.parametrize(
    "receipt",
    [b"", b"\xff", b"[]", b"{}", b'{"version": 1, "id": "voice", "source": {}, "files": [{"name": "../x"}]}'],
)
def test_a_broken_receipt_is_no_installation(server, tmp_path, receipt):
    store = store_at(tmp_path, server)
    store.pull("voice")
    (tmp_path / "voice" / "installed.json").write_bytes(receipt)
    assert "receipt" in store.status()[0].problem
    store.pull("voice")
    assert store.status()[0].problem == ""


def test_a_receipt_that_points_outside(server, tmp_path):
    store = store_at(tmp_path, server)
    store.pull("voice")
    receipt = json.loads((tmp_path / "voice" / "installed.json").read_text())
    receipt["files"][0]["name"] = "../../etc/passwd"
    (tmp_path / "voice" / "installed.json").write_text(json.dumps(receipt))
    assert "outside the model's directory" in store.status()[0].problem


def test_a_directory_moved_under_another_name(server, tmp_path):
    store = store_at(tmp_path, server)
    store.pull("voice")
    shutil.move(tmp_path / "voice", tmp_path / "hearing")
    assert "holds 'voice'" in store.status()[1].problem
