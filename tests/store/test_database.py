import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import StoreError
from assistant.store import broken_store, database, memory_store, open_store
from assistant.store.schema import VERSION

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "assistant.db"


def test_a_new_database_is_durable_and_current(path: Path):
    store = open_store(path)
    assert store.repair is None
    assert store.rows("PRAGMA journal_mode")[0][0] == "wal"
    assert store.rows("PRAGMA synchronous")[0][0] == 2, "FULL"
    assert store.rows("PRAGMA foreign_keys")[0][0] == 1
    assert store.rows("PRAGMA user_version")[0][0] == VERSION


def test_facts_are_kept(path: Path):
    store = open_store(path)
    store.put(volume=40, place="Leeds")
    store.put_lazily(seen=1.5)
    assert store.rows("PRAGMA synchronous")[0][0] == 2, "FULL again after a lazy write"
    store.close()
    store = open_store(path)
    assert (store.get("volume"), store.get("place"), store.get("seen"), store.get("none")) == (40, "Leeds", 1.5, None)


def test_a_transaction_is_whole_or_not_at_all(path: Path):
    store = open_store(path)

    def add(*names: str, fail: bool = False) -> None:
        with store.write() as db:
            for name in names:
                db.execute("INSERT INTO lists (name) VALUES (?)", (name,))
            if fail:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add("shopping", fail=True)
    with pytest.raises(StoreError):
        add("shopping", "SHOPPING")
    assert store.rows("SELECT * FROM lists") == []


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_moved_aside_and_reported(path: Path, content: bytes):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"assistant\.db: is damaged"):
        open_store(path, repair=False)
    assert path.read_bytes() == content, "repair=False touches nothing"
    store = open_store(path)
    assert store.repair is not None
    assert store.repair.label == "damaged"
    assert store.repair.kept_as.read_bytes() == content
    store.put(works=1)
    store.close()
    assert open_store(path).repair is None, "reported once"


def test_damage_inside_is_found(path: Path):
    store = open_store(path)
    with store.write() as db:
        db.executemany("INSERT INTO lists (name) VALUES (?)", [(f"list {number}" * 20,) for number in range(2000)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : -4096] = os.urandom(len(content) - 4096 * 4)
    path.write_bytes(content)
    store = open_store(path)
    assert store.repair is not None
    assert store.repair.label == "damaged"


def test_two_damaged_files_are_both_kept(path: Path):
    path.parent.mkdir()
    for _ in range(2):
        path.write_bytes(b"nonsense" * 100)
        open_store(path).close()
    assert len(list(path.parent.glob("assistant.db.damaged-*"))) == 2


def test_a_newer_database_is_kept_for_the_newer_version(path: Path):
    open_store(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    with pytest.raises(StoreError, match=r"newer version.*update the assistant"):
        open_store(path, repair=False)
    store = open_store(path)
    assert store.repair is not None
    assert store.repair.label == "newer"
    with sqlite3.connect(store.repair.kept_as) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION + 1
    db.close()


def test_a_directory_in_its_place(path: Path):
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="is a directory"):
        open_store(path)


def test_a_data_directory_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match=r"data: cannot be created.*paths\.data"):
        open_store(tmp_path / "data" / "assistant.db")


def test_a_table_of_another_program(path: Path):
    """Version 0 with tables of the same name: no database of ours; it must not be half migrated."""
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE timers (x)")
    db.close()
    store = open_store(path)
    assert store.repair is not None
    assert store.rows("SELECT * FROM facts") == []


_AS_NOBODY = """
import json, os, sys
from pathlib import Path
from assistant.store import open_store
from assistant.errors import StoreError
if os.getuid() == 0:
    os.setgid({nobody}); os.setuid({nobody})
try:
    store = open_store(Path(sys.argv[1]))
    repair = store.repair
    value = store.get("volume")
    store.put(volume=50)
    print(json.dumps([repair and repair.label, value, repair and str(repair.kept_as)]))
except StoreError as error:
    print(json.dumps(str(error)))
"""


def _as_nobody(path: Path) -> object:
    """What a process without special rights finds: the superuser can write everything."""
    source = _AS_NOBODY.format(nobody=NOBODY)
    done = subprocess.run([sys.executable, "-c", source, str(path)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def open_path(path: Path) -> Path:
    """The database's path, reachable for another user."""
    path.parent.mkdir()
    for parent in [path.parent, *path.parents]:
        if parent.owner() == path.parent.owner() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    path.parent.chmod(0o777)
    return path


def test_a_read_only_file_is_copied_and_nothing_is_lost(open_path: Path):
    store = open_store(open_path)
    store.put(volume=40)
    store.close()
    open_path.chmod(0o444)
    found = _as_nobody(open_path)
    assert isinstance(found, list)
    assert found[:2] == ["readonly", 40]
    assert Path(found[2]).exists()


def test_a_read_only_directory_is_an_error_in_plain_words(open_path: Path):
    store = open_store(open_path)
    store.put(volume=40)
    store.close()
    open_path.chmod(0o444)
    open_path.parent.chmod(0o555)
    found = _as_nobody(open_path)
    assert isinstance(found, str)
    assert "assistant.db: is read-only" in found
    assert "make the file and its directory writable" in found


def test_a_broken_store_refuses_to_confirm_anything():
    store = broken_store("the disk is full")
    assert store.get("volume") is None
    with pytest.raises(StoreError, match="the disk is full"):
        store.put(volume=1)
    with pytest.raises(StoreError, match="the disk is full"):
        store.put_lazily(volume=1)


def test_a_full_disk_is_said(path: Path):
    store = open_store(path)
    store.rows("PRAGMA max_page_count = 1")
    with pytest.raises(StoreError, match="the disk is full"), store.write() as db:
        db.executemany("INSERT INTO lists (name) VALUES (?)", [("x" * 100 + str(number),) for number in range(1000)])
    assert store.rows("SELECT * FROM lists") == []


def test_a_transaction_that_a_full_disk_has_ended_hides_no_error(path: Path, monkeypatch: pytest.MonkeyPatch):
    """SQLite ends it by itself then; the error that counts is the first, not that there is nothing to take back."""
    monkeypatch.setattr(database, "MIGRATIONS", [["ROLLBACK", "SELECT * FROM nowhere"]])
    with pytest.raises(StoreError, match="no such table: nowhere"):
        open_store(path, repair=False)


def test_the_file_is_busy(path: Path):
    store = open_store(path)
    store.rows("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program is using it"):
        store.put(volume=1)
    other.execute("ROLLBACK")
    other.close()
    store.put(volume=1)


def test_memory():
    store = memory_store()
    store.put(volume=3)
    assert store.get("volume") == 3
    assert store.path is None
