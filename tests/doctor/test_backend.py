"""What answers run on, as the doctor words it, and whether the accelerator's service is open to others."""

import socket
from pathlib import Path
from typing import Any

import pytest

from assistant.artifacts.selection import Choice
from assistant.bench.choose import store
from assistant.composition.at_work import Started
from assistant.composition.backends import Backend
from assistant.config import Settings
from assistant.doctor.backend import backend, service, started
from assistant.doctor.check import Check
from assistant.hardware.probe import NpuReport
from tests.bench.test_choose import ABSENT, READY, choice, chooser, machine, row, settings_for
from tests.simulators.hailo_platform import Card, install


def told(settings: Settings, llm: Choice, npu: NpuReport = ABSENT) -> list[Check]:
    return list(backend(settings, llm, machine(2, npu)))


def test_nothing_is_set_up(tmp_path):
    assert told(settings_for(tmp_path), choice()) == []
    [check] = told(settings_for(tmp_path), choice(), READY)
    assert (check.state, "accelerator.hef" in check.remedy) == ("absent", True)


def test_before_and_after_the_measurement_and_when_it_is_stale(tmp_path):
    settings, file = settings_for(tmp_path), tmp_path / "m.gguf"
    file.write_bytes(b"model")
    [check] = told(settings, choice(file))
    assert (check.state, "nobody has measured" in check.detail, "--choose" in check.remedy) == ("ok", True, True)
    made = chooser(settings, Backend("cpu", "some-model", file))
    made.stage.points["backends"] = [row(1, 1400), {"backend": "hailo", "failed": "x"}]
    made.stage.values["choice"] = made.stage.points["backends"][0]
    store(made, {})
    [check] = told(settings, choice(file))
    assert check.detail.startswith("the processor (llama.cpp), 1 threads; first clause and speed as measured 20")
    assert check.detail.endswith(": processor, 1 threads: 1.4 s, 24.0 tokens/s; hailo: failed")
    file.write_bytes(b"another model")
    [check] = told(settings, choice(file))
    assert "other models or hardware" in check.detail


def test_the_card_alone(tmp_path, monkeypatch):
    install(monkeypatch, Card())
    hef = tmp_path / "q.hef"
    hef.write_bytes(b"x")
    settings = settings_for(tmp_path, accelerator={"hef": hef})
    assert [c.state for c in told(settings, choice(), READY)] == ["ok"]
    broken = NpuReport("version-mismatch", "driver, library and firmware differ", "install all of them in one version")
    first, _ = told(settings, choice(), broken)
    assert (first.state, first.remedy) == ("warn", "install all of them in one version")
    hef.unlink()
    assert "there is no such file" in told(settings, choice(), READY)[0].detail


def test_the_vendors_package_is_missing(tmp_path):
    hef = tmp_path / "q.hef"
    hef.write_bytes(b"x")
    first, _ = told(settings_for(tmp_path, accelerator={"hef": hef}), choice(), READY)
    assert (first.state, "--system-site-packages" in first.remedy) == ("fail", True)


def test_a_backend_that_is_named_but_not_set_up(tmp_path):
    [check] = told(settings_for(tmp_path, thinking={"backend": "hailo"}), choice())
    assert check.state == "fail"
    assert "accelerator.hef is not set" in check.detail + check.remedy


HEADER = "  sl  local_address rem_address   st\n"


@pytest.mark.parametrize(
    ("four", "six", "state"),
    [
        ("0100007F:1F40 00000000:0000 0A", "", "ok"),
        ("00000000:1F40 00000000:0000 0A", "", "warn"),
        ("0500A8C0:1F40 00000000:0000 0A", "", "warn"),
        ("0100007F:1F40 0100007F:9999 01", "", "warn"),
        ("0100007F:1F41 00000000:0000 0A", "", "warn"),
        ("", "00000000000000000000000001000000:1F40 0:0 0A", "ok"),
        ("", "00000000000000000000000000000000:1F40 0:0 0A", "warn"),
        ("", "0000000000000000FFFF00000100007F:1F40 0:0 0A", "ok"),
        ("0100007F:1F40 00000000:0000 0A", "00000000000000000000000000000000:1F40 0:0 0A", "warn"),
    ],
)
def test_who_may_ask_the_service(tmp_path: Path, four: str, six: str, state: str) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    for name, line in (("tcp", four), ("tcp6", six)):
        (tmp_path / "proc/net" / name).write_text(HEADER + (f"   0: {line} 0 0\n" if line else ""))
    found = service("http://127.0.0.1:8000", tmp_path)
    assert found.state == state
    assert bool(found.remedy) == (state != "ok")


def test_a_machine_that_does_not_tell(tmp_path: Path) -> None:
    assert service("http://127.0.0.1:8000", tmp_path).state == "warn"


@pytest.mark.parametrize(("address", "state"), [("127.0.0.1", "ok"), ("0.0.0.0", "warn")])
def test_a_real_socket_of_this_machine(address: str, state: str, **_: Any) -> None:
    with socket.socket() as listener:
        listener.bind((address, 0))
        listener.listen()
        assert service(f"http://127.0.0.1:{listener.getsockname()[1]}").state == state


def test_who_answered_at_the_last_start(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    assert list(started(settings)) == []
    Started("cpu", "llama.cpp with Q on the processor").keep(settings.paths.cache)
    [check] = started(settings)
    assert (check.state, check.detail) == ("ok", "llama.cpp with Q on the processor")
    Started("cpu", "llama.cpp with Q on the processor", ("the Hailo-10H in this process: no",)).keep(
        settings.paths.cache
    )
    [check] = started(settings)
    assert (check.state, bool(check.remedy)) == ("warn", True)
    assert check.detail == "the Hailo-10H in this process: no; instead of it: llama.cpp with Q on the processor"
    Started("", "", ("the processor (llama.cpp): too large",)).keep(settings.paths.cache)
    [check] = started(settings)
    assert check.detail.endswith("nothing answers")
