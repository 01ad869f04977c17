# ruff: noqa: E501 - tables of cases read better in one line
"""The ledger: written once, checked by anyone with the seed."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.clock import ManualClock
from assistant.routing.audit import statement, today, verify
from assistant.routing.ledger import Ledger

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def ledger(tmp_path: Path, clock: ManualClock) -> Ledger:
    book = Ledger(tmp_path, clock)
    for i in range(37):
        clock.advance(60)
        book.append("kept", {"reason": f"reason {i}", "category": "medical"})
    return book


def check(book: Ledger, *, seeded: bool = True, kept: dict[str, object] | None = None) -> tuple[str, ...]:
    seed = (book.directory / "ledger.seed").read_bytes() if seeded else None
    return verify(book.path, public_key=book.public_key, seed=seed, kept=kept).problems


def tamper(book: Ledger, *statements: str) -> None:
    with closing(sqlite3.connect(book.path)) as db:
        for sql in statements:
            db.execute(sql)
        db.commit()


def test_an_untouched_book_is_sound(ledger: Ledger) -> None:
    assert check(ledger) == ()
    assert check(ledger, seeded=False) == ()
    assert [e.seq for e in ledger.entries()] == list(range(1, 38))


def test_an_empty_book_is_sound_and_a_missing_one_is_not(tmp_path: Path, clock: ManualClock) -> None:
    book = Ledger(tmp_path, clock)
    assert check(book) == ()
    book.path.unlink()
    assert check(book)


EDITS = {
    "content": ["UPDATE entries SET body = replace(body, 'reason 4', 'reason 5') WHERE seq = 5"],
    "content and digest": ["UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 9), digest = (SELECT digest FROM entries WHERE seq = 9) WHERE seq = 5"],
    "mac": ["UPDATE entries SET mac = zeroblob(32) WHERE seq = 20"],
    "blanked": ["UPDATE entries SET body = NULL WHERE seq = 7"],
    "swapped": ["UPDATE entries SET seq = 1000 WHERE seq = 3", "UPDATE entries SET seq = 3 WHERE seq = 4", "UPDATE entries SET seq = 4 WHERE seq = 1000"],
    "first removed": ["DELETE FROM entries WHERE seq = 1"],
    "middle removed": ["DELETE FROM entries WHERE seq = 18"],
    "middle removed and closed up": ["DELETE FROM entries WHERE seq = 18", *(f"UPDATE entries SET seq = {i - 1} WHERE seq = {i}" for i in range(19, 38))],
    "last removed": ["DELETE FROM entries WHERE seq = 37"],
    "tail removed with the state": ["DELETE FROM entries WHERE seq > 30", "UPDATE state SET seq = 30, head = (SELECT mac FROM entries WHERE seq = 30)"],
    "all removed": ["DELETE FROM entries", "DELETE FROM checkpoints", "UPDATE state SET seq = 0, head = zeroblob(32)"],
    "inserted": ["INSERT INTO entries SELECT 38, body, digest, mac FROM entries WHERE seq = 37"],
    "checkpoint forged": ["UPDATE checkpoints SET signature = zeroblob(64) WHERE seq = 16"],
    "checkpoint removed": ["DELETE FROM checkpoints WHERE seq = 16"],
    "state removed": ["DELETE FROM state"],
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_every_kind_of_edit_is_found(name: str, ledger: Ledger) -> None:
    tamper(ledger, *EDITS[name])
    assert check(ledger), name


def test_any_random_byte_changed_in_any_entry_is_found(ledger: Ledger) -> None:
    rng = random.Random(11)
    for _ in range(40):
        column, seq = rng.choice(("body", "digest", "mac")), rng.randint(1, 37)
        with closing(sqlite3.connect(ledger.path)) as db:
            value = bytearray(db.execute(f"SELECT {column} FROM entries WHERE seq = ?", (seq,)).fetchone()[0])
            place, was = rng.randrange(len(value)), bytes(value)
            value[place] ^= 1 << rng.randrange(8)
            db.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", (bytes(value), seq))
            db.commit()
            assert check(ledger), (column, seq, place)
            db.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", (was, seq))
            db.commit()
    assert check(ledger) == ()


def test_a_checkpoint_kept_elsewhere_shows_a_book_put_back_from_a_copy(ledger: Ledger, clock: ManualClock) -> None:
    old = {name: (ledger.directory / name).read_bytes() for name in ("ledger.db",)}
    for _ in range(3):
        ledger.append("kept", {"reason": "later"})
    kept = ledger.checkpoint()
    assert check(ledger, kept=kept) == ()
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (ledger.directory / name).unlink(missing_ok=True)
    ledger.path.write_bytes(old["ledger.db"])
    assert check(ledger) == ()  # the copy is whole in itself
    assert check(ledger, kept=kept)
    assert check(ledger, kept={**kept, "signature": "00" * 64})
    assert check(ledger, kept={"seq": "x"})


def test_erasing_leaves_no_word_and_a_chain_that_holds(ledger: Ledger) -> None:
    ledger.append("kept", {"reason": "x", "question": "a very particular question"})
    assert b"very particular" in b"".join(p.read_bytes() for p in ledger.directory.iterdir())
    assert ledger.erase() == 38
    assert not any(
        b"very particular" in p.read_bytes() or b"reason 3" in p.read_bytes() for p in ledger.directory.iterdir()
    )
    assert check(ledger) == ()
    ledger.append("kept", {"reason": "after"})
    assert check(ledger) == ()
    assert [e.kind for e in ledger.entries()][-2:] == ["erased", "kept"]
    assert ledger.erase() == 1
    assert check(ledger) == ()


def test_a_release_is_for_exactly_these_bytes_and_for_once(ledger: Ledger) -> None:
    ticket = ledger.append("escalate", {"reason": "r"}, ticket_for=b"question")
    assert ledger.releases(ticket, b"question")
    assert not ledger.releases(ticket, b"another question")
    assert not ledger.releases(ticket + 1, b"question")
    assert not ledger.releases(3, b"question")
    ledger.append("sent", {"ticket": ticket, "bytes_out": 8})
    assert not ledger.releases(ticket, b"question")


def test_calls_left_open_are_closed_once(ledger: Ledger) -> None:
    ledger.append("sent", {"ticket": 40, "bytes_out": 8, "cost": 0.25})
    ledger.append("sent", {"ticket": 41, "bytes_out": 8})
    ledger.append("done", {"ticket": 41, "cost": 0.1})
    assert ledger.close_open_calls() == [40]
    assert ledger.close_open_calls() == []
    assert ledger.entries()[-1].facts["cost"] == 0.25


def test_the_question_stands_nowhere_unless_it_was_written(tmp_path: Path, clock: ManualClock) -> None:
    Ledger(tmp_path, clock).append("escalate", {"reason": "r"}, ticket_for=b"who wrote hamlet")
    assert not any(b"hamlet" in p.read_bytes() for p in tmp_path.iterdir())


def test_what_did_you_send_today(ledger: Ledger, clock: ManualClock) -> None:
    assert (
        today(ledger.entries(), clock.now()) == "I sent nothing to the outside today. 37 private questions stayed here."
    )
    ledger.append("sent", {"ticket": 1, "bytes_out": 700})
    ledger.append("done", {"ticket": 1, "cost": 0.02})
    ledger.append("hub", {"reason": "light.turn_on", "bytes_out": 60})
    said = today(ledger.entries(), clock.now())
    assert (
        said
        == "I sent 1 question to the outside today, 700 bytes in all, for 0.02. 37 private questions stayed here. I spoke to your home hub 1 time."
    )
    clock.advance(86_400)
    assert today(ledger.entries(), clock.now()) == "I sent nothing to the outside today."


def test_the_statement_ends_in_a_total(ledger: Ledger) -> None:
    ledger.append("sent", {"ticket": 1, "bytes_out": 700, "host": "api.example.com"})
    ledger.append("done", {"ticket": 1, "cost": 0.02, "outcome": "answered"})
    lines = statement(ledger.entries())
    assert lines[-1] == "total: 700 bytes out, 0.020000 spent, 39 entries"
    assert "api.example.com" in lines[-3]


def test_two_writers_at_once_keep_one_chain(ledger: Ledger, clock: ManualClock) -> None:
    from concurrent.futures import ThreadPoolExecutor

    other = Ledger(ledger.directory, clock)
    write: Callable[[int], int] = lambda i: (ledger if i % 2 else other).append("kept", {"reason": str(i)})  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(write, range(24)))
    assert sorted(numbers) == list(range(38, 62))
    assert check(ledger) == ()
