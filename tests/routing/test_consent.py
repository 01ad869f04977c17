"""Consent: kept with time and wording."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.clock import ManualClock
from assistant.errors import StoreError
from assistant.routing.consent import read_consent, write_consent

CLOCK = ManualClock(datetime(2026, 3, 14, 12, tzinfo=UTC))


def test_nobody_was_asked(tmp_path: Path) -> None:
    assert read_consent(tmp_path) is None


def test_it_is_kept_and_can_be_taken_back(tmp_path: Path) -> None:
    write_consent(tmp_path, CLOCK, given=True, wording="May I?", person="mara")
    consent = read_consent(tmp_path)
    assert consent is not None
    assert (consent.given, consent.wording, consent.person, consent.at) == (
        True,
        "May I?",
        "mara",
        "2026-03-14T12:00:00+00:00",
    )
    write_consent(tmp_path, CLOCK, given=False, wording="May I?")
    again = read_consent(tmp_path)
    assert again is not None
    assert not again.given


@pytest.mark.parametrize("content", ["", "{", "[]", '{"given": true}', "\x00"])
def test_a_damaged_file_means_asking_again(tmp_path: Path, content: str) -> None:
    (tmp_path / "consent.json").write_text(content)
    assert read_consent(tmp_path) is None


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_consent(tmp_path / "file", CLOCK, given=True, wording="May I?")
