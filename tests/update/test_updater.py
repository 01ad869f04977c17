"""Which updates are taken, and what is left of those that are not."""

import io

import pytest

from assistant.errors import AssistantError
from assistant.update.bundle import Bundle, UpdateError
from assistant.update.tryboot import AUTOBOOT, CHOSEN, Tryboot
from tests.update.files import IMAGES, KEY, NEW, OLD, ROOM, STRANGER, image, opened, update
from tests.update.simulated import JOURNAL, File, Simulated


@pytest.fixture
def sim() -> Simulated:
    return Simulated.shipped(7, IMAGES, OLD, ROOM)


def untouched(sim: Simulated) -> bool:
    """Nothing was written and nothing is under way."""
    empty = not any(sim.partitions[f"{name}_b"].now.strip(b"\0") for name in ("boot", "system"))
    return empty and sim.read(JOURNAL) is None and not sim.restarting


def test_an_update_is_written_tried_and_kept(sim, tmp_path):
    seen = []
    sim.updater().apply(opened(update(tmp_path / "u")), progress=lambda *step: seen.append(step))
    assert {phase: (done, total) for phase, done, total in seen} == dict.fromkeys(
        ("check", "write", "read back"), (8701, 8701)
    )
    assert sim.restarting
    assert sim.trial_flag
    sim.shut_down()
    sim.start(healthy=True)
    assert sim.version == NEW
    sim.power_on()
    assert (sim.version, sim.running_slot) == (NEW, "b")
    assert sim.told() == "I have been updated. Version 1.3.0 runs now."


def test_an_unhealthy_version_is_taken_back_with_its_reason(sim, tmp_path):
    sim.updater().apply(opened(update(tmp_path / "u")))
    sim.shut_down()
    sim.start(healthy=False, why="the test sentence was not understood.")
    assert sim.restarting
    sim.shut_down()
    sim.start(healthy=True)
    assert sim.version == OLD
    assert "did not work: the test sentence was not understood. Version 1.2.0 is back." in sim.told()


def test_a_version_that_cannot_even_start_comes_back_by_itself(sim, tmp_path):
    sim.updater().apply(opened(update(tmp_path / "u")))
    sim.shut_down()
    sim.partitions["boot_b"].now[:100] = bytes(100)
    sim.start(healthy=True)
    assert sim.version == OLD
    assert "did not start" in sim.told()


def test_the_slots_take_turns(sim, tmp_path):
    for version, slot in ((NEW, "b"), ("1.4.0", "a")):
        sim.images.setdefault(version, (image(8, 100), image(9, 200)))
        sim.updater().apply(opened(update(tmp_path / "u", version, images=sim.images[version])))
        sim.shut_down()
        sim.start(healthy=True)
        sim.power_on()
        assert (sim.version, sim.running_slot) == (version, slot)


def test_an_older_version_is_taken_only_when_asked_for(tmp_path):
    sim = Simulated.shipped(7, IMAGES, NEW, ROOM)
    with pytest.raises(UpdateError, match=r"1\.2\.0\+g1 is older than 1\.3\.0\+g2.*--allow-older"):
        sim.updater().apply(opened(update(tmp_path / "u", OLD)))
    assert untouched(sim)
    sim.updater().apply(opened(update(tmp_path / "u", OLD)), older=True)
    assert sim.restarting


def test_another_variant_is_refused(sim, tmp_path):
    with pytest.raises(UpdateError, match=r"for rpi5 \(full\), this is rpi5 \(lite\)"):
        sim.updater().apply(opened(update(tmp_path / "u", variant="full")))
    assert untouched(sim)


def test_an_image_that_does_not_fit_is_refused(sim, tmp_path):
    with pytest.raises(UpdateError, match="system needs 9000 bytes, the partition has 8192"):
        sim.updater().apply(opened(update(tmp_path / "u", images=(b"x", image(5, 9000)))))
    assert untouched(sim)


def test_a_damaged_file_is_noticed_before_anything_is_written(sim, tmp_path):
    path = update(tmp_path / "u")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(UpdateError, match="part 'system' is damaged"):
        sim.updater().apply(opened(path))
    assert untouched(sim)


