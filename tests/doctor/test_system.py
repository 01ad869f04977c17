"""The checks of the ground: each state can be reached, each failure says what to do."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.clock import ManualClock
from assistant.config import Cloud, Hub, Paths, Settings
from assistant.doctor import examine, system

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("version", "state"), [((3, 10), "fail"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "fail")])
def test_python(version, state):
    assert system.python(version).state == state


def test_packages_are_there():
    assert system.packages().state == "ok"


@pytest.mark.parametrize(
    ("requirement", "state", "detail"),
    [
        ("no-such-package>=1", "fail", "missing: no-such-package"),
        ("click==1.0", "warn", "instead of 1.0"),
        ("click>=8.2,<9", "ok", "1 present"),
        ("lgpio>=0.2 ; platform_machine == 'nowhere'", "ok", "0 present"),
    ],
)
def test_packages(monkeypatch, requirement, state, detail):
    monkeypatch.setattr(system, "_requirements", lambda: [requirement])
    found = system.packages()
    assert found.state == state
    assert detail in found.detail
    assert bool(found.remedy) == (state != "ok")


def test_disk(tmp_path):
    assert system.disk(tmp_path / "not" / "there" / "yet", tmp_path / "mounts").state in ("ok", "warn")
    mounts = tmp_path / "mounts"
    mounts.write_text(f"root / ext4 rw 0 0\nmemory {tmp_path} tmpfs rw 0 0\n")
    found = system.disk(tmp_path / "data", mounts)
    assert found.state == "warn"
    assert "tmpfs" in found.detail
    assert "lost with the power" in found.remedy


@pytest.mark.parametrize(("free", "state"), [(10**7, "fail"), (10**9, "warn"), (10**11, "ok")])
def test_room_on_the_disk(tmp_path, monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": free}))
    found = system.disk(tmp_path, tmp_path / "no-mounts")
    assert found.state == state


def test_a_data_directory_that_is_a_file(tmp_path):
    (tmp_path / "data").write_text("")
    assert system.disk(tmp_path / "data").state == "fail"


def test_a_data_directory_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = system.disk(tmp_path)
    assert (found.state, found.remedy) == ("fail", "change its owner or set paths.data")


def test_database(tmp_path):
    path = tmp_path / "assistant.db"
    assert system.database(path).state == "ok"
    path.write_bytes(b"this is no database" * 100)
    found = system.database(path)
    assert found.state == "fail"
    assert "assistant.db" in found.detail
    assert found.remedy
    assert path.read_bytes().startswith(b"this is no database"), "the doctor repairs nothing"


@pytest.mark.parametrize(("total", "swapped", "state"), [(500, 0, "warn"), (4000, 1000, "warn"), (4000, 100, "ok")])
def test_memory(total, swapped, state):
    assert system.memory(total, swapped).state == state


@pytest.mark.parametrize(
    ("now", "synchronised", "state"),
    [
        (NOON, True, "ok"),
        (NOON, False, "warn"),
        (datetime(1970, 1, 1, tzinfo=UTC), True, "fail"),
        (datetime(2025, 12, 31, tzinfo=UTC), True, "fail"),
    ],
)
def test_the_clock(now, synchronised, state):
    assert system.wall_clock(ManualClock(now), synchronised=synchronised).state == state


def test_the_kernel_is_asked_about_the_clock():
    assert system.wall_clock(ManualClock(NOON)).state in ("ok", "warn")


def test_secrets(tmp_path):
    token = tmp_path / "token"
    settings = Settings(hub=Hub(url="http://hub.local", token_file=token))
    assert system.configuration(settings).state == "fail"
    token.write_text("secret")
    token.chmod(0o644)
    found = system.configuration(settings)
    assert (found.state, found.remedy) == ("warn", f"chmod 600 {token}")
    token.chmod(0o600)
    found = system.configuration(settings)
    assert found.state == "ok"
    assert "may contact: home hub" in found.detail
    assert "secret" not in found.detail
    assert "contacts nobody" in system.configuration(Settings()).detail
    assert "may contact: cloud" in system.configuration(Settings(cloud=Cloud(url="https://api.example"))).detail


def test_every_failure_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A machine where everything is wrong: no models, no data directory, a clock from 1970."""
    (tmp_path / "data").write_text("")
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path))
    settings = Settings(paths=Paths(data=tmp_path / "data", cache=tmp_path / "cache"))
    found = examine(settings, clock=ManualClock(datetime(1970, 1, 1, tzinfo=UTC)), load=False)
    failed = [check for check in found if check.state == "fail"]
    assert {"disk", "clock", "models"} <= {check.name for check in failed}
    assert all(check.remedy and "\n" not in check.remedy for check in failed)
