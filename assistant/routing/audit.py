"""Checking the ledger, and saying what is in it."""

import hashlib
import hmac
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from assistant.routing.keys import signed
from assistant.routing.ledger import Entry, checkpoint_message, entry_of, first_key, link, next_key


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check."""

    entries: int
    problems: tuple[str, ...]
    chain_checked: bool
    """False where the seed was not at hand: edits between two checkpoints could then not be ruled out."""

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.problems


def verify(path: Path, *, public_key: bytes, seed: bytes | None, kept: dict[str, Any] | None = None) -> Verdict:
    """Check the ledger file at `path`: any edit, reorder, deletion or truncation is a problem.

    `kept`: a checkpoint that was kept off the device (Ledger.checkpoint()); it catches the loss of the newest entries
    even where the whole file was replaced by an older copy.
    """
    if not path.is_file():
        return Verdict(0, (f"{path}: the ledger is missing",), chain_checked=False)
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT seq, body, digest, mac FROM entries ORDER BY rowid").fetchall()
            state = db.execute("SELECT seq, key, head FROM state").fetchall()
            checkpoints = db.execute("SELECT seq, head, signature FROM checkpoints ORDER BY seq").fetchall()
    except sqlite3.Error as error:
        return Verdict(0, (f"{path}: is not a readable ledger ({error})",), chain_checked=False)
    problems: list[str] = []
    if len(state) != 1:
        return Verdict(len(rows), ("the state of the keys is missing",), chain_checked=False)
    problems += _contents(rows)
    macs = {seq: mac for seq, _, _, mac in rows}
    if state[0][0] != len(rows):
        problems.append(f"{state[0][0]} entries were written, {len(rows)} are there")
    if rows and not hmac.compare_digest(rows[-1][3], state[0][2]):
        problems.append("the last entry is not the one that was written last")
    if seed is not None:
        problems += _chain(rows, state[0], seed)
    for seq, head, signature in checkpoints:
        if not signed(public_key, checkpoint_message(seq, head), signature):
            problems.append(f"checkpoint {seq}: not signed by this device")
        elif macs.get(seq) != head:
            problems.append(f"checkpoint {seq}: the entry it vouches for is another one or missing")
    due = set(range(16, len(rows) + 1, 16)) - {c[0] for c in checkpoints}
    if due:
        problems.append(f"checkpoint {min(due)} is missing")
    if kept is not None:
        problems += _kept(kept, macs, public_key)
    return Verdict(len(rows), tuple(problems), chain_checked=seed is not None)


def _contents(rows: list[tuple[int, Any, Any, Any]]) -> list[str]:
    problems = []
    erased = max(
        (
            int(e.facts.get("up_to", 0))
            for s, b, _, _ in rows
            if b is not None and (e := entry_of(s, b)).kind == "erased"
        ),
        default=0,
    )
    for place, (seq, body, digest, _) in enumerate(rows, 1):
        if seq != place:
            problems.append(f"entry {place} is missing")
            break
        if body is None:
            if seq > erased:
                problems.append(f"entry {seq}: its content is gone and nobody erased it")
        elif not isinstance(body, bytes) or hashlib.sha256(body).digest() != digest:
            problems.append(f"entry {seq}: was changed")
    return problems


def _chain(
    rows: list[tuple[int, bytes | None, bytes, bytes]], state: tuple[int, bytes, bytes], seed: bytes
) -> list[str]:
    key, head = first_key(seed), b"\0" * 32
    for seq, _, digest, mac in rows:
        if not hmac.compare_digest(link(key, head, seq, digest), mac):
            return [f"entry {seq}: the chain breaks here (changed, moved, or the one before was removed)"]
        key, head = next_key(key), mac
    if not hmac.compare_digest(key, state[1]):
        return ["the newest entries were removed: the key has moved on further than the book"]
    return []


def _kept(kept: dict[str, Any], macs: dict[int, bytes], public_key: bytes) -> list[str]:
    try:
        seq, head, signature = int(kept["seq"]), bytes.fromhex(kept["head"]), bytes.fromhex(kept["signature"])
    except (KeyError, ValueError, TypeError):
        return ["the kept checkpoint is not one of this program's"]
    if not signed(public_key, checkpoint_message(seq, head), signature):
        return ["the kept checkpoint was signed by another device"]
    if seq and macs.get(seq) != head:
        return [f"the book does not reach the kept checkpoint (entry {seq}), or says something else there"]
    return []


def statement(entries: list[Entry]) -> list[str]:
    """The book as lines, like a bank statement; the total stands last."""
    lines, total, out = [], 0.0, 0
    for e in entries:
        if e.kind == "done" and "ticket" in e.facts:
            total += float(e.facts.get("cost", 0.0))
        if e.kind == "interrupted":
            total += float(e.facts.get("cost", 0.0))
        out += int(e.facts.get("bytes_out", 0)) if e.kind in ("sent", "hub", "download", "accelerator") else 0
        when = e.at.strftime("%Y-%m-%d %H:%M:%S") if e.at else "-" * 19
        what = {"kept": "stayed here", "escalate": "released", "asked": "asked for consent"}.get(e.kind, e.kind)
        detail = " ".join(str(e.facts[k]) for k in ("reason", "host", "outcome", "question") if e.facts.get(k))
        amount = f"{e.facts['bytes_out']:>7} B out" if "bytes_out" in e.facts else " " * 13
        cost = f"{float(e.facts['cost']):>10.6f}" if "cost" in e.facts and e.kind != "sent" else " " * 10
        lines.append(f"{e.seq:>6}  {when}  {what:<18}{amount}{cost}  {detail}".rstrip())
    lines.append(f"total: {out} bytes out, {total:.6f} spent, {len(entries)} entries")
    return lines


def today(entries: list[Entry], now: datetime) -> str:
    """The answer to "what did you send today?", from the ledger alone."""
    day: date = now.date()
    mine = [e for e in entries if e.at is not None and e.at.astimezone(now.tzinfo).date() == day]
    sent = [e for e in mine if e.kind == "sent"]
    kept = sum(e.kind == "kept" and bool(e.facts.get("category")) for e in mine)
    hub = sum(e.kind == "hub" for e in mine)
    loads = sum(e.kind == "download" for e in mine)
    cost = sum(float(e.facts.get("cost", 0.0)) for e in mine if e.kind in ("done", "interrupted"))
    if sent:
        size = sum(int(e.facts.get("bytes_out", 0)) for e in sent)
        words = f"I sent {_count(len(sent), 'question')} to the outside today, {size} bytes in all"
        words += f", for {cost:.2f}." if cost >= 0.005 else "."
    else:
        words = "I sent nothing to the outside today."
    if kept:
        words += f" {_count(kept, 'private question')} stayed here."
    if hub:
        words += f" I spoke to your home hub {_count(hub, 'time')}."
    if loads:
        words += f" I fetched {_count(loads, 'file')} that you asked for."
    return words


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")
