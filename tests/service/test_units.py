"""The systemd units: correct by systemd's own check, and as closed as promised."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "image" / "units"
ANALYZE = shutil.which("systemd-analyze")
SINCE_254 = ("RestartSteps", "RestartMaxDelaySec")
"""Keys that systemd knows since version 254 (Debian 13 has 257); an older one complains and passes over them."""

needs_systemd = pytest.mark.skipif(
    ANALYZE is None, reason="skipped: systemd-analyze is not installed (Debian: systemd)"
)


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([ANALYZE or "", *arguments], capture_output=True, text=True, check=False)


def version() -> int:
    found = re.match(r"systemd (\d+)", analyze("--version").stdout)
    assert found
    return int(found.group(1))


def values(unit: str, key: str) -> list[str]:
    lines = (UNITS / unit).read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


@needs_systemd
@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("assistant-*.s*")))
def test_systemd_finds_no_fault(unit: str, tmp_path: Path) -> None:
    for path in UNITS.glob("assistant-*.s*"):
        # the programs stand elsewhere on this machine; everything else is as it is installed
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", path.read_text(), flags=re.MULTILINE)
        if version() < 254:
            text = re.sub(rf"^({'|'.join(SINCE_254)})=.*\n", "", text, flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    done = analyze("verify", "--recursive-errors=no", "--man=no", str(tmp_path / unit))
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line] == []
    assert done.returncode == 0, done.stderr


@needs_systemd
@pytest.mark.parametrize(("unit", "most"), [("assistant-core.service", 2.0), ("assistant-egress.service", 2.5)])
def test_exposure_stays_below_what_is_promised(unit: str, most: float) -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(UNITS / unit))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found.group(1)) <= most


def test_the_core_has_no_network_and_the_door_no_devices() -> None:
    assert values("assistant-core.service", "PrivateNetwork") == ["yes"]
    assert values("assistant-core.service", "RestrictAddressFamilies") == ["AF_UNIX"]
    assert values("assistant-egress.service", "PrivateDevices") == ["yes"]


def test_core_door_and_socket_agree_on_the_path() -> None:
    (path,) = values("assistant-egress.socket", "ListenStream")
    assert f"ASSISTANT_SERVICE__DOOR={path}" in values("assistant-core.service", "Environment")
    assert f"--socket {path} " in values("assistant-egress.service", "ExecStart")[0]
    assert values("assistant-egress.socket", "SocketMode") == ["0600"]