def test_a_file_that_changes_after_it_was_checked_is_not_tried(sim, tmp_path):
    content = io.BytesIO(update(tmp_path / "u").read_bytes())

    def meddle(phase: str, done: int, total: int) -> None:
        if phase == "check" and done == total:
            content.getbuffer()[-5] ^= 1

    with pytest.raises(UpdateError, match="is damaged"):
        sim.updater().apply(Bundle(tmp_path / "u", content, [KEY.public_key()]), progress=meddle)
    assert not sim.restarting
    assert sim.read(JOURNAL) is None
    sim.power_on()
    assert sim.version == OLD


def test_a_card_that_does_not_keep_what_is_written_is_noticed(sim, tmp_path):
    sim.wears_out = "system_b"
    with pytest.raises(UpdateError, match="does not hold what was written"):
        sim.updater().apply(opened(update(tmp_path / "u")))
    assert not sim.restarting
    assert sim.read(JOURNAL) is None


def test_a_full_data_partition_is_named_and_nothing_is_changed(sim, tmp_path):
    sim.full = True
    with pytest.raises(AssistantError, match=r"No space left on device.*make room"):
        sim.updater().apply(opened(update(tmp_path / "u")))
    assert untouched(sim)
    sim.power_on()
    assert sim.version == OLD


def test_a_trial_takes_no_update(sim, tmp_path):
    sim.updater().apply(opened(update(tmp_path / "u")))
    sim.shut_down()
    sim.power_on()
    with pytest.raises(UpdateError, match="being tried itself"):
        sim.updater().apply(opened(update(tmp_path / "u")))


def test_the_slot_of_the_next_start_is_never_written_to(sim, tmp_path):
    Tryboot(sim, sim).choose("b")
    with pytest.raises(UpdateError, match="restart the device first"):
        sim.updater().apply(opened(update(tmp_path / "u")))
    assert untouched(sim)


def test_keeping_without_a_trial_changes_nothing(sim):
    assert sim.updater().keep() is False
    assert Tryboot(sim, sim).chosen() == "a"


def test_a_damaged_journal_does_not_stop_the_start(sim):
    sim.names[JOURNAL] = File(b"{", b"{")
    assert sim.updater().settle() == ""


def test_a_refused_restart_leaves_nothing_under_way(sim, tmp_path, monkeypatch):
    def refused(*, trial: bool) -> None:
        raise AssistantError(f"restart: refused (trial: {trial})")

    monkeypatch.setattr(sim, "restart", refused)
    with pytest.raises(AssistantError, match="refused"):
        sim.updater().apply(opened(update(tmp_path / "u")))
    assert sim.read(JOURNAL) is None


def test_a_machine_without_slots_is_told_so(sim, tmp_path):
    sim.tree = {}
    with pytest.raises(AssistantError, match="names no slot"):
        sim.updater().apply(opened(update(tmp_path / "u")))


def test_an_autoboot_written_by_hand_is_read_and_made_whole(sim):
    text = b"[all]\nboot_partition=2 # a\n[tryboot]\nboot_partition=9\n"
    sim.names[AUTOBOOT] = sim.safe_names[AUTOBOOT] = File(text, text)
    assert Tryboot(sim, sim).chosen() == "a"
    Tryboot(sim, sim).try_once()
    sim.shut_down()
    sim.partitions["boot_b"], sim.partitions["system_b"] = sim.partitions["boot_a"], sim.partitions["system_a"]
    sim.power_on()
    assert sim.running_slot == "b"


@pytest.mark.parametrize("text", [b"", b"[all]\n", b"boot_partition=7", b"\xff\xfe", b"boot_partition=99999999999"])
def test_an_autoboot_that_says_nothing_is_named(sim, text):
    sim.names[AUTOBOOT] = File(text, text)
    with pytest.raises(AssistantError, match=r"autoboot\.txt: names no slot"):
        Tryboot(sim, sim).chosen()


def test_a_stranger_s_update_is_not_even_read(sim, tmp_path):
    with pytest.raises(UpdateError, match="not signed by a key this device trusts"):
        sim.updater().apply(opened(update(tmp_path / "u", key=STRANGER)))
    assert untouched(sim)


def test_the_device_tree_is_big_endian(sim):
    sim.tree = {CHOSEN / "partition": b"\0\0\0\3", CHOSEN / "tryboot": b"\0\0\0\1"}
    running = Tryboot(sim, sim).running()
    assert (running.slot, running.trial) == ("b", True)
