"""What left the house, and what was kept from leaving: an append-only book that shows when someone edits it.

One entry for every decision that considered leaving and for everything the door did. Entry n is bound to entry n-1 by
a MAC under a key that is replaced after every entry (the old one is overwritten), so that whoever breaks in later
cannot rewrite what was written before. The seed of the keys (`ledger.seed`) proves the whole chain; keep a copy of it
off the device. Every 16 entries the device key signs a checkpoint.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.clock import Clock
from assistant.routing.book import open_book
from assistant.routing.keys import DeviceKey, secret_file

CHECKPOINT_EVERY = 16

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, body BLOB, digest BLOB NOT NULL, mac BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, key BLOB NOT NULL, head BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (seq INTEGER PRIMARY KEY, head BLOB NOT NULL, signature BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the book."""

    seq: int
    kind: str
    """"kept", "asked", "escalate", "refused", "sent", "done", "interrupted", "hub", "download", "accelerator",
    "consent", "switch" or "erased"."""
    at: datetime | None
    """None for a line whose content was erased."""
    facts: dict[str, Any]
    """Category, reason, bytes, cost ...; never the question, unless the owner turned that on."""


class Ledger:
    """The book. Safe to use from several processes at once; every method opens its own connection."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.directory = directory
        self.path = directory / "ledger.db"
        self._clock = clock
        self._tag_key = secret_file(directory / "ledger.tag")
        self._device = DeviceKey.at(directory / "device.key")
        seed = secret_file(directory / "ledger.seed")
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.execute("INSERT OR IGNORE INTO state VALUES (1, 0, ?, ?)", (first_key(seed), b"\0" * 32))

    @property
    def public_key(self) -> bytes:
        """What checkpoints verify against."""
        return self._device.public

    def append(self, kind: str, facts: dict[str, Any], *, ticket_for: bytes | None = None) -> int:
        """Write one entry; it is on disk when this returns its number. `ticket_for`: the request body it releases."""
        body = {"kind": kind, "at": self._clock.now().isoformat(), "salt": secrets.token_hex(16), **facts}
        if ticket_for is not None:
            body["tag"] = self.tag(ticket_for)
        blob = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            seq = self._write(db, blob)
            db.execute("COMMIT")
        return seq

    def _write(self, db: sqlite3.Connection, blob: bytes) -> int:
        last, key, head = db.execute("SELECT seq, key, head FROM state").fetchone()
        seq, digest = last + 1, hashlib.sha256(blob).digest()
        mac = link(key, head, seq, digest)
        db.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (seq, blob, digest, mac))
        db.execute("UPDATE state SET seq = ?, key = ?, head = ?", (seq, next_key(key), mac))
        if seq % CHECKPOINT_EVERY == 0:
            self._checkpoint(db, seq, mac)
        return int(seq)

    def _checkpoint(self, db: sqlite3.Connection, seq: int, head: bytes) -> None:
        db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)",
            (seq, head, self._device.sign(checkpoint_message(seq, head))),
        )

    def checkpoint(self) -> dict[str, Any]:
        """Sign the book as it stands now; what to keep off the device (hex fields seq, head, signature, public_key)."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            seq, head = db.execute("SELECT seq, head FROM state").fetchone()
            if seq:
                self._checkpoint(db, seq, head)
            db.execute("COMMIT")
        return {
            "seq": seq,
            "head": head.hex(),
            "signature": self._device.sign(checkpoint_message(seq, head)).hex(),
            "public_key": self.public_key.hex(),
        }

    def tag(self, body: bytes) -> str:
        """A fingerprint of a request that nobody can guess from without the device's key."""
        return hmac.new(self._tag_key, body, hashlib.sha256).hexdigest()

    def releases(self, ticket: int, body: bytes) -> bool:
        """Whether entry `ticket` released exactly these bytes and they have not been sent under it before."""
        entries = self.entries(since=ticket)
        if not entries or entries[0].seq != ticket or entries[0].kind != "escalate":
            return False
        used = any(e.kind in ("sent", "interrupted") and e.facts.get("ticket") == ticket for e in entries)
        return not used and hmac.compare_digest(str(entries[0].facts.get("tag", "")), self.tag(body))

    def entries(self, *, since: int = 1) -> list[Entry]:
        """All entries from number `since` on."""
        with self._open() as db:
            rows = db.execute("SELECT seq, body FROM entries WHERE seq >= ? ORDER BY seq", (since,)).fetchall()
        return [entry_of(seq, body) for seq, body in rows]

    def close_open_calls(self) -> list[int]:
        """After a crash: every "sent" without an end gets an "interrupted" entry. The numbers of those tickets."""
        open_calls: dict[int, Entry] = {}
        for e in self.entries():
            ticket = int(e.facts.get("ticket", 0))
            if e.kind == "sent" and not e.facts.get("batch"):  # an answer to a batch comes hours later
                open_calls[ticket] = e
            elif e.kind in ("done", "interrupted"):
                open_calls.pop(ticket, None)
        for ticket, e in open_calls.items():
            self.append(
                "interrupted",
                {
                    "ticket": ticket,
                    "bytes_out": e.facts.get("bytes_out", 0),
                    "cost": e.facts.get("cost", 0.0),
                    "reason": "the door went down while an answer was coming",
                },
            )
        return list(open_calls)

    def erase(self) -> int:
        """Remove the content of every entry, leaving the chain of digests. How many were emptied.

        What the entries said is overwritten in the file (secure_delete, then a fresh copy of the file); a flash
        card may keep old blocks that no file refers to any more.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT seq FROM state").fetchone()[0]
            rows = db.execute("SELECT seq, body FROM entries WHERE body IS NOT NULL").fetchall()
            full = [seq for seq, body in rows if entry_of(seq, body).kind != "erased"]
            db.executemany("UPDATE entries SET body = NULL WHERE seq = ?", [(seq,) for seq in full])
            count = len(full)
            body = {
                "kind": "erased",
                "at": self._clock.now().isoformat(),
                "salt": secrets.token_hex(16),
                "up_to": last,
                "entries": count,
            }
            self._write(db, json.dumps(body, sort_keys=True, separators=(",", ":")).encode())
            db.execute("COMMIT")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return count

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return open_book(self.path, "run: assistant audit verify")


def entry_of(seq: int, body: bytes | None) -> Entry:
    """The entry behind a row."""
    if body is None:
        return Entry(seq, "erased content", None, {})
    try:
        facts = json.loads(body)
        at = datetime.fromisoformat(facts.pop("at"))
        kind = str(facts.pop("kind"))
        facts.pop("salt", None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Entry(seq, "unreadable", None, {})
    return Entry(seq, kind, at, facts)


def first_key(seed: bytes) -> bytes:
    """The key of entry 1."""
    return hashlib.sha256(b"ledger key 1" + seed).digest()


def next_key(key: bytes) -> bytes:
    """The key that follows; the way back is closed."""
    return hashlib.sha256(b"ledger next" + key).digest()


def link(key: bytes, head: bytes, seq: int, digest: bytes) -> bytes:
    """The MAC that binds an entry to everything before it."""
    return hmac.new(key, head + seq.to_bytes(8, "big") + digest, hashlib.sha256).digest()


def checkpoint_message(seq: int, head: bytes) -> bytes:
    """What the device key signs."""
    return b"assistant ledger checkpoint" + seq.to_bytes(8, "big") + head
