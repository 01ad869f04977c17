"""Power cuts are counted over several calls, and each is judged by the slot that its card starts."""

import json
import random
import threading
import time
from pathlib import Path

import pytest

from image.emulator import cutting
from image.emulator.card import Card, Partition
from image.emulator.cutting import Story, at_chance, cuts
from image.emulator.proof import Bench, ClaimError, Report

AUTOBOOT = b"[all]\r\ntryboot_a_b=1\r\nboot_partition=2\r\n[tryboot]\r\nboot_partition=3\r\n"


class Board:
    """A board of which only the card matters."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.on, self.answered = True, False
        self._spent = 0.0

    def spent(self) -> float:
        self._spent += 2.0
        return self._spent

    def greeted(self) -> bool:
        return self.answered

    def last_words(self) -> str:
        return "refused"

    def instant(self, path: Path) -> Card:
        return self.card.copy(path)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    image = tmp_path / "card.img"
    image.write_bytes(b"an image")
    return Bench(image, tmp_path / "key", tmp_path, 5, Report(tmp_path / "report.json"))


def test_cuts_are_taken_until_there_are_enough_or_the_phase_is_over(bench, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    story, board = Story.of(bench.image, bench.work), Board(Card(bench.image))
    at_chance(board, story, "writing", 3)  # type: ignore[arg-type]
    at_chance(board, story, "trial", 3, lambda: story.of_phase("trial") == 2)  # type: ignore[arg-type]
    assert (story.of_phase("writing"), story.of_phase("trial")) == (3, 2)
    assert all(Path(cut["card"]).read_bytes() == b"an image" for cut in story.cuts)
    assert Story.of(bench.image, bench.work).cuts == story.cuts


def test_a_program_that_ends_and_changed_nothing_is_not_waited_for(bench, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    board = Board(Card(bench.image))
    looks = iter([False, False, True])
    cutting.until(board, lambda: next(looks), 0.02)  # type: ignore[arg-type]
    board.answered = True
    with pytest.raises(ClaimError, match="it ended and changed nothing; refused"):
        cutting.until(board, lambda: False, 0.02)  # type: ignore[arg-type]


def test_another_image_begins_to_count_anew(bench):
    story = Story.of(bench.image, bench.work)
    story.cuts.append({"phase": "writing"})
    story.keep()
    bench.image.write_bytes(b"another")
    assert Story.of(bench.image, bench.work).cuts == []


def test_the_count_goes_on_where_it_was(bench, monkeypatch):
    story = Story.of(bench.image, bench.work)
    for number, phase in enumerate(("writing", "trial", "commit", "writing", "trial"), 1):
        card = Card(bench.image).copy(story.folder / f"cut-{number}.img")
        story.cuts.append({"phase": phase, "after": number, "card": str(card.path)})
    story.cuts[0] |= {"seen": "slot a started", "holds": True}
    story.keep()
    tried = []

    def survived(_bench: Bench, cut: dict[str, object]) -> str:
        tried.append(cut["after"])
        if len(tried) == 3:
            raise KeyboardInterrupt
        return "slot a started"

    monkeypatch.setattr(cutting, "survived", survived)
    with pytest.raises(KeyboardInterrupt):
        cuts(bench)
    cuts(bench)
    assert tried == [2, 3, 4, 4, 5]
    assert [claim["claim"] for claim in json.loads(bench.report.path.read_text())][-5:] == [
        f"power cut {number} of 5, while {cut['phase']}" for number, cut in enumerate(story.cuts, 1)
    ]
    assert list(story.folder.glob("cut-[2-5].img")) == []


def test_a_cut_before_the_commit_must_start_the_old_slot(bench, monkeypatch):
    monkeypatch.setattr(Card, "read", lambda _card, _label, name: NEW if name == "autoboot.txt" else b"x")
    with pytest.raises(ClaimError, match="boot_b would be started"):
        cutting.survived(bench, {"phase": "trial", "after": 1.0, "card": str(bench.image)})


NEW = AUTOBOOT.replace(b"=2", b"=9").replace(b"=3", b"=2").replace(b"=9", b"=3")


def test_the_very_change_of_the_bootloader_s_file_is_seen(bench, monkeypatch):
    class Parts(Card):
        def partitions(self):
            return {"bootconfig": Partition(1, "bootconfig", 1000, 2000)}

    chance = random.Random(1)
    bench.image.write_bytes(bytes(1000) + chance.randbytes(700) + AUTOBOOT + bytes(4000))
    changed = cutting.watch(Parts(bench.image), "bootconfig", 700)
    assert not changed()
    writer = threading.Thread(target=lambda: Parts(bench.image).spoil("bootconfig", 700, NEW))
    writer.start()
    writer.join()
    assert changed()
