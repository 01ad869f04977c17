"""The probe on built trees: a Pi 5 in every state of its accelerator, and a machine that tells nothing."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.hardware.probe import probe


def put(root: Path, path: str, content: str | bytes = "") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return target


def tool(root: Path, name: str, script: str) -> None:
    put(root, f"usr/bin/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)


CARD = "sys/bus/pci/devices/0001:01:00.0"


@pytest.fixture
def pi(tmp_path):
    put(tmp_path, "proc/device-tree/model", b"Raspberry Pi 5 Model B Rev 1.0\0")
    put(tmp_path, "proc/cpuinfo", "".join(f"processor\t: {n}\nBogoMIPS\t: 108.00\n\n" for n in range(4)))
    put(tmp_path, "proc/meminfo", "MemTotal:        8256256 kB\nMemFree: 100 kB\n")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "61350\n")
    put(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    put(tmp_path, "sys/class/hwmon/hwmon2/name", "pwmfan\n")
    put(tmp_path, "sys/class/hwmon/hwmon2/fan1_input", "3120\n")
    return tmp_path


def test_the_machine(pi):
    report = probe(pi)
    assert report.model == "Raspberry Pi 5 Model B Rev 1.0"
    assert report.raspberry_pi
    assert (report.cores, report.ram_mb) == (4, 8062)
    assert report.disk_free_mb is not None
    assert report.power.temperature_c == pytest.approx(61.35)
    assert report.power.fan_rpm == 3120
    assert (report.power.source, report.power.now) == ("", ())


def test_throttle_flags_now_and_since_the_start(pi):
    tool(pi, "vcgencmd", 'test "$1" = get_throttled && echo throttled=0x50005')
    power = probe(pi).power
    assert power.source == "vcgencmd"
    assert power.now == ("under-voltage", "throttled")
    assert power.since_start == ("under-voltage", "throttled")
    tool(pi, "vcgencmd", "echo throttled=0x20000")
    assert (probe(pi).power.now, probe(pi).power.since_start) == ((), ("frequency capped",))


def test_under_voltage_without_the_tool_or_the_right_to_use_it(pi):
    put(pi, "sys/class/hwmon/hwmon1/name", "rpi_volt")
    put(pi, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    assert probe(pi).power.now == ("under-voltage",)
    tool(pi, "vcgencmd", "echo 'VCHI initialization failed'; exit 255")
    power = probe(pi).power
    assert (power.source, power.now) == ("hwmon", ("under-voltage",))


def card(root: Path, *, driver: bool) -> None:
    put(root, f"{CARD}/vendor", "0x1e60\n")
    put(root, f"{CARD}/device", "0x45c4\n")
    if driver:
        (root / CARD / "driver").symlink_to("../../../../bus/pci/drivers/hailo1x")


def test_no_accelerator(pi):
    put(pi, "sys/bus/pci/devices/0000:00:00.0/vendor", "0x14e4")
    put(pi, "dev/hailo", "")
    assert probe(pi).npu.state == "absent"


def test_an_older_card_with_a_node_of_the_same_name(pi):
    put(pi, f"{CARD}/vendor", "0x1e60")
    put(pi, f"{CARD}/device", "0x2864")
    put(pi, "dev/hailo0")
    npu = probe(pi).npu
    assert npu.state == "absent"
    assert "/dev/hailo0 belongs to another card" in npu.detail


def test_a_card_without_a_driver(pi):
    card(pi, driver=False)
    npu = probe(pi).npu
    assert (npu.state, npu.pci_address, npu.node) == ("pci-without-driver", "0001:01:00.0", "")
    assert "hailo-h10-all" in npu.remedy


def test_a_driver_whose_firmware_did_not_start(pi):
    card(pi, driver=True)
    assert probe(pi).npu.state == "driver-without-firmware"


@pytest.mark.parametrize("node", ["hailo0", "h1x-0"])
def test_a_node_with_and_without_firmware(pi, node):
    card(pi, driver=True)
    put(pi, f"dev/{node}")
    assert probe(pi).npu.state == "driver-without-firmware"
    put(pi, "lib/firmware/hailo/hailo10h/scu_fw.bin")
    npu = probe(pi).npu
    assert (npu.state, npu.node, npu.remedy) == ("ready", f"/dev/{node}", "")


def versions(root: Path, *, driver: str = "", library: str = "", firmware: str = "", kind: str = "HAILO10H") -> None:
    """A node, and the vendor's tool with what it prints."""
    card(root, driver=True)
    put(root, "dev/h1x-0")
    put(root, "lib/firmware/hailo/hailo10h/scu_fw.bin")
    if driver:
        put(root, "sys/module/hailo1x_pci/version", f"{driver}\n")
    answer = f"Executing on device: 0001:01:00.0\\nFirmware Version: {firmware} (release,app)\\0\\nSerial Number: <N/A>"
    tool(
        root,
        "hailortcli",
        f"""case "$1" in --version) echo "HailoRT-CLI version {library}";;
        fw-control) printf '{answer}\\nDevice Architecture: {kind}\\n';; esac""",
    )


