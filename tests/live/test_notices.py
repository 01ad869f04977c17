"""Sentences left for the voice."""

import pytest

from assistant.errors import AssistantError
from assistant.live.notices import MOST_CHARACTERS, Notices


def test_each_is_handed_out_once_and_again_after_a_restart(tmp_path):
    notices = Notices(tmp_path)
    assert notices.pending() == []
    Notices(tmp_path).leave("update", "I have been updated.")
    assert notices.pending() == [("update", "I have been updated.")]
    assert notices.pending() == []
    assert Notices(tmp_path).pending() == [("update", "I have been updated.")]
    notices.withdraw("update")
    assert Notices(tmp_path).pending() == []


def test_one_that_comes_while_another_is_spoken_is_not_lost(tmp_path):
    notices = Notices(tmp_path)
    notices.leave("one", "1")
    assert notices.pending() == [("one", "1")]
    Notices(tmp_path).leave("two", "2")
    notices.withdraw("one")
    assert notices.pending() == [("two", "2")]


def test_a_newer_one_of_the_same_name_takes_the_place(tmp_path):
    Notices(tmp_path).leave("update", "old")
    Notices(tmp_path).leave("update", "new" * MOST_CHARACTERS)
    ((_, text),) = Notices(tmp_path).pending()
    assert text.startswith("new")
    assert len(text) == MOST_CHARACTERS


def test_what_is_no_notice_is_passed_over(tmp_path):
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "empty.txt").touch()
    (tmp_path / "notices" / "Odd name.txt").write_text("x")
    (tmp_path / "notices" / "odd.txt").write_bytes(b"\xff!")
    assert Notices(tmp_path).pending() == [("odd", "\ufffd!")]
    with pytest.raises(ValueError, match="no name"):
        Notices(tmp_path).leave("../x", "y")


def test_a_place_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "notices").write_text("a file")
    with pytest.raises(AssistantError, match="cannot be written"):
        Notices(tmp_path).leave("update", "x")
    assert Notices(tmp_path).pending() == []
