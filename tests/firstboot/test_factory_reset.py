"""The whole reset, by the command that runs at power-on, with a held button of gpiozero's mock and what a device really
keeps: its database, ledger, keys, secrets, settings, calibration and models."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from assistant.cli import firstboot as module
from assistant.cli import main
from assistant.clock import ManualClock
from assistant.live.notices import Notices
from assistant.routing.ledger import Ledger
from assistant.store import open_store
from tests.firstboot.test_reset import Closed

NOW = ManualClock(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
PERSONAL = ("correct-horse", "call the doctor", "hub-token-value", "Leeds")


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """What has been used for a while: data, cache and wifi below the directory."""
    data = tmp_path / "data"
    for name in ("data/secrets", "data/models/piper-john", "data/notices", "cache/phrases", "wifi"):
        (tmp_path / name).mkdir(parents=True)
    store = open_store(data / "assistant.db")
    store.put(welcome_done=True, preference_wake="alexa", reminder="call the doctor")
    store.close()
    Ledger(data, NOW).append("kept", {"reason": "test"})
    (data / "secrets" / "hub-token").write_text("hub-token-value")
    (data / "assistant.toml").write_text('[place]\nname = "Leeds"\n')
    (data / "calibration.json").write_text("{}")
    (data / "models" / "piper-john" / "voice.onnx").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "cache" / "phrases" / "1.pcm").write_bytes(b"call the doctor")
    (tmp_path / "wifi" / "Home.psk").write_text("Passphrase=correct-horse")
    return tmp_path


@pytest.fixture
def power_on(monkeypatch: pytest.MonkeyPatch, device: Path) -> Callable[[MockFactory | None], list[float]]:
    """`assistant firstboot reset --if-button-held` on these pins; the seconds it waited."""

    def start(pins: MockFactory | None) -> list[float]:
        waited: list[float] = []
        monkeypatch.setenv("ASSISTANT_CONFIG", str(device / "data" / "assistant.toml"))
        monkeypatch.setattr(module, "header_chip", lambda: None)
        monkeypatch.setattr(module, "pin_factory", lambda _: pins)
        monkeypatch.setattr("assistant.cli.firstboot.time.sleep", waited.append)
        places = [f"--{name}={device / name}" for name in ("data", "cache", "wifi")]
        monkeypatch.setattr("sys.argv", ["assistant", "firstboot", "reset", "--if-button-held", *places])
        assert main() == 0
        return waited

    return start


def contents(device: Path) -> dict[str, bytes]:
    return {str(path.relative_to(device)): path.read_bytes() for path in device.rglob("*") if path.is_file()}


def test_a_button_held_at_power_on_forgets_all_that_is_personal_and_keeps_the_models(device, power_on):
    before = contents(device)
    key = Ledger(device / "data", NOW).public_key
    assert sum(power_on(MockFactory(pin_class=Closed))) == pytest.approx(6.0)
    after = contents(device)
    assert set(after) == {"data/models/piper-john/voice.onnx", "data/notices/reset.txt"}
    kept = "data/models/piper-john/voice.onnx"
    assert hashlib.sha256(after[kept]).digest() == hashlib.sha256(before[kept]).digest()
    assert not [word for word in PERSONAL for content in after.values() if word.encode() in content]
    ((name, text),) = Notices(device / "data").pending()
    assert name == "reset"
    assert text.startswith("I have been reset.")
    # the next start makes everything anew: another key, an empty book, a first welcome
    renewed = Ledger(device / "data", NOW)
    assert renewed.public_key != key
    assert renewed.append("kept", {}) == 1
    store = open_store(device / "data" / "assistant.db")
    assert store.get("welcome_done") is None
    assert store.get("preference_wake") is None
    store.close()


def test_a_button_that_nobody_holds_changes_nothing(device, power_on):
    before = contents(device)
    assert power_on(MockFactory()) == []
    assert power_on(None) == []
    assert contents(device) == before


def test_broken_settings_do_not_keep_from_a_reset(device, power_on):
    (device / "data" / "assistant.toml").write_text("not = [toml")
    power_on(MockFactory(pin_class=Closed))
    assert set(contents(device)) == {"data/models/piper-john/voice.onnx", "data/notices/reset.txt"}