@pytest.mark.parametrize("kind", ["HAILO10H", "HAILO15H"])
def test_one_version_of_everything_is_ready(pi, kind):
    versions(pi, driver="5.1.1", library="5.1.1", firmware="5.1.1", kind=kind)
    npu = probe(pi).npu
    assert (npu.state, npu.detail, npu.remedy) == ("ready", "/dev/h1x-0, firmware 5.1.1", "")
    assert (npu.firmware_version, npu.driver_version, npu.library_version) == ("5.1.1", "5.1.1", "5.1.1")


@pytest.mark.parametrize(
    ("driver", "library", "firmware"),
    [("5.3.0", "5.1.1", "5.1.1"), ("5.1.1", "5.2.0", "5.1.1"), ("5.3.0", "5.3.0", "5.1.1"), ("", "5.2.0", "5.1.1")],
)
def test_versions_that_differ_are_told_with_their_numbers(pi, driver, library, firmware):
    versions(pi, driver=driver, library=library, firmware=firmware)
    npu = probe(pi).npu
    assert npu.state == "version-mismatch"
    for version in (driver, library, firmware):
        assert version in npu.detail
    assert "apt-mark hold" in npu.remedy


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (
            "[HailoRT] [error] CHECK failed - Driver version (5.3.0) is different from library version",
            "version-mismatch",
        ),
        ("HAILO_INVALID_DRIVER_VERSION(76)", "version-mismatch"),
        ("[HailoRT] [error] HAILO_TIMEOUT(4)", "driver-without-firmware"),
        ("", "driver-without-firmware"),
    ],
)
def test_a_card_that_does_not_identify_itself(pi, said, state):
    versions(pi)
    tool(pi, "hailortcli", f"test $1 = --version && exit 0; echo '{said}' >&2; exit 36")
    npu = probe(pi).npu
    assert (npu.state, npu.node) == (state, "/dev/h1x-0")
    assert npu.remedy


def test_a_tool_that_hangs_is_not_waited_for(pi, monkeypatch):
    versions(pi)
    monkeypatch.setattr("assistant.hardware.probe.COMMAND_SECONDS", 0.05)
    tool(pi, "hailortcli", "exec sleep 60")
    assert probe(pi).npu.state == "driver-without-firmware"


def test_another_kind_of_card_behind_the_same_number(pi):
    versions(pi, firmware="5.1.1", library="5.1.1", kind="HAILO8L")
    npu = probe(pi).npu
    assert npu.state == "absent"
    assert "HAILO8L" in npu.detail


def test_a_node_that_this_user_may_not_use(pi, monkeypatch):
    versions(pi, firmware="5.1.1", library="5.1.1")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # the tests may run as root, who may everything
    npu = probe(pi).npu
    assert (npu.state, npu.node) == ("no-access", "/dev/h1x-0")
    assert "udev" in npu.remedy


def test_a_machine_that_tells_nothing(tmp_path):
    report = probe(tmp_path / "empty", disk=tmp_path / "none")
    assert (report.model, report.raspberry_pi, report.cores) == ("", False, 1)
    assert (report.ram_mb, report.disk_free_mb, report.power.temperature_c) == (None, None, None)
    assert report.npu.state == "absent"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_nonsense_in_any_file_never_raises(pi, one, other):
    for path in ("proc/meminfo", "proc/cpuinfo", "sys/class/hwmon/hwmon1/name", "sys/class/hwmon/hwmon2/fan1_input"):
        put(pi, path, one)
    for path in ("sys/class/thermal/thermal_zone0/temp", f"{CARD}/vendor", "proc/device-tree/model"):
        put(pi, path, other)
    probe(pi)


def test_this_machine():
    report = probe()
    assert report.cores == len(os.sched_getaffinity(0))
    assert report.ram_mb is not None
    assert report.ram_mb > 100
