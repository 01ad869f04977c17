"""The bootloader's part, as the emulated board plays it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image.emulator import firmware

ORDINARY = b"[all]\r\ntryboot_a_b=1\r\nboot_partition=2\r\n[tryboot]\r\nboot_partition=3\r\n"
KERNEL = {"vmlinuz": b"k", "initrd.img": b"i", "cmdline.txt": b"c"}


class Card(dict[str, dict[str, bytes]]):
    def read(self, label: str, name: str) -> bytes | None:
        return self.get(label, {}).get(name)


def card(text: bytes = ORDINARY) -> Card:
    return Card(bootconfig={"autoboot.txt": text}, boot_a=dict(KERNEL), boot_b=dict(KERNEL))


def test_an_ordinary_start_and_a_trial_use_different_slots():
    assert firmware.choose(card(), tryboot=False) == firmware.Start(2, False)
    assert firmware.choose(card(), tryboot=True) == firmware.Start(3, True)


def test_a_commit_is_two_numbers_swapped():
    swapped = ORDINARY.replace(b"=2", b"=9").replace(b"=3", b"=2").replace(b"=9", b"=3")
    assert firmware.choose(card(swapped), tryboot=False).label == "boot_b"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", "names partition None"),
        (b"[all]\nboot_partition=7\n", "names partition 7"),
        (b"[none]\nboot_partition=2\n", "names partition None"),
    ],
)
def test_what_names_no_slot_starts_nothing(text, word):
    with pytest.raises(firmware.NoBootError, match=word):
        firmware.choose(card(text), tryboot=False)


def test_a_trial_needs_the_ordinary_file_names():
    with pytest.raises(firmware.NoBootError, match="tryboot_a_b"):
        firmware.choose(card(ORDINARY.replace(b"tryboot_a_b=1", b"tryboot_a_b=0")), tryboot=True)


def test_a_slot_without_its_kernel_cannot_be_started():
    found = card()
    del found["boot_b"]["vmlinuz"]
    with pytest.raises(firmware.NoBootError, match="boot_b holds no vmlinuz"):
        firmware.choose(found, tryboot=True)


def test_what_lies_beyond_512_bytes_is_not_read():
    with pytest.raises(firmware.NoBootError):
        firmware.choose(card(b"#" * 512 + b"\n" + ORDINARY), tryboot=False)


@given(st.binary(max_size=600), st.booleans())
def test_any_bytes_are_read_or_refused(text, tryboot):
    try:
        start = firmware.choose(card(text), tryboot=tryboot)
    except firmware.NoBootError:
        return
    assert start.partition in {2, 3}


@pytest.mark.parametrize(
    ("console", "trial"),
    [
        ("[  30.1] reboot: Restarting system with command '0 tryboot'\n", True),
        ("[  30.1] reboot: Restarting system\n", False),
        ("reboot: Restarting system with command '0 tryboot'\n... reboot: Restarting system\n", False),
        ("somebody said 0 tryboot", False),
        ("", False),
    ],
)
def test_the_trial_flag_is_read_from_the_kernel_s_last_words(console, trial):
    assert firmware.asks_for_trial(console) is trial
