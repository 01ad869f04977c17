"""The card as a file: its table is read whatever became of the card, here and in the initramfs."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from image.build.layers import IMAGE
from image.emulator.card import SECTOR, Card, Partition

SLOT = IMAGE / "layer/assistant-os.rootfs-overlay/etc/initramfs-tools/scripts/init-premount/assistant-slot"
PARTS = {"bootconfig": (64, 100), "boot_a": (164, 50), "system_a": (214, 300), "system_b": (514, 300)}
"""First sector and number of sectors."""


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """A table as genimage writes it, with nothing in the partitions."""
    entries = b"".join(
        b"\x01" * 32 + struct.pack("<QQQ", first, first + count - 1, 0) + label.encode("utf-16-le").ljust(72, b"\0")
        for label, (first, count) in PARTS.items()
    )
    header = b"EFI PART".ljust(72, b"\0") + struct.pack("<QII", 2, 128, 128)
    path = tmp_path / "card.img"
    path.write_bytes(
        bytes(SECTOR) + header.ljust(SECTOR, b"\0") + entries.ljust(128 * 128, b"\0") + bytes(814 * SECTOR)
    )
    return Card(path)


def test_the_table_is_read(card):
    assert card.partitions() == {
        label: Partition(number, label, first * SECTOR, count * SECTOR)
        for number, (label, (first, count)) in enumerate(PARTS.items(), 1)
    }


def test_a_card_that_was_cut_off_still_has_its_table(card):
    whole = card.partitions()
    card.cut_off(600 * SECTOR)
    assert card.path.stat().st_size == 600 * SECTOR
    assert card.partitions() == whole


@pytest.mark.skipif(shutil.which("busybox") is None, reason="skipped: no busybox")
@pytest.mark.parametrize(
    ("label", "sector"), [("system_a", "214"), ("system_b", "514"), ("bootconfig", "64"), ("data", "")]
)
def test_the_initramfs_finds_a_partition_by_its_place_in_the_table(card, tmp_path, label, sector):
    script = SLOT.read_text()
    function = script[script.index("start_of() {") : script.index("\n}\n") + 3]
    (tmp_path / "try").write_text(f'{function}start_of "$1" "$2"\n')
    done = subprocess.run(
        ["busybox", "sh", tmp_path / "try", card.path, label], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == (sector, 0 if sector else 1)
